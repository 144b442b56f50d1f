package interview

import (
	"context"
	"fmt"
	"strings"
	"time"

	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/core/quota"
)

// Kind says why there is no answer.
type Kind string

// The kinds.
const (
	Unauthorised Kind = "unauthorised" // the service knows no such user
	Quota        Kind = "quota"        // its limit for this user is reached
	Exhausted    Kind = "exhausted"    // turns or money of this session
	NotThere     Kind = "not_there"    // what was started, or what that starts, as far as it can see
	Broken       Kind = "broken"
)

// Failure is a question that got no answer.
type Failure struct {
	Kind Kind
	Text string // in words, one line
}

func (f *Failure) Error() string { return f.Text }

// Bounds of what is quoted of the CLI, in bytes.
const (
	maxErrors = 8 << 10
	maxQuoted = 400
)

// failure says what kind of failure a result is.
func failure(r wire.Result) *Failure {
	text := quoted(r.Text)
	if text == "" {
		text = quoted(strings.Join(r.Errors, "; "))
	}
	f := &Failure{Kind: Broken, Text: "Claude Code: " + text}
	if text == "" {
		f.Text = fmt.Sprintf("Claude Code ended its turn as %s %s, without a word", r.Subtype, r.Reason)
	}
	switch status := r.Status(); {
	case status == 401 || status == 403 || loggedOut(r.Text):
		f.Kind = Unauthorised
	case status == 429 || refused(r.Text):
		f.Kind = Quota
	case r.Subtype == wire.ResultMaxTurns || r.Subtype == wire.ResultMaxBudget:
		f.Kind = Exhausted
	}
	return f
}

// patience is how often a service may refuse for a limit before it is taken for one
// that does not pass by within moments.
const patience = 3

// hopeless is the failure that the CLI would come to after minutes: it tries again what
// another try does not mend. nil: nothing speaks against another one.
func hopeless(e wire.Event) error {
	if !e.Is(wire.TypeSystem, wire.SystemRetry) {
		return nil
	}
	r, err := wire.As[wire.Retry](e)
	switch {
	case err != nil:
		return nil //nolint:nilerr // it is the CLI that tries again
	case r.Status == 401 || r.Status == 403:
		return &Failure{Kind: Unauthorised, Text: fmt.Sprintf("Claude Code: the model's service refuses the login (status %d)", r.Status)}
	case r.Status == 429 && r.Attempt >= patience:
		return &Failure{Kind: Quota, Text: "Claude Code: the model's service refuses more requests for now (status 429)"}
	}
	return nil
}

// loggedOut reports whether the CLI says that it has no login; there is no status
// then, because nobody was asked.
func loggedOut(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "/login") || strings.Contains(text, "invalid api key")
}

// refused reports whether a service says that a limit for its user is reached. Until
// when it says itself, in the text.
func refused(text string) bool {
	_, ok := quota.Find(text, time.Time{}, func(string) (*time.Location, error) { return time.UTC, nil })
	return ok
}

// gone says how a CLI ended that was still to say something.
func (i *Interview) gone(ctx context.Context) error {
	i.kill()
	exit, err := i.wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("the CLI: %w", err)
	}
	f := &Failure{Kind: Broken, Text: fmt.Sprintf("Claude Code ended with exit code %d and without an answer", exit.Code)}
	said := quoted(i.errors.String())
	if said != "" {
		f.Text += ": " + said
	}
	if exit.Detail != "" {
		f.Text += " (" + quoted(exit.Detail) + ")"
	}
	switch {
	case loggedOut(said):
		f.Kind = Unauthorised
	case exit.NotThere():
		f.Kind = NotThere
	}
	return f
}

// quoted is the end of a text as one line.
func quoted(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if n := len(s) - maxQuoted; n > 0 {
		s = "…" + strings.ToValidUTF8(s[n:], "")
	}
	return s
}

// tail keeps the end of what is written. It is read once the writer has ended.
type tail struct {
	kept []byte
	most int
}

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if n := len(t.kept) - t.most; n > 0 {
		t.kept = append(t.kept[:0], t.kept[n:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.kept) }
