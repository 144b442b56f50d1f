package power

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/api"
	"popkit/internal/cli/command"
	"popkit/internal/core/event"
)

// changeOptions are those of retry, skip, edit and tell: what people change
// while the run goes on.
type changeOptions struct {
	Run, Task, Reason string
}

func (o *changeOptions) flags(e *command.Env, cmd *cobra.Command) {
	command.RunFlag(e, cmd, &o.Run)
}

func newRetry(e *command.Env) *cobra.Command {
	return taskCommand(e, api.OpRetry, "retry TASK", "Give a task a new attempt, ending the one under way", "given a new attempt")
}

func newSkip(e *command.Env) *cobra.Command {
	return taskCommand(e, api.OpSkip, "skip TASK", "Settle a task without its work", "skipped")
}

func taskCommand(e *command.Env, op api.Op, use, short, done string) *cobra.Command {
	var o changeOptions
	cmd := &cobra.Command{
		Use: use, Short: short, Args: command.Takes(1, 1), ValidArgsFunction: command.CompleteTasks(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Task = args[0]
			return runTaskCommand(cmd.Context(), e, op, done, o)
		},
	}
	o.flags(e, cmd)
	cmd.Flags().StringVar(&o.Reason, "reason", "", "why, for the log")
	return cmd
}

func runTaskCommand(ctx context.Context, e *command.Env, op api.Op, done string, o changeOptions) error {
	r, c, err := e.Open(ctx, o.Run)
	if err != nil {
		return err
	}
	if err := c.Call(ctx, op, api.TaskArgs{Task: o.Task, By: e.By(ctx), Reason: o.Reason}, nil); err != nil {
		return err
	}
	e.Say("task %s: %s", o.Task, done)
	return goOn(ctx, e, r)
}

type editOptions struct {
	changeOptions
	Title, Prompt, Role string
	Scope               []string
	set                 func(flag string) bool // whether the flag was given
}

func newEdit(e *command.Env) *cobra.Command {
	var o editOptions
	cmd := &cobra.Command{
		Use:   "edit TASK",
		Short: "Change what a task asks for; an attempt under way goes on as it is",
		Long: `Change a task's title, prompt, scope or role. Without a flag, on a terminal, the
prompt is opened in $EDITOR. An attempt under way goes on as it is; popkit power
retry begins anew with the change.`,
		Args: command.Takes(1, 1), ValidArgsFunction: command.CompleteTasks(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Task, o.set = args[0], cmd.Flags().Changed
			return runEdit(cmd.Context(), e, o)
		},
	}
	o.flags(e, cmd)
	cmd.Flags().StringVar(&o.Title, "title", "", "new title")
	cmd.Flags().StringVar(&o.Prompt, "prompt", "", "new prompt")
	cmd.Flags().StringVar(&o.Role, "role", "", "new role")
	cmd.Flags().StringSliceVar(&o.Scope, "scope", nil, "new scope, path patterns separated by commas")
	return cmd
}

func runEdit(ctx context.Context, e *command.Env, o editOptions) error {
	edited := event.TaskEdited{Task: o.Task, By: e.By(ctx)}
	if o.set("title") {
		edited.Title = &o.Title
	}
	if o.set("prompt") {
		edited.Prompt = &o.Prompt
	}
	if o.set("role") {
		edited.Role = &o.Role
	}
	if o.set("scope") {
		edited.Scope = &o.Scope
	}
	r, err := e.Find(ctx, o.Run)
	if err != nil {
		return err
	}
	if edited.Title == nil && edited.Prompt == nil && edited.Role == nil && edited.Scope == nil {
		if !e.Interactive {
			return command.Usage(fmt.Sprintf(`popkit power edit %s --prompt "…"`, o.Task), "nothing to change: pass --prompt, --title, --scope or --role")
		}
		s, err := r.Fold(ctx)
		if err != nil {
			return command.Environment(err)
		}
		t, ok := s.Tasks[o.Task]
		if !ok {
			return command.Usage("popkit power status", "no task %q in run %s", o.Task, r.ID)
		}
		text, err := e.Editor(ctx, "prompt.md", t.Prompt, "EDITOR=nano popkit power edit …")
		if err != nil {
			return err
		}
		if text == t.Prompt {
			e.Say("task %s: nothing changed", o.Task)
			return nil
		}
		edited.Prompt = &text
	}
	c, err := e.Caller(ctx, r)
	if err != nil {
		return err
	}
	if err := c.Call(ctx, api.OpEdit, api.EditArgs{TaskEdited: edited}, nil); err != nil {
		return err
	}
	e.Say("task %s: changed", o.Task)
	return nil
}

type tellOptions struct {
	changeOptions
	To, Text string
	Urgent   bool
}

func newTell(e *command.Env) *cobra.Command {
	var o tellOptions
	cmd := &cobra.Command{
		Use:   "tell AGENT TEXT",
		Short: `Send a message to an agent, or to all that run ("all")`,
		Long: `Send a message to an agent, or to all that run ("all"). It comes with the answer to the
agent's next tool call or check-in; to an agent of Claude Code it is said at the next
boundary between its tools, as a message that it has to heed.`,
		Example: `  popkit power tell implementer-1 "leave the old route in place"`,
		Args:    command.Takes(2, -1), ValidArgsFunction: command.CompleteAgents(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.To, o.Text = args[0], strings.Join(args[1:], " ")
			return runTell(cmd.Context(), e, o)
		},
	}
	o.flags(e, cmd)
	cmd.Flags().BoolVar(&o.Urgent, "urgent", false, "before its other messages, and marked as urgent")
	return cmd
}

func runTell(ctx context.Context, e *command.Env, o tellOptions) error {
	_, c, err := e.Open(ctx, o.Run)
	if err != nil {
		return err
	}
	to := o.To
	if to == "all" {
		to = ""
	}
	if err := c.Call(ctx, api.OpTell, api.TellArgs{To: to, By: e.By(ctx), Text: o.Text, Urgent: o.Urgent}, nil); err != nil {
		return err
	}
	e.Say("told %s; it is delivered at the next tool call or check-in", o.To)
	return nil
}
