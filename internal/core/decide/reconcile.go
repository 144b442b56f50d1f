package decide

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"popkit/internal/core/approval"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/core/watch"
)

// rule says what is due in a state, or nothing.
type rule func(s *state.State, now time.Time) []event.Data

// rules in the order in which they are asked; the first that answers wins.
// While the run is being stopped only the ones of stopping are asked, while it is
// paused none but those that always are.
var (
	always = []rule{
		unknownEffects, freezing, withdrawQuestions, expireQuestions, answerByRule, autoAnswer, watch.OverBudget, watch.Drifting, watch.AnswerDrift,
		canaries, stopAgents,
	}
	going = []rule{
		watch.QuotaOver, askBreaches, advanceAgents, judge, release, retryEffects, skipLeftOut, mergeNext, askConflict,
		requestAgents, barrierTimeout, openBarrier, startPhase, finish, park,
	}
	stopping = []rule{abandonUnstarted, advanceAgents, judge, release, retryKeeping, endStopped}
)

// Reconcile returns what is due now: events that ask for effects, judge results
// or open barriers. It returns nothing when all that is left is to wait.
func Reconcile(s *state.State, now time.Time) []event.Data {
	if s.Ended != nil || s.Engine.Epoch == 0 {
		return nil
	}
	lists := [2][]rule{always, going}
	switch {
	case s.Stop != nil:
		lists[1] = stopping
	case s.Still():
		lists[1] = nil
	}
	for _, list := range lists {
		for _, r := range list {
			if out := r(s, now); len(out) > 0 {
				return out
			}
		}
	}
	return nil
}

// unknownEffects finds what the last engine left under way when it died.
func unknownEffects(s *state.State, _ time.Time) []event.Data {
	var out []event.Data
	old := func(ef *state.Effect) bool { return ef.Epoch < s.Engine.Epoch && !failed(ef) }
	for _, key := range keysOf(s, old) {
		out = append(out, event.EffectUnknown{Key: key, Epoch: s.Engine.Epoch})
	}
	return out
}

// withdrawQuestions closes questions whose subject is gone.
func withdrawQuestions(s *state.State, _ time.Time) []event.Data {
	for _, id := range s.Open {
		q := s.Questions[id]
		if reason := moot(s, q); reason != "" {
			return []event.Data{event.QuestionWithdrawn{ID: id, Reason: reason}}
		}
	}
	return nil
}

func moot(s *state.State, q *state.Question) string {
	switch q.Kind {
	case event.AskAgent, event.AskGuard:
		// It may have asked before popkit noted that it runs.
		if a := s.Agents[q.Agent]; a.Exit != nil || a.Rejected != nil {
			return "agent " + q.Agent + " has ended"
		}
	case event.AskAudit, event.AskBreach:
		if t := s.Tasks[q.Task]; t.Agent != q.Agent {
			return "the task goes on without this attempt"
		}
		if a := s.Agents[q.Agent]; q.Kind == event.AskAudit && len(OpenFindings(s, a)) == 0 {
			return "nothing in the work is outside its bounds any more"
		}
	case event.AskAttempts, event.AskConflict:
		if t := s.Tasks[q.Task]; t.Settled() {
			return "task " + q.Task + " is " + string(t.Status)
		}
	case event.AskEffect:
		if _, ok := s.Effects[q.Subject]; !ok {
			return q.Subject + " has ended"
		}
	case event.AskBarrier:
		if q.Phase < s.Phase || len(Missing(s, s.Phases[q.Phase])) == 0 {
			return "all tasks of the phase are settled"
		}
	case event.AskCheck:
		return mootCheck(s, q)
	case event.AskBudget:
		return watch.MootBudget(s, q)
	case event.AskDrift:
		return watch.MootDrift(s, q)
	case event.AskPlan:
		return approval.Moot(s, q)
	}
	return ""
}

// mootCheck: what a person was asked about is not what the check says now.
func mootCheck(s *state.State, q *state.Question) string {
	if q.Phase < s.Phase {
		return "the barrier is open"
	}
	p := s.Phases[q.Phase]
	i, err := strconv.Atoi(q.Subject)
	if err != nil || i < 0 || i >= len(p.Checks) {
		return "there is no check " + q.Subject
	}
	c, changed := p.Checks[i], "the phase's work has changed"
	switch {
	case len(Missing(s, p)) > 0:
		return changed
	case stuckProof(s, p, i) == nil && (c.Last == nil || c.Last.Commit != s.Head):
		return changed
	}
	return ""
}

