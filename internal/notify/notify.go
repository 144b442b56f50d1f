package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"popkit/internal/proc"
	"popkit/internal/redact"
)

// Question is what is sent.
type Question struct {
	Run       string    `json:"run"`
	Objective string    `json:"objective"`
	Repo      string    `json:"repo"`
	ID        string    `json:"id"`
	Kind      string    `json:"kind"`
	Text      string    `json:"text"`
	Options   []string  `json:"options"` // none: any text
	Agent     string    `json:"agent,omitempty"`
	Task      string    `json:"task,omitempty"`
	Phase     string    `json:"phase,omitempty"`
	Rule      string    `json:"rule,omitempty"`
	Subject   string    `json:"subject,omitempty"`
	Default   string    `json:"default,omitempty"` // taken at Expires
	Asked     time.Time `json:"asked"`
	Expires   time.Time `json:"expires,omitzero"`
	Answer    string    `json:"answer"` // what to type
}

// Config says how people are told.
type Config struct {
	Command string // shell command, "" for none
	Dir     string // where it runs
	Env     []string
	Webhook string        // URL, "" for none
	Timeout time.Duration // of one notification
	// Failed is told what went wrong, in words that hold no secret.
	Failed   func(text string)
	Redactor *redact.Redactor
}

const (
	waiting = 100 // notifications; more are not sent, and that is said
	senders = 4
	// The webhook is tried so often, with a pause that doubles.
	attempts   = 3
	firstPause = 200 * time.Millisecond
	maxOutput  = 500 // of a command that failed, in words
)

// Notifier tells people.
type Notifier struct {
	cfg     Config
	client  *http.Client
	queue   chan Question
	closing sync.Once
	wg      sync.WaitGroup
}

// New returns a notifier; nil when nobody is to be told, which Tell and Close take.
func New(ctx context.Context, cfg Config) *Notifier {
	if cfg.Command == "" && cfg.Webhook == "" {
		return nil
	}
	n := &Notifier{cfg: cfg, queue: make(chan Question, waiting), client: &http.Client{
		// Where a redirect leads is not who was configured.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for range senders {
		n.wg.Go(func() {
			for q := range n.queue {
				n.send(ctx, q)
			}
		})
	}
	return n
}

// Tell sends a question.
func (n *Notifier) Tell(q Question) {
	if n == nil {
		return
	}
	q.Text, q.Subject = n.cfg.Redactor.String(q.Text), n.cfg.Redactor.String(q.Subject)
	select {
	case n.queue <- q:
	default:
		n.cfg.Failed(fmt.Sprintf("nobody was told of question %s: %d notifications are waiting already", q.ID, waiting))
	}
}

// Close waits until what was told is sent; Tell must not be called after it.
func (n *Notifier) Close() {
	if n == nil {
		return
	}
	n.closing.Do(func() { close(n.queue) })
	n.wg.Wait()
	n.client.CloseIdleConnections()
}

func (n *Notifier) send(ctx context.Context, q Question) {
	body, err := json.Marshal(q)
	if err != nil {
		n.cfg.Failed(fmt.Sprintf("question %s: %v", q.ID, err))
		return
	}
	for what, tell := range map[string]func(context.Context, Question, []byte) error{"notify.command": n.run, "notify.webhook": n.post} {
		limited, cancel := context.WithTimeoutCause(ctx, n.cfg.Timeout, fmt.Errorf("it took longer than %s", n.cfg.Timeout))
		err := tell(limited, q, body)
		if err != nil && limited.Err() != nil {
			err = context.Cause(limited)
		}
		cancel()
		if err != nil {
			n.cfg.Failed(fmt.Sprintf("nobody was told of question %s by %s: %s", q.ID, what, n.cfg.Redactor.String(err.Error())))
		}
	}
}

// run runs the command.
func (n *Notifier) run(ctx context.Context, q Question, body []byte) error {
	if n.cfg.Command == "" {
		return nil
	}
	var out bytes.Buffer
	env := append(append([]string{}, n.cfg.Env...),
		"POPKIT_RUN="+q.Run, "POPKIT_QUESTION_ID="+q.ID, "POPKIT_QUESTION_KIND="+q.Kind, "POPKIT_QUESTION_TEXT="+strings.ReplaceAll(q.Text, "\x00", ""),
		"POPKIT_QUESTION_ANSWER="+q.Answer)
	p, err := proc.Start(ctx, proc.Command{
		Path: "/bin/sh", Args: []string{"sh", "-c", n.cfg.Command}, Dir: n.cfg.Dir, Env: env,
		Stdin: bytes.NewReader(append(body, '\n')), Stdout: &out, Stderr: &out, Mark: q.Run + "/notify-" + q.ID,
	})
	if err != nil {
		return err
	}
	exit, err := p.Wait()
	if err == nil && exit.Code != 0 {
		text := strings.TrimSpace(out.String())
		if len(text) > maxOutput {
			text = strings.ToValidUTF8(text[len(text)-maxOutput:], "")
		}
		err = fmt.Errorf("exit status %d", exit.Code)
		if text != "" {
			err = fmt.Errorf("%w: %s", err, text)
		}
	}
	return err
}

// errAgain marks failures that may pass.
var errAgain = errors.New("")

// post posts to the webhook, again where that may help.
func (n *Notifier) post(ctx context.Context, _ Question, body []byte) (err error) {
	if n.cfg.Webhook == "" {
		return nil
	}
	pause := firstPause
	for i := range attempts {
		if i > 0 {
			timer := time.NewTimer(pause)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return ctx.Err()
			}
			pause *= 2
		}
		if err = n.postOnce(ctx, body); !errors.Is(err, errAgain) {
			return err
		}
	}
	return err
}

func (n *Notifier) postOnce(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.cfg.Webhook, bytes.NewReader(body))
	if err != nil {
		return errors.New("the URL makes no sense")
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := n.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the URL
		}
		return fmt.Errorf("%w%w", errAgain, err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)); err != nil {
		return fmt.Errorf("%w%w", errAgain, err)
	}
	switch {
	case resp.StatusCode < 300:
		return nil
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("%wit answered %s", errAgain, resp.Status)
	}
	return fmt.Errorf("it answered %s", resp.Status)
}
