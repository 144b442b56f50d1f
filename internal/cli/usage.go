package cli

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"popkit/internal/api"
	"popkit/internal/cli/command"
	"popkit/internal/core/event"
)

type usageOptions struct {
	Input, Cached, Output, Turns int64
	Cost                         float64
}

func newUsage(e *command.Env) *cobra.Command {
	var o usageOptions
	cmd := &cobra.Command{
		Use:   "usage",
		Short: "Say what your model has used since you said so last",
		Long: `Say what your model has used since you said so last: it counts against the budgets of
your task, your phase and the run. Past one of them you are ended, and your work kept.`,
		Example: `  popkit usage --input 12000 --output 800 --cost 0.12`,
		Args:    command.Takes(0, 0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runUsage(cmd.Context(), e, o) },
	}
	cmd.Flags().Int64Var(&o.Input, "input", 0, "tokens that were read, from caches too")
	cmd.Flags().Int64Var(&o.Cached, "cached", 0, "how many of the --input tokens came from caches")
	cmd.Flags().Int64Var(&o.Turns, "turns", 0, "answers of the model")
	cmd.Flags().Int64Var(&o.Output, "output", 0, "tokens that were written")
	cmd.Flags().Int64Var(&o.Input, "tokens", 0, "tokens in all, where the two are not known apart")
	cmd.Flags().Float64Var(&o.Cost, "cost", 0, "dollars")
	cmd.MarkFlagsMutuallyExclusive("tokens", "input")
	cmd.MarkFlagsMutuallyExclusive("tokens", "output")
	return cmd
}

func runUsage(ctx context.Context, e *command.Env, o usageOptions) error {
	used := event.Usage{InputTokens: o.Input, CachedTokens: o.Cached, OutputTokens: o.Output, CostUSD: o.Cost, Turns: o.Turns}
	if !event.SaneUsage(used) || used == (event.Usage{}) {
		return command.Usage("popkit usage --input 12000 --output 800 --cost 0.12", "nothing was used: give --input, --output, --tokens, --turns or --cost, above 0")
	}
	c, err := mustAgent(e, "usage")
	if err != nil {
		return err
	}
	return c.Call(ctx, api.OpUsage, api.UsageArgs{Usage: used}, nil)
}

// when reads a time, or a length of time from now; zero for "".
func when(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if sec, err := strconv.ParseInt(text, 10, 64); err == nil && sec > 0 && sec < 1e11 {
		return time.Unix(sec, 0).UTC(), nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return now.Add(d), nil
	}
	return time.Time{}, command.Usage("--until 2026-03-01T15:00:00Z, --until 1772377200 or --until 90m", "--until %q is no time", text)
}
