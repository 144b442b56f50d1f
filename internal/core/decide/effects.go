package decide

import (
	"fmt"
	"slices"
	"time"

	"popkit/internal/core/approval"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/watch"
)

// keysOf returns the keys of the effects that match, sorted. Most often none
// does, and then nothing is sorted.
func keysOf(s *state.State, match func(*state.Effect) bool) []string {
	var keys []string
	for key, ef := range s.Effects {
		if match(ef) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func failed(ef *state.Effect) bool { return ef.Status == state.EffectFailed }

// retryEffects asks again for effects that failed, later each time; when that
// is no use a person decides.
func retryEffects(s *state.State, now time.Time) []event.Data {
	held := watch.Held(s) != ""
	for _, key := range keysOf(s, failed) {
		ef := s.Effects[key]
		if ef.Stuck() && proof(ef) {
			continue // openBarrier asks, when the check is wanted
		}
		if held && !ef.Stuck() && (ef.Kind == event.EffectRun || ef.Kind == event.EffectPrepare) {
			continue // no agent is started now, this one neither
		}
		if ef.Stuck() {
			if asked(s, event.AskEffect, func(q *state.Question) bool { return q.Subject == key }) {
				continue
			}
			return []event.Data{event.QuestionAsked{
				ID: questionID(s), Kind: event.AskEffect, Phase: ef.Phase, Subject: key,
				Text:    fmt.Sprintf("popkit could not %s: %s", describe(ef), ef.Error),
				Options: []string{state.AnswerRetry, state.AnswerStop},
			}}
		}
		if !now.Before(retryAt(s, ef)) {
			e := ef.EffectRequested
			e.Epoch = s.Engine.Epoch
			return []event.Data{e}
		}
	}
	return nil
}

// keeping reports whether an effect saves what an agent left, or cleans up.
func keeping(ef *state.Effect) bool {
	return ef.Kind == event.EffectCollect || ef.Kind == event.EffectTrim || ef.Kind == event.EffectRelease
}

func stuck(s *state.State, key string) bool {
	ef, ok := s.Effects[key]
	return ok && ef.Stuck()
}

// retryKeeping tries again, in a run that is being stopped, to keep agents' work
// and to clean up. Nothing else is begun any more, and nobody is asked.
func retryKeeping(s *state.State, now time.Time) []event.Data {
	for _, key := range keysOf(s, failed) {
		ef := s.Effects[key]
		if keeping(ef) && !ef.Stuck() && !now.Before(retryAt(s, ef)) {
			e := ef.EffectRequested
			e.Epoch = s.Engine.Epoch
			return []event.Data{e}
		}
	}
	return nil
}

// describe says in words what an effect does.
func describe(ef *state.Effect) string {
	switch ef.Kind {
	case event.EffectPrepare:
		return "prepare the workspace of " + ef.Agent
	case event.EffectRun:
		return "run " + ef.Agent
	case event.EffectCollect:
		return "keep the work of " + ef.Agent
	case event.EffectTrim:
		return "leave files out of the work of " + ef.Agent
	case event.EffectRelease:
		return "remove the workspace of " + ef.Agent
	case event.EffectMerge:
		return "merge the work of task " + ef.Task
	case event.EffectCheck:
		return "run a check"
	case event.EffectBlame:
		return "find the merge that turned a check red"
	case event.EffectPublish:
		return "publish the barrier"
	case event.EffectFinish:
		return "publish the result"
	case event.EffectFreeze:
		return "make the agents stand still"
	case event.EffectThaw:
		return "let the agents go on"
	}
	return string(ef.Kind)
}

func retryAt(s *state.State, ef *state.Effect) time.Time {
	return ef.FailedAt.Add(backoff(s.Settings.RetryDelay, ef.Failures))
}

// backoff returns delay, doubled for each failure after the first.
func backoff(delay time.Duration, failures int) time.Duration {
	return delay << min(max(failures-1, 0), 10)
}

// retryTimes hands out when failed effects and attempts are tried again.
func retryTimes(s *state.State, take func(time.Time)) {
	for _, ef := range s.Effects {
		if ef.Status == state.EffectFailed && !ef.Stuck() && (s.Stop == nil || keeping(ef)) {
			take(retryAt(s, ef))
		}
	}
	if p := s.Current(); p != nil && s.Stop == nil {
		for _, id := range p.Tasks {
			if t := s.Tasks[id]; t.Status == state.TaskPending && t.Question == "" && t.Tries > 0 {
				take(notBefore(s, t))
			}
		}
	}
}

// notBefore returns when a task may have its next attempt.
func notBefore(s *state.State, t *state.Task) time.Time {
	return t.Failed.Add(backoff(s.Settings.RetryDelay, t.Tries))
}

// asked reports whether an open question of the kind matches.
func asked(s *state.State, kind event.QuestionKind, match func(*state.Question) bool) bool {
	return s.Asks(kind, match)
}

// NextWake returns when, after now, Reconcile has to be asked again if nothing
// happens until then; false when only an input can bring news. Reconcile must
// have come to rest at now.
func NextWake(s *state.State, now time.Time) (time.Time, bool) {
	if s.Ended != nil {
		return time.Time{}, false
	}
	var next time.Time
	take := func(t time.Time) {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	retryTimes(s, take)
	for _, id := range s.Open {
		if at, does := s.Questions[id].Expires(); does && !s.Still() {
			take(at)
		}
	}
	if s.Quota != nil && s.Stop == nil && !s.Still() {
		take(s.Quota.Until)
	}
	watch.BudgetTimes(s, take)
	watch.DriftTimes(s, take)
	approval.Times(s, take)
	if s.Running() && s.Stop == nil {
		if p := s.Current(); p != nil && s.Settings.BarrierTimeout > 0 && !p.TimedOut && !p.Partial {
			take(s.Time.Add(s.Settings.BarrierTimeout - (s.Active - p.Clock)))
		}
	}
	for _, id := range s.Live {
		if at, has := agentDeadline(s, s.Agents[id]); has {
			take(at)
		}
		if at, has := canaryDue(s, s.Agents[id]); has {
			take(at)
		}
	}
	return next, !next.IsZero()
}

// agentDeadline returns when a running agent will have run or been silent for
// too long.
func agentDeadline(s *state.State, a *state.Agent) (time.Time, bool) {
	if a.Status != state.AgentRunning || a.Question != "" || a.StopAsked != nil || s.Still() {
		return time.Time{}, false
	}
	var at time.Time
	if d := s.Settings.AgentTimeout; d > 0 {
		at = a.StartedAt.Add(d + a.Waited)
	}
	if d := s.Settings.SilenceTimeout; d > 0 {
		if silent := a.LastSeen.Add(d); at.IsZero() || silent.Before(at) {
			at = silent
		}
	}
	return at, !at.IsZero()
}
