package decide

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
)

// startPhase begins the next phase from the commit the last barrier opened with.
func startPhase(s *state.State, _ time.Time) []event.Data {
	if s.Phase >= len(s.Phases) || s.Phases[s.Phase].Status != state.PhasePending {
		return nil
	}
	return []event.Data{event.PhaseStarted{Phase: s.Phase, Name: s.Phases[s.Phase].Name, Base: s.Head}}
}

// barrierTimeout says, once, that a phase outlasted its limit, and asks what to
// do about it where the plan leaves it to a person.
func barrierTimeout(s *state.State, now time.Time) []event.Data {
	p := s.Current()
	limit := s.Settings.BarrierTimeout
	if p == nil || limit <= 0 || p.Partial {
		return nil
	}
	missing := Missing(s, p)
	if p.TimedOut {
		if len(missing) == 0 || asked(s, event.AskBarrier, func(q *state.Question) bool { return q.Phase == p.Index }) {
			return nil
		}
		return []event.Data{event.QuestionAsked{
			ID: questionID(s), Kind: event.AskBarrier, Phase: p.Index,
			Text:    fmt.Sprintf("phase %s takes longer than %s; missing: %s", p.Name, limit, strings.Join(missing, ", ")),
			Options: []string{state.AnswerWait, state.AnswerPartial, state.AnswerStop},
		}}
	}
	if len(missing) == 0 || s.ActiveAt(now)-p.Clock < limit {
		return nil
	}
	policy := s.Created.Plan.OnBarrierTimeout
	if policy == "" || !s.Settings.PhaseAware {
		policy = objective.BarrierHuman
	}
	return []event.Data{event.BarrierTimedOut{Phase: p.Index, Missing: missing, Policy: string(policy)}}
}

// Missing returns the tasks that the phase's barrier waits for.
func Missing(s *state.State, p *state.Phase) []string {
	var out []string
	for _, id := range p.Tasks {
		if !s.Tasks[id].Settled() {
			out = append(out, id)
		}
	}
	return out
}

// openBarrier sees that a barrier's condition holds: all tasks settled, no
// attempt under way, no question open, every check green at the merged commit.
func openBarrier(s *state.State, _ time.Time) []event.Data {
	p := s.Current()
	if p == nil || len(Missing(s, p)) > 0 {
		return nil
	}
	for _, id := range s.Live {
		if s.Agents[id].Status != state.AgentDecided {
			return nil
		}
	}
	for _, id := range s.Open {
		if k := s.Questions[id].Kind; k != event.AskEffect && k != event.AskBudget {
			return nil
		}
	}
	if s.Settings.PhaseAware {
		for i := range p.Checks {
			if !p.Checks[i].GreenAt(s.Head) {
				return proveCheck(s, p, i)
			}
		}
	}
	return want(s, event.EffectRequested{
		Key: fmt.Sprintf("publish:%d", p.Index), Kind: event.EffectPublish, Phase: p.Index, Commit: s.Head,
	})
}

// proveCheck does what comes next for a check that is not green: run it, run it
// once more to tell a flake, find the guilty merge, or ask a person.
func proveCheck(s *state.State, p *state.Phase, i int) []event.Data {
	c := &p.Checks[i]
	if ef := stuckProof(s, p, i); ef != nil {
		return []event.Data{askCheck(s, p, i, fmt.Sprintf("popkit could not %s: %s", describe(ef), ef.Error))}
	}
	fresh := c.Last != nil && c.Last.Commit == s.Head
	if !fresh || c.Runs < 2 {
		runs := 0
		if fresh {
			runs = c.Runs
		}
		return want(s, event.EffectRequested{
			Key:  fmt.Sprintf("check:%d:%d:%.12s:%d", p.Index, i, s.Head, runs+1),
			Kind: event.EffectCheck, Phase: p.Index, Check: i, Commit: s.Head,
		})
	}
	if c.Fixes >= max(0, s.Settings.MaxFixes) {
		return []event.Data{askCheck(s, p, i, fixesUsed(c))}
	}
	if c.Blame == nil {
		return want(s, event.EffectRequested{
			Key:  fmt.Sprintf("blame:%d:%d:%.12s", p.Index, i, s.Head),
			Kind: event.EffectBlame, Phase: p.Index, Check: i, Commit: s.Head, Onto: p.Base,
		})
	}
	return []event.Data{askCheck(s, p, i, c.Blame.Reason)}
}

// blamable leaves a blame to a person when the guilty task can't be sent back: it
// was skipped after its merge, say.
func blamable(s *state.State, d event.CheckBlamed) event.CheckBlamed {
	if t := s.Tasks[d.Task]; d.Task != "" && (t == nil || t.Status != state.TaskMerged || t.Phase != d.Phase) {
		d.Reason += "; task " + d.Task + " is settled without its work and gets no fix"
		d.Task = ""
	}
	return d
}

func fixesUsed(c *state.Check) string {
	if c.Fixes == 0 {
		return "no agent may try to fix it (limits.max_fix_attempts)"
	}
	return fmt.Sprintf("%d fixes did not help", c.Fixes)
}

// stuckProof returns the effect that popkit has given up on and without which a
// check of the current phase can't be proved; nil when there is none. The person
// who is asked may let the check pass, which is more than to try again or stop.
func stuckProof(s *state.State, p *state.Phase, i int) *state.Effect {
	for _, ef := range s.Effects {
		if ef.Stuck() && proof(ef) && ef.Phase == p.Index && ef.Check == i && ef.Commit == s.Head {
			return ef
		}
	}
	return nil
}

// proof reports whether the effect is about a check.
func proof(ef *state.Effect) bool {
	return ef.Kind == event.EffectCheck || ef.Kind == event.EffectBlame
}

func askCheck(s *state.State, p *state.Phase, i int, why string) event.Data {
	c := p.Checks[i]
	if c.Last != nil && c.Last.Commit == s.Head && c.Last.Reason != "" {
		why = c.Last.Reason + "; " + why
	}
	return event.QuestionAsked{
		ID: questionID(s), Kind: event.AskCheck, Phase: p.Index, Subject: strconv.Itoa(i),
		Text:    fmt.Sprintf("check %q of phase %s is not green: %s", c.Run, p.Name, why),
		Options: []string{state.AnswerRetry, state.AnswerWaive, state.AnswerStop},
	}
}

// completeBarrier adds to a published barrier what the state knows of it.
func completeBarrier(s *state.State, d event.BarrierOpened) event.BarrierOpened {
	p := s.Phases[d.Phase]
	d.Partial = p.Partial
	for _, id := range p.Tasks {
		if s.Tasks[id].Status == state.TaskSkipped {
			d.Missing = append(d.Missing, id)
		} else {
			d.Merged = append(d.Merged, id)
		}
	}
	for i := range p.Checks {
		if c := &p.Checks[i]; c.Waived != "" {
			d.Waived = append(d.Waived, c.Run)
		}
	}
	return d
}
