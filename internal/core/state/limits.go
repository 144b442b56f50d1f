package state

import (
	"slices"
	"strings"
	"time"

	"popkit/internal/core/budget"
	"popkit/internal/core/drift"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

// Pause is what a person wants (Paused) and what is (Frozen): the two are written by
// different events, and decide brings the one after the other.
type Pause struct {
	Paused *event.RunPaused
	Since  time.Time
	Frozen *event.RunFrozen
	Count  int // of all pauses so far
}

// Quota is a quota that is used up: no agent is started before its time.
type Quota struct {
	event.QuotaHit
	Since time.Time
}

// Still reports whether the run's processes are to stand still: it is paused, and not
// being ended.
func (s *State) Still() bool { return s.Pause.Paused != nil && s.Stop == nil }

// applyLimits takes in what bounds a run: pauses, quotas, budgets, drift.
func (s *State) applyLimits(e event.Event) error {
	switch d := e.Data.(type) {
	case event.RunPaused:
		s.paused(e, d)
	case event.RunUnpaused:
		s.unpaused(e.Time)
	case event.RunFrozen:
		s.Pause.Frozen = &d
		return s.endEffect(d.Effect)
	case event.RunThawed:
		s.Pause.Frozen = nil
		return s.endEffect(d.Effect)
	case event.QuotaHit:
		s.Quota, s.QuotaStreak = &Quota{d, e.Time}, d.Streak
	case event.QuotaOver:
		s.Quota = nil
	case event.BudgetWarned:
		s.Warned[budget.Line{Of: d.Of, Name: d.Name, What: d.What}.Key()] = d.Limit
		s.problem(e, event.Problem{Source: "budget", Text: "four fifths are used: " + lineOf(d).String()})
	case event.AgentUsed:
		a, err := s.agent(d.Agent)
		if err != nil {
			return err
		}
		s.used(a, d.Used)
	case event.AgentDrifted:
		return s.drifted(e, d)
	case event.AgentChanged:
		a, err := s.agent(d.Agent)
		if err != nil {
			return err
		}
		a.LastSeen, a.ChangedFiles = e.Time, d.Changed
		a.Track.Changed(d.Files, e.Time)
	}
	return nil
}

func lineOf(d event.BudgetWarned) budget.Line {
	return budget.Line{Of: d.Of, Name: d.Name, What: d.What, Used: d.Used, Limit: d.Limit}
}

func (s *State) paused(e event.Event, d event.RunPaused) {
	if s.Pause.Paused != nil {
		return
	}
	s.Pause.Paused, s.Pause.Since = &d, e.Time
	s.Pause.Count++
	for _, id := range s.Live {
		s.Agents[id].hold(e.Time)
	}
}

func (s *State) unpaused(now time.Time) {
	if s.Pause.Paused == nil {
		return
	}
	stood := now.Sub(s.Pause.Since)
	s.Pause.Paused = nil
	for _, id := range s.Live {
		s.letGo(s.Agents[id], now)
	}
	for _, id := range s.Open {
		q := s.Questions[id]
		q.Held += stood - max(0, q.Time.Sub(now.Add(-stood)))
	}
}

// hold begins a time that an agent can do nothing in.
func (a *Agent) hold(now time.Time) {
	if a.waitFrom.IsZero() {
		a.waitFrom = now
	}
}

// letGo ends it, unless there is another reason left: it counts against nothing.
func (s *State) letGo(a *Agent, now time.Time) {
	if a.waitFrom.IsZero() || a.Question != "" || s.Pause.Paused != nil {
		return
	}
	waited := now.Sub(a.waitFrom)
	a.Waited += waited
	a.Track.Waited(waited)
	a.LastSeen, a.waitFrom = now, time.Time{}
}

// used adds up what an agent used, for it, its task, its phase and the run.
func (s *State) used(a *Agent, u event.Usage) {
	t := s.Tasks[a.Task]
	a.Used = a.Used.Plus(u)
	for _, sum := range []*budget.Sum{&t.Spent, &s.Phases[t.Phase].Spent, &s.Spent} {
		sum.Usage = sum.Usage.Plus(u)
	}
}

// count counts a tool call, or with agents 1 an agent that is started.
func (s *State) count(a *Agent, calls, agents int) {
	t := s.Tasks[a.Task]
	for _, sum := range []*budget.Sum{&t.Spent, &s.Phases[t.Phase].Spent, &s.Spent} {
		sum.ToolCalls += calls
		sum.Agents += agents
	}
}

// Budgets returns the lines of the run's budget and of its current phase's as they
// are at now.
func (s *State) Budgets(now time.Time) []budget.Line {
	used, may := s.runBudget(now)
	lines := budget.Lines(budget.OfRun, "", used, may, s.raised())
	if p := s.Current(); p != nil {
		lines = append(lines, budget.Lines(budget.OfPhase, p.Name, p.Spent, s.Settings.Budgets.Phase, s.raised())...)
	}
	return lines
}

// runBudget is what the run used and may use. A run that is resumed has its whole
// time, and all its agents, again.
func (s *State) runBudget(now time.Time) (used budget.Sum, may event.Allowance) {
	used, may = s.Spent, s.Settings.Budgets.Run
	used.Time, used.Agents = s.ActiveAt(now)-s.ActiveFrom, s.Started-s.StartedFrom
	may.Time, may.Agents = s.Settings.MaxRuntime, s.Settings.MaxStarted
	return used, may
}

// TaskBudget returns the lines of a task's budget as they are at now.
func (s *State) TaskBudget(t *Task, now time.Time) []budget.Line {
	return budget.Lines(budget.OfTask, t.ID, s.taskSpent(t, now), s.Settings.Budgets.Task, s.raised())
}

// TaskTime is the line of a task's time alone.
func (s *State) TaskTime(t *Task, now time.Time) budget.Line {
	l := budget.Line{Of: budget.OfTask, Name: t.ID, What: budget.Minutes, Used: s.taskSpent(t, now).Time.Minutes()}
	l.Limit = s.Settings.Budgets.Task.Time.Minutes() * float64(1+s.Raised[l.Key()])
	return l
}

func (s *State) taskSpent(t *Task, now time.Time) budget.Sum {
	sum := t.Spent
	if a := s.Agents[t.Agent]; a != nil && a.Status == AgentRunning {
		sum.Time += a.Ran(now)
	}
	return sum
}

// Roomy reports whether no budget is low by the limits as they were set: neither the
// run's and the phase's nor, if t is not nil, the task's. It costs next to nothing.
func (s *State) Roomy(t *Task, now time.Time) bool {
	if t != nil {
		return budget.Roomy(s.taskSpent(t, now), s.Settings.Budgets.Task)
	}
	used, may := s.runBudget(now)
	p := s.Current()
	return budget.Roomy(used, may) && (p == nil || budget.Roomy(p.Spent, s.Settings.Budgets.Phase))
}

func (s *State) raised() func(string) int {
	if len(s.Raised) == 0 {
		return nil // most often; to make keys costs
	}
	return func(key string) int { return s.Raised[key] }
}

// Ran is how long the agent's process worked, times in which it could do nothing left
// out.
func (a *Agent) Ran(now time.Time) time.Duration {
	if a.StartedAt.IsZero() {
		return 0
	}
	end := now
	if !a.ExitedAt.IsZero() {
		end = a.ExitedAt
	}
	waited := a.Waited
	if !a.waitFrom.IsZero() {
		waited += max(0, end.Sub(a.waitFrom))
	}
	return max(0, end.Sub(a.StartedAt)-waited)
}

// drifted notes a finding, and what is still to be done about it.
func (s *State) drifted(e event.Event, d event.AgentDrifted) error {
	a, err := s.agent(d.Agent)
	if err != nil {
		return err
	}
	a.Track.Tell(findingOf(d))
	a.Drifts++
	a.Drifted = &d
	if d.Action != event.DriftWarn {
		a.Unanswered = append(a.Unanswered, d)
	}
	s.problem(e, event.Problem{Source: "drift of " + d.Agent, Agent: d.Agent, Task: d.Task, Text: d.Evidence})
	return nil
}

// addBoundary widens the objective's boundaries or a task's scope.
func (s *State) addBoundary(d event.BoundaryAdded) error {
	if d.Task == "" {
		s.Boundaries.FilePatterns = append(clone(s.Boundaries.FilePatterns), d.Glob)
		return nil
	}
	t, err := s.task(d.Task)
	if err != nil {
		return err
	}
	t.Scope = append(clone(t.Scope), d.Glob)
	return nil
}

// clone copies a list that views and plans may share.
func clone(list []string) []string { return append([]string(nil), list...) }

// answerBudget gives as much again.
func (s *State) answerBudget(q *Question, d event.QuestionAnswered) error {
	switch d.Answer {
	case AnswerRaise:
		s.Raised[q.Subject]++
	case AnswerSkip:
		return s.answerTask(q, d)
	}
	return nil
}

func findingOf(d event.AgentDrifted) drift.Finding {
	return drift.Finding{Kind: d.Kind, Evidence: d.Evidence, Paths: d.Paths, Other: d.Other, Episode: d.Episode}
}

// answered takes a finding off the list of those that nothing was done about.
func (a *Agent) answered(k event.DriftKind) {
	i := slices.IndexFunc(a.Unanswered, func(d event.AgentDrifted) bool { return d.Kind == k })
	if i >= 0 {
		a.Unanswered = slices.Delete(slices.Clone(a.Unanswered), i, i+1)
	}
}

// reassigned gives a task to another role or runtime.
func (s *State) reassigned(d event.TaskReassigned) error {
	t, err := s.task(d.Task)
	if err != nil {
		return err
	}
	t.anew()
	if d.Role != "" {
		t.Role = d.Role
	}
	if d.Runtime != "" {
		t.Runtime = d.Runtime
	}
	return nil
}

// answerDrift is what a person does about an agent that is off its track.
func (s *State) answerDrift(q *Question, d event.QuestionAnswered) error {
	verb, role, _ := strings.Cut(d.Answer, ":")
	switch verb {
	case AnswerWiden:
		return s.widen(q)
	case AnswerReassign:
		return s.reassigned(event.TaskReassigned{Task: q.Task, By: d.By, Role: role})
	case AnswerSkip:
		return s.answerTask(q, d)
	}
	return nil
}

// widen adds the paths that a question is about to whatever they are outside of.
func (s *State) widen(q *Question) error {
	t, err := s.task(q.Task)
	if err != nil {
		return err
	}
	for _, p := range q.Paths {
		if len(t.Scope) > 0 && !objective.InScope(p, t.Scope) {
			t.Scope = append(clone(t.Scope), objective.Literal(p))
		}
		if !s.Boundaries.Allows(p) {
			s.Boundaries.FilePatterns = append(clone(s.Boundaries.FilePatterns), objective.Literal(p))
		}
	}
	return nil
}
