package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/api"
	"popkit/internal/cli/command"
	"popkit/internal/core/approval"
	"popkit/internal/core/state"
)

type presentOptions struct {
	File string
	JSON bool
}

func newPlanPresent(e *command.Env) *cobra.Command {
	var o presentOptions
	cmd := &cobra.Command{
		Use:   "present FILE",
		Short: "For agents: present your plan to a person; wait for the answer and print it",
		Long: `Present what you will do to a person, wait for the answer and print it. Roles that
have to present a plan may change nothing before it is approved; - is standard input.

Exit code 0: approved. Exit code 3: it is to be revised as the note says, and
presented again. Exit code 4: it was turned down, and this agent is being ended.`,
		Example: `  popkit plan present plan.md
  printf '1. add the route\n2. add its test\n' | popkit plan present -`,
		Args: command.Takes(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.File = args[0]
			return runPlanPresent(cmd.Context(), e, o)
		},
	}
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runPlanPresent(ctx context.Context, e *command.Env, o presentOptions) error {
	text, err := planText(e, o.File)
	if err != nil {
		return err
	}
	c, err := mustAgent(e, "plan present")
	if err != nil {
		return err
	}
	var a api.PlanAnswer
	if err := c.Call(ctx, api.OpPlan, api.PlanArgs{Plan: text}, &a); err != nil {
		return err
	}
	if o.JSON {
		err = e.PrintJSON(a)
	} else {
		err = e.Print(a.Answer + "\n")
	}
	if err != nil {
		return err
	}
	if a.Note != "" {
		e.Say("%s notes: %s", a.By, a.Note)
	}
	switch a.Answer {
	case state.AnswerApprove:
		return nil
	case state.AnswerRevise:
		return command.Fail(command.ExitNeedsHuman, "popkit plan present FILE", "the plan is to be revised (%s)", a.ID)
	}
	return command.Fail(command.ExitStopped, "", "the plan was not approved (%s): %s", a.ID, a.Answer)
}

// planText reads the plan; one that is too long is refused by the run, which says so.
func planText(e *command.Env, file string) (string, error) {
	from := e.In
	if file != "-" {
		if !filepath.IsAbs(file) {
			file = filepath.Join(e.Dir, file)
		}
		f, err := os.Open(file)
		if err != nil {
			return "", command.Usage("popkit plan present -", "the plan can't be read: %v", err)
		}
		defer f.Close()
		from = f
	}
	data, err := io.ReadAll(io.LimitReader(from, 2*approval.MaxPlan))
	if err != nil {
		return "", fmt.Errorf("read the plan: %w", err)
	}
	if strings.TrimSpace(string(data)) == "" {
		return "", command.Usage("say what you will change, in which files, and what will show that it works", "the plan is empty")
	}
	return string(data), nil
}
