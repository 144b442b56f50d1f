package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/api"
	"popkit/internal/cli/command"
	"popkit/internal/core/event"
	"popkit/internal/core/nearest"
)

type checkInOptions struct {
	Progress          float64
	hasProgress       bool
	Doing, Need, Tool string
	Call              string
	On                string
	JSON              bool
}

func newCheckIn(e *command.Env) *cobra.Command {
	var o checkInOptions
	cmd := &cobra.Command{
		Use:     "check-in [DOING]",
		Short:   "Say how far you are; get what waits for you",
		Example: `  popkit check-in --progress 0.4 --need "where is the user model" "writing the login route"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Doing, o.hasProgress = strings.Join(args, " "), cmd.Flags().Changed("progress")
			return runCheckIn(cmd.Context(), e, o)
		},
	}
	cmd.Flags().Float64Var(&o.Progress, "progress", 0, "how much is done, 0 to 1")
	cmd.Flags().StringVar(&o.Need, "need", "", "what you lack; answered now, or asked of the others")
	cmd.Flags().StringVar(&o.Tool, "tool", "", "count a call of this tool instead (every few are a check-in, as configured)")
	cmd.Flags().StringVar(&o.Call, "call", "", "with --tool: your host's name for the call, as the guard was told it")
	cmd.Flags().StringVar(&o.On, "on", "", "with --tool: what it is called on, a path or a command")
	cmd.MarkFlagsMutuallyExclusive("tool", "progress")
	cmd.MarkFlagsMutuallyExclusive("tool", "need")
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runCheckIn(ctx context.Context, e *command.Env, o checkInOptions) error {
	if o.Progress < 0 || o.Progress > 1 {
		return command.Usage("--progress 0.4", "progress %g is not between 0 and 1", o.Progress)
	}
	if o.On != "" && o.Tool == "" {
		return command.Usage(`popkit check-in --tool Edit --on src/a.go`, "--on says what --tool is called on")
	}
	c, err := mustAgent(e, "check-in")
	if err != nil {
		return err
	}
	if o.Tool != "" {
		return deliver(ctx, e, c, api.OpTool, api.ToolArgs{Tool: o.Tool, ID: o.Call, Subject: o.On}, o.JSON)
	}
	args := api.CheckInArgs{Doing: o.Doing, Need: o.Need}
	if o.hasProgress {
		args.Progress = &o.Progress
	}
	return deliver(ctx, e, c, api.OpCheckIn, args, o.JSON)
}

type askOptions struct {
	Question, Default string
	Options           []string
	JSON              bool
}

func newAsk(e *command.Env) *cobra.Command {
	var o askOptions
	cmd := &cobra.Command{
		Use:   "ask QUESTION",
		Short: "Ask a person; wait for the answer and print it",
		Long: `Ask a person, wait for the answer and print it. When nobody answers in time the
default is printed; without a default the exit code is 3.`,
		Example: `  popkit ask "Keep the old route?" --options yes,no --default yes`,
		Args:    command.Takes(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Question = strings.Join(args, " ")
			return runAsk(cmd.Context(), e, o)
		},
	}
	cmd.Flags().StringSliceVar(&o.Options, "options", nil, "the possible answers, separated by commas (default: any text)")
	cmd.Flags().StringVar(&o.Default, "default", "", "the answer when nobody gives one in time")
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runAsk(ctx context.Context, e *command.Env, o askOptions) error {
	c, err := mustAgent(e, "ask")
	if err != nil {
		return err
	}
	var a api.AskAnswer
	if err := c.Call(ctx, api.OpAsk, api.AskArgs{Question: o.Question, Options: o.Options, Default: o.Default}, &a); err != nil {
		return err
	}
	if a.By == event.ByTimeout && o.Default == "" {
		return command.Fail(command.ExitNeedsHuman, "", "nobody answered %s in time", a.ID)
	}
	if o.JSON {
		return e.PrintJSON(a)
	}
	if a.Note != "" {
		e.Say("%s notes: %s", a.By, a.Note)
	}
	return e.Print(a.Answer + "\n")
}

type reportOptions struct {
	Status, Summary string
	NoCode          bool
	FollowUps       []string
	Until           string
}

func newReport(e *command.Env) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:     "report",
		Short:   "Report your result: the last report before you end counts",
		Example: `  popkit report --status done --summary "login route with tests"`,
		Args:    command.Takes(0, 0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runReport(cmd.Context(), e, o) },
	}
	cmd.Flags().StringVar(&o.Status, "status", "", "done, failed, blocked or quota (the service you work with refuses until a later time)")
	cmd.Flags().StringVar(&o.Until, "until", "", "with --status quota: when it may be tried again, e.g. 2026-03-01T15:00:00Z, 1772377200 or 90m (default: popkit backs off)")
	cmd.Flags().StringVar(&o.Summary, "summary", "", "what was done, or why not")
	cmd.Flags().BoolVar(&o.NoCode, "no-code", false, "no file had to change (counts only where the plan says so too)")
	cmd.Flags().StringArrayVar(&o.FollowUps, "follow-up", nil, "something left to do; can be repeated")
	command.Choices(cmd, "status", "done", "failed", "blocked", "quota")
	return cmd
}

func runReport(ctx context.Context, e *command.Env, o reportOptions) error {
	statuses := []string{string(event.ReportDone), string(event.ReportFailed), string(event.ReportBlocked), string(event.ReportQuota)}
	switch event.ReportStatus(o.Status) {
	case event.ReportDone, event.ReportFailed, event.ReportBlocked, event.ReportQuota:
	case "":
		return command.Usage(`popkit report --status done --summary "…"`, "the status is missing")
	default:
		return command.Usage(nearest.Hint(o.Status, statuses, "--status done"), "status %q is none of %s", o.Status, strings.Join(statuses, ", "))
	}
	if strings.TrimSpace(o.Summary) == "" {
		return command.Usage(fmt.Sprintf(`popkit report --status %s --summary "…"`, o.Status), "the summary is missing")
	}
	c, err := mustAgent(e, "report")
	if err != nil {
		return err
	}
	r := event.Report{Status: event.ReportStatus(o.Status), Summary: o.Summary, NoCode: o.NoCode, FollowUps: o.FollowUps}
	if r.ResetsAt, err = when(o.Until, e.Now()); err != nil {
		return err
	}
	if err := c.Call(ctx, api.OpReport, api.ReportArgs{Report: r}, nil); err != nil {
		return err
	}
	e.Say("reported: %s", o.Status)
	return nil
}
