package sim

import (
	"slices"
	"time"

	"popkit/internal/core/approval"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/engine"
)

// people answer questions and change the run: at first as they like, late or
// never, later soon and sensibly.
type people struct {
	s    *sim
	seen map[string]bool // questions that somebody means to answer
}

func newPeople(s *sim) *people { return &people{s: s, seen: map[string]bool{}} }

// begin lets people do things to the run from time to time, until it is calm.
func (p *people) begin() {
	if p.s.Odds.Acts == 0 {
		return
	}
	d := time.Duration(p.s.rng.ExpFloat64() * float64(time.Hour) / p.s.Odds.Acts)
	p.s.after(d, 0, func() {
		if p.s.inCalm() {
			return
		}
		if in := p.act(); in != nil {
			p.s.submit(in, nil)
		}
		p.begin()
	})
}

// act makes up something that a person does; some of it will be refused.
func (p *people) act() decide.Input {
	s := p.s
	task := s.oracle.state.TaskOrder
	if len(task) == 0 {
		return nil
	}
	id := task[s.rng.IntN(len(task))]
	prompt := "do it better"
	switch s.rng.IntN(19) {
	case 0, 1:
		return decide.Retry{Task: id, By: "ann", Reason: "once more"}
	case 2:
		return decide.Skip{Task: id, By: "ann", Reason: "not needed"}
	case 3:
		return decide.Edit{Edited: event.TaskEdited{Task: id, By: "ann", Prompt: &prompt}}
	case 4:
		return decide.Edit{Edited: event.TaskEdited{Task: id, By: "ann", Scope: &[]string{"src/**"}}}
	case 5:
		return decide.Tell{To: p.agent(), From: "ann", Text: "mind the tests"}
	case 6:
		return decide.Tell{From: "ann", Text: "hurry", Urgent: true}
	case 7:
		return decide.Stop{By: "ann", Reason: "lunch", Now: s.rng.IntN(2) == 0}
	case 8:
		return decide.Attend{Attached: s.rng.IntN(2)}
	case 9:
		return decide.Note{Problem: event.Problem{Source: "insights.json", Text: "could not be read"}}
	case 10:
		return decide.ShareInsight{Content: "tests live in tests/", Kind: event.InsightPattern}
	case 11:
		return decide.Report{Agent: p.agent(), Report: event.Report{Status: event.ReportDone}}
	case 12:
		return decide.Pull{Agent: p.agent(), Via: "pull"}
	case 13: // the wall clock is set, or the machine was asleep
		s.skew += s.between(-2*time.Hour, 8*time.Hour)
		return decide.Tick{}
	case 15, 16, 17:
		return p.bound(id)
	case 14:
		return decide.Breach{Breached: event.AgentBreached{Agent: p.agent(), Kind: event.BreachCanary, Reason: "the canary is there"}}
	default: // the end of an effect, once more
		if n := len(s.world.ends); n > 0 {
			return s.world.ends[s.rng.IntN(n)]
		}
		return decide.Tick{}
	}
}

// agent returns one that was there, perhaps long ago.
func (p *people) agent() string {
	all := p.s.oracle.state.Order
	if len(all) == 0 {
		return "nobody"
	}
	return all[p.s.rng.IntN(len(all))]
}

// see is told of each event that the engine released.
func (p *people) see(e event.Event) {
	if q, ok := e.Data.(event.QuestionAsked); ok {
		p.consider(q)
	}
}

// look finds the questions that nobody has seen, as one who opens a terminal.
func (p *people) look() {
	st := p.s.oracle.state
	for _, id := range st.Open {
		p.consider(st.Questions[id].QuestionAsked)
	}
}

func (p *people) consider(q event.QuestionAsked) {
	s := p.s
	if p.seen[q.ID] || s.chance(s.Odds.Silent) {
		return
	}
	p.seen[q.ID] = true
	if s.inCalm() {
		p.answer(q, s.between(time.Second, time.Minute))
		return
	}
	p.answer(q, s.between(time.Second, 2*time.Hour))
}

// calm makes people answer what is open.
func (p *people) calm() {
	clear(p.seen)
	p.look()
}

