package decide

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"popkit/internal/core/budget"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/core/watch"
)

// mergeNext merges accepted work, one task at a time, in the order in which it
// was accepted.
func mergeNext(s *state.State, _ time.Time) []event.Data {
	p := s.Current()
	if p == nil {
		return nil
	}
	for _, ef := range s.Effects {
		if ef.Kind == event.EffectMerge {
			return nil
		}
	}
	for _, id := range p.Queue {
		t := s.Tasks[id]
		prefer := t.PreferOurs
		switch {
		case t.Status == state.TaskAccepted:
		case t.Status == state.TaskConflicted && !t.Stubborn && s.Policy() == objective.ConflictFirstWins:
			prefer = true
		default:
			continue
		}
		a := s.Agents[t.Accepted.Agent]
		if t.Accepted.Commit == a.Base {
			return []event.Data{event.TaskMerged{Task: id, Agent: a.Agent, Onto: s.Head, Commit: s.Head}}
		}
		e := event.EffectRequested{
			Key: fmt.Sprintf("merge:%s.%d", id, a.Attempt), Kind: event.EffectMerge, Task: id, Agent: a.Agent,
			Phase: p.Index, Commit: t.Accepted.Commit, Onto: s.Head,
		}
		if prefer {
			e.Key, e.Prefer = e.Key+":ours", "ours"
		}
		return want(s, e)
	}
	return nil
}

// askConflict asks a person about conflicted work where the plan says so, or
// where its policy did not help.
func askConflict(s *state.State, _ time.Time) []event.Data {
	p := s.Current()
	if p == nil {
		return nil
	}
	for _, id := range p.Tasks {
		t := s.Tasks[id]
		if t.Status != state.TaskConflicted || t.Question != "" || !t.Stubborn && s.Policy() != objective.ConflictHuman {
			continue
		}
		q := event.QuestionAsked{
			ID: questionID(s), Kind: event.AskConflict, Task: id, Agent: t.Conflict.Agent, Phase: p.Index,
			Text:    fmt.Sprintf("the work of task %s conflicts with what is merged, in %s", id, strings.Join(t.Conflict.Files, ", ")),
			Options: []string{state.AnswerAgent, state.AnswerFirstWins, state.AnswerRetry, state.AnswerSkip, state.AnswerStop},
		}
		if t.Stubborn {
			q.Text += ", in a way that first_wins does not settle"
			q.Options = slices.DeleteFunc(q.Options, func(o string) bool { return o == state.AnswerFirstWins })
		}
		return []event.Data{q}
	}
	return nil
}

// requestAgents begins the next attempts: tasks whose needs are met, whose scope
// is free, and for which there is room. Up to as many workspaces as there are
// slots are prepared ahead, so that a slot that gets free is used at once; not
// before the slots are in use, or the later ones would hold up the first.
func requestAgents(s *state.State, now time.Time) []event.Data {
	p := s.Current()
	if p == nil {
		return nil
	}
	room := capacity(s) - unfinished(s)
	for _, id := range p.Tasks {
		t := s.Tasks[id]
		if t.Status != state.TaskPending || t.Question != "" {
			continue
		}
		if t.Tries >= limitOf(s, t) {
			return []event.Data{askAttempts(s, t)}
		}
		if room <= 0 || Waiting(s, t, now) != "" {
			continue
		}
		if l, over := watch.Closed(s, t, now); over {
			if budget.OfRunItself(l.Key()) {
				return []event.Data{watch.OutOf(s, l)}
			}
			return []event.Data{watch.AskBudget(s, l, t)}
		}
		return []event.Data{newAgent(s, t)}
	}
	return nil
}

// capacity is how many attempts may be unfinished now.
func capacity(s *state.State) int {
	n := slots(s)
	switch {
	case occupied(s) < n:
		return n
	case s.Settings.Sequential:
		return max(n, s.Settings.MaxAgents)
	}
	return 2 * n
}

