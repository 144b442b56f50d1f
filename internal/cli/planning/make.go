package planning

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"popkit/internal/cli/command"
	"popkit/internal/core/objective"
	"popkit/internal/planner"
	"popkit/internal/show"
)

// make has a planning agent make the plan; instead is what there is where it
// can't.
func (p *Planner) make(ctx context.Context, runtime string, agents int, instead Draft) (Draft, error) {
	if err := p.freeToSave(); err != nil {
		return Draft{}, err
	}
	var made planner.Made
	err := p.watch(ctx, func(ctx context.Context, say func(string)) (err error) {
		made, err = p.e.Host.MakePlan(ctx, p.order(runtime, instead.Plan.Objective, agents), say)
		return err
	})
	if err != nil {
		return p.failed(instead, err)
	}
	if made.Problem != "" {
		p.e.Say("problem: %s", show.Line(made.Problem))
	}
	d := Draft{Plan: made.Plan, Made: &made}
	if d.Plan, err = p.narrow("the plan that was made", d.Plan); err != nil {
		return Draft{}, err
	}
	d.Notes = objective.Notes(d.Plan)
	if len(made.Checks) == 0 {
		d.Notes = append(d.Notes, "the plan has no check: nothing proves the work but its review")
	}
	if d, err = p.save(d, instead.Plan.Objective.Description); err != nil || !p.o.Edit {
		return d, err
	}
	return p.Edit(ctx, d)
}

func (p *Planner) order(runtime string, o objective.Objective, agents int) command.PlanOrder {
	return command.PlanOrder{Repo: p.info.Top, BaseRef: p.o.Base, Runtime: runtime, Objective: o, MaxAgents: agents}
}

// shownMistakes is how many of a plan's last mistakes a person is shown.
const shownMistakes = 5

// failed asks whether the default phases will do where planning came to no plan.
// --yes is a yes to a plan, not to another one.
func (p *Planner) failed(instead Draft, err error) (Draft, error) {
	var f *planner.Failure
	if !errors.As(err, &f) {
		return Draft{}, command.Environment(err)
	}
	why := "planning failed: " + show.Line(f.Text)
	for _, m := range f.Mistakes[:min(len(f.Mistakes), shownMistakes)] {
		p.e.Say("mistake in the plan: %s", show.Line(m))
	}
	if spent := show.Spent(f.Spent); spent != "" {
		p.e.Say("planning took %s", spent)
	}
	switch {
	case p.o.OrDefault:
		p.e.Say("%s", why)
	case p.e.Interactive && !p.o.Yes && !p.o.FromInput():
		p.e.Say("%s", why)
		if f.Hint != "" {
			p.e.Say("hint: %s", f.Hint)
		}
		yes, err := p.e.Yes("use the default phases instead? [y/N] ")
		if err != nil {
			return Draft{}, err
		}
		if !yes {
			return Draft{}, command.Fail(exitOf(f.Reason), "", "there is no plan")
		}
	default:
		hints := []string{command.Line(append(append([]string{}, p.e.Args...), "--or-default-phases")...)}
		if f.Hint != "" {
			hints = append([]string{f.Hint}, hints...)
		}
		return Draft{}, command.Failing(exitOf(f.Reason), errors.New(why), hints...)
	}
	instead.Notes = append([]string{why + ": these are the default phases"}, instead.Notes...)
	return instead, nil
}

// exitOf is the exit code of planning that failed.
func exitOf(r planner.Reason) int {
	switch r {
	case planner.NoCLI, planner.Unauthorised, planner.Quota:
		return command.ExitEnvironment
	}
	return command.ExitFailed
}

// Advice is what is said of a plan that is not worth several agents; "" where it
// is, or where nobody has judged it.
func (d Draft) Advice() string {
	if d.Made == nil || d.Made.Worth.Power {
		return ""
	}
	return "advice: use one agent: " + show.Line(d.Made.Worth.Why)
}

// again is the command that runs a saved plan, with the flags that were given for
// a run.
func (p *Planner) again(file string, more ...string) string {
	args := []string{"power", "start"}
	if len(p.e.Args) > 2 && p.e.Args[0] == "power" {
		args = append(args, p.kept(p.e.Args[2:])...)
	}
	return command.Line(append(append(args, "--plan", file), more...)...)
}

// kept are the arguments that are not about how the plan came to be.
func (p *Planner) kept(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		name, _, whole := strings.Cut(args[i], "=")
		switch {
		case name == "--objective-file" || name == "--save":
			if !whole {
				i++
			}
		case slices.Contains([]string{"--edit", "--or-default-phases", "--yes", "-y"}, name), args[i] == p.o.Objective:
		default:
			out = append(out, args[i])
		}
	}
	return out
}

// question is what is asked about a plan that is shown.
func (d Draft) question() string {
	if d.Made != nil {
		return "start this run? [y/N, e: edit the plan] "
	}
	return "start this run? [y/N] "
}

// Approve shows a draft and gets a yes for it, editing it as often as the person
// likes. quiet is a script that reads no plan; resolve makes of a draft what is
// shown.
func (p *Planner) Approve(ctx context.Context, d Draft, quiet bool, resolve func(Draft) (command.NewRun, show.PlanFacts, error)) (command.NewRun, error) {
	for {
		n, facts, err := resolve(d)
		if err != nil {
			return n, err
		}
		if p.o.Yes && quiet {
			if advice := d.Advice(); advice != "" {
				p.e.Say("%s", advice)
			}
			return n, nil // nobody reads the plan
		}
		fmt.Fprint(p.e.Err, show.Plan(n.Plan, facts, p.e.Width()))
		if p.o.Yes {
			return n, nil
		}
		if !p.e.Interactive || p.o.FromInput() {
			return n, p.noTerminal(d)
		}
		answer, err := p.e.Answer(d.question())
		switch {
		case err != nil:
			return n, err
		case answer == "y" || answer == "yes":
			return n, nil
		case d.Made == nil || !strings.HasPrefix("edit", answer) || answer == "":
			return n, command.Failed("", "not started")
		}
		if d, err = p.Edit(ctx, d); err != nil {
			return n, err
		}
	}
}

// noTerminal says how to give the yes that nobody can be asked for. A plan that was
// made is not made again for it.
func (p *Planner) noTerminal(d Draft) error {
	why := "there is no terminal to ask on"
	switch {
	case p.o.Plan == "-":
		why = "the plan came from standard input, where the answer would come from"
	case p.o.FromInput():
		why = "the objective came from standard input, where the answer would come from"
	}
	hint := command.Line(append(append([]string{}, p.e.Args...), "--yes")...)
	if d.file != "" {
		hint = p.again(d.Source, "--yes")
	}
	return command.Usage(hint, "this plan needs a yes, and %s", why)
}
