package view

import (
	"fmt"
	"time"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
)

// none says of a layer that it is not there.
const none = "none"

// CallFindings returns what was flagged of an agent's calls and no diff can show.
func CallFindings(s *state.State, a *state.Agent) []event.Finding { return decide.CallFindings(s, a) }

func layers(s *state.State, a *state.Agent) Layers {
	l := Layers{Hook: none, Permission: none, Sandbox: none, Audit: "off"}
	switch g := &a.Guard; {
	case a.Breach != nil:
		l.Hook = "breached"
	case g.Proved:
		l.Hook = "proved"
	case g.Allowed+g.Asked+g.Denied > 0:
		l.Hook = "answers"
	case g.Hook:
		l.Hook = "declared"
	}
	if p := a.Process.Permission; p != "" {
		l.Permission = p
	}
	if held := a.Process.Sandbox; held != "" {
		l.Sandbox = held
	}
	if s.Settings.PhaseAware {
		l.Audit = "on"
	}
	return l
}

func verdicts(a *state.Agent) Verdicts {
	return Verdicts{Allowed: a.Guard.Allowed, Asked: a.Guard.Asked, Refused: a.Guard.Refused, Denied: a.Guard.Denied, Flagged: len(a.Guard.Flags)}
}

func rules(s *state.State) []Rule {
	out := make([]Rule, 0, len(s.Rules))
	for _, r := range s.Rules {
		out = append(out, Rule{Rule: r.Rule, Subject: r.Subject, Answer: r.Answer, By: r.By, Question: r.Question, Since: r.Time})
	}
	return out
}

// waitsFor says what can't go on until the question is answered.
func waitsFor(s *state.State, q *state.Question) string {
	switch {
	case q.Kind == event.AskDrift:
		return "nothing, " + q.Agent + " goes on"
	case q.Kind == event.AskBudget && q.Task == "":
		return "every agent that is to start"
	case q.Kind == event.AskPlan:
		return "task " + q.Task + planWaits(s, q)
	case q.Kind.Waited():
		return "agent " + q.Agent + ", at work on task " + q.Task
	case q.Kind == event.AskBarrier || q.Kind == event.AskCheck:
		return "the barrier of phase " + s.Phases[q.Phase].Name
	case q.Task != "":
		return "task " + q.Task
	case q.Phase < len(s.Phases):
		return "phase " + s.Phases[q.Phase].Name
	}
	return "the run"
}

// planWaits says what becomes of the agent that waits for the answer to its plan.
func planWaits(s *state.State, q *state.Question) string {
	a := s.Agents[q.Agent]
	switch {
	case a.Exit != nil:
		return ", whose next attempt goes by the answer"
	case q.Timeout > 0:
		return fmt.Sprintf(", and until %s agent %s; after that its next attempt", q.Time.Add(q.Timeout+q.Held).Format(time.RFC3339), q.Agent)
	}
	return ", and agent " + q.Agent
}

// within reports whether the paths by which an agent was off its track are its own
// by now: a person widened its bounds, so there is nothing to be done about it.
func within(s *state.State, a *state.Agent, d *event.AgentDrifted) bool {
	t := s.Tasks[a.Task]
	for _, p := range d.Paths {
		if !s.Boundaries.Allows(p) || len(t.Scope) > 0 && !objective.InScope(p, t.Scope) {
			return false
		}
	}
	return len(d.Paths) > 0
}
