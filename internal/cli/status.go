package cli

import (
	"context"

	"github.com/spf13/cobra"

	"popkit/internal/show"
)

type statusOptions struct {
	Run  string
	JSON bool
}

func newStatus(e *Env) *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:               "status [RUN]",
		Short:             "Show a run: phases, tasks, agents, open questions",
		Long:              "Show a run. Without RUN it is the active one, else the last.",
		Args:              takes(0, 1),
		ValidArgsFunction: completeRuns(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Run = first(args)
			return runStatus(cmd.Context(), e, o)
		},
	}
	jsonFlag(cmd, &o.JSON)
	return cmd
}

func runStatus(ctx context.Context, e *Env, o statusOptions) error {
	_, v, err := e.findStatus(ctx, o.Run)
	if err != nil {
		return err
	}
	if o.JSON {
		return e.printJSON(v)
	}
	return e.print(show.Status(v, e.Now(), e.Width()))
}
