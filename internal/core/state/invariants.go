package state

import (
	"fmt"
	"slices"

	"popkit/internal/core/event"
)

// Check returns what is wrong with a state that can't be: nil after every event
// of every log that popkit writes, wherever the log is cut. It is for tests, the
// simulation and replay; nothing popkit does depends on it. It costs time in
// proportion to what lives: open effects, live agents, the tasks of the plan.
func (s *State) Check() error {
	if s.Seq == 0 {
		return nil
	}
	for _, check := range []func() error{
		s.checkPhases, s.checkTasks, s.checkLive, s.checkSlots, s.checkEffects, s.checkQuestions, s.checkEnd,
	} {
		if err := check(); err != nil {
			return fmt.Errorf("after event %d: %w", s.Seq, err)
		}
	}
	return nil
}

// checkPhases: phases before the current one are open, those after it are not
// begun; the phase's merges are a chain from its base to the run's tree.
func (s *State) checkPhases() error {
	for i, p := range s.Phases {
		switch {
		case i < s.Phase && p.Status != PhaseOpen, i > s.Phase && p.Status != PhasePending, i == s.Phase && p.Status == PhaseOpen:
			return fmt.Errorf("phase %d is %s, the current one is %d", i, p.Status, s.Phase)
		}
		if p.Status == PhasePending {
			continue
		}
		at := p.Base
		for _, m := range p.Merges {
			if m.Onto != at {
				return fmt.Errorf("phase %d: task %s is merged onto %s, the tree was at %s", i, m.Task, m.Onto, at)
			}
			at = m.Commit
		}
		if p.Opened != nil && p.Opened.Commit != at || i == s.Phase && s.Head != at {
			return fmt.Errorf("phase %d ends at %s, its merges at %s", i, s.Head, at)
		}
		if p.Opened != nil {
			if err := s.checkOpened(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkOpened: no barrier is open with unsettled or unverified work.
func (s *State) checkOpened(p *Phase) error {
	for _, id := range p.Tasks {
		if t := s.Tasks[id]; !t.Settled() {
			return fmt.Errorf("the barrier of phase %d is open, task %s is %s", p.Index, id, t.Status)
		}
	}
	if !s.Settings.PhaseAware {
		return nil
	}
	for i := range p.Checks {
		if !p.Checks[i].GreenAt(p.Opened.Commit) {
			return fmt.Errorf("the barrier of phase %d is open, check %q is not green at %s", p.Index, p.Checks[i].Run, p.Opened.Commit)
		}
	}
	return nil
}

// checkTasks: a task's status fits its attempt, its result and its question.
func (s *State) checkTasks() error {
	for _, id := range s.TaskOrder {
		t := s.Tasks[id]
		if err := s.checkTask(t); err != nil {
			return fmt.Errorf("task %s, %s: %w", id, t.Status, err)
		}
	}
	return nil
}

func (s *State) checkTask(t *Task) error {
	if (t.Status == TaskRunning) != (t.Agent != "") {
		return fmt.Errorf("its attempt is %q", t.Agent)
	}
	if t.Agent != "" {
		a := s.Agents[t.Agent]
		if a == nil || a.Task != t.ID || a.Status == AgentDecided || a.Status == AgentReleased || a.Attempt != t.Attempts {
			return fmt.Errorf("its attempt %s can't be that", t.Agent)
		}
	}
	switch t.Status {
	case TaskAccepted, TaskConflicted, TaskMerged:
		if t.Accepted == nil || !s.Agents[t.Accepted.Agent].Accepted {
			return fmt.Errorf("it has no accepted result")
		}
	case TaskSkipped:
		if t.Skipped == nil {
			return fmt.Errorf("nobody skipped it")
		}
	}
	if t.Status == TaskMerged && (t.Merged == nil || t.Merged.Agent != t.Accepted.Agent) ||
		t.Status == TaskConflicted && t.Conflict == nil {
		return fmt.Errorf("how it came to that is not known")
	}
	if t.Status != TaskPending && t.Status != TaskSkipped && s.Phases[t.Phase].Status == PhasePending {
		return fmt.Errorf("its phase has not begun")
	}
	if q := s.Questions[t.Question]; t.Question != "" && (q == nil || !q.IsOpen()) {
		return fmt.Errorf("it waits for the answer to %s, which is closed", t.Question)
	}
	return nil
}

// checkLive: each live agent has what its status says that it has, and those
// that are not live have nothing left.
func (s *State) checkLive() error {
	for _, id := range s.Live {
		a := s.Agents[id]
		if a == nil {
			return fmt.Errorf("agent %s lives and is not known", id)
		}
		var bad string
		switch a.Status {
		case AgentReleased:
			bad = "it lives on"
		case AgentRunning:
			if _, ok := s.Effects[RunKey(id)]; !ok {
				bad = "no effect runs it"
			}
		case AgentExited:
			if a.Exit == nil {
				bad = "how it ended is not known"
			}
		case AgentCollected:
			if a.Exit == nil || a.Work == nil {
				bad = "its work is not known"
			}
		case AgentDecided:
			if a.Accepted == (a.Rejected != nil) {
				bad = "it is both accepted and rejected, or neither"
			}
		}
		if a.Accepted && a.Breach != nil && a.Forgiven != AnswerAccept {
			bad = "its work is accepted, and it got around the guard"
		}
		if a.Accepted && s.Settings.RoleOf(a.Role).PlanRequired && !a.Plan.Approved() && a.Work.Changed > 0 && !s.Tasks[a.Task].NoCode {
			bad = "its work is accepted, and its plan was not approved"
		}
		if bad != "" {
			return fmt.Errorf("agent %s, %s: %s", id, a.Status, bad)
		}
	}
	if len(s.Order) != s.Started || len(s.Live) > len(s.Order) {
		return fmt.Errorf("%d agents were started, %d live, %d are known", s.Started, len(s.Live), len(s.Order))
	}
	return nil
}

// checkSlots: no more agents run than may; no two tasks at work hold leases that
// overlap, unless they may.
func (s *State) checkSlots() error {
	n, slots := 0, max(1, s.Settings.MaxAgents)
	if s.Settings.Sequential {
		slots = 1
	}
	for _, id := range s.Live {
		if s.Agents[id].Occupies(s) {
			n++
		}
	}
	if n > slots {
		return fmt.Errorf("%d agents hold slots, %d may", n, slots)
	}
	return nil
}

// checkEffects: the counts that Busy is made of, and each effect's subject.
func (s *State) checkEffects() error {
	stuck := 0
	for key, ef := range s.Effects {
		if ef.Stuck() {
			stuck++
		}
		if ef.Key != key || ef.Epoch > s.Engine.Epoch {
			return fmt.Errorf("effect %s is kept as %s, of epoch %d in %d", ef.Key, key, ef.Epoch, s.Engine.Epoch)
		}
		if ef.Agent != "" && s.Agents[ef.Agent] == nil || ef.Task != "" && s.Tasks[ef.Task] == nil {
			return fmt.Errorf("effect %s is for nobody", key)
		}
	}
	if stuck != s.stuck {
		return fmt.Errorf("%d effects are given up, %d are counted", stuck, s.stuck)
	}
	waiting := 0
	for _, id := range s.Live {
		if s.Agents[id].Question != "" {
			waiting++
		}
	}
	if waiting != s.waiting {
		return fmt.Errorf("%d agents wait for an answer, %d are counted", waiting, s.waiting)
	}
	return nil
}

// checkQuestions: the open ones are those without an answer, each once.
func (s *State) checkQuestions() error {
	for i, id := range s.Open {
		q := s.Questions[id]
		if q == nil || !q.IsOpen() || slices.Contains(s.Open[:i], id) {
			return fmt.Errorf("question %s is not open", id)
		}
		if q.Kind.Waited() && s.Agents[q.Agent] == nil {
			return fmt.Errorf("question %s is nobody's", id)
		}
	}
	for _, id := range s.Live {
		if q := s.Agents[id].Question; q != "" && !slices.Contains(s.Open, q) {
			return fmt.Errorf("agent %s waits for the answer to %s, which is closed", id, q)
		}
	}
	if s.Asked != len(s.Questions) {
		return fmt.Errorf("%d questions were asked, %d are known", s.Asked, len(s.Questions))
	}
	return nil
}

// checkEnd: no process outlives the run.
func (s *State) checkEnd() error {
	if s.Ended == nil {
		return nil
	}
	for _, id := range s.Live {
		if s.Agents[id].Status == AgentRunning {
			return fmt.Errorf("the run has ended, agent %s runs", id)
		}
	}
	for key, ef := range s.Effects {
		if ef.Status != EffectFailed {
			return fmt.Errorf("the run has ended, effect %s is under way", key)
		}
	}
	if s.Ended.Outcome == event.OutcomeDone && (s.Phase < len(s.Phases) || s.Published == nil || len(s.Live) > 0) {
		return fmt.Errorf("the run is done, its work is not")
	}
	return nil
}
