package interview

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/core/event"
	"popkit/internal/proc"
)

// Host answers what the CLI asks: a desk.
type Host struct {
	Initialize wire.Initialize
	Hook       func(context.Context, wire.HookCallback) json.RawMessage
	CanUseTool func(context.Context, wire.CanUseTool) json.RawMessage
}

// Config says what is started, and who answers it.
type Config struct {
	Command proc.Command // without its streams
	Host    Host
	// Said is told what the CLI does, in a few words; may be nil.
	Said func(text string)
}

// Reply is the answer to one question.
type Reply struct {
	Structured json.RawMessage // by the schema; nil: it gave none
	Text       string
	Usage      event.Usage // of this question
}

// Interview is a session with a CLI.
type Interview struct {
	cfg    Config
	in     io.WriteCloser
	out    *wire.Reader
	words  *wire.Writer
	errors *tail
	bad    int // lines that were no events
	told   event.Usage
	kill   func()
	wait   func() (proc.Exit, error)
	closed func() error
}

// maxBad is how many lines may be no events before the CLI is taken for something else.
const maxBad = 100

// Start starts the CLI, which is then ready to be asked.
func Start(ctx context.Context, c Config) (*Interview, error) {
	fromHost, toCLI, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the CLI: %w", err)
	}
	fromCLI, toHost, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the CLI: %w", err), fromHost.Close(), toCLI.Close())
	}
	said := &tail{most: maxErrors}
	cmd := c.Command
	cmd.Stdin, cmd.Stdout, cmd.Stderr = fromHost, toHost, said
	p, err := proc.Start(ctx, cmd)
	if err := errors.Join(err, fromHost.Close(), toHost.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("start the CLI: %w", err), toCLI.Close(), fromCLI.Close())
	}
	i := &Interview{cfg: c, in: toCLI, out: wire.NewReader(fromCLI, 0), words: wire.NewWriter(toCLI), errors: said, kill: p.Kill, wait: p.Wait}
	i.closed = func() error { return errors.Join(toCLI.Close(), fromCLI.Close()) }
	if err := i.initialize(ctx); err != nil {
		return nil, errors.Join(err, i.Close())
	}
	return i, nil
}

// initialize registers the hooks: before that nothing is asked.
func (i *Interview) initialize(ctx context.Context) error {
	const id = "popkit-init"
	defer context.AfterFunc(ctx, i.kill)()
	if err := i.words.Write(wire.Request{ID: id, What: i.cfg.Host.Initialize}); err != nil {
		return i.gone(ctx)
	}
	return i.hear(ctx, func(e wire.Event) (bool, error) {
		if e.Type != wire.TypeResponse {
			return false, nil
		}
		r, err := wire.As[wire.ControlResponse](e)
		if err != nil || r.Response.ID != id {
			return false, err
		}
		return true, r.Err()
	})
}

// Ask asks a question and waits for its answer. What a failed turn has used is in
// the reply all the same.
func (i *Interview) Ask(ctx context.Context, question string) (Reply, error) {
	if strings.HasPrefix(question, "/") {
		question = "\n" + question // it is no command of the CLI
	}
	defer context.AfterFunc(ctx, i.kill)() // a CLI that does not read would be waited for, too
	if err := i.words.Write(wire.UserMessage{Text: question}); err != nil {
		return Reply{}, i.gone(ctx)
	}
	var r wire.Result
	err := i.hear(ctx, func(e wire.Event) (over bool, err error) {
		if e.Type == wire.TypeResult {
			r, err = wire.As[wire.Result](e)
			return true, err
		}
		i.narrate(e)
		return false, hopeless(e)
	})
	if err != nil {
		return Reply{}, err
	}
	reply := Reply{Structured: r.Structured, Text: r.Text, Usage: i.used(r)}
	if string(reply.Structured) == "null" {
		reply.Structured = nil
	}
	if !r.Finished() {
		return reply, failure(r)
	}
	return reply, nil
}

// hear answers what the CLI asks, and hands on the rest until it is over.
func (i *Interview) hear(ctx context.Context, each func(wire.Event) (over bool, err error)) error {
	for {
		e, err := i.out.Next()
		var bad *wire.BadLine
		switch {
		case errors.As(err, &bad):
			if i.bad++; i.bad > maxBad {
				return &Failure{Kind: Broken, Text: fmt.Sprintf("what was started does not speak as Claude Code does: %v", bad)}
			}
			continue
		case err != nil:
			return i.gone(ctx)
		case e.Type == wire.TypeRequest:
			if err := i.answer(ctx, e); err != nil {
				return i.gone(ctx)
			}
			continue
		}
		if over, err := each(e); over || err != nil {
			return err
		}
	}
}

// answer answers one thing that the CLI asks. What nobody can answer is said to be so:
// without an allow the CLI refuses a call.
func (i *Interview) answer(ctx context.Context, e wire.Event) error {
	r, err := wire.AsRequest(e)
	if err != nil {
		return nil //nolint:nilerr // there is no ID to answer to
	}
	a := wire.Answer{ID: r.ID}
	switch r.Subtype {
	case wire.AskHook:
		cb, err := wire.Ask[wire.HookCallback](r)
		if err != nil {
			a.Err = err.Error()
			break
		}
		a.Response = i.cfg.Host.Hook(ctx, cb)
	case wire.AskTool:
		c, err := wire.Ask[wire.CanUseTool](r)
		if err != nil {
			a.Err = err.Error()
			break
		}
		a.Response = i.cfg.Host.CanUseTool(ctx, c)
	default:
		a.Err = "popkit does not know " + r.Subtype
	}
	return i.words.Write(a)
}

// narrate says what goes on.
func (i *Interview) narrate(e wire.Event) {
	if i.cfg.Said == nil {
		return
	}
	switch {
	case e.Is(wire.TypeSystem, wire.SystemRetry):
		if r, err := wire.As[wire.Retry](e); err == nil {
			i.cfg.Said(fmt.Sprintf("the model's service fails, try %d of %d", r.Attempt, r.MaxRetries))
		}
	case e.Type == wire.TypeAssistant:
		m, err := wire.As[wire.Message](e)
		if err != nil {
			return // it is only told
		}
		for _, b := range m.Blocks() {
			if b.Type == "tool_use" {
				i.cfg.Said(strings.TrimSpace(b.Name + " " + subject(b.Input)))
			}
		}
	}
}

// subject is what a tool is called on, in short.
func subject(input json.RawMessage) string {
	var in struct {
		FilePath string `json:"file_path"`
		Path     string `json:"path"`
		Pattern  string `json:"pattern"`
	}
	if err := json.Unmarshal(input, &in); err != nil {
		return "" // it is only told
	}
	for _, s := range []string{in.FilePath, in.Pattern, in.Path} {
		if s != "" {
			return s
		}
	}
	return ""
}

// used is what is new with a result: it says what all of the process has used, but for
// the turns.
func (i *Interview) used(r wire.Result) event.Usage {
	all := event.Usage{CostUSD: r.CostUSD, Turns: i.told.Turns + int64(max(0, r.NumTurns))}
	all.InputTokens, all.CachedTokens, all.OutputTokens = r.Tokens()
	more := all.Beyond(i.told)
	i.told = i.told.Plus(more)
	return more
}

// Close ends the CLI and all below it.
func (i *Interview) Close() error {
	i.kill()
	_, err := i.wait()
	return errors.Join(err, i.closed())
}
