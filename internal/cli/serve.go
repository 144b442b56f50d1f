package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/runs"
)

type serveOptions struct{ Repo, Run, By string }

func newServe(e *command.Env) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use: "serve", Short: "The engine process; popkit power start runs it", Hidden: true, Args: command.Takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return runServe(cmd.Context(), e, o) },
	}
	cmd.Flags().StringVar(&o.Repo, "repo", "", "the repository's top level")
	cmd.Flags().StringVar(&o.Run, "run", "", "the run's ID")
	cmd.Flags().StringVar(&o.By, "by", "", "who begins it")
	return cmd
}

func runServe(ctx context.Context, e *command.Env, o serveOptions) error {
	if o.Repo == "" || o.Run == "" {
		return command.Usage("popkit power start --help", "serve is run by popkit power start")
	}
	end, err := e.Host.Serve(ctx, runs.Place{Repo: o.Repo}.Run(o.Run), o.By, e.Ready())
	if err != nil {
		return command.Environment(err)
	}
	return command.OfOutcome(string(end))
}

func newScript(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use: "__script FILE", Hidden: true, Args: command.Takes(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if e.Host.PlayScript == nil {
				return errors.New("this popkit plays no scripts")
			}
			if code := e.Host.PlayScript(cmd.Context(), args[0], e.Streams); code != 0 {
				return command.Outcome(code)
			}
			return nil
		},
	}
}
