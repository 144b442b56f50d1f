package power

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/api"
	"popkit/internal/cli/command"
)

// The remedies for an agent that is off its track: wider bounds, or another agent.

type boundaryOptions struct {
	Run, Glob, Task string
	JSON            bool
}

func newBoundary(e *command.Env) *cobra.Command {
	boundary := command.Group("boundary", "Widen what agents may change")
	boundary.AddCommand(newBoundaryAdd(e))
	return boundary
}

func newBoundaryAdd(e *command.Env) *cobra.Command {
	var o boundaryOptions
	cmd := &cobra.Command{
		Use:   "add GLOB",
		Short: "Let agents change what matches GLOB, too",
		Long: `Add a pattern to the objective's boundaries or, with --task, to a task's scope. It
holds at once: for the guard, for the audit, for prompts; the agents it concerns are
told. Paths on which another task is at work are refused. Protected paths stay
protected.`,
		Example: `  popkit power boundary add "docs/**"
  popkit power boundary add "src/db/**" --task api`,
		Args: command.Takes(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Glob = args[0]
			return runBoundaryAdd(cmd.Context(), e, o)
		},
	}
	command.RunFlag(e, cmd, &o.Run)
	cmd.Flags().StringVar(&o.Task, "task", "", "widen this task's scope (default: the objective's boundaries)")
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runBoundaryAdd(ctx context.Context, e *command.Env, o boundaryOptions) error {
	_, c, err := e.Open(ctx, o.Run)
	if err != nil {
		return err
	}
	var b api.Boundary
	if err := c.Call(ctx, api.OpBoundary, api.BoundaryArgs{Glob: o.Glob, Task: o.Task, By: e.By(ctx)}, &b); err != nil {
		return err
	}
	if o.JSON {
		return e.PrintJSON(b)
	}
	what := "the objective's boundaries"
	if b.Task != "" {
		what = "scope of task " + b.Task
	}
	return e.Print(fmt.Sprintf("%s: %s\n", what, strings.Join(b.Globs, ", ")))
}

type reassignOptions struct {
	changeOptions
	Role, Runtime string
}

func newReassign(e *command.Env) *cobra.Command {
	var o reassignOptions
	cmd := &cobra.Command{
		Use:   "reassign TASK",
		Short: "Give a task to a new agent, of another role or runtime",
		Long: `End the attempt under way at a task, keep its work, and begin a new one, with
another role or runtime where these are given. The new agent is told of the earlier
work.`,
		Example: `  popkit power reassign api --role tester`,
		Args:    command.Takes(1, 1), ValidArgsFunction: command.CompleteTasks(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Task = args[0]
			return runReassign(cmd.Context(), e, o)
		},
	}
	o.flags(e, cmd)
	cmd.Flags().StringVar(&o.Role, "role", "", "role of the new agent (default: as it is)")
	cmd.Flags().StringVar(&o.Runtime, "runtime", "", "its runtime, e.g. exec:COMMAND (default: as it is)")
	cmd.Flags().StringVar(&o.Reason, "reason", "", "why, for the log")
	return cmd
}

func runReassign(ctx context.Context, e *command.Env, o reassignOptions) error {
	_, c, err := e.Open(ctx, o.Run)
	if err != nil {
		return err
	}
	args := api.ReassignArgs{Task: o.Task, Role: o.Role, Runtime: o.Runtime, By: e.By(ctx), Reason: o.Reason}
	if err := c.Call(ctx, api.OpReassign, args, nil); err != nil {
		return err
	}
	e.Say("task %s: given to a new agent", o.Task)
	return nil
}
