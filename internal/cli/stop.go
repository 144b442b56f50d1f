package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/api"
	"popkit/internal/core/view"
	"popkit/internal/runs"
)

type stopOptions struct {
	Run    string
	Now    bool
	Reason string
	JSON   bool
}

func newStop(e *Env) *cobra.Command {
	var o stopOptions
	cmd := &cobra.Command{
		Use:   "stop [RUN]",
		Short: "Stop a run; its work is kept",
		Long: `Stop a run and wait until it has ended. Agents finish their tool call; with --now
they are ended at once. All work is kept, and popkit power resume goes on.`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Run = first(args)
			return runStop(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVar(&o.Now, "now", false, "end the agents at once")
	cmd.Flags().StringVar(&o.Reason, "reason", "", "why, for the log")
	jsonFlag(cmd, &o.JSON)
	return cmd
}

func runStop(ctx context.Context, e *Env, o stopOptions) error {
	r, err := e.find(ctx, o.Run)
	if err != nil {
		return err
	}
	h, err := r.Holder()
	if err != nil {
		return err
	}
	if h != nil {
		if err := e.stop(ctx, r, *h, o); err != nil {
			return err
		}
	}
	v, err := e.status(ctx, r)
	if err != nil {
		return err
	}
	if o.JSON {
		return e.printJSON(v)
	}
	if h == nil {
		return e.print(fmt.Sprintf("run %s is not running: %s\n", v.Run, v.State))
	}
	return e.print(kept(v))
}

// stop asks for the end and waits until the engine has gone.
func (e *Env) stop(ctx context.Context, r runs.Run, h runs.Holder, o stopOptions) error {
	c := e.Dial(h.Socket)
	err := c.Call(ctx, api.OpStop, api.StopArgs{By: e.by(ctx), Reason: o.Reason, Now: o.Now}, nil)
	if ending(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if !o.JSON {
		e.say("stopping run %s …", r.ID)
	}
	for raw, err := range c.Stream(ctx, api.OpAttend, api.AttendArgs{}) {
		var p api.Progress
		switch {
		case ending(err):
			return nil
		case err != nil && ctx.Err() != nil:
			return err
		case err != nil:
			return nil //nolint:nilerr // the engine has gone, which is what was waited for
		}
		if err := json.Unmarshal(raw, &p); err != nil {
			return fmt.Errorf("the engine's answer: %w", err)
		}
	}
	return nil
}

// ending says that the engine is about to be gone, or is.
func ending(err error) bool {
	var call *api.Error
	return errors.Is(err, api.ErrNoEngine) || errors.As(err, &call) && call.Kind == api.KindEnded
}

// kept says how a stopped run ended and where the work is.
func kept(v view.Status) string {
	var b strings.Builder
	fmt.Fprintf(&b, "run %s: %s\n", v.Run, v.State)
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
