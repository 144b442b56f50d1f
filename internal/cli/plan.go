package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/cli/planning"
	"popkit/internal/core/objective"
	"popkit/internal/planfile"
	"popkit/internal/show"
)

type planFileOptions struct {
	Files []string
	JSON  bool
}

// validated is one file in `popkit plan validate --json`.
type validated struct {
	File     string   `json:"file"`
	Valid    bool     `json:"valid"`
	Mistakes []string `json:"mistakes"` // each file:line:col: text
	Notes    []string `json:"notes"`
}

func newPlan(e *command.Env) *cobra.Command {
	return command.Group("plan", "Make, check and show plan files", planning.NewMake(e), newPlanValidate(e), newPlanShow(e), newPlanPresent(e))
}

func newPlanValidate(e *command.Env) *cobra.Command {
	var o planFileOptions
	cmd := &cobra.Command{
		Use:   "validate FILE…",
		Short: "Check plan files; every mistake with its line and column",
		Args:  command.Takes(1, -1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.Files = args
			return runPlanValidate(e, o)
		},
	}
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runPlanValidate(e *command.Env, o planFileOptions) error {
	out := []validated{}
	bad := 0
	for _, name := range o.Files {
		v := validated{File: name, Valid: true, Mistakes: []string{}, Notes: []string{}}
		p, notes, err := e.ReadPlan(name)
		var mistakes *planfile.Errors
		switch {
		case errors.As(err, &mistakes):
			v.Valid = false
			for _, m := range mistakes.List {
				v.Mistakes = append(v.Mistakes, m.Error())
			}
		case err != nil && len(o.Files) == 1 && !o.JSON:
			return err
		case err != nil:
			v.Valid, v.Mistakes = false, []string{err.Error()}
		default:
			v.Notes = append(v.Notes, notes...)
			if !o.JSON {
				planLine(e, command.FileName(name), p, v)
			}
		}
		if !v.Valid {
			bad++
		}
		for _, m := range v.Mistakes {
			if !o.JSON {
				e.Say("%s", m)
			}
		}
		out = append(out, v)
	}
	if o.JSON {
		if err := e.PrintJSON(out); err != nil {
			return err
		}
	}
	if bad > 0 && o.JSON {
		return command.Outcome(command.ExitUsage)
	}
	if bad > 0 {
		return command.Usage("", "%d of %s can't be run", bad, show.Count(len(o.Files), "plan"))
	}
	return nil
}

func planLine(e *command.Env, name string, p objective.Plan, v validated) {
	tasks := 0
	for _, ph := range p.Phases {
		tasks += len(ph.Tasks)
	}
	fmt.Fprintf(e.Out, "%s: valid, %s, %s\n", name, show.Count(len(p.Phases), "phase"), show.Count(tasks, "task"))
	for _, n := range v.Notes {
		fmt.Fprintf(e.Out, "  note: %s\n", n)
	}
}

func newPlanShow(e *command.Env) *cobra.Command {
	var o planFileOptions
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Show a plan as popkit understands it",
		Long:  "Show a plan as popkit understands it, with the default tasks filled in; - is standard input.",
		Args:  command.Takes(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.Files = args
			return runPlanShow(e, o)
		},
	}
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runPlanShow(e *command.Env, o planFileOptions) error {
	p, notes, err := e.ReadPlan(o.Files[0])
	if err != nil {
		return err
	}
	if o.JSON {
		return e.PrintJSON(p)
	}
	return e.Print(show.Plan(p, show.PlanFacts{Source: command.FileName(o.Files[0]), Notes: notes}, e.Width()))
}
