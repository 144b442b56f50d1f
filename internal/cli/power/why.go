package power

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/core/view"
	"popkit/internal/show"
)

type whyOptions struct {
	Task, Run string
	JSON      bool
}

// Reason is `popkit power why --json`.
type Reason struct {
	Run   string `json:"run"`
	Task  string `json:"task"`
	State string `json:"state"`
	Why   string `json:"why"`
}

func newWhy(e *command.Env) *cobra.Command {
	var o whyOptions
	cmd := &cobra.Command{
		Use:               "why TASK",
		Short:             "Say why a task is not running",
		Args:              command.Takes(1, 1),
		ValidArgsFunction: command.CompleteTasks(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Task = args[0]
			return runWhy(cmd.Context(), e, o)
		},
	}
	command.RunFlag(e, cmd, &o.Run)
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runWhy(ctx context.Context, e *command.Env, o whyOptions) error {
	_, v, err := e.FindStatus(ctx, o.Run)
	if err != nil {
		return err
	}
	t, err := command.TaskOf(v, o.Task)
	if err != nil {
		return err
	}
	r := Reason{Run: v.Run, Task: t.ID, State: t.State, Why: because(v, t)}
	if o.JSON {
		return e.PrintJSON(r)
	}
	return e.Print(fmt.Sprintf("task %s is %s: %s\n", r.Task, r.State, r.Why))
}

func because(v view.Status, t view.Task) string {
	switch {
	case t.Waits != "":
		return "it waits: " + show.Line(t.Waits)
	case t.State == "running":
		for _, a := range v.Agents {
			if a.ID == t.Agent && a.Waits != "" {
				return t.Agent + " waits: " + show.Line(a.Waits)
			}
		}
		return t.Agent + " works on it"
	case t.State == "merged":
		return "its work is in the run's tree at " + show.Commit(t.Commit)
	case t.State == "skipped":
		return "it was settled without its work"
	}
	return "nothing holds it up"
}
