package view_test

import (
	"testing"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/view"
)

// TestDrift: a question about drift holds nothing up, and what was widened is no
// drift any more.
func TestDrift(t *testing.T) {
	w := newWorld(t)
	w.s.Settings.DriftDetection = true
	w.s.Settings.Drift = event.Drift{Action: event.DriftEscalate}
	w.begin("implementer-1")
	w.end(event.AgentChanged{Effect: "run:implementer-1", Agent: "implementer-1", Files: []string{"docs/a.md"}, Changed: 1})
	v := view.Make(w.s, w.now, &view.Engine{})
	if len(v.Decisions) != 1 || v.Decisions[0].Waits != "nothing, implementer-1 goes on" || v.Phases[0].Waits != "tasks api, more, tests" {
		t.Errorf("questions %+v, the phase waits for %q", v.Decisions, v.Phases[0].Waits)
	}
	if d := v.Agents[0].Drift; d == nil || d.Kind != "outside_scope" {
		t.Errorf("drift is %+v", d)
	}
	w.do(decide.AddBoundary{Task: "api", Glob: "docs/**", By: "ann"})
	if d := view.Make(w.s, w.now, &view.Engine{}).Agents[0].Drift; d != nil {
		t.Errorf("widened, and still drift: %+v", d)
	}
}

// TestWaitsForABudget: while the question about a run's or a phase's budget is open
// nothing is started, whatever the phase.
func TestWaitsForABudget(t *testing.T) {
	w := newWorld(t)
	w.s.Settings.Budgets.Run.Tokens = 100
	w.begin("implementer-1")
	w.do(decide.Use{Agent: "implementer-1", Used: event.Usage{InputTokens: 120}})
	v := view.Make(w.s, w.now, &view.Engine{})
	if len(v.Decisions) != 1 || v.Decisions[0].Waits != "every agent that is to start" {
		t.Errorf("decisions %+v", v.Decisions)
	}
}
