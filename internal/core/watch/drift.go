package watch

import (
	"fmt"
	"slices"
	"time"

	"popkit/internal/core/drift"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
)

// Drifting records what agents do that is off their track, once an episode.
func Drifting(s *state.State, now time.Time) []event.Data {
	if !s.Settings.DriftDetection || s.Stop != nil || s.Still() {
		return nil
	}
	for _, id := range s.Live {
		a := s.Agents[id]
		if !Watched(s, a) {
			continue
		}
		if found := a.Track.Find(lookAt(s, a, now)); len(found) > 0 {
			f := found[0]
			return []event.Data{event.AgentDrifted{
				Agent: id, Task: a.Task, Kind: f.Kind, Evidence: f.Evidence, Paths: f.Paths[:min(len(f.Paths), event.MaxLooked)],
				Other: f.Other, Action: s.Settings.Drift.ActionOn(f.Kind), Episode: f.Episode,
			}}
		}
	}
	return nil
}

// Watched reports whether it matters what the agent does.
func Watched(s *state.State, a *state.Agent) bool {
	return a.Status == state.AgentRunning && a.StopAsked == nil && s.Wanted(a)
}

// lookAt is what an agent's track is compared with.
func lookAt(s *state.State, a *state.Agent, now time.Time) drift.Look {
	t := s.Tasks[a.Task]
	l := drift.Look{
		Now: now, LastSeen: a.LastSeen, Waits: a.Question != "" || s.Still(), Boundaries: s.Boundaries.FilePatterns,
		When: s.Settings.Drift, Others: func() []drift.Lease { return others(s, t) },
	}
	if a.Purpose == event.PurposeWork { // a resolver or fixer may need any file
		l.Scope = t.Scope
	} else {
		l.Others = func() []drift.Lease { return nil }
	}
	if d := s.Settings.SilenceTimeout; d > 0 && l.When.Silent >= d {
		l.When.Silent = 0 // it hangs by then, which says more
	}
	return l
}

// others returns the tasks beside t whose paths are theirs.
func others(s *state.State, t *state.Task) []drift.Lease {
	var out []drift.Lease
	for _, id := range s.Phases[t.Phase].Tasks {
		if o := s.Tasks[id]; o != t && !o.Settled() && o.Leases() && t.Overlap != objective.OverlapAllow {
			out = append(out, drift.Lease{Task: id, Scope: o.Scope})
		}
	}
	return out
}

// AnswerDrift does what is configured about a finding: a message to the agent, or
// a question to a person. Of an agent one question is open at a time.
func AnswerDrift(s *state.State, _ time.Time) []event.Data {
	for _, id := range s.Live {
		a := s.Agents[id]
		if len(a.Unanswered) == 0 || !Watched(s, a) {
			continue
		}
		d := a.Unanswered[0]
		if d.Action == event.DriftSteer {
			return []event.Data{event.MessageSent{
				ID: s.MessageID(), To: id, From: event.Popkit, Text: steering(s, a, d), Urgent: true, Drift: d.Kind,
			}}
		}
		if !s.Asks(event.AskDrift, func(q *state.Question) bool { return q.Agent == id }) {
			return []event.Data{askDrift(s, a, d)}
		}
	}
	return nil
}

// steering is what an agent is told that is off its track.
func steering(s *state.State, a *state.Agent, d event.AgentDrifted) string {
	text := "You seem to be off your track: " + d.Evidence + ". "
	switch d.Kind {
	case event.DriftScope:
		text += "Undo what is outside, or leave it to others: work outside of the scope is not merged without a person's yes. If it has to be, ask: popkit ask \"…\""
	case event.DriftOthers:
		text += "Undo that: task " + d.Other + " works there. If you need it to do something, say so: popkit check-in --need \"…\""
	case event.DriftRepeating:
		text += "The same call has the same result. Try another way, or say what you lack: popkit check-in --need \"…\""
	default:
		text += fmt.Sprintf("Your task is %s: %s. Say how far you are: popkit check-in --progress 0.5 \"…\"; if you can't go on: popkit report --status blocked --summary \"…\"",
			a.Task, clip(s.Tasks[a.Task].Title))
	}
	return text
}

// askDrift asks a person about an agent that is off its track. The answers are the
// remedies that there are as commands, too.
func askDrift(s *state.State, a *state.Agent, d event.AgentDrifted) event.Data {
	q := event.QuestionAsked{
		ID: s.QuestionID(), Kind: event.AskDrift, Agent: a.Agent, Task: a.Task, Phase: a.Phase, Subject: string(d.Kind), Paths: d.Paths,
		Text:    fmt.Sprintf("%s (task %s) is off its track: %s", a.Agent, a.Task, d.Evidence),
		Options: []string{state.AnswerContinue}, Default: state.AnswerContinue, Timeout: s.Settings.DecisionTimeout,
	}
	if len(d.Paths) > 0 && d.Kind == event.DriftScope {
		q.Options = append(q.Options, state.AnswerWiden)
	}
	q.Options = append(q.Options, state.AnswerReassign)
	for _, role := range rolesBeside(s, a.Role) {
		q.Options = append(q.Options, state.AnswerReassign+":"+role)
	}
	q.Options = append(q.Options, state.AnswerSkip, state.AnswerStop)
	return q
}

// rolesBeside returns other roles of the plan, a few.
func rolesBeside(s *state.State, role string) []string {
	const most = 3
	var out []string
	for _, id := range s.TaskOrder {
		if r := s.Tasks[id].Role; r != role && !slices.Contains(out, r) && len(out) < most {
			out = append(out, r)
		}
	}
	return out
}

// mootDrift: the attempt that was asked about is over.
func MootDrift(s *state.State, q *state.Question) string {
	a := s.Agents[q.Agent]
	switch {
	case a.Exit != nil || a.Rejected != nil:
		return "agent " + q.Agent + " has ended"
	case !s.Wanted(a):
		return "the task goes on without this attempt"
	}
	return ""
}

// DriftTimes hands out when silence or want of progress will be drift.
func DriftTimes(s *state.State, take func(time.Time)) {
	if !s.Settings.DriftDetection || s.Stop != nil || s.Still() {
		return
	}
	for _, id := range s.Live {
		if a := s.Agents[id]; Watched(s, a) {
			for _, at := range a.Track.Wake(lookAt(s, a, s.Time)) {
				take(at)
			}
		}
	}
}
