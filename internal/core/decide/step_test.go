package decide

import (
	"errors"
	"testing"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
)

// TestTimeNeverGoesBack: whatever the caller's clock shows, and with nothing in
// it that a log can't hold.
func TestTimeNeverGoesBack(t *testing.T) {
	s := newStage(t)
	s.command("phase work")
	s.command("task a")
	s.command("start")
	last := s.state.Time
	events, err := Step(s.state, last.Add(-time.Hour), Tell{From: "ann", Text: "hello"})
	if err != nil || len(events) != 1 || !events[0].Time.Equal(last) {
		t.Fatalf("%v, %v", events, err)
	}
	now := time.Now().Add(100 * 365 * 24 * time.Hour) // with a monotonic reading
	events, err = Step(s.state, now, Tell{From: "ann", Text: "hello"})
	if err != nil || events[0].Time != now.UTC().Round(0) {
		t.Fatalf("%v, %v", events, err)
	}
}

// TestRefusalChangesNothing: who is refused leaves no trace.
func TestRefusalChangesNothing(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{"phase work", "task a", "start", "exit implementer-1 files=a.go"} {
		s.command(line)
	}
	seq, at := s.state.Seq, s.state.Time
	for _, in := range []Input{
		Retry{Task: "a"}, Skip{Task: "zzz"}, Edit{Edited: event.TaskEdited{Task: "zzz"}}, Tell{Text: " "}, Tell{To: "implementer-1", Text: "x"},
		Answer{ID: "q-1", Answer: "yes"}, Resume{}, Stop{}, CallTool{Agent: "implementer-1"}, Ask{Agent: "nobody", Text: "?"},
	} {
		events, err := Step(s.state, at.Add(time.Hour), in)
		var refusal *Refusal
		if !errors.As(err, &refusal) || len(events) > 0 {
			t.Errorf("%T: %v, %v", in, events, err)
		}
	}
	if s.state.Seq != seq || !s.state.Time.Equal(at) {
		t.Errorf("the state went on to %d", s.state.Seq)
	}
}

// TestEditToNoScope: that a task has no scope any more outlives a restart.
func TestEditToNoScope(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{"phase work", "task a", "task b needs=a scope=src/**", "start"} {
		s.command(line)
	}
	events, err := Step(s.state, s.now, Edit{Edited: event.TaskEdited{Task: "b", Scope: new([]string)}})
	if err != nil || len(s.state.Tasks["b"].Scope) != 0 {
		t.Fatal(events, err)
	}
	line, err := event.Encode(events[0])
	if err != nil {
		t.Fatal(err)
	}
	again, err := event.Decode(line)
	if err != nil || again.Data.(event.TaskEdited).Scope == nil {
		t.Errorf("%s, %v", line, err)
	}
}

// TestMistakes: an end that does not fit its effect is popkit's own mistake, and
// an error that is no refusal.
func TestMistakes(t *testing.T) {
	for name, d := range map[string]event.Data{
		"an event that ends nothing": event.RunEnded{},
		"an end of another kind":     event.AgentCollected{Effect: "run:implementer-1", Agent: "implementer-1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			for _, line := range []string{"phase work", "task a", "start"} {
				s.command(line)
			}
			_, err := Step(s.state, s.now, EffectEnded{Data: d})
			var refusal *Refusal
			if err == nil || errors.As(err, &refusal) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestNothingBeforeAnEngine: a log without an engine makes nothing due.
func TestNothingBeforeAnEngine(t *testing.T) {
	s := state.New()
	created := newStage(t).created
	created.Plan.Phases = append(created.Plan.Phases, objective.Phase{Name: "work"})
	if err := s.Apply(event.Event{Seq: 1, Data: created}); err != nil {
		t.Fatal(err)
	}
	if due := Reconcile(s, time.Now()); len(due) > 0 {
		t.Errorf("due: %v", due)
	}
}
