package scripted

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"popkit/internal/core/event"
)

// Env is where a script is played.
type Env struct {
	Workspace string // absolute path
	Task      string
	Attempt   int       // 1, 2, …
	Environ   []string  // of what "run" starts
	Prompt    io.Reader // nil is an empty one
	Out       io.Writer // says what is done; the transcript of a scripted agent
	// The way to popkit. Without it (nil) a step that needs it fails, and tool
	// calls are not counted.
	Insights Insights
	Voice    Voice
	Tools    Tools
	Meter    Meter
	Plans    Plans
}

// Meter is told what an agent's model has used.
type Meter interface {
	Use(ctx context.Context, u event.Usage) error
}

// Insights shares and reads what agents found. Only the fields that an agent
// gives are set: Kind, Content, Tags, Confidence.
type Insights interface {
	ShareInsight(ctx context.Context, i event.InsightShared) error
	// ListInsights returns those for this agent.
	ListInsights(ctx context.Context) ([]event.InsightShared, error)
}

// Voice is what an agent says of its own accord. Only the fields that an agent
// gives are set.
type Voice interface {
	// CheckIn returns what popkit has to tell the agent, "" for nothing.
	CheckIn(ctx context.Context, c event.CheckedIn) (string, error)
	// Ask returns the answer, and blocks until there is one.
	Ask(ctx context.Context, q event.QuestionAsked) (string, error)
	Report(ctx context.Context, r event.Report) error
}

// Tools is told of tool calls, and asked for leave.
type Tools interface {
	// Tool says that a call was made, by the name that Judge was told or "", on
	// something or "", and returns what popkit has to tell the agent, "" for nothing.
	Tool(ctx context.Context, name, id, on string) (string, error)
	// Judge asks the guard about a call, and blocks until there is an answer.
	Judge(ctx context.Context, c ToolCall) (Permission, error)
}

// FromEnviron returns the Env that an agent's environment describes, as far as
// it does: in the workspace dir, with the process's own input and output.
func FromEnviron(dir string, environ []string) (Env, error) {
	env := Env{Workspace: dir, Environ: environ, Prompt: os.Stdin, Out: os.Stdout, Attempt: 1}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		switch name {
		case "POPKIT_TASK":
			env.Task = value
		case "POPKIT_ATTEMPT":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 {
				return Env{}, fmt.Errorf("POPKIT_ATTEMPT is %q: want 1 or more", value)
			}
			env.Attempt = n
		}
	}
	return env, nil
}

// The exit statuses of Play that a script did not ask for.
const (
	exitFailed = 1 // a step failed
	exitUsage  = 2 // there is nothing to play for this task
)

// Play plays what the script has for the task and attempt of env, and returns
// the exit status of the agent: 0, what "fail" says, 1 when a step failed (which
// is said on env.Out), 2 when the script has nothing for the task.
func Play(ctx context.Context, script Script, env Env) int {
	lines, err := script.steps(env.Task, env.Attempt)
	if err != nil {
		sayError(env.Out, err)
		return exitUsage
	}
	root, err := os.OpenRoot(env.Workspace)
	if err != nil {
		sayError(env.Out, fmt.Errorf("enter the workspace: %w", err))
		return exitFailed
	}
	defer func() { _ = root.Close() }() // a directory handle: nothing to lose
	p := &player{ctx: ctx, env: env, root: root}
	for _, l := range lines {
		err := p.do(l)
		var end exitError
		if errors.As(err, &end) {
			return int(end)
		}
		if err != nil {
			sayError(env.Out, fmt.Errorf("%s:%d:%d: %s: %w", script.name, l.at.line, l.at.column, l.name, err))
			return exitFailed
		}
	}
	return 0
}

func sayError(out io.Writer, err error) {
	_, _ = fmt.Fprintln(out, "popkit:", err) // nowhere else to say it
}

// exitError ends a script with an exit status.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

var errNoPopkit = errors.New("no popkit to talk to: POPKIT_SOCKET is not set")

// player plays one attempt.
type player struct {
	ctx  context.Context
	env  Env
	root *os.Root

	guarded bool // its tool calls are put to the guard
	calls   int  // that were
}

// counted are the steps that stand for a tool call.
var counted = map[string]bool{"say": true, "write": true, "edit": true, "delete": true, "run": true}

func (p *player) do(l line) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	if call, ok := asTool(l.step); ok && p.guarded {
		return p.doGuarded(l.step, call)
	}
	if err := l.step.play(p); err != nil {
		return err
	}
	if counted[l.name] && !p.guarded {
		return p.called(l.name, "", subjectOf(l.step))
	}
	return nil
}

// doGuarded plays a step once the guard lets it.
func (p *player) doGuarded(s step, call ToolCall) error {
	call.ID = p.callID()
	got, err := p.ask(call)
	if err != nil {
		return err
	}
	if !got.Allowed {
		return fmt.Errorf("denied: %s", got.Said)
	}
	if got.Said != "" {
		if err := p.sayf("popkit says: %s", got.Said); err != nil {
			return err
		}
	}
	if err := s.play(p); err != nil {
		return err
	}
	return p.called(call.Tool, call.ID, subjectOf(s))
}

// subjectOf is what a counted step is done to.
func subjectOf(s step) string {
	switch s := s.(type) {
	case write:
		return s.Path
	case edit:
		return s.Path
	case remove:
		return s.Path
	case run:
		return s.Command
	}
	return ""
}

// called says that a tool call was made, and what popkit answers to it.
func (p *player) called(name, id, on string) error {
	if p.env.Tools == nil {
		return nil
	}
	told, err := p.env.Tools.Tool(p.ctx, name, id, on)
	if err != nil {
		return err
	}
	return p.told(told)
}

func (p *player) told(text string) error {
	if text == "" {
		return nil
	}
	return p.sayf("popkit says: %s", strings.TrimSuffix(text, "\n"))
}

func (p *player) sayf(format string, args ...any) error {
	_, err := fmt.Fprintf(p.env.Out, format+"\n", args...)
	return err
}
