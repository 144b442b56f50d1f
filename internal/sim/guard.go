package sim

import (
	"fmt"
	"time"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/engine"
)

// tool is one tool call of the process. A guarded one asks the guard first, whose
// verdict is drawn by lot.
func (p *proc) tool() {
	if !p.guarded {
		p.w.s.submit(decide.CallTool{Agent: p.o.Agent, Tool: "Edit"}, nil)
		return
	}
	p.calls++
	v := event.GuardJudged{Agent: p.o.Agent, Tool: "Edit", Call: fmt.Sprintf("%s-%d", p.o.Agent, p.calls), Verdict: event.VerdictAllow}
	switch n := p.w.s.rng.IntN(20); {
	case n < 3:
		v.Verdict, v.Rule = event.VerdictDeny, "protected_path"
		v.Flags = []event.GuardFlag{{Rule: "skipped_test"}}
	case n < 6: // of few deeds, so that the same is asked about twice
		v.Verdict, v.Rule, v.Subject = event.VerdictAsk, "deploy", fmt.Sprintf("deploy %d", n)
		v.Digest = v.Subject
	}
	p.judged(v)
}

// canary is the call by which a hook proves that it answers.
func (p *proc) canary() {
	p.judged(event.GuardJudged{Agent: p.o.Agent, Tool: "Write", Call: "canary", Verdict: event.VerdictDeny, Rule: "protected_path", Canary: true})
}

// sneak calls a tool that nobody was asked about.
func (p *proc) sneak() {
	p.w.s.submit(decide.CallTool{Agent: p.o.Agent, Tool: "Edit", Call: "sneaked"}, nil)
}

// judged hands a verdict in and does what it allows; on an ask the process waits
// for the answer.
func (p *proc) judged(v event.GuardJudged) {
	p.asked = "not known yet"
	p.w.s.submit(decide.Judge{Judged: v}, func(r engine.Result) {
		p.asked = ""
		verdict := event.VerdictDeny
		for _, e := range r.Events {
			if j, ok := e.Data.(event.GuardJudged); ok {
				verdict, p.asked = j.Verdict, j.Question
			}
		}
		if p.asked != "" {
			p.held = v.Call
			return
		}
		if verdict == event.VerdictAllow && !p.gone {
			p.called(v.Call)
		}
		p.w.s.after(time.Second, p.life, p.next)
	})
}

func (p *proc) called(id string) {
	p.w.s.submit(decide.CallTool{Agent: p.o.Agent, Tool: "Edit", Call: id}, nil)
}

// answered does what a person's answer allows.
func (p *proc) answered(q *state.Question) {
	if p.heard(q) {
		return
	}
	id := p.held
	p.held = ""
	if id != "" && q.Answer != nil && q.Answer.Answer == state.AnswerAllow {
		p.called(id)
	}
}

// verdicts is the oracle's book of the guard.
type verdicts struct {
	said    map[string]event.Verdict // agent and call → what it came to; ask while it is open
	asks    map[string][]string      // question → the calls that wait for it
	guarded map[string]bool          // agents that put their calls to the guard
	breach  map[string]string        // agent → what a person said about its breach; "" = nothing yet
	always  map[string]string        // rule and subject → the answer that holds
}

func newVerdicts() *verdicts {
	return &verdicts{
		said: map[string]event.Verdict{}, asks: map[string][]string{}, guarded: map[string]bool{}, breach: map[string]string{}, always: map[string]string{},
	}
}

// guard says whether every tool call of a guarded agent had its verdict, or the
// agent is stopped and its work not taken; and whether no call is both denied
// and allowed.
func (o *oracle) guard(e event.Event) error {
	g := o.verdicts
	switch d := e.Data.(type) {
	case event.AgentStarted:
		g.guarded[d.Agent] = g.guarded[d.Agent] || d.Hook
	case event.GuardJudged:
		return g.judged(d)
	case event.ToolCalled:
		if _, breached := g.breach[d.Agent]; g.guarded[d.Agent] && !breached && g.said[d.Agent+" "+d.Call] != event.VerdictAllow {
			return fmt.Errorf("the call has no verdict that allows it, and nobody says so")
		}
	case event.AgentBreached:
		if _, again := g.breach[d.Agent]; again {
			return fmt.Errorf("it is said twice")
		}
		g.breach[d.Agent] = ""
	case event.QuestionAnswered:
		q := o.asked[d.ID]
		if q.Kind == event.AskBreach {
			g.breach[q.Agent] = d.Answer
		}
		if q.Kind == event.AskGuard {
			return g.answered(q, d)
		}
	case event.TaskAccepted:
		if answer, breached := g.breach[d.Agent]; breached && answer != state.AnswerAccept {
			return fmt.Errorf("the agent got around the guard, and nobody took its work all the same (%q)", answer)
		}
	}
	return nil
}

func (g *verdicts) judged(d event.GuardJudged) error {
	g.guarded[d.Agent] = true
	if was, twice := g.said[d.Agent+" "+d.Call]; twice {
		return fmt.Errorf("the call has the verdict %s already", was)
	}
	g.said[d.Agent+" "+d.Call] = d.Verdict
	if (d.Verdict == event.VerdictAsk) != (d.Question != "") {
		return fmt.Errorf("an ask is a question, and nothing else is")
	}
	if d.Verdict == event.VerdictAsk {
		if a := g.always[d.Rule+" "+d.Subject]; a != "" {
			return fmt.Errorf("a person has said %s, always", a)
		}
		g.asks[d.Question] = append(g.asks[d.Question], d.Agent+" "+d.Call)
	}
	return nil
}

func (g *verdicts) answered(q event.QuestionAsked, d event.QuestionAnswered) error {
	if d.Always {
		g.always[q.Rule+" "+q.Subject] = d.Answer
	}
	for _, call := range g.asks[d.ID] {
		if g.said[call] != event.VerdictAsk {
			return fmt.Errorf("call %s was %s before it was answered", call, g.said[call])
		}
		g.said[call] = event.Verdict(d.Answer)
	}
	return nil
}
