package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

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

func newPlan(e *Env) *cobra.Command {
	return group("plan", "Check and show plan files", newPlanValidate(e), newPlanShow(e))
}

func newPlanValidate(e *Env) *cobra.Command {
	var o planFileOptions
	cmd := &cobra.Command{
		Use:   "validate FILE…",
		Short: "Check plan files; every mistake with its line and column",
		Args:  takes(1, -1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.Files = args
			return runPlanValidate(e, o)
		},
	}
	jsonFlag(cmd, &o.JSON)
	return cmd
}

func runPlanValidate(e *Env, o planFileOptions) error {
	out := []validated{}
	bad := 0
	for _, name := range o.Files {
		v := validated{File: name, Valid: true, Mistakes: []string{}, Notes: []string{}}
		p, notes, err := e.readPlan(name)
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
				e.planLine(name, p, v)
			}
		}
		if !v.Valid {
			bad++
		}
		for _, m := range v.Mistakes {
			if !o.JSON {
				e.say("%s", m)
			}
		}
		out = append(out, v)
	}
	if o.JSON {
		if err := e.printJSON(out); err != nil {
			return err
		}
	}
	if bad > 0 && o.JSON {
		return outcome(exitUsage)
	}
	if bad > 0 {
		return usage("", "%d of %s can't be run", bad, show.Count(len(o.Files), "plan"))
	}
	return nil
}

func (e *Env) planLine(name string, p objective.Plan, v validated) {
	tasks := 0
	for _, ph := range p.Phases {
		tasks += len(ph.Tasks)
	}
	fmt.Fprintf(e.Out, "%s: valid, %s, %s\n", name, show.Count(len(p.Phases), "phase"), show.Count(tasks, "task"))
	for _, n := range v.Notes {
		fmt.Fprintf(e.Out, "  note: %s\n", n)
	}
}

func newPlanShow(e *Env) *cobra.Command {
	var o planFileOptions
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Show a plan as popkit understands it",
		Long:  "Show a plan as popkit understands it, with the default tasks filled in; - is standard input.",
		Args:  takes(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.Files = args
			return runPlanShow(e, o)
		},
	}
	jsonFlag(cmd, &o.JSON)
	return cmd
}

func runPlanShow(e *Env, o planFileOptions) error {
	p, notes, err := e.readPlan(o.Files[0])
	if err != nil {
		return err
	}
	if o.JSON {
		return e.printJSON(p)
	}
	return e.print(show.Plan(p, show.PlanFacts{Source: o.Files[0], Notes: notes}, e.Width()))
}
