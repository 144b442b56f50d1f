package planning

import (
	"context"
	"strings"

	"popkit/internal/cli/command"
	"popkit/internal/core/objective"
	"popkit/internal/planfile"
	"popkit/internal/planner"
)

// Edit opens a plan that was made in the person's editor until it is valid, or
// they leave it as it was. Checks that are new are tried; what comes of them is
// said, and is no mistake: a person wrote them.
func (p *Planner) Edit(ctx context.Context, d Draft) (Draft, error) {
	raw, err := planfile.Format(d.Plan)
	if err != nil {
		return d, err
	}
	text := strings.TrimRight(string(raw), "\n")
	edited, notes, err := p.edited(ctx, text)
	if err != nil || edited == nil {
		return d, err
	}
	made := *d.Made
	if made.Checks, err = p.trials(ctx, *edited, made.Checks); err != nil {
		return d, command.Environment(err)
	}
	made.Plan, made.Worth = *edited, planner.Judge(*edited, made.Worth.Agent, made.Worth.AgentWhy)
	d.Plan, d.Notes, d.Made = *edited, notes, &made
	return d, p.write(d)
}

// edited is what the person made of the text, nil where it stays as it is.
func (p *Planner) edited(ctx context.Context, text string) (*objective.Plan, []string, error) {
	before := text
	for {
		now, err := p.e.Editor(ctx, "plan.yaml", text, "EDITOR=nano "+command.Line(p.e.Args...))
		if err != nil {
			return nil, nil, err
		}
		if now == before {
			p.e.Say("the plan: nothing changed")
			return nil, nil, nil
		}
		res, err := planfile.Parse("plan.yaml", []byte(now+"\n"))
		if err == nil {
			return &res.Plan, res.Notes, nil
		}
		if !p.e.Interactive || p.o.FromInput() {
			return nil, nil, err
		}
		p.e.Say("%v", err)
		answer, err := p.e.Answer("edit it again? [Y/n: the plan stays as it was] ")
		if err != nil {
			return nil, nil, err
		}
		if answer == "n" || answer == "no" {
			return nil, nil, nil
		}
		text = now
	}
}

// trials tries those of a plan's checks that were not tried yet.
func (p *Planner) trials(ctx context.Context, plan objective.Plan, known []planner.Trial) ([]planner.Trial, error) {
	type key struct{ run, expect string }
	have := map[key]planner.Trial{}
	for _, t := range known {
		have[key{t.Run, t.Expect}] = t
	}
	var fresh objective.Phase
	checks := planner.Checks(plan)
	for _, c := range checks {
		if _, ok := have[key{c.Run, c.Expect}]; !ok {
			fresh.Checks = append(fresh.Checks, c)
		}
	}
	if len(fresh.Checks) > 0 {
		err := p.watch(ctx, func(ctx context.Context, say func(string)) error {
			tried, err := p.e.Host.TryChecks(ctx, p.order("", plan.Objective, 0), objective.Plan{Phases: []objective.Phase{fresh}}, say)
			for _, t := range tried {
				have[key{t.Run, t.Expect}] = t
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	out := make([]planner.Trial, 0, len(checks))
	for _, c := range checks {
		out = append(out, have[key{c.Run, c.Expect}])
	}
	return out, nil
}
