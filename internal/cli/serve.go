package cli

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"popkit/internal/runs"
)

type serveOptions struct{ Repo, Run, By string }

// readyFile is the descriptor on which the engine says that it is ready.
const readyFile = 3

func newServe(e *Env) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use: "serve", Short: "The engine process; popkit power start runs it", Hidden: true, Args: takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return runServe(cmd.Context(), e, o) },
	}
	cmd.Flags().StringVar(&o.Repo, "repo", "", "the repository's top level")
	cmd.Flags().StringVar(&o.Run, "run", "", "the run's ID")
	cmd.Flags().StringVar(&o.By, "by", "", "who begins it")
	return cmd
}

func runServe(ctx context.Context, e *Env, o serveOptions) error {
	if o.Repo == "" || o.Run == "" {
		return usage("popkit power start --help", "serve is run by popkit power start")
	}
	end, err := e.Host.Serve(ctx, runs.Place{Repo: o.Repo}.Run(o.Run), o.By, e.Ready())
	if err != nil {
		return environment(err)
	}
	return ofOutcome(string(end))
}

// readyPipe is the pipe that whoever started this process reads, or, when there
// is none, standard error.
func readyPipe() io.WriteCloser {
	f := os.NewFile(readyFile, "ready")
	if f == nil {
		return os.Stderr
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return stays{os.Stderr}
	}
	return f
}

// stays is a stream that is not closed.
type stays struct{ io.Writer }

func (stays) Close() error { return nil }

func newScript(e *Env) *cobra.Command {
	return &cobra.Command{
		Use: "__script FILE", Hidden: true, Args: takes(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if e.Host.PlayScript == nil {
				return errors.New("this popkit plays no scripts")
			}
			if code := e.Host.PlayScript(cmd.Context(), args[0], e.Streams); code != 0 {
				return outcome(code)
			}
			return nil
		},
	}
}
