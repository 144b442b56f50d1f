package state

import (
	"errors"
	"fmt"
	"maps"

	"popkit/internal/core/budget"
	"popkit/internal/core/event"
)

// ErrGap is returned by Apply for an event that does not follow the last one.
var ErrGap = errors.New("event out of order")

// Apply takes in the next event. An error means that the log and this program
// do not fit together; the State must not be used after it.
func (s *State) Apply(e event.Event) error {
	if e.Seq != s.Seq+1 {
		return fmt.Errorf("%w: %d after %d", ErrGap, e.Seq, s.Seq)
	}
	if _, first := e.Data.(event.RunCreated); first != (s.Seq == 0) {
		return fmt.Errorf("event %d: run.created must be the first event and only that", e.Seq)
	}
	s.tick(e)
	s.Seq, s.Time = e.Seq, e.Time
	if err := s.apply(e); err != nil {
		return fmt.Errorf("event %d (%s): %w", e.Seq, e.Data.Type(), err)
	}
	return nil
}

// tick lets the run's own clock go on, unless only a person could go on or
// there was no engine.
func (s *State) tick(e event.Event) {
	if s.Seq == 0 || !s.Running() {
		return
	}
	if _, ok := e.Data.(event.EngineStarted); ok {
		return
	}
	s.Active += max(0, e.Time.Sub(s.Time))
}

// apply dispatches over the closed set of events.
func (s *State) apply(e event.Event) error {
	switch d := e.Data.(type) {
	case event.RunCreated:
		return s.runCreated(e, d)
	case event.EngineStarted:
		return s.engineStarted(e, d)
	case event.PeopleChanged:
		s.Attached = d.Attached
	case event.StopRequested:
		s.stopRequested(d)
	case event.RunEnded:
		s.Ended = &d
	case event.RunResumed:
		s.unpaused(e.Time) // who resumes a run wants it to go on
		s.Ended, s.Stop, s.ActiveFrom, s.StartedFrom = nil, nil, s.Active, s.Started
		maps.DeleteFunc(s.Warned, func(key string, _ float64) bool { return budget.OfRunItself(key) })
		s.forgive()
	case event.Problem:
		s.problem(e, d)
	case event.RunPublished:
		return s.published(d)
	case event.PhaseStarted, event.BarrierTimedOut, event.BarrierOpened, event.CheckEnded, event.CheckBlamed:
		return s.applyPhase(e)
	case event.TaskAccepted, event.TaskMerged, event.TaskConflicted, event.TaskSkipped, event.TaskRetried, event.TaskEdited,
		event.TaskReassigned, event.BoundaryAdded:
		return s.applyTask(e)
	case event.InsightShared, event.InsightConfirmed, event.InsightDelivered, event.MessageSent, event.MessageDelivered:
		return s.applyTalk(e)
	case event.QuestionAsked, event.QuestionAnswered, event.QuestionWithdrawn:
		return s.applyQuestion(e)
	case event.EffectRequested, event.EffectUnknown, event.EffectFailed:
		return s.applyEffect(e)
	case event.GuardJudged, event.AgentBreached:
		return s.applyGuard(e)
	case event.RunPaused, event.RunUnpaused, event.RunFrozen, event.RunThawed, event.QuotaHit, event.QuotaOver,
		event.BudgetWarned, event.AgentUsed, event.AgentDrifted, event.AgentChanged:
		return s.applyLimits(e)
	default:
		return s.applyAgent(e)
	}
	return nil
}

