package watching

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/core/view"
	"popkit/internal/runs"
	"popkit/internal/runs/tail"
	"popkit/internal/show"
	"popkit/internal/show/talk"
)

// Options choose an agent and how it is shown.
type Options struct {
	Run, Agent string
	Follow     bool
	JSON       bool
	Full       bool
}

// NewTranscript returns `popkit power transcript`.
func NewTranscript(e *command.Env) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "transcript AGENT",
		Short: "Show what an agent said and did",
		Long: `Show what an agent said and did, as kept: up to a size, without secrets.

Of an agent that speaks in events (Claude Code) that is what it says, its tool calls
and what came of them, in short, what was denied and by which rule, what was asked and
answered, insights and messages, tries to reach its model, and the cost. Of another it
is what it printed. What could steer a terminal is taken out. With --json each line is
printed as it is kept.`,
		Args: command.Takes(1, 1), ValidArgsFunction: command.CompleteAgents(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Agent = args[0]
			return Show(cmd.Context(), e, o)
		},
	}
	command.RunFlag(e, cmd, &o.Run)
	cmd.Flags().BoolVarP(&o.Follow, "follow", "f", false, "go on until the agent ends")
	FullFlag(cmd, &o.Full)
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

// FullFlag adds --full.
func FullFlag(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "full", false, "show prompts and results whole")
}

// speaks reports whether a runtime's transcripts are events, not output.
func speaks(runtime string) bool {
	name, _, _ := strings.Cut(runtime, ":")
	return name == "claude"
}

// Show shows an agent's transcript, and goes on until it has ended where o says so.
func Show(ctx context.Context, e *command.Env, o Options) (err error) {
	r, v, err := e.FindStatus(ctx, o.Run)
	if err != nil {
		return err
	}
	a, err := command.AgentOf(v, o.Agent)
	if err != nil {
		return err
	}
	live := o.Follow && a.Ended.IsZero() && v.Engine != nil
	w := &watch{
		env: e, run: r, agent: a, watched: live, json: o.JSON, plain: !speaks(a.Runtime), events: talk.NewEvents(a.ID), denied: map[string]bool{},
		style: talk.Style{Colour: e.Live && e.Getenv("NO_COLOR") == "", Full: o.Full},
	}
	if err := w.open(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if w.file == nil && w.plain && !live {
		e.Say("%s has printed nothing yet", a.ID)
		return nil
	}
	if err := w.backlog(ctx, title(v, a)); err != nil {
		return err
	}
	if live && !w.ended { // it may have since it was looked for
		if err := w.follow(ctx); err != nil {
			return err
		}
	}
	if err := w.rest(); err != nil {
		return err
	}
	return w.sum(ctx, r, o)
}

// open opens the transcript, if there is one by now.
func (w *watch) open() error {
	if w.file != nil {
		return nil
	}
	f, err := tail.Open(w.run.Transcript(w.agent.ID), w.watched)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return command.Environment(err)
	}
	w.file = f
	return nil
}

func (w *watch) close() error {
	if w.file == nil {
		return nil
	}
	return w.file.Close()
}

// sum says at the end how the agent did.
func (w *watch) sum(ctx context.Context, r runs.Run, o Options) error {
	if w.json || w.plain && !o.Follow {
		return nil
	}
	v, err := w.env.Status(ctx, r)
	if err != nil {
		return err
	}
	a, err := command.AgentOf(v, w.agent.ID)
	if err != nil {
		return err
	}
	text := ending(a, w.env.Now())
	if w.plain {
		w.env.Say("%s", text)
		return nil
	}
	return w.env.Print(text + "\n")
}

// title says which agent is shown.
func title(v view.Status, a view.Agent) string {
	text := a.ID + ", task " + a.Task
	if t, err := command.TaskOf(v, a.Task); err == nil {
		text += ": " + t.Title
	}
	return show.Line(text)
}
