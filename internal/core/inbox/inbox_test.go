package inbox_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/inbox"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
)

const (
	one = "implementer-1"
	two = "implementer-2"
)

// world is a run of two agents at work, and what each was given.
type world struct {
	s     *state.State
	now   time.Time
	given map[string]map[string]string // agent → insight or message → by which part
}

func newWorld(t rapid.TB, full bool) *world {
	w := &world{s: state.New(), now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), given: map[string]map[string]string{one: {}, two: {}}}
	created := event.RunCreated{
		Run: "R", Base: "base", Branch: "popkit/R",
		Plan: objective.Plan{Objective: objective.Objective{Description: "a test"}, Phases: []objective.Phase{{Name: "work", Tasks: []objective.Task{
			{ID: "a", Role: "implementer", Title: "a", Prompt: "p", Tags: []string{"auth"}},
			{ID: "b", Role: "implementer", Title: "b", Prompt: "p", Tags: []string{"auth"}},
		}}}},
		Settings: event.Settings{PhaseAware: true, FullRouting: full, MaxAgents: 2, MaxAttempts: 2, MaxInsightsPerPull: 3, CheckinEvery: 3},
	}
	if err := w.s.Apply(event.Event{Seq: 1, Time: w.now, Data: created}); err != nil {
		t.Fatal(err)
	}
	w.do(t, decide.EngineStart{PID: 1})
	for _, id := range []string{one, two} {
		w.do(t, decide.EffectEnded{Data: event.AgentPrepared{Effect: "prepare:" + id, Agent: id, Workspace: "/w/" + id, Base: "base"}})
		w.do(t, decide.EffectEnded{Data: event.AgentStarted{Effect: "run:" + id, Agent: id, PID: 42}})
	}
	return w
}

func (w *world) do(t rapid.TB, in decide.Input) []event.Event {
	w.now = w.now.Add(time.Second)
	events, err := decide.Step(w.s, w.now, in)
	if err != nil {
		t.Fatalf("%T: %v", in, err)
	}
	return events
}

// take lets an agent take a part out, and wants nothing that it was given before,
// and nothing that is not of that part.
func (w *world) take(t rapid.TB, agent string, in decide.Input, part inbox.Part) int {
	n := 0
	got := func(id string, urgent bool) {
		if before, ok := w.given[agent][id]; ok {
			t.Fatalf("%s is given %s by %T again, after %s", agent, id, in, before)
		}
		if part == inbox.Quiet && urgent || part == inbox.Urgent && !urgent {
			t.Fatalf("%s is given %s by the part %q", agent, id, part)
		}
		w.given[agent][id] = fmt.Sprintf("%T %s", in, part)
		n++
	}
	for _, e := range w.do(t, in) {
		switch d := e.Data.(type) {
		case event.InsightDelivered:
			for _, id := range d.IDs {
				i := w.s.Insights.Get(id)
				if i.Agent == agent {
					t.Fatalf("%s is given its own %s", agent, id)
				}
				got(id, i.Kind == event.InsightBlocker)
			}
		case event.MessageDelivered:
			for _, id := range d.IDs {
				m := w.s.Messages[id]
				got(id, m.Urgent || m.From != event.Popkit)
			}
		}
	}
	if part == inbox.Nothing && n > 0 {
		t.Fatalf("%s is given %d things where it takes nothing", agent, n)
	}
	return n
}

var parts = []inbox.Part{inbox.Everything, inbox.Quiet, inbox.Urgent, inbox.Nothing}

