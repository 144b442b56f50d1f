package cli

import (
	"context"

	"github.com/spf13/cobra"

	"popkit/internal/config"
)

type configOptions struct{ JSON bool }

func newConfig(e *Env) *cobra.Command {
	var o configOptions
	cmd := &cobra.Command{
		Use: "config", Short: "Show the configuration and where each value comes from", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runConfig(cmd.Context(), e, o) },
	}
	jsonFlag(cmd, &o.JSON)
	return cmd
}

func runConfig(ctx context.Context, e *Env, o configOptions) error {
	info, err := e.repo(ctx)
	if err != nil {
		return err
	}
	cfg, err := config.Load(config.Sources{RepoDir: info.Top, Env: e.Getenv})
	if err != nil {
		return err
	}
	return e.printJSON(cfg)
}
