package power

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/spf13/cobra"

	"popkit/internal/api"
	"popkit/internal/cli/command"
	"popkit/internal/core/event"
	"popkit/internal/show"
)

type logOptions struct {
	Run    string
	Follow bool
	From   int64
	JSON   bool
}

func newLog(e *command.Env) *cobra.Command {
	var o logOptions
	cmd := &cobra.Command{
		Use:   "log [RUN]",
		Short: "Show what happened, one event a line",
		Long: `Show the run's events, one a line; with --json one JSON object a line. With
--follow it goes on until the run ends; a run without an engine is not waited for.`,
		Args:              command.Takes(0, 1),
		ValidArgsFunction: command.CompleteRuns(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Run = command.First(args)
			return runLog(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVarP(&o.Follow, "follow", "f", false, "go on until the run ends")
	cmd.Flags().Int64Var(&o.From, "from", 1, "first event's sequence number")
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runLog(ctx context.Context, e *command.Env, o logOptions) (err error) {
	r, err := e.Find(ctx, o.Run)
	if err != nil {
		return err
	}
	h, err := r.Holder()
	if err != nil {
		return err
	}
	log, err := r.Open()
	if err != nil {
		return command.Environment(err)
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	events, last := log.Read(ctx, o.From), int64(math.MaxInt64)
	if o.Follow && h != nil {
		events = log.Follow(ctx, o.From)
		if last, err = log.Tail(ctx); err != nil {
			return command.Environment(err)
		}
	}
	return printEvents(e, events, last, o)
}

// printEvents prints until the events end, or the run does; ends before event last
// are none: the run was resumed after them.
func printEvents(e *command.Env, events iter.Seq2[event.Event, error], last int64, o logOptions) error {
	for ev, err := range events {
		if err != nil {
			return command.Environment(err)
		}
		text := show.LogLine(ev)
		if o.JSON {
			if text, err = jsonLine(ev); err != nil {
				return err
			}
		}
		if err := e.Print(text + "\n"); err != nil {
			return err
		}
		if _, over := ev.Data.(event.RunEnded); over && ev.Seq >= last {
			return nil
		}
	}
	return nil
}

// jsonLine is an event as OpFollow gives it.
func jsonLine(ev event.Event) (string, error) {
	data, err := json.Marshal(ev.Data)
	if err != nil {
		return "", fmt.Errorf("event %d: %w", ev.Seq, err)
	}
	line, err := json.Marshal(api.Event{Seq: ev.Seq, Time: ev.Time, Type: ev.Data.Type(), Data: data})
	if err != nil {
		return "", fmt.Errorf("event %d: %w", ev.Seq, err)
	}
	return string(line), nil
}
