package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/api"
	"popkit/internal/cli/command"
	"popkit/internal/core/event"
	"popkit/internal/core/view"
	"popkit/internal/show"
)

// socketVar names the variable that holds the path of an agent's own socket,
// which says who it is.
const socketVar = "POPKIT_SOCKET"

// agent returns the caller over the agent's own socket, nil outside of a run.
func agent(e *command.Env) api.Caller {
	if path := e.Getenv(socketVar); path != "" {
		return e.Dial(path)
	}
	return nil
}

// mustAgent is agent for commands that only agents can call.
func mustAgent(e *command.Env, what string) (api.Caller, error) {
	if c := agent(e); c != nil {
		return c, nil
	}
	return nil, command.Usage("popkit power --help", "popkit %s is for agents inside a run: %s is not set", what, socketVar)
}

func newInsight(e *command.Env) *cobra.Command {
	return command.Group("insight", "Share what was found, and see what others found", newInsightAdd(e), newInsightList(e))
}

type insightAddOptions struct {
	Run, Type, Text string
	Tags            []string
	Confidence      float64
	JSON            bool
}

func newInsightAdd(e *command.Env) *cobra.Command {
	var o insightAddOptions
	cmd := &cobra.Command{
		Use:     "add TEXT",
		Short:   "Share an insight with the other agents",
		Example: `  popkit insight add --type discovery --tags model,database "User model is at src/models"`,
		Args:    command.Takes(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Text = strings.Join(args, " ")
			return runInsightAdd(cmd.Context(), e, o)
		},
	}
	cmd.Flags().StringVar(&o.Type, "type", "", "discovery (default), pattern, blocker, question, answer, or a word of your own")
	cmd.Flags().StringSliceVar(&o.Tags, "tags", nil, "what it is about, separated by commas")
	cmd.Flags().Float64Var(&o.Confidence, "confidence", 0, "how sure you are, 0 to 1")
	command.Choices(cmd, "type", event.InsightDiscovery, event.InsightPattern, event.InsightBlocker, event.InsightQuestion, event.InsightAnswer)
	command.RunFlag(e, cmd, &o.Run)
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runInsightAdd(ctx context.Context, e *command.Env, o insightAddOptions) error {
	if o.Confidence < 0 || o.Confidence > 1 {
		return command.Usage("--confidence 0.8", "confidence %g is not between 0 and 1", o.Confidence)
	}
	c := agent(e)
	if c == nil {
		var err error
		if _, c, err = e.Open(ctx, o.Run); err != nil {
			return err
		}
	}
	var out api.Shared
	args := api.ShareArgs{Type: o.Type, Content: o.Text, Tags: o.Tags, Confidence: o.Confidence}
	if err := c.Call(ctx, api.OpShare, args, &out); err != nil {
		return err
	}
	if o.JSON {
		return e.PrintJSON(out)
	}
	switch {
	case out.Known:
		return e.Print(out.ID + " (you had shared it)\n")
	case out.Confirmed:
		return e.Print(out.ID + " (another had shared it; recorded as confirmed)\n")
	case len(out.Similar) > 0:
		return e.Print(fmt.Sprintf("%s (similar to %s)\n", out.ID, strings.Join(out.Similar, ", ")))
	}
	return e.Print(out.ID + "\n")
}

type insightListOptions struct {
	Run         string
	ForMe, JSON bool
	Max         int
}

func newInsightList(e *command.Env) *cobra.Command {
	var o insightListOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the run's insights, or what waits for this agent",
		Long: `List all insights of the run. With --for-me an agent is given what waits for it,
insights and messages; nothing is given to it twice.`,
		Args: command.Takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return runInsightList(cmd.Context(), e, o) },
	}
	cmd.Flags().BoolVar(&o.ForMe, "for-me", false, "what waits for this agent, each thing once")
	cmd.Flags().IntVar(&o.Max, "max", 0, "with --for-me: at most this many insights (default: the run's setting)")
	command.RunFlag(e, cmd, &o.Run)
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runInsightList(ctx context.Context, e *command.Env, o insightListOptions) error {
	if o.ForMe {
		c, err := mustAgent(e, "insight list --for-me")
		if err != nil {
			return err
		}
		return deliver(ctx, e, c, api.OpMine, api.PullArgs{Max: o.Max}, o.JSON)
	}
	all, err := insights(ctx, e, o.Run)
	if err != nil {
		return err
	}
	if o.JSON {
		return e.PrintJSON(all)
	}
	return e.Print(show.Insights(all))
}

// insights lists those of the run, as an agent of it or as a person.
func insights(ctx context.Context, e *command.Env, run string) ([]view.Insight, error) {
	all := []view.Insight{}
	if c := agent(e); c != nil {
		return all, c.Call(ctx, api.OpList, nil, &all)
	}
	r, err := e.Find(ctx, run)
	if err != nil {
		return nil, err
	}
	s, err := r.Fold(ctx)
	if err != nil {
		return nil, command.Environment(err)
	}
	return view.Insights(s), nil
}

// deliver makes a call whose answer is what the agent is given, and prints it.
func deliver(ctx context.Context, e *command.Env, c api.Caller, op api.Op, args any, asJSON bool) error {
	d := view.Delivery{Insights: []view.Insight{}, Messages: []view.Message{}}
	if err := c.Call(ctx, op, args, &d); err != nil {
		return err
	}
	if asJSON {
		return e.PrintJSON(d)
	}
	return e.Print(show.Delivery(d))
}
