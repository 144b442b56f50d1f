package decide

import (
	"fmt"
	"slices"
	"strings"

	"popkit/internal/core/approval"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
)

// personSays turns what a person asks for into events.
func personSays(s *state.State, in Input) ([]event.Data, error) {
	switch in := in.(type) {
	case Resume:
		return resume(s, in)
	case Answer:
		return answer(s, in)
	}
	if s.Ended != nil && s.Ended.Outcome == event.OutcomeDone {
		return nil, refuse("popkit power start …", "the run is done")
	}
	switch in := in.(type) {
	case Stop:
		if s.Stop != nil && (s.Stop.Now || !in.Now) || s.Ended != nil {
			return nil, nil
		}
		reason := in.Reason
		if reason == "" {
			reason = "a stop was asked for"
		}
		return []event.Data{event.StopRequested{By: in.By, Reason: reason, Now: in.Now}}, nil
	case Retry:
		if _, err := changeable(s, in.Task, "retried"); err != nil {
			return nil, err
		}
		return append(withdrawFor(s, in.Task), event.TaskRetried{Task: in.Task, By: in.By, Reason: in.Reason}), nil
	case Skip:
		t, err := changeable(s, in.Task, "skipped")
		if err != nil {
			return nil, err
		}
		if t.Settled() {
			return nil, refuse("", "task %s is %s already", in.Task, t.Status)
		}
		return append(withdrawFor(s, in.Task), event.TaskSkipped{Task: in.Task, By: in.By, Reason: in.Reason}), nil
	case Edit:
		return edit(s, in)
	case Tell:
		return tell(s, in)
	case Reassign:
		return reassign(s, in)
	case AddBoundary:
		return addBoundary(s, in)
	case Pause:
		return pause(s, in)
	case Unpause:
		return unpause(s, in)
	}
	return nil, fmt.Errorf("no rule for input %T", in)
}

func resume(s *state.State, in Resume) ([]event.Data, error) {
	if s.Ended == nil {
		return nil, nil
	}
	if s.Ended.Outcome == event.OutcomeDone {
		return nil, refuse("popkit power start …", "the run is done")
	}
	return []event.Data{event.RunResumed{By: in.By}}, nil
}

func answer(s *state.State, in Answer) ([]event.Data, error) {
	q, ok := s.Questions[in.ID]
	if !ok {
		return nil, refuse("popkit power decide", "no question %q", in.ID)
	}
	if q.Answer != nil {
		return nil, refuse("", "question %s was answered %q by %s", in.ID, q.Answer.Answer, q.Answer.By)
	}
	if q.Withdrawn != "" {
		return nil, refuse("", "question %s is closed: %s", in.ID, q.Withdrawn)
	}
	text := strings.TrimSpace(in.Answer)
	if text == "" {
		return nil, refuse("", "the answer is empty")
	}
	if len(q.Options) > 0 && !slices.Contains(q.Options, text) {
		return nil, refuse(fmt.Sprintf("popkit power decide %s %s", in.ID, q.Options[0]),
			"%q is none of the answers: %s", text, strings.Join(q.Options, ", "))
	}
	in.Answer = text
	if err := checkDrop(s, q, in); err != nil {
		return nil, err
	}
	if in.Always && q.Kind != event.AskGuard && !approval.Always(q, text) {
		return nil, refuse(fmt.Sprintf("popkit power decide %s %s", in.ID, text),
			"question %s is of kind %s: always is for what the guard asks, and to approve a role's plans", in.ID, q.Kind)
	}
	if r := approval.Checked(q, text, in.Note); r != nil {
		return nil, refused(r)
	}
	out := []event.Data{event.QuestionAnswered{
		ID: in.ID, Answer: clip(text, MaxText), By: in.By, Note: clip(in.Note, MaxText), Files: in.Files, Always: in.Always,
	}}
	if q.Kind == event.AskDrift && text == state.AnswerWiden {
		out = append(out, event.MessageSent{
			ID: s.MessageID(), To: q.Agent, From: in.By, Text: "You may now change these, too: " + clip(strings.Join(q.Paths, ", "), 2000),
		})
	}
	return out, nil
}

// changeable returns a task that a person may retry or skip now.
func changeable(s *state.State, id, verb string) (*state.Task, error) {
	t, ok := s.Tasks[id]
	if !ok {
		return nil, refuse("popkit power status", "no task %q in this run", id)
	}
	if t.Phase < s.Phase {
		return nil, refuse("", "task %s can't be %s: the barrier of phase %s is open", id, verb, s.Phases[t.Phase].Name)
	}
	for _, e := range s.Effects {
		busy := e.Kind == event.EffectMerge && e.Task == id ||
			e.Phase == t.Phase && (e.Kind == event.EffectBlame && !failed(e) || e.Kind == event.EffectPublish)
		if busy && e.Stuck() {
			return nil, refuse("popkit power decide", "task %s can't be %s: popkit could not %s, and a question about that is open", id, verb, describe(e))
		}
		if busy {
			return nil, refuse("try again in a moment", "task %s can't be %s while popkit does %s", id, verb, e.Key)
		}
	}
	return t, nil
}

// withdrawFor closes the questions that a person's order makes moot.
func withdrawFor(s *state.State, task string) []event.Data {
	var out []event.Data
	for _, id := range s.Open {
		if q := s.Questions[id]; q.Task == task && (q.Kind.Parks() || q.Kind == event.AskDrift) {
			out = append(out, event.QuestionWithdrawn{ID: id, Reason: "the task was changed by a person"})
		}
	}
	return out
}

func edit(s *state.State, in Edit) ([]event.Data, error) {
	e := in.Edited
	t, ok := s.Tasks[e.Task]
	if !ok {
		return nil, refuse("popkit power status", "no task %q in this run", e.Task)
	}
	if t.Settled() {
		return nil, refuse("popkit power retry "+e.Task, "task %s is %s", e.Task, t.Status)
	}
	if e.Prompt != nil && strings.TrimSpace(*e.Prompt) == "" {
		return nil, refuse("", "the prompt is empty")
	}
	if e.Scope != nil && *e.Scope == nil {
		e.Scope = &[]string{} // a scope that was taken away; null would be no change
	}
	return []event.Data{e}, nil
}

func tell(s *state.State, in Tell) ([]event.Data, error) {
	if strings.TrimSpace(in.Text) == "" {
		return nil, refuse(`popkit power tell AGENT "…"`, "the message is empty")
	}
	if in.To != "" {
		a, ok := s.Agents[in.To]
		if !ok {
			return nil, refuse("popkit power status", "no agent %q in this run", in.To)
		}
		if a.Exit != nil || a.Rejected != nil {
			return nil, refuse("popkit power retry "+a.Task, "agent %s has ended", in.To)
		}
	}
	return []event.Data{event.MessageSent{
		ID: s.MessageID(), To: in.To, From: in.From, Text: clip(in.Text, MaxText), Urgent: in.Urgent,
	}}, nil
}
