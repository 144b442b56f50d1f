package cli

import (
	"context"
	"errors"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/planner"
)

// makePlan is a planning agent that does what the world says.
func (w *world) makePlan(ctx context.Context, o PlanOrder, say func(string)) (planner.Made, error) {
	w.note("plan by %s, base=%q, at most %d: %s", o.Runtime, o.BaseRef, o.MaxAgents, o.Objective.Description)
	say("the planning agent works")
	spent := planner.Spent{Repairs: 1, Usage: event.Usage{InputTokens: 12000, OutputTokens: 345, CostUSD: 0.037, Turns: 4}, Took: objective.Duration(14e9)}
	fail := func(f planner.Failure) (planner.Made, error) {
		f.Spent = spent
		return planner.Made{}, &f
	}
	switch w.plans {
	case "":
		return planner.Made{}, errors.New("no planning agent was expected")
	case "quota":
		return fail(planner.Failure{Reason: planner.Quota, Text: "Claude Code: the usage limit is reached until 15:00", Hint: "try again after 15:00"})
	case "unrepairable":
		return fail(planner.Failure{Reason: planner.Unrepairable, Text: "the planning agent's plan still has 2 mistakes after 2 repairs: a\x1b[2J",
			Mistakes: []string{"a\x1b[2J", "b"}})
	case "broken":
		return fail(planner.Failure{Reason: planner.Broken, Text: "it died"})
	case "disk":
		return planner.Made{}, errors.New("no space left on device")
	case "interrupted":
		return planner.Made{}, ctx.Err()
	}
	p := objective.Plan{Objective: o.Objective, Phases: []objective.Phase{{Name: "build", Checks: []objective.Check{{Run: "go test ./..."}}, Tasks: []objective.Task{
		{ID: "api", Role: "implementer", Title: "Write the API", Prompt: "Write it.", Scope: []string{"api/**"}, Tags: []string{"api"}},
		{ID: "ui", Role: "implementer", Title: "Write the UI", Prompt: "Write it.\nAll of it.", Scope: []string{"ui/**"}, Tags: []string{"ui"}},
	}}}}
	p.Objective.SuccessCriteria = []objective.Criterion{{Text: "it works", Check: &objective.Check{Run: "go test ./api", Expect: "^ok"}}}
	if w.plans == "advise" {
		p.Phases[0].Tasks = p.Phases[0].Tasks[:1]
	}
	made := planner.Made{
		Plan: p, Summary: "Two halves.", Assumptions: []string{"there is no database", "no login"},
		Worth: planner.Judge(p, w.plans != "advise", "they are independent"),
		Checks: []planner.Trial{{Run: "go test ./...", State: planner.Green, Took: objective.Duration(2e9)},
			{Run: "go test ./api", Expect: "^ok", State: planner.Red, Detail: "exit code 1: FAIL"}},
		Planning: spent,
	}
	if w.plans == "untidy" {
		made.Problem = "clear up after planning: disk quota exceeded (popkit gc)"
	}
	return made, nil
}