func (s *State) runCreated(e event.Event, d event.RunCreated) error {
	s.Created, s.Settings, s.BegunAt, s.Head = d, d.Settings, e.Time, d.Base
	s.Boundaries, s.Spent.Usage = d.Plan.Objective.Boundaries, d.Settings.Planning
	for i, ph := range d.Plan.Phases {
		p := &Phase{Index: i, Name: ph.Name, Status: PhasePending}
		for _, c := range ph.Checks {
			p.Checks = append(p.Checks, Check{Check: c})
		}
		for _, t := range ph.Tasks {
			if s.Tasks[t.ID] != nil {
				return fmt.Errorf("task %q is there twice", t.ID)
			}
			s.Tasks[t.ID] = &Task{Task: t, Phase: i, Status: TaskPending, Purpose: event.PurposeWork}
			s.TaskOrder = append(s.TaskOrder, t.ID)
			p.Tasks = append(p.Tasks, t.ID)
		}
		s.Phases = append(s.Phases, p)
	}
	if len(s.Phases) == 0 {
		return errors.New("the plan has no phases")
	}
	last := s.Phases[len(s.Phases)-1]
	for _, c := range d.Plan.Objective.SuccessCriteria {
		if c.Check != nil {
			last.Checks = append(last.Checks, Check{Check: *c.Check, Criterion: c.Text})
		}
	}
	return nil
}

func (s *State) engineStarted(e event.Event, d event.EngineStarted) error {
	if d.Epoch != s.Engine.Epoch+1 {
		return fmt.Errorf("epoch %d after %d", d.Epoch, s.Engine.Epoch)
	}
	s.Engine, s.EngineAt, s.Attached = d, e.Time, 0
	s.Pause.Frozen = nil // what stood still died with the last engine
	return nil
}

func (s *State) stopRequested(d event.StopRequested) {
	if d.Outcome == "" {
		d.Outcome = event.OutcomeStopped
	}
	if s.Stop != nil {
		d.Now = d.Now || s.Stop.Now
		d.By, d.Reason, d.Outcome = s.Stop.By, s.Stop.Reason, s.Stop.Outcome
	}
	s.Stop = &d
}

func (s *State) problem(e event.Event, d event.Problem) {
	s.Problems = append(s.Problems, ProblemAt{Problem: d, Time: e.Time})
	if n := len(s.Problems) - MaxProblems; n > 0 {
		s.Problems = append(s.Problems[:0], s.Problems[n:]...)
	}
}

func (s *State) published(d event.RunPublished) error {
	s.Published = &d
	return s.endEffect(d.Effect)
}

// forgive lets everything that failed be tried again: who resumes a run means
// that, and a stop makes checks fail that nothing is wrong with.
func (s *State) forgive() {
	for _, ef := range s.Effects {
		ef.Failures, ef.Final = 0, false
	}
	s.stuck = 0
}

// endEffect closes the effect that an event ends.
func (s *State) endEffect(key string) error {
	e, ok := s.Effects[key]
	if !ok {
		return fmt.Errorf("effect %q was not asked for", key)
	}
	if e.Stuck() {
		s.stuck--
	}
	delete(s.Effects, key)
	return nil
}

func (s *State) applyEffect(e event.Event) error {
	switch d := e.Data.(type) {
	case event.EffectRequested:
		if old, ok := s.Effects[d.Key]; ok {
			if old.Status != EffectFailed {
				return fmt.Errorf("effect %q is under way", d.Key)
			}
			if old.Stuck() {
				s.stuck--
			}
			old.Status, old.EffectRequested, old.Asked = EffectRequested, d, e.Seq
			return nil
		}
		s.Effects[d.Key] = &Effect{EffectRequested: d, Asked: e.Seq, Status: EffectRequested}
	case event.EffectUnknown:
		ef, ok := s.Effects[d.Key]
		if !ok || ef.Status == EffectFailed {
			return fmt.Errorf("effect %q is not under way", d.Key)
		}
		ef.Status, ef.Epoch, ef.Asked = EffectUnknown, d.Epoch, e.Seq
	case event.EffectFailed:
		ef, ok := s.Effects[d.Key]
		if !ok || ef.Status == EffectFailed {
			return fmt.Errorf("effect %q is not under way", d.Key)
		}
		ef.Status, ef.Error, ef.Final, ef.FailedAt = EffectFailed, d.Error, d.Final, e.Time
		ef.Failures++
		if ef.Stuck() {
			s.stuck++
		}
		s.problem(e, event.Problem{Source: string(ef.Kind), Text: d.Error, Agent: ef.Agent, Task: ef.Task})
		s.dropObsolete()
	}
	return nil
}
