package power

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/runs"
)

type transcriptOptions struct {
	Run, Agent string
	Follow     bool
}

// transcriptEvery is how often a followed transcript is looked at. It is a file
// that a foreign program writes and a person reads: no events to wait for.
const transcriptEvery = 200 * time.Millisecond

func newTranscript(e *command.Env) *cobra.Command {
	var o transcriptOptions
	cmd := &cobra.Command{
		Use:   "transcript AGENT",
		Short: "Show what an agent printed",
		Long:  "Show what an agent printed, as kept: up to a size, without the secrets that are configured.",
		Args:  command.Takes(1, 1), ValidArgsFunction: command.CompleteAgents(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Agent = args[0]
			return runTranscript(cmd.Context(), e, o)
		},
	}
	command.RunFlag(e, cmd, &o.Run)
	cmd.Flags().BoolVarP(&o.Follow, "follow", "f", false, "go on until the agent ends")
	return cmd
}

func runTranscript(ctx context.Context, e *command.Env, o transcriptOptions) (err error) {
	r, v, err := e.FindStatus(ctx, o.Run)
	if err != nil {
		return err
	}
	if _, err := command.AgentOf(v, o.Agent); err != nil {
		return err
	}
	f, err := os.Open(r.Transcript(o.Agent))
	if errors.Is(err, fs.ErrNotExist) {
		e.Say("%s has printed nothing yet", o.Agent)
		return nil
	}
	if err != nil {
		return command.Environment(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := io.Copy(e.Out, f); err != nil {
		return fmt.Errorf("show the transcript: %w", err)
	}
	if !o.Follow {
		return nil
	}
	return tail(ctx, e, r, o.Agent, f)
}

// tail copies what is added until the agent has ended, or its engine has.
func tail(ctx context.Context, e *command.Env, r runs.Run, agent string, f *os.File) error {
	tick := time.NewTicker(transcriptEvery)
	defer tick.Stop()
	for {
		v, err := e.Status(ctx, r)
		if err != nil {
			return err
		}
		// Copied after the look at the status, so that an ended agent's last words
		// are in it.
		if _, err := io.Copy(e.Out, f); err != nil {
			return fmt.Errorf("show the transcript: %w", err)
		}
		if a, err := command.AgentOf(v, agent); err != nil || !a.Ended.IsZero() || v.Engine == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
