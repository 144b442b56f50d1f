package sim

import (
	"fmt"
	"strings"
	"time"

	"popkit/internal/core/budget"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/engine"
)

// freeze and thaw are what a Freezer does to the processes.
func (w *world) freeze(o engine.Order) event.Data {
	w.frozen = true
	return event.RunFrozen{Effect: o.Key, How: "signals", Processes: len(w.procs)}
}

func (w *world) thaw(o engine.Order) event.Data {
	w.frozen = false
	for _, p := range w.procs {
		if p.stood {
			p.stood = false
			w.s.after(time.Millisecond, p.life, p.next)
		}
	}
	return event.RunThawed{Effect: o.Key}
}

// limited are steps of an agent that bounds are about: it uses tokens, works here and
// there, makes the same call again.
func (p *proc) limited() func() {
	s, id := p.w.s, p.o.Agent
	kinds := 4
	if p.guarded || p.hook { // its tools go by the guard
		kinds = 2
	}
	switch s.rng.IntN(kinds) {
	case 0:
		u := event.Usage{InputTokens: int64(s.rng.IntN(400)), OutputTokens: int64(s.rng.IntN(100)), CostUSD: float64(s.rng.IntN(5))}
		return func() { s.submit(decide.Use{Agent: id, Used: u}, nil) }
	case 1:
		files := []string{"src/" + p.o.Task + "/work", "src/shared", "other/x"}[:1+s.rng.IntN(3)]
		in := decide.EffectEnded{Data: event.AgentChanged{Effect: p.o.Key, Agent: id, Files: files, Changed: len(files)}, Asked: p.o.Asked}
		return func() { s.submit(in, nil) }
	case 2:
		return func() { s.submit(decide.CallTool{Agent: id, Tool: "Bash", Subject: "make test"}, nil) }
	default:
		where := []string{"src/" + p.o.Task + "/work", "src/t01/work", "docs/x"}[s.rng.IntN(3)]
		return func() { s.submit(decide.CallTool{Agent: id, Tool: "Edit", Subject: where}, nil) }
	}
}

// quota ends the process for want of quota: it says so itself, or its last words do.
func (p *proc) quota() {
	s := p.w.s
	end := event.AgentExited{Reason: event.ExitExited, Code: 1}
	var until time.Time
	if s.rng.IntN(2) == 0 {
		until = epoch().Add(s.time + s.skew + s.between(-time.Hour, 5*time.Hour))
	}
	if s.rng.IntN(2) == 0 {
		end.Quota = &event.QuotaSaid{Text: "usage limit reached", Until: until}
		p.exit(end)
		return
	}
	r := event.Report{Status: event.ReportQuota, Summary: "session limit reached", ResetsAt: until}
	s.submit(decide.Report{Agent: p.o.Agent, Report: r}, nil)
	s.after(time.Second, p.life, func() { p.exit(end) })
}

// bound makes up something that a person does about what bounds the run.
func (p *people) bound(task string) decide.Input {
	switch p.s.rng.IntN(5) {
	case 0:
		return decide.Pause{By: "ann", Reason: "lunch"}
	case 1, 2:
		return decide.Unpause{By: "ann"}
	case 3:
		return decide.Reassign{Task: task, Role: []string{"", "tester"}[p.s.rng.IntN(2)], By: "ann"}
	default:
		return decide.AddBoundary{Glob: "other/**", Task: []string{"", task}[p.s.rng.IntN(2)], By: "ann"}
	}
}

// limits makes up what bounds a run; most runs have few bounds.
func (g *generator) limits(s *event.Settings) {
	n := func(choices ...int) int { return choices[g.in(len(choices))] }
	d := func(choices ...time.Duration) time.Duration { return choices[g.in(len(choices))] }
	s.Budgets = event.Budgets{
		Task:  event.Allowance{Tokens: n(0, 0, 700), Time: d(0, 0, 40*time.Minute), Agents: n(0, 0, 4)},
		Phase: event.Allowance{ToolCalls: n(0, 0, 40), Agents: n(0, 0, 12)},
		Run:   event.Allowance{CostUSD: float64(n(0, 0, 30)), Tokens: n(0, 0, 9000)},
	}
	s.QuotaBackoff = d(0, time.Minute)
	s.DriftDetection = g.in(2) == 0
	s.Drift = event.Drift{
		Silent: d(0, 5*time.Minute), NoProgress: d(0, 20*time.Minute), NoProgressCalls: n(0, 4), Repeated: n(0, 2),
		Action: []string{event.DriftWarn, event.DriftSteer, event.DriftEscalate, event.DriftEscalate}[g.in(4)],
	}
}

// bounds is the oracle's book of what must not be started.
type bounds struct {
	paused, stopping bool
	quota            bool
	asked            map[string]bool // open questions about budgets of the phase or run
	tokens           int64
	tokenRaises      int
}

// bounded says whether nothing is started that may not be: while the run is paused,
// waits for a quota, or has a budget that is used up.
func (o *oracle) bounded(e event.Event) error {
	b := &o.bounds
	switch d := e.Data.(type) {
	case event.RunPaused:
		b.paused = true
	case event.RunUnpaused:
		b.paused = false
	case event.StopRequested:
		b.stopping = true
	case event.RunResumed:
		b.paused, b.stopping = false, false
	case event.QuotaHit:
		if !d.Until.After(e.Time) {
			return fmt.Errorf("it is over before it begins")
		}
		b.quota = true
	case event.QuotaOver:
		b.quota = false
	case event.AgentUsed:
		b.tokens += d.Used.Tokens()
	case event.QuestionAsked:
		if d.Kind == event.AskBudget && d.Task == "" {
			b.asked[d.ID] = true
		}
	case event.QuestionAnswered:
		if q := o.asked[d.ID]; q.Kind == event.AskBudget && d.Answer == state.AnswerRaise && q.Subject == "run//"+budget.Tokens {
			b.tokenRaises++
		}
		delete(b.asked, d.ID)
	case event.QuestionWithdrawn:
		delete(b.asked, d.ID)
	case event.EffectRequested:
		return o.mayStart(d)
	}
	return nil
}

func (o *oracle) mayStart(d event.EffectRequested) error {
	b := &o.bounds
	if d.Kind != event.EffectRun {
		return nil
	}
	limit := int64(o.s.Created.Settings.Budgets.Run.Tokens) * int64(1+b.tokenRaises)
	switch {
	case b.paused && !b.stopping:
		return fmt.Errorf("an agent is started while the run is paused")
	case b.quota:
		return fmt.Errorf("an agent is started before the quota is filled up")
	case len(b.asked) > 0:
		return fmt.Errorf("an agent is started while a person is asked about a budget")
	case limit > 0 && b.tokens > limit:
		return fmt.Errorf("an agent is started after %d tokens of %d", b.tokens, limit)
	}
	return nil
}

// reassigned reports whether the answer to a question about drift begins the task anew.
func reassigned(q event.QuestionAsked, answer string) bool {
	return q.Kind == event.AskDrift && strings.HasPrefix(answer, state.AnswerReassign)
}