// unfinished counts attempts whose process has not ended.
func unfinished(s *state.State) int {
	n := 0
	for _, id := range s.Live {
		switch s.Agents[id].Status {
		case state.AgentRequested, state.AgentPrepared, state.AgentRunning:
			n++
		}
	}
	return n
}

func limitOf(s *state.State, _ *state.Task) int { return max(1, s.Settings.MaxAttempts) }

// Waiting says in words why a pending task of the current phase can't start yet,
// apart from there being no room; "" when it can.
func Waiting(s *state.State, t *state.Task, now time.Time) string {
	if why := watch.Held(s); why != "" {
		return why
	}
	for _, need := range t.Needs {
		if n := s.Tasks[need]; n != nil && !n.Settled() {
			if n.Question != "" {
				return fmt.Sprintf("it needs task %s, which waits for a person's answer to %s", need, n.Question)
			}
			return fmt.Sprintf("it needs task %s, which is %s", need, n.Status)
		}
	}
	if at := notBefore(s, t); t.Tries > 0 && now.Before(at) {
		return fmt.Sprintf("its next attempt begins at %s", at.Format(time.RFC3339))
	}
	if other := leaseHolder(s, t); other != "" {
		return fmt.Sprintf("its scope overlaps with task %s, which is at work (overlap: allow lets them run together)", other)
	}
	return ""
}

// leaseHolder returns the task of the phase that holds a lease on t's scope.
func leaseHolder(s *state.State, t *state.Task) string {
	if !leases(t) {
		return ""
	}
	holding := []state.TaskStatus{state.TaskRunning, state.TaskAccepted, state.TaskConflicted}
	for _, id := range s.Phases[t.Phase].Tasks {
		o := s.Tasks[id]
		if id != t.ID && leases(o) && slices.Contains(holding, o.Status) && s.ScopesOverlap(t, o) {
			return id
		}
	}
	return ""
}

// leases reports whether a task's attempts need its scope for themselves; one
// that changes no code does not (see objective.Overlaps).
func leases(t *state.Task) bool {
	return t.Leases()
}

func askAttempts(s *state.State, t *state.Task) event.Data {
	text := fmt.Sprintf("task %s failed %d times", t.ID, t.Tries)
	if t.Tries == 1 {
		text = fmt.Sprintf("task %s failed", t.ID)
	}
	if a := s.Agents[t.Last]; a != nil && a.Rejected != nil {
		text += "; the last attempt, " + a.Agent + ": " + a.Rejected.Reason
	}
	return event.QuestionAsked{
		ID: questionID(s), Kind: event.AskAttempts, Task: t.ID, Phase: t.Phase, Text: text,
		Options: []string{state.AnswerRetry, state.AnswerSkip, state.AnswerStop},
	}
}

// newAgent begins an attempt. It starts from the run's tree as it is now, which
// holds the phase's base and all that was merged since, the work of the tasks it
// needs among it.
func newAgent(s *state.State, t *state.Task) event.Data {
	role := roleFor(t)
	e := event.AgentRequested{
		Agent: fmt.Sprintf("%s-%d", role, s.RoleCount(role)+1), Task: t.ID, Attempt: t.Attempts + 1, Role: role,
		Runtime: t.Runtime, Purpose: t.Purpose, Base: s.Head,
	}
	// The task's own runtime is for its own role: one that was chosen for those who mend
	// goes before it.
	if own := s.Settings.RoleRuntime(role); e.Runtime == "" || t.Purpose != event.PurposeWork && own != "" {
		e.Runtime = s.Settings.RuntimeOf(role)
	}
	if t.Purpose == event.PurposeResolve {
		e.Merge = t.Accepted.Commit
		if s.Settings.Resolver != "" {
			e.Runtime = s.Settings.Resolver
		}
	}
	e.Prompt, e.Insights = prompt(s, t, role, e.Runtime)
	return e
}

// roleFor returns the role of the task's next attempt.
func roleFor(t *state.Task) string {
	switch t.Purpose {
	case event.PurposeResolve:
		return "resolver"
	case event.PurposeFix:
		return "fixer"
	}
	return t.Role
}
