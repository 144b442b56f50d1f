package cli

import (
	"context"
	"errors"
	"iter"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
	"popkit/internal/show"
)

type replayOptions struct {
	Run  string
	To   int64
	JSON bool
}

func newReplay(e *command.Env) *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "replay [RUN]",
		Short: "Show a run as it was after one of its events",
		Long:  "Fold the run's log up to an event and show the status as it was then. It changes nothing.",
		Args:  command.Takes(0, 1), ValidArgsFunction: command.CompleteRuns(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Run = command.First(args)
			return runReplay(cmd.Context(), e, o)
		},
	}
	cmd.Flags().Int64Var(&o.To, "to", 0, "sequence number of the last event to look at (default: all)")
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runReplay(ctx context.Context, e *command.Env, o replayOptions) (err error) {
	r, err := e.Find(ctx, o.Run)
	if err != nil {
		return err
	}
	log, err := r.Open()
	if err != nil {
		return command.Environment(err)
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	s, err := foldTo(ctx, log, o.To)
	if err != nil {
		return err
	}
	v := view.Make(s, s.Time, engineThen(s))
	if o.JSON {
		return e.PrintJSON(v)
	}
	e.Say("after event %d, %s", s.Seq, s.Time.UTC().Format("2006-01-02 15:04:05 MST"))
	return e.Print(show.Status(v, s.Time, e.Width()))
}

// reader is a log as far as this command needs it.
type reader interface {
	Read(ctx context.Context, from int64) iter.Seq2[event.Event, error]
}

func foldTo(ctx context.Context, log reader, to int64) (*state.State, error) {
	s := state.New()
	for ev, err := range log.Read(ctx, 1) {
		if err != nil {
			return nil, command.Environment(err)
		}
		if err := s.Apply(ev); err != nil {
			return nil, command.Environment(err)
		}
		if ev.Seq == to {
			return s, nil
		}
	}
	if to > s.Seq || to < 0 {
		return nil, command.Usage("popkit power log", "there is no event %d: the log ends at %d", to, s.Seq)
	}
	return s, nil
}

// engineThen is the engine that had the run then.
func engineThen(s *state.State) *view.Engine {
	if s.Ended != nil || s.Engine.PID == 0 {
		return nil
	}
	return &view.Engine{
		PID: s.Engine.PID, Host: s.Engine.Host, Since: s.EngineAt, Epoch: s.Engine.Epoch, Sandbox: s.Engine.Sandbox,
	}
}
