package power

import (
	"context"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/show"
)

type statusOptions struct {
	Run  string
	JSON bool
}

func newStatus(e *command.Env) *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:               "status [RUN]",
		Short:             "Show a run: phases, tasks, agents, open questions",
		Long:              "Show a run. Without RUN it is the active one, else the last.",
		Args:              command.Takes(0, 1),
		ValidArgsFunction: command.CompleteRuns(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Run = command.First(args)
			return runStatus(cmd.Context(), e, o)
		},
	}
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runStatus(ctx context.Context, e *command.Env, o statusOptions) error {
	_, v, err := e.FindStatus(ctx, o.Run)
	if err != nil {
		return err
	}
	if o.JSON {
		return e.PrintJSON(v)
	}
	return e.Print(show.Status(v, e.Now(), e.Width()))
}
