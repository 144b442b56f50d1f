package power

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"popkit/internal/api"
	"popkit/internal/cli/command"
	"popkit/internal/show"
)

type pauseOptions struct {
	Run, Reason string
	JSON        bool
}

func newPause(e *command.Env) *cobra.Command {
	var o pauseOptions
	cmd := &cobra.Command{
		Use:   "pause [RUN]",
		Short: "Make a run stand still: freeze its agents, start nothing",
		Long: `Make a run stand still. The processes of agents, checks and setup commands are
frozen where they are, with everything below them, and nothing is started until
popkit power unpause. The time counts against no limit. Stopping and resuming work
as ever; frozen processes end with their engine.`,
		Args: command.Takes(0, 1), ValidArgsFunction: command.CompleteRuns(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Run = command.First(args)
			return runPause(cmd.Context(), e, o)
		},
	}
	cmd.Flags().StringVar(&o.Reason, "reason", "", "why, for the log")
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runPause(ctx context.Context, e *command.Env, o pauseOptions) error {
	p, err := stand(ctx, e, api.OpPause, o)
	if err != nil || o.JSON {
		return err
	}
	if !p.Paused {
		return command.Failed("popkit power status", "the run was unpaused or stopped meanwhile")
	}
	if p.Left != "" {
		e.Say("warning: not all stands still: %s", show.Line(p.Left))
	}
	return e.Print(fmt.Sprintf("paused: %s\nto go on: popkit power unpause\n", show.Frozen(p.Processes, p.How)))
}

func newUnpause(e *command.Env) *cobra.Command {
	var o pauseOptions
	cmd := &cobra.Command{
		Use:   "unpause [RUN]",
		Short: "Let a paused run go on, or one that waits for a quota",
		Long: `Let a paused run go on where it stood still. A run that is not paused but waits for
a quota to be filled up starts agents again at once, without waiting for its time.`,
		Args: command.Takes(0, 1), ValidArgsFunction: command.CompleteRuns(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Run = command.First(args)
			return runUnpause(cmd.Context(), e, o)
		},
	}
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runUnpause(ctx context.Context, e *command.Env, o pauseOptions) error {
	p, err := stand(ctx, e, api.OpUnpause, o)
	if err != nil || o.JSON {
		return err
	}
	if p.Quota != "" {
		return e.Print(fmt.Sprintf("unpaused; a quota is used up until %s, no agent is started before (popkit power unpause again does not wait)\n", p.Quota))
	}
	return e.Print("the run goes on\n")
}

// stand asks for a pause or its end, and prints the answer where a machine reads it.
func stand(ctx context.Context, e *command.Env, op api.Op, o pauseOptions) (p api.Paused, err error) {
	_, c, err := e.Open(ctx, o.Run)
	if err != nil {
		return p, err
	}
	if err := c.Call(ctx, op, api.PauseArgs{By: e.By(ctx), Reason: o.Reason}, &p); err != nil {
		return p, err
	}
	if o.JSON {
		return p, e.PrintJSON(p)
	}
	return p, nil
}
