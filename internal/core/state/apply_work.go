package state

import (
	"fmt"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

// Policy returns who resolves merge conflicts; a person unless the plan says.
func (s *State) Policy() objective.ConflictPolicy {
	if p := s.Created.Plan.OnConflict; p != "" {
		return p
	}
	return objective.ConflictHuman
}

func (s *State) phaseAt(i int) (*Phase, error) {
	if i < 0 || i >= len(s.Phases) {
		return nil, fmt.Errorf("no phase %d", i)
	}
	return s.Phases[i], nil
}

func (s *State) applyPhase(e event.Event) error {
	switch d := e.Data.(type) {
	case event.PhaseStarted:
		p, err := s.phaseAt(d.Phase)
		if err != nil {
			return err
		}
		if d.Phase != s.Phase || p.Status != PhasePending {
			return fmt.Errorf("phase %d is %s, the current one is %d", d.Phase, p.Status, s.Phase)
		}
		p.Status, p.Base, p.Begun, p.Clock = PhaseActive, d.Base, e.Time, s.Active
	case event.BarrierTimedOut:
		p, err := s.phaseAt(d.Phase)
		if err != nil {
			return err
		}
		p.TimedOut = true
		p.Partial = p.Partial || d.Policy == "partial"
	case event.BarrierOpened:
		return s.barrierOpened(e, d)
	case event.CheckEnded:
		c, err := s.check(d.Phase, d.Check)
		if err != nil {
			return err
		}
		if s.current(d.Phase, d.Commit) {
			if c.Last == nil || c.Last.Commit != d.Commit {
				c.Runs, c.Blame = 0, nil
			}
			c.Runs++
			c.Last = &d
		}
		return s.endEffect(d.Effect)
	case event.CheckBlamed:
		return s.blamed(d)
	}
	return nil
}

func (s *State) barrierOpened(e event.Event, d event.BarrierOpened) error {
	p, err := s.phaseAt(d.Phase)
	if err != nil {
		return err
	}
	if p.Status != PhaseActive {
		return fmt.Errorf("phase %d is %s", d.Phase, p.Status)
	}
	p.Status, p.OpenedAt, p.Opened = PhaseOpen, e.Time, &d
	s.Phase = d.Phase + 1
	s.dropObsolete()
	return s.endEffect(d.Effect)
}

// current reports whether what is found at a commit says something about the
// phase's barrier still.
func (s *State) current(phase int, commit string) bool {
	return commit == s.Head && phase == s.Phase
}

// dropObsolete forgets failed checks of a tree that is not the run's any more:
// nobody needs them, so nobody is asked about them.
func (s *State) dropObsolete() {
	for key, ef := range s.Effects {
		if (ef.Kind == event.EffectCheck || ef.Kind == event.EffectBlame) && !s.current(ef.Phase, ef.Commit) {
			s.dropEffects(key)
		}
	}
}

// dropProofs forgets what failed about a check that a person has decided on.
func (s *State) dropProofs(phase, check int) {
	for key, ef := range s.Effects {
		if (ef.Kind == event.EffectCheck || ef.Kind == event.EffectBlame) && ef.Phase == phase && ef.Check == check {
			s.dropEffects(key)
		}
	}
}

// check returns check i of the phase.
func (s *State) check(phase, i int) (*Check, error) {
	p, err := s.phaseAt(phase)
	if err != nil {
		return nil, err
	}
	if i < 0 || i >= len(p.Checks) {
		return nil, fmt.Errorf("no check %d in phase %d", i, phase)
	}
	return &p.Checks[i], nil
}

// blamed records who turned a check red and sends that task back for a fix.
func (s *State) blamed(d event.CheckBlamed) error {
	c, err := s.check(d.Phase, d.Check)
	if err != nil {
		return err
	}
	c.Blame = &d
	if d.Task != "" {
		t, ok := s.Tasks[d.Task]
		if !ok || t.Status != TaskMerged {
			return fmt.Errorf("task %q is not merged", d.Task)
		}
		c.Fixes++
		t.again(event.PurposeFix)
		t.FixCheck = d.Check
	}
	return s.endEffect(d.Effect)
}

// again makes the task want a new attempt, for a new purpose.
func (t *Task) again(purpose event.Purpose) {
	if purpose != event.PurposeWork || t.Purpose != purpose { // each fix, each conflict is another matter
		t.unplanned()
	}
	t.Status, t.Purpose, t.Tries, t.Agent, t.PreferOurs, t.Stubborn = TaskPending, purpose, 0, "", false, false
}

// anew gives up what the task has, for another attempt at its work.
func (t *Task) anew() {
	t.again(event.PurposeWork)
	t.unplanned()
	t.Accepted, t.Merged, t.Conflict, t.Skipped, t.Cleared = nil, nil, nil, nil, nil
}

func (s *State) applyTask(e event.Event) error {
	switch d := e.Data.(type) {
	case event.TaskAccepted:
		return s.taskAccepted(d)
	case event.TaskMerged:
		return s.taskMerged(d)
	case event.TaskConflicted:
		t, err := s.task(d.Task)
		if err != nil {
			return err
		}
		if s.Policy() == objective.ConflictAgent {
			t.again(event.PurposeResolve)
		} else {
			t.Status = TaskConflicted
		}
		t.Conflict = &d
		if ef, ok := s.Effects[d.Effect]; ok && ef.Prefer != "" {
			t.PreferOurs, t.Stubborn = false, true
		}
		return s.endEffect(d.Effect)
	case event.TaskSkipped:
		t, err := s.task(d.Task)
		if err != nil {
			return err
		}
		if t.Settled() {
			return fmt.Errorf("task %q is %s", d.Task, t.Status)
		}
		t.Status, t.Skipped, t.Agent = TaskSkipped, &d, ""
	case event.TaskRetried:
		t, err := s.task(d.Task)
		if err != nil {
			return err
		}
		t.anew()
	case event.TaskEdited:
		return s.taskEdited(d)
	case event.TaskReassigned:
		return s.reassigned(d)
	case event.BoundaryAdded:
		return s.addBoundary(d)
	}
	return nil
}

func (s *State) task(id string) (*Task, error) {
	if t, ok := s.Tasks[id]; ok {
		return t, nil
	}
	return nil, fmt.Errorf("no task %q", id)
}

func (s *State) taskAccepted(d event.TaskAccepted) error {
	t, err := s.task(d.Task)
	if err != nil {
		return err
	}
	a, ok := s.Agents[d.Agent]
	if !ok || a.Task != d.Task || a.Status != AgentCollected {
		return fmt.Errorf("agent %q has no result for task %q", d.Agent, d.Task)
	}
	if t.Status != TaskRunning || t.Agent != d.Agent {
		return fmt.Errorf("task %q is %s by agent %q", d.Task, t.Status, t.Agent)
	}
	a.Status, a.Accepted = AgentDecided, true
	s.QuotaStreak = 0 // the service works again
	t.Status, t.Accepted, t.Agent = TaskAccepted, &d, ""
	p := s.Phases[t.Phase]
	p.Queue = append(p.Queue, d.Task)
	return nil
}

func (s *State) taskMerged(d event.TaskMerged) error {
	t, err := s.task(d.Task)
	if err != nil {
		return err
	}
	if t.Status != TaskAccepted && t.Status != TaskConflicted || t.Accepted.Agent != d.Agent {
		return fmt.Errorf("task %q is %s, not accepted from %q", d.Task, t.Status, d.Agent)
	}
	if d.Onto != s.Head {
		return fmt.Errorf("merged onto %s, the tree is at %s", d.Onto, s.Head)
	}
	t.Status, t.Merged, t.Conflict, t.PreferOurs, t.Stubborn = TaskMerged, &d, nil, false, false
	s.Head = d.Commit
	s.dropObsolete()
	if d.Commit != d.Onto {
		p := s.Phases[t.Phase]
		p.Merges = append(p.Merges, d)
	}
	if d.Effect == "" {
		return nil
	}
	return s.endEffect(d.Effect)
}

func (s *State) taskEdited(d event.TaskEdited) error {
	t, err := s.task(d.Task)
	if err != nil {
		return err
	}
	if d.Title != nil {
		t.Title = *d.Title
	}
	if d.Prompt != nil {
		t.Prompt = *d.Prompt
	}
	if d.Scope != nil {
		t.Scope = *d.Scope
	}
	if d.Role != nil {
		t.Role = *d.Role
	}
	if t.Plan.Approved() { // for what the task was; the attempt at work goes by it to its end
		t.unplanned()
	}
	return nil
}
