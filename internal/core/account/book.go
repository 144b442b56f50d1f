package account

import (
	"strings"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/state"
)

// Bounds of what is kept of one agent.
const (
	maxIDs      = 200 // insights
	maxRules    = 20  // rules that denied something
	maxExamples = 3   // of what a rule denied
	maxExample  = 200 // bytes of it
)

// Book is the run's state and what its report needs besides.
type Book struct {
	State  *state.State
	agents map[string]*talk
	closed map[string]time.Time // questions
	given  map[string][]string  // insight → agents that it was given to
	asked  map[string]asked     // question about tool calls → what waits for its answer
}

// talk is what passed between popkit and one agent.
type talk struct {
	given, shared, confirmed ids
	denied                   []Denied
	messages                 int
	denials, byPeople        int // calls that were denied, and of them by people
	resumed                  ids // why another process of it went on
}

// asked are an agent's calls that wait for one answer.
type asked struct {
	agent string
	first event.GuardJudged
	calls int
}

// ids are the first of a number of IDs.
type ids struct {
	list []string
	n    int
}

func (l *ids) add(id string) {
	if l.n++; len(l.list) < maxIDs {
		l.list = append(l.list, id)
	}
}

// New is the book before the first event.
func New() *Book {
	return &Book{State: state.New(), agents: map[string]*talk{}, closed: map[string]time.Time{}, given: map[string][]string{}, asked: map[string]asked{}}
}

// Add takes in the next event.
func (b *Book) Add(e event.Event) error {
	if err := b.State.Apply(e); err != nil {
		return err
	}
	switch d := e.Data.(type) {
	case event.AgentRequested:
		b.give(d.Agent, d.Insights)
	case event.InsightDelivered:
		b.give(d.Agent, d.IDs)
	case event.InsightShared:
		if b.State.Agents[d.Agent] != nil {
			b.of(d.Agent).shared.add(d.ID)
		}
	case event.InsightConfirmed:
		if b.State.Agents[d.Agent] != nil {
			b.of(d.Agent).confirmed.add(d.ID)
		}
	case event.MessageDelivered:
		b.of(d.Agent).messages += len(d.IDs)
	case event.GuardJudged:
		switch {
		case d.Verdict == event.VerdictAsk:
			a, ok := b.asked[d.Question]
			if !ok {
				a = asked{agent: d.Agent, first: d}
			}
			a.calls++
			b.asked[d.Question] = a
		case d.Verdict == event.VerdictDeny && !d.Canary:
			b.of(d.Agent).deny(d, "", 1, b.State.Agents[d.Agent].Workspace)
		}
	case event.AgentResumed:
		b.of(d.Agent).resumed.add(short(d.Why))
	case event.QuestionAnswered:
		b.closed[d.ID] = e.Time
		b.answered(d)
	case event.QuestionWithdrawn:
		b.closed[d.ID] = e.Time
		delete(b.asked, d.ID)
	}
	return nil
}

func (b *Book) of(agent string) *talk {
	t := b.agents[agent]
	if t == nil {
		t = &talk{}
		b.agents[agent] = t
	}
	return t
}

func (b *Book) give(agent string, list []string) {
	for _, id := range list {
		b.of(agent).given.add(id)
		if len(b.given[id]) < maxIDs {
			b.given[id] = append(b.given[id], agent)
		}
	}
}

// answered counts the calls that waited for an answer which is a no.
func (b *Book) answered(d event.QuestionAnswered) {
	a, ok := b.asked[d.ID]
	delete(b.asked, d.ID)
	if !ok || d.Answer == state.AnswerAllow {
		return
	}
	t := b.of(a.agent)
	if event.ByPerson(d.By) {
		t.byPeople += a.calls
	}
	no := a.first
	no.Reason = d.ID + ": " + d.By + " said no"
	if d.Note != "" {
		no.Reason += ": " + d.Note
	}
	t.deny(no, d.By, a.calls, b.State.Agents[a.agent].Workspace)
}

// deny counts denials of a call by the rule and by who answered where it asked, with
// paths as the workspace has them.
func (t *talk) deny(d event.GuardJudged, by string, times int, workspace string) {
	t.denials += times
	i := 0
	for ; i < len(t.denied); i++ {
		if t.denied[i].Rule == d.Rule && t.denied[i].By == by {
			break
		}
	}
	if i == len(t.denied) {
		if i == maxRules {
			return // their number has it
		}
		t.denied = append(t.denied, Denied{Rule: d.Rule, By: by, Reason: short(d.Reason)})
	}
	n := &t.denied[i]
	n.Times += times
	example := d.Tool + " " + d.On
	if workspace != "" {
		example = strings.ReplaceAll(example, workspace+"/", "")
	}
	example = short(example)
	for _, known := range n.Calls {
		if known == example {
			return
		}
	}
	if len(n.Calls) < maxExamples {
		n.Calls = append(n.Calls, example)
	}
}

// short is a text in one line of at most maxExample bytes.
func short(text string) string {
	text = oneLine(text)
	if len(text) > maxExample {
		text = toValid(text[:maxExample]) + "…"
	}
	return text
}
