package power

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/api"
	"popkit/internal/cli/command"
	"popkit/internal/core/view"
	"popkit/internal/runs"
	"popkit/internal/show"
)

type stopOptions struct {
	Run    string
	Now    bool
	Reason string
	JSON   bool
}

func newStop(e *command.Env) *cobra.Command {
	var o stopOptions
	cmd := &cobra.Command{
		Use:   "stop [RUN]",
		Short: "Stop a run; its work is kept",
		Long: `Stop a run and wait until it has ended. Agents finish their tool call; with --now
they are ended at once. All work is kept, and popkit power resume goes on.`,
		Args:              command.Takes(0, 1),
		ValidArgsFunction: command.CompleteRuns(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Run = command.First(args)
			return runStop(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVar(&o.Now, "now", false, "end the agents at once")
	cmd.Flags().StringVar(&o.Reason, "reason", "", "why, for the log")
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runStop(ctx context.Context, e *command.Env, o stopOptions) error {
	r, err := e.Find(ctx, o.Run)
	if err != nil {
		return err
	}
	h, err := r.Holder()
	if err != nil {
		return err
	}
	if h != nil {
		if err := stop(ctx, e, r, *h, o); err != nil {
			return err
		}
	}
	s, err := r.Fold(ctx)
	if err != nil {
		return command.Environment(err)
	}
	v := view.Make(s, e.Now(), nil)
	if o.JSON {
		return e.PrintJSON(v)
	}
	if h == nil {
		return e.Print(fmt.Sprintf("run %s is not running: %s\n", v.Run, show.Outcome(v.State)))
	}
	return e.Print(kept(v))
}

// stop asks for the end and waits until the engine has gone.
func stop(ctx context.Context, e *command.Env, r runs.Run, h runs.Holder, o stopOptions) error {
	c := e.Dial(h.Socket)
	err := c.Call(ctx, api.OpStop, api.StopArgs{By: e.By(ctx), Reason: o.Reason, Now: o.Now}, nil)
	if err != nil && !command.Ending(err) {
		return err
	}
	if !o.JSON {
		e.Say("stopping run %s …", r.ID)
	}
	for _, err := range c.Stream(ctx, api.OpAttend, api.AttendArgs{}) {
		if err != nil {
			break // the engine goes, or went: its process says so below
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return e.Gone(ctx, h)
}

// kept says how a stopped run ended and where the work is.
func kept(v view.Status) string {
	var b strings.Builder
	fmt.Fprintf(&b, "run %s: %s\n", v.Run, show.Outcome(v.State))
	for _, p := range v.Phases {
		if p.Ref != "" {
			fmt.Fprintf(&b, "  phase %s: merged at %s\n", p.Name, p.Ref)
		}
	}
	for _, a := range v.Agents {
		for _, ref := range []string{a.Ref, a.Rescue} {
			if ref != "" {
				fmt.Fprintf(&b, "  %s (task %s, %s): kept at %s\n", a.ID, a.Task, a.State, ref)
			}
		}
	}
	if v.State != "done" {
		fmt.Fprintf(&b, "to go on: popkit power resume %s\n", v.Run)
	}
	return b.String()
}