// step does one random thing.
func (w *world) step(t *rapid.T, n int) {
	agent := rapid.SampledFrom([]string{one, two}).Draw(t, "agent")
	part := rapid.SampledFrom(parts).Draw(t, "part")
	// Words that are alike now and then: near-duplicates are held back, not lost.
	text := fmt.Sprintf("the %s of thing %d is in file%d.go", rapid.SampledFrom([]string{"model", "route"}).Draw(t, "word"), n%5, n)
	switch rapid.IntRange(0, 6).Draw(t, "what") {
	case 0, 1:
		kind := rapid.SampledFrom([]string{event.InsightBlocker, event.InsightDiscovery, event.InsightPattern, event.InsightQuestion}).Draw(t, "kind")
		w.do(t, decide.ShareInsight{Agent: agent, Kind: kind, Content: text, Tags: []string{"auth"}})
	case 2:
		w.do(t, decide.Tell{To: rapid.SampledFrom([]string{"", agent}).Draw(t, "to"), From: rapid.SampledFrom([]string{"ada", event.Popkit}).Draw(t, "from"),
			Text: text, Urgent: rapid.Bool().Draw(t, "urgent")})
	case 3:
		w.take(t, agent, decide.CallTool{Agent: agent, Tool: "Read", Take: part}, part)
	case 4:
		w.take(t, agent, decide.Pull{Agent: agent, Via: "pull", Take: part, Max: n % 4}, part)
	case 5:
		w.take(t, agent, decide.CheckIn{Agent: agent, Doing: "x", Take: part}, part)
	case 6:
		w.take(t, agent, decide.Pull{Agent: agent, Via: "urgent", Take: inbox.Urgent}, inbox.Urgent)
	}
}

// TestEachExactlyOnce: whatever is taken by whichever part in whatever order, all that
// is there for an agent gets to it, once, by a part that it belongs to.
func TestEachExactlyOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, rapid.Bool().Draw(t, "routed"))
		for n := range rapid.IntRange(1, 40).Draw(t, "steps") {
			w.step(t, n)
		}
		for _, agent := range []string{one, two} {
			// The urgent and the quiet part are all there is.
			for w.take(t, agent, decide.Pull{Agent: agent, Take: inbox.Urgent}, inbox.Urgent) > 0 {
			}
			if inbox.Presses(w.s, w.s.Agents[agent]) {
				t.Fatalf("something presses %s, and it is not to be had", agent)
			}
			for w.take(t, agent, decide.CallTool{Agent: agent, Tool: "Read", Take: inbox.Quiet}, inbox.Quiet) > 0 {
			}
			w.whole(t, agent)
		}
	})
}

// whole wants that the agent was given all that is there for it.
func (w *world) whole(t *rapid.T, agent string) {
	for i := range w.s.Insights.Len() {
		id := fmt.Sprint("i-", i+1)
		in := w.s.Insights.Get(id)
		knows := in.Agent == agent || slices.Contains(in.Confirmed, agent)
		if _, got := w.given[agent][id]; !got && !knows {
			t.Fatalf("%s was never given %s, a %s: %s", agent, id, in.Kind, in.Content)
		}
	}
	for id, m := range w.s.Messages {
		if _, got := w.given[agent][id]; got != (m.To == "" || m.To == agent) {
			t.Fatalf("message %s to %q: %s was given it: %t", id, m.To, agent, got)
		}
	}
}

// TestUrgentFirst: what is called urgent comes before what was said earlier.
func TestUrgentFirst(t *testing.T) {
	w := newWorld(t, true)
	w.do(t, decide.Tell{To: one, From: "ada", Text: "keep the route"})
	w.do(t, decide.Tell{To: one, From: "ada", Text: "stop", Urgent: true})
	if got := strings.Join(w.s.Agents[one].Inbox, " "); got != "m-1 m-2" {
		t.Fatalf("waits: %s", got)
	}
	events := w.do(t, decide.Pull{Agent: one})
	if d, ok := events[0].Data.(event.MessageDelivered); !ok || strings.Join(d.IDs, " ") != "m-2 m-1" {
		t.Errorf("delivered %v", events[0].Data)
	}
	if !inbox.Known(inbox.Quiet) || inbox.Known("loud") {
		t.Error("the known parts are not those that there are")
	}
}
