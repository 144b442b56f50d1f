package state

import (
	"slices"
	"time"

	"popkit/internal/core/event"
)

// Guarded is what the guard said to one agent.
type Guarded struct {
	Allowed, Asked, Denied int  // verdicts
	Refused                int  // of those asked, whose answer was no
	Hook                   bool // its tool calls are put to the guard
	Proved                 bool // it called the canary, and was told no
	Flags                  []event.GuardFlag

	// cleared are the calls that may run and whose tool was not yet reported to
	// have run; asked those that wait for the answer to a question.
	cleared []call
	asked   map[string][]call
	denied  map[string]string // digest of a call that a person said no to → the question
}

// call is one tool call, as its host names it.
type call struct{ tool, id string }

// Bounds of what is remembered of one agent.
const (
	maxCleared = 1000 // an older call was allowed and never ran
	maxFlags   = 100
)

// MoreFlags reports whether there may be more flags than are remembered.
func (g *Guarded) MoreFlags() bool { return len(g.Flags) >= maxFlags }

// Rule is an answer that holds for the rest of the run: in every call in which
// the rule asks about the same subject.
type Rule struct {
	Rule, Subject string
	Answer        string // allow or deny; approve, of a role's plans
	By, Question  string
	Time          time.Time
}

// RuleFor returns what people answered "always" to a rule's ask about a subject.
func (s *State) RuleFor(rule, subject string) (Rule, bool) {
	for _, r := range slices.Backward(s.Rules) {
		if r.Rule == rule && r.Subject == subject {
			return r, true
		}
	}
	return Rule{}, false
}

// Cleared reports whether a tool call was allowed and is not yet accounted for.
func (g *Guarded) Cleared(tool, id string) bool { return g.find(tool, id) >= 0 }

// DeniedBefore returns the question to which a person answered no to this very
// call, or "".
func (g *Guarded) DeniedBefore(digest string) string { return g.denied[digest] }

// find looks for a call by its tool and ID, or by its tool alone where one of the
// two has no ID.
func (g *Guarded) find(tool, id string) int {
	if i := slices.Index(g.cleared, call{tool, id}); i >= 0 {
		return i
	}
	return slices.IndexFunc(g.cleared, func(c call) bool { return c.tool == tool && (id == "" || c.id == "") })
}

func (g *Guarded) clear(c call) {
	if g.cleared = append(g.cleared, c); len(g.cleared) > maxCleared {
		g.cleared = slices.Clone(g.cleared[1:])
	}
}

// use accounts for a call that has run.
func (g *Guarded) use(tool, id string) {
	if i := g.find(tool, id); i >= 0 {
		g.cleared = slices.Delete(g.cleared, i, i+1)
	}
}

func (s *State) applyGuard(e event.Event) error {
	switch d := e.Data.(type) {
	case event.GuardJudged:
		a, err := s.agent(d.Agent)
		if err != nil {
			return err
		}
		a.LastSeen = e.Time
		a.Guard.judged(d)
		if d.Verdict != event.VerdictDeny && !d.Canary { // what never runs leads nobody astray
			a.Track.Judged(d.Tool, d.On, d.Digest, a.Workspace)
		}
	case event.AgentBreached:
		a, err := s.agent(d.Agent)
		if err != nil {
			return err
		}
		if a.Breach == nil {
			a.Breach = &d
		}
		s.problem(e, event.Problem{Source: "guard", Text: d.Agent + " got around the guard: " + d.Reason, Agent: d.Agent, Task: a.Task})
	}
	return nil
}

func (g *Guarded) judged(d event.GuardJudged) {
	g.Hook = true
	c := call{d.Tool, d.Call}
	switch d.Verdict {
	case event.VerdictAllow:
		g.Allowed++
		g.clear(c)
	case event.VerdictAsk:
		g.Asked++
		if g.asked == nil {
			g.asked = map[string][]call{}
		}
		g.asked[d.Question] = append(g.asked[d.Question], c)
	default:
		g.Denied++
		g.Proved = g.Proved || d.Canary
	}
	if room := maxFlags - len(g.Flags); room > 0 {
		g.Flags = append(g.Flags, d.Flags[:min(room, len(d.Flags))]...)
	}
}

// answerGuard lets the calls run that waited for the answer, or notes the no.
func (s *State) answerGuard(q *Question, d event.QuestionAnswered) error {
	a, err := s.agent(q.Agent)
	if err != nil {
		return err
	}
	g := &a.Guard
	if d.Answer == AnswerAllow {
		for _, c := range g.asked[q.ID] {
			g.clear(c)
		}
	} else {
		g.Refused += len(g.asked[q.ID])
		if d.By != event.ByTimeout {
			if g.denied == nil {
				g.denied = map[string]string{}
			}
			g.denied[q.Digest] = q.ID
		}
	}
	delete(g.asked, q.ID)
	s.ruled(q, d)
	return nil
}
