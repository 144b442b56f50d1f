package watch

import (
	"fmt"
	"math"
	"time"

	"popkit/internal/core/budget"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
)

// OverBudget warns of budgets that are used up for the most part, and asks about
// those that are passed.
func OverBudget(s *state.State, now time.Time) []event.Data {
	if s.Stop != nil || s.Phase >= len(s.Phases) {
		return nil
	}
	if !s.Roomy(nil, now) {
		for _, l := range s.Budgets(now) {
			if out := settle(s, l, nil); len(out) > 0 {
				return out
			}
		}
	}
	for _, id := range s.Live {
		a := s.Agents[id]
		t := s.Tasks[a.Task]
		if !s.Wanted(a) || a.Status == state.AgentCollected || s.Roomy(t, now) {
			continue
		}
		for _, l := range s.TaskBudget(t, now) {
			if out := settle(s, l, t); len(out) > 0 {
				return out
			}
		}
	}
	return nil
}

// tight returns the budgets that an agent of the task uses, where one of them may be
// low: most of the time none is, and nothing is made.
func tight(s *state.State, t *state.Task, now time.Time) []budget.Line {
	var out []budget.Line
	if !s.Roomy(nil, now) {
		out = s.Budgets(now)
	}
	if !s.Roomy(t, now) {
		out = append(out, s.TaskBudget(t, now)...)
	}
	return out
}

func settle(s *state.State, l budget.Line, t *state.Task) []event.Data {
	switch {
	case l.Passed() && budget.OfRunItself(l.Key()):
		return []event.Data{OutOf(s, l)}
	case l.Passed() && !askedAbout(s, l):
		return []event.Data{AskBudget(s, l, t)}
	case unwarned(s, l):
		return []event.Data{event.BudgetWarned{Of: l.Of, Name: l.Name, What: l.What, Used: math.Round(l.Used*1000) / 1000, Limit: l.Limit}}
	}
	return nil
}

// OutOf ends a run that is out of time, or out of agents; it can be resumed.
func OutOf(s *state.State, l budget.Line) event.Data {
	stop := event.StopRequested{By: "popkit", Outcome: event.OutcomeFailed}
	stop.Reason = fmt.Sprintf("the run took longer than %s (%s)", s.Settings.MaxRuntime, l.Setting())
	if l.What == budget.Agents {
		stop.Reason = fmt.Sprintf("%d agents were started (%s)", s.Settings.MaxStarted, l.Setting())
	}
	return stop
}

func unwarned(s *state.State, l budget.Line) bool { return l.Low() && s.Warned[l.Key()] != l.Limit }

func askedAbout(s *state.State, l budget.Line) bool {
	return s.Asks(event.AskBudget, func(q *state.Question) bool { return q.Subject == l.Key() })
}

// AskBudget asks about a budget that is used up; t is the task of a task's.
func AskBudget(s *state.State, l budget.Line, t *state.Task) event.Data {
	q := event.QuestionAsked{
		ID: s.QuestionID(), Kind: event.AskBudget, Phase: s.Phase, Subject: l.Key(),
		Text:    l.String() + "; nothing more is started, what runs is ended and its work kept. raise allows as much again",
		Options: []string{state.AnswerRaise, state.AnswerStop},
	}
	if l.Of == budget.OfTask {
		q.Task, q.Phase = t.ID, t.Phase
		q.Options = []string{state.AnswerRaise, state.AnswerSkip, state.AnswerStop}
	}
	return q
}

// Passed returns a budget that is used up and that the agent uses.
func Passed(s *state.State, a *state.Agent, now time.Time) (budget.Line, bool) {
	for _, l := range tight(s, s.Tasks[a.Task], now) {
		if l.Passed() {
			return l, true
		}
	}
	return budget.Line{}, false
}

// Closed returns a budget on which no agent may be started for the task any more.
func Closed(s *state.State, t *state.Task, now time.Time) (budget.Line, bool) {
	for _, l := range tight(s, t, now) {
		if l.Closed() {
			return l, true
		}
	}
	return budget.Line{}, false
}

// mootBudget: nobody needs the budget any more.
func MootBudget(s *state.State, q *state.Question) string {
	of, _, _ := budget.Split(q.Subject)
	switch {
	case of == budget.OfTask:
		if t := s.Tasks[q.Task]; t.Status != state.TaskPending && t.Status != state.TaskRunning {
			return "task " + q.Task + " is " + string(t.Status)
		}
	case of == budget.OfPhase && q.Phase < s.Phase:
		return "the barrier is open"
	case s.Phase >= len(s.Phases):
		return "all barriers are open"
	}
	return ""
}

// BudgetTimes hands out when budgets of time come to their marks.
func BudgetTimes(s *state.State, take func(time.Time)) {
	if s.Stop != nil || s.Still() {
		return
	}
	if s.Running() {
		for _, l := range s.Budgets(s.Time) {
			if l.What == budget.Minutes {
				marks(l, s.Time, take)
			}
		}
	}
	if s.Settings.Budgets.Task.Time <= 0 {
		return
	}
	for _, id := range s.Live {
		a := s.Agents[id]
		if a.Status != state.AgentRunning || a.Question != "" || a.StopAsked != nil || !s.Wanted(a) {
			continue
		}
		marks(s.TaskTime(s.Tasks[a.Task], s.Time), s.Time, take)
	}
}

// marks hands out when a budget of time, of which so much is used at from, will be
// low and used up.
func marks(l budget.Line, from time.Time, take func(time.Time)) {
	for _, mark := range []float64{l.LowMark(), l.Limit} {
		if left := mark - l.Used; left > 0 {
			// Rounded up: a mark that is asked for too soon is not reached yet.
			take(from.Add(time.Duration(left*float64(time.Minute)) + time.Microsecond))
		}
	}
}

// Stirs reports whether what the agent did made something due here. It is asked after
// each call of each agent, so it looks at nothing else.
func Stirs(s *state.State, a *state.Agent, now time.Time) bool {
	if !Watched(s, a) {
		return false
	}
	for _, l := range tight(s, s.Tasks[a.Task], now) {
		if l.Passed() || unwarned(s, l) {
			return true
		}
	}
	return s.Settings.DriftDetection && len(a.Track.Find(lookAt(s, a, now))) > 0
}