// answer answers some time later; when there is no engine, again later.
func (p *people) answer(q event.QuestionAsked, d time.Duration) {
	s := p.s
	s.after(d, 0, func() {
		if s.over || !p.open(q.ID) {
			return
		}
		if s.st == nil {
			p.answer(q, 10*time.Minute)
			return
		}
		if len(q.Options) > 0 && s.chance(s.Odds.Wrong) {
			s.submit(decide.Answer{ID: q.ID, Answer: "perhaps", By: "ann"}, func(r engine.Result) {
				if r.Refused == nil {
					s.fail("the answer \"perhaps\" to %s was taken", q.ID)
				}
			})
		}
		a := decide.Answer{ID: q.ID, Answer: p.choose(q), By: "ann"}
		a.Always = (q.Kind == event.AskGuard || approval.Always(&state.Question{QuestionAsked: q}, a.Answer)) && s.rng.IntN(3) == 0
		if a.Answer == state.AnswerRevise {
			a.Note = "tests first"
		}
		if a.Answer == state.AnswerDrop {
			a.Files = p.dropped(q)
		}
		s.submit(a, nil)
		p.answer(q, 10*time.Minute) // unless it was lost
	})
}

// dropped are the files that somebody names who drops some, by lot.
func (p *people) dropped(q event.QuestionAsked) []string {
	if p.s.inCalm() || p.s.Odds.Sensible {
		return nil
	}
	if w := p.s.oracle.state.Agents[q.Agent].Work; p.s.rng.IntN(2) == 0 && len(w.Files) > 0 {
		return []string{w.Files[p.s.rng.IntN(len(w.Files))]}
	}
	return nil
}

// offline is what people answer while no engine runs, to be handed to the next.
func (p *people) offline() []decide.Input {
	var out []decide.Input
	st := p.s.oracle.state
	for _, id := range st.Open {
		out = append(out, decide.Answer{ID: id, Answer: p.choose(st.Questions[id].QuestionAsked), By: "ann", Note: "as agreed"})
	}
	return out
}

func (p *people) open(id string) bool { return slices.Contains(p.s.oracle.state.Open, id) }

// choose picks an answer: any while it is not calm, else one that gets on.
func (p *people) choose(q event.QuestionAsked) string {
	if q.Kind == event.AskDrift && !p.s.Odds.Sensible { // rare, so any answer also when it is calm, stop seldom
		options := q.Options
		if p.s.inCalm() && p.s.rng.IntN(4) > 0 {
			options = slices.DeleteFunc(slices.Clone(options), func(o string) bool { return o == state.AnswerStop })
		}
		return options[p.s.rng.IntN(len(options))]
	}
	if !p.s.inCalm() && !p.s.Odds.Sensible && len(q.Options) > 0 {
		if slices.Contains(q.Options, state.AnswerDrop) && p.s.rng.IntN(2) == 0 {
			return state.AnswerDrop // the others come by themselves in calm
		}
		return q.Options[p.s.rng.IntN(len(q.Options))]
	}
	if a, ok := p.s.Odds.Answers[q.Kind]; ok {
		return a
	}
	switch q.Kind {
	case event.AskAttempts:
		return state.AnswerSkip
	case event.AskConflict:
		if !slices.Contains(q.Options, state.AnswerFirstWins) {
			return state.AnswerSkip
		}
		return state.AnswerFirstWins
	case event.AskAudit:
		if q.Task != "" && q.Task[len(q.Task)-1]%2 == 0 && slices.Contains(q.Options, state.AnswerDrop) {
			return state.AnswerDrop
		}
		return state.AnswerAccept
	case event.AskCheck:
		return state.AnswerWaive
	case event.AskBarrier:
		return state.AnswerPartial
	case event.AskEffect, event.AskBreach:
		return state.AnswerRetry
	case event.AskGuard:
		return state.AnswerAllow
	case event.AskPlan:
		return state.AnswerApprove
	case event.AskBudget:
		return state.AnswerRaise
	case event.AskDrift:
		if slices.Contains(q.Options, state.AnswerWiden) {
			return state.AnswerWiden
		}
		return state.AnswerContinue
	}
	return "one"
}