// expireQuestions gives the default answer to those nobody answered in time.
func expireQuestions(s *state.State, now time.Time) []event.Data {
	if s.Still() {
		return nil
	}
	for _, id := range s.Open {
		q := s.Questions[id]
		if at, does := q.Expires(); does && !now.Before(at) {
			return []event.Data{event.QuestionAnswered{ID: id, Answer: q.Default, By: event.ByTimeout,
				Note: fmt.Sprintf("nobody answered within %s", q.Timeout)}}
		}
	}
	return nil
}

// autoAnswer answers by the policy that the configuration sets.
func autoAnswer(s *state.State, _ time.Time) []event.Data {
	if len(s.Settings.AutoAnswers) == 0 {
		return nil
	}
	for _, id := range s.Open {
		q := s.Questions[id]
		for i, aa := range s.Settings.AutoAnswers {
			if matches(aa, q, textsOf(s, q)) {
				return []event.Data{event.QuestionAnswered{ID: id, Answer: aa.Answer, By: event.ByPolicy,
					Note: fmt.Sprintf("decisions.auto[%d]", i)}}
			}
		}
	}
	return nil
}

// textsOf returns what an automatic answer has to match: the question, or each of
// the findings that it is about, so that one does not take the others with it.
func textsOf(s *state.State, q *state.Question) []string {
	if q.Kind != event.AskAudit {
		return []string{q.Text}
	}
	var texts []string
	for _, f := range OpenFindings(s, s.Agents[q.Agent]) {
		texts = append(texts, f.Rule+": "+f.Text)
	}
	return texts
}

func matches(aa event.AutoAnswer, q *state.Question, texts []string) bool {
	if aa.Kind != "" && aa.Kind != q.Kind {
		return false
	}
	if aa.Match != "" && slices.ContainsFunc(texts, func(text string) bool { return !objective.MatchText(aa.Match, text) }) {
		return false
	}
	if len(q.Options) == 0 {
		return true
	}
	for _, o := range q.Options {
		if o == aa.Answer {
			return true
		}
	}
	return false
}

// endStopped ends a run that was asked to stop, once nothing goes on. What only a
// person can settle does not hold it up: work that waits for a judgement, and
// workspaces that can't be kept or removed just now, are there when the run is
// resumed.
func endStopped(s *state.State, _ time.Time) []event.Data {
	for _, ef := range s.Effects {
		if ef.Status != state.EffectFailed || keeping(ef) && !ef.Stuck() {
			return nil
		}
	}
	for _, id := range s.Live {
		a := s.Agents[id]
		parked := a.Status == state.AgentCollected && Wanted(s, a) && (s.Tasks[a.Task].Question != "" || stuck(s, a.TrimKey()))
		if !parked && !stuck(s, "collect:"+id) && !stuck(s, "release:"+id) {
			return nil
		}
	}
	return []event.Data{event.RunEnded{Outcome: s.Stop.Outcome, Reason: s.Stop.Reason + " (by " + s.Stop.By + ")"}}
}

// park ends the engine when only a person can go on and none is there.
func park(s *state.State, now time.Time) []event.Data {
	if s.Busy() || s.Attached > 0 || !s.Settings.CloseWhenUnattended || len(s.Open) == 0 {
		return nil
	}
	for _, id := range s.Live {
		if underWay(s, id) {
			return nil // a process that waits for an answer
		}
	}
	if _, later := NextWake(s, now); later {
		return nil
	}
	return []event.Data{event.RunEnded{
		Outcome: event.OutcomeNeedsHuman, Reason: "waiting for an answer to " + strings.Join(s.Open, ", "),
	}}
}

// finish asks for the result once all barriers are open, and ends the run once
// it is there.
func finish(s *state.State, _ time.Time) []event.Data {
	if s.Phase < len(s.Phases) || len(s.Live) > 0 || standing(s) {
		return nil
	}
	if s.Published != nil {
		return []event.Data{event.RunEnded{Outcome: event.OutcomeDone, Reason: "all barriers are open"}}
	}
	return want(s, event.EffectRequested{Key: "finish", Kind: event.EffectFinish, Phase: s.Phase, Commit: s.Head})
}

// want asks for an effect unless it is asked for already.
func want(s *state.State, e event.EffectRequested) []event.Data {
	if _, ok := s.Effects[e.Key]; ok {
		return nil
	}
	e.Epoch = s.Engine.Epoch
	return []event.Data{e}
}
