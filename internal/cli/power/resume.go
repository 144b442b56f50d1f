package power

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/core/event"
	"popkit/internal/core/view"
	"popkit/internal/runs"
	"popkit/internal/show"
)

type resumeOptions struct {
	Run    string
	Follow follow
}

// follow says what a command does once an engine has the run.
type follow struct {
	Detach bool // print the run's ID alone
	NoWait bool // say how to attach
	JSON   bool
}

func (f *follow) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&f.Detach, "detach", "d", false, "return once the engine has the run, and print its ID alone (for scripts)")
	cmd.Flags().BoolVar(&f.NoWait, "no-wait", false, "return once the engine has the run, and say how to watch it (for people)")
	command.JSONFlag(cmd, &f.JSON)
	cmd.MarkFlagsMutuallyExclusive("detach", "no-wait")
}

func newResume(e *command.Env) *cobra.Command {
	var o resumeOptions
	cmd := &cobra.Command{
		Use:   "resume [RUN]",
		Short: "Go on with a run that was stopped, parked, failed or interrupted",
		Long: `Go on with a run from its log: what was accepted is kept, what was under way is
looked into or begun anew.`,
		Args:              command.Takes(0, 1),
		ValidArgsFunction: command.CompleteRuns(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Run = command.First(args)
			return runResume(cmd.Context(), e, o)
		},
	}
	o.Follow.flags(cmd)
	return cmd
}

func runResume(ctx context.Context, e *command.Env, o resumeOptions) error {
	r, v, err := e.FindStatus(ctx, o.Run)
	if err != nil {
		return err
	}
	if v.Engine != nil && slices.Contains(overStates(), v.State) {
		// The engine is about to be gone.
		if err := e.Gone(ctx, runs.Holder{Run: r.ID, PID: v.Engine.PID}); err != nil {
			return err
		}
	} else if v.Engine != nil {
		return command.Failed("popkit power attach "+r.ID, "run %s is running already, in process %d", r.ID, v.Engine.PID)
	}
	// A run that is done stays so: its engine clears up what one that was killed
	// right after the end had no time for, so that a resume can be tried blindly.
	if err := openQuestions(ctx, e, r, v, o.Follow); err != nil {
		return err
	}
	return launch(ctx, e, r, v.Seq, o.Follow)
}

// openQuestions asks, on a terminal, what is open before the run goes on: without
// the answers it would only park again. Elsewhere it says what is open.
func openQuestions(ctx context.Context, e *command.Env, r runs.Run, v view.Status, f follow) error {
	switch {
	case len(v.Decisions) == 0 || f.Detach:
		return nil
	case !e.Interactive || f.NoWait || f.JSON:
		e.Say("%s open:\n%s", show.Count(len(v.Decisions), "question"), strings.TrimSuffix(show.Decisions(v.Decisions), "\n"))
		return nil
	}
	_, c, err := e.Open(ctx, r.ID)
	if err != nil {
		return err
	}
	return ask(ctx, e, c, v.Decisions, decideOptions{Run: r.ID})
}

// overStates are those in which a run has ended.
func overStates() []string {
	return []string{
		string(event.OutcomeDone), string(event.OutcomeFailed), string(event.OutcomeStopped), string(event.OutcomeNeedsHuman),
	}
}

// Started is what start and resume print as JSON: the status is the last one,
// where they waited for it.
type Started struct {
	Run    string       `json:"run"`
	PID    int          `json:"pid"`
	Socket string       `json:"socket"`
	Status *view.Status `json:"status,omitempty"`
}

// launch gives the run to an engine process and does what f says; events after
// from are news.
func launch(ctx context.Context, e *command.Env, r runs.Run, from int64, f follow) error {
	h, err := e.Host.Spawn(ctx, r, e.By(ctx))
	if err != nil {
		return command.Environment(err)
	}
	out := Started{Run: r.ID, PID: h.PID, Socket: h.Socket}
	switch {
	case f.JSON && (f.Detach || f.NoWait):
		return e.PrintJSON(out)
	case f.Detach:
		return e.Print(r.ID + "\n")
	case f.NoWait:
		return e.Print("run " + r.ID + " goes on in the background\n" +
			"to watch it:    popkit power attach\nto look at it:  popkit power status\nto stop it:     popkit power stop\n")
	}
	last, err := attend(ctx, e, r, h, attending{from: from, quiet: f.JSON})
	if err != nil {
		return err
	}
	if f.JSON {
		out.Status = &last
		if err := e.PrintJSON(out); err != nil {
			return err
		}
	}
	return command.OfOutcome(last.State)
}
