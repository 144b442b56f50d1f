package decide

import (
	"fmt"
	"slices"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/watch"
)

// MaxRounds bounds how often Reconcile may have something to say after one
// input; more means that two rules undo each other.
const MaxRounds = 10_000

// Step decides on an input and on all that is due after it, applies the events
// to s and returns them, numbered and stamped, for the log. The caller must
// append them before anything outside s learns of them, and throw s away when
// it can't. On an error s is unchanged if the error is a *Refusal, else unusable.
func Step(s *state.State, now time.Time, in Input) ([]event.Event, error) {
	now = logTime(s, now)
	data, err := Decide(s, now, in)
	if err != nil {
		return nil, err
	}
	events, err := apply(nil, s, now, data)
	if err != nil || restful(s, now, in, data) {
		return events, err
	}
	for range MaxRounds {
		data = Reconcile(s, now)
		if len(data) == 0 {
			return events, nil
		}
		if events, err = apply(events, s, now, data); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("reconcile does not come to rest after %d events, last %T", len(events), data[0])
}

// Record is Step without what is due after the input: for a run that has no
// engine to carry it out. The next engine finds it due.
func Record(s *state.State, now time.Time, in Input) ([]event.Event, error) {
	now = logTime(s, now)
	data, err := Decide(s, now, in)
	if err != nil {
		return nil, err
	}
	return apply(nil, s, now, data)
}

// logTime is now as the log can hold it: without a monotonic reading, and never
// before the last event, whatever the wall clock says.
func logTime(s *state.State, now time.Time) time.Time {
	now = now.UTC().Round(0)
	if now.Before(s.Time) {
		return s.Time
	}
	return now
}

func apply(events []event.Event, s *state.State, now time.Time, data []event.Data) ([]event.Event, error) {
	for _, d := range data {
		e := event.Event{Seq: s.Seq + 1, Time: now, Data: d}
		if err := s.Apply(e); err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

// OnlyTalk reports whether an input hardly ever makes anything due, or a deadline
// come sooner, so that a thousand agents that report each second cost next to
// nothing. What it may make due is looked at for its agent alone.
func OnlyTalk(in Input) bool {
	switch in := in.(type) {
	case ShareInsight, CheckIn, CallTool, Pull, Tell, Report, Note, Use:
		return true
	case Judge:
		return in.Judged.Verdict == event.VerdictAllow
	case EffectEnded:
		switch in.Data.(type) {
		case event.AgentSeen, event.AgentChanged:
			return true
		}
	}
	return false
}

// Quiet reports whether events that came of talk leave all deadlines what they were,
// or later.
func Quiet(events []event.Event) bool {
	for _, e := range events {
		switch e.Data.(type) {
		case event.QuotaHit, event.QuestionAsked, event.AgentStopRequested, event.AgentDrifted, event.BudgetWarned:
			return false
		}
	}
	return true
}

// restful reports whether nothing can be due after the input that was not before.
func restful(s *state.State, now time.Time, in Input, data []event.Data) bool {
	if _, tick := in.(Tick); tick {
		return false
	}
	return len(data) == 0 || OnlyTalk(in) && !slices.ContainsFunc(data, alarming) && !stirs(s, now, in)
}

// alarming is what can come of mere talk and has consequences all the same.
func alarming(d event.Data) bool {
	_, breach := d.(event.AgentBreached)
	return breach
}

// stirs reports whether what an agent did made something due: a budget is used up,
// or it is off its track.
func stirs(s *state.State, now time.Time, in Input) bool {
	id := agentOf(in)
	if ended, ok := in.(EffectEnded); ok {
		if d, changed := ended.Data.(event.AgentChanged); changed {
			id = d.Agent
		}
	}
	a, ok := s.Agents[id]
	return ok && watch.Stirs(s, a, now)
}

// Decide returns the facts that an input amounts to; none when it is a repeat or
// comes too late to matter. It does not change s.
func Decide(s *state.State, now time.Time, in Input) ([]event.Data, error) {
	switch in := in.(type) {
	case Tick:
		return nil, nil
	case EngineStart:
		return []event.Data{event.EngineStarted{
			Epoch: s.Engine.Epoch + 1, PID: in.PID, Host: in.Host, Popkit: in.Popkit, Sandbox: in.Sandbox,
		}}, nil
	case EffectEnded:
		return effectEnded(s, now, in)
	case ShareInsight, CheckIn, CallTool, Pull, Ask, PresentPlan, Report, Use, Judge:
		return agentSays(s, now, in)
	case Breach:
		return breached(s, in), nil
	case Note:
		return []event.Data{in.Problem}, nil
	case Attend:
		if in.Attached == s.Attached {
			return nil, nil
		}
		return []event.Data{event.PeopleChanged{Attached: in.Attached}}, nil
	default:
		return personSays(s, in)
	}
}

// effectEnded takes a result only while its effect is under way: an effect that
// was settled in another way, or by another engine, ends once.
func effectEnded(s *state.State, now time.Time, in EffectEnded) ([]event.Data, error) {
	key, kind, ok := endOf(in.Data)
	if !ok {
		return nil, fmt.Errorf("%T ends no effect", in.Data)
	}
	ef, open := s.Effects[key]
	if !open || ef.Status == state.EffectFailed || in.Asked != 0 && in.Asked != ef.Asked {
		return nil, nil
	}
	if kind != "" && kind != ef.Kind {
		return nil, fmt.Errorf("effect %s is of kind %s, %T ends %s", key, ef.Kind, in.Data, kind)
	}
	switch d := in.Data.(type) {
	case event.AgentStarted:
		if a := s.Agents[d.Agent]; a == nil || a.Status != state.AgentPrepared {
			return nil, nil
		}
	case event.AgentResumed:
		if a := s.Agents[d.Agent]; a == nil || a.Status != state.AgentRunning {
			return nil, nil
		}
	case event.AgentCollected:
		return append([]event.Data{d}, watch.QuotaAtCollect(s, now, d)...), nil
	case event.BarrierOpened:
		return []event.Data{completeBarrier(s, d)}, nil
	case event.CheckBlamed:
		return []event.Data{blamable(s, d)}, nil
	case event.AgentExited:
		if r := d.Report; r != nil && r.Usage != nil && !event.SaneUsage(*r.Usage) {
			sane := *r
			d.Report, sane.Usage = &sane, nil
		}
		out := append([]event.Data{d}, undelivered(s, d.Agent)...)
		return append(out, watch.QuotaAtExit(s, now, d)...), nil
	case event.EffectFailed:
		if a := s.Agents[ef.Agent]; ef.Kind == event.EffectRun && a.Status == state.AgentRunning {
			return []event.Data{lost(a, d)}, nil
		}
	}
	return []event.Data{in.Data}, nil
}

// lost ends an attempt that popkit began and then lost hold of: it can't be begun
// again under the same name, as what fails before it began can.
func lost(a *state.Agent, d event.EffectFailed) event.AgentExited {
	return event.AgentExited{
		Effect: d.Key, Agent: a.Agent, Reason: event.ExitKilled, Signal: "lost", Code: -1, Detail: d.Error,
	}
}

// undelivered says which messages to an agent came too late for it: who sent one
// does not learn it otherwise.
func undelivered(s *state.State, agent string) []event.Data {
	a, ok := s.Agents[agent]
	if !ok {
		return nil
	}
	var out []event.Data
	for _, id := range a.Inbox {
		if m := s.Messages[id]; m.To == agent {
			out = append(out, event.Problem{Source: "message " + id, Agent: agent, Task: a.Task,
				Text: fmt.Sprintf("%s ended before it was given the message from %s: %s", agent, m.From, clip(m.Text, 200))})
		}
	}
	return out
}

// endOf returns the key of the effect that an event ends and the kind it must
// be of ("" = any).
func endOf(d event.Data) (string, event.EffectKind, bool) {
	switch d := d.(type) {
	case event.AgentPrepared:
		return d.Effect, event.EffectPrepare, true
	case event.AgentStarted:
		return d.Effect, event.EffectRun, true
	case event.AgentResumed:
		return d.Effect, event.EffectRun, true
	case event.AgentSeen:
		return d.Effect, event.EffectRun, true
	case event.AgentChanged:
		return d.Effect, event.EffectRun, true
	case event.RunFrozen:
		return d.Effect, event.EffectFreeze, true
	case event.RunThawed:
		return d.Effect, event.EffectThaw, true
	case event.AgentExited:
		return d.Effect, event.EffectRun, true
	case event.AgentCollected:
		return d.Effect, event.EffectCollect, true
	case event.AgentTrimmed:
		return d.Effect, event.EffectTrim, true
	case event.AgentReleased:
		return d.Effect, event.EffectRelease, true
	case event.TaskMerged:
		return d.Effect, event.EffectMerge, true
	case event.TaskConflicted:
		return d.Effect, event.EffectMerge, true
	case event.CheckEnded:
		return d.Effect, event.EffectCheck, true
	case event.CheckBlamed:
		return d.Effect, event.EffectBlame, true
	case event.BarrierOpened:
		return d.Effect, event.EffectPublish, true
	case event.RunPublished:
		return d.Effect, event.EffectFinish, true
	case event.EffectFailed:
		return d.Key, "", true
	}
	return "", "", false
}
