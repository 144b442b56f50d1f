package engine

import (
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
)

// Order is an effect with all that its adapter needs to know, copied from the
// state when it was asked for. Fields that the kind does not need are zero.
type Order struct {
	event.EffectRequested
	// Unknown: an earlier engine died while this was under way; it may have
	// happened, in part or in whole.
	Unknown bool

	Run       string
	RunBase   string // the run's base commit
	BaseRef   string
	Branch    string
	PhaseName string

	Request   event.AgentRequested // prepare, run, collect, release, merge
	Workspace string
	Process   event.AgentStarted // run, when Unknown
	Def       objective.Task     // the task as it is now
	Report    *event.Report      // collect: what the agent reported
	Work      *event.AgentCollected
	Accepted  *event.TaskAccepted // merge
	Spec      objective.Check     // check, blame
	Criterion string
	Last      *event.CheckEnded // blame: the red result
	Merged    []MergedWork      // blame: what was merged in this phase, in order
}

// MergedWork is a merge of the phase: the task and the commit it made.
type MergedWork struct {
	Task, Agent, Commit string
	Files               []string
}

// order copies what the effect needs out of the state.
func order(s *state.State, e event.EffectRequested, unknown bool) Order {
	o := Order{
		EffectRequested: e, Unknown: unknown, Run: s.Created.Run, RunBase: s.Created.Base,
		BaseRef: s.Created.BaseRef, Branch: s.Created.Branch,
	}
	if e.Phase < len(s.Phases) {
		o.PhaseName = s.Phases[e.Phase].Name
	}
	if a := s.Agents[e.Agent]; a != nil {
		o.Request, o.Workspace, o.Process, o.Report, o.Work = a.AgentRequested, a.Workspace, a.Process, a.Report, a.Work
	}
	if t := s.Tasks[e.Task]; t != nil {
		o.Def, o.Accepted = t.Task, t.Accepted
	}
	if e.Kind != event.EffectCheck && e.Kind != event.EffectBlame {
		return o
	}
	p := s.Phases[e.Phase]
	c := p.Checks[e.Check]
	o.Spec, o.Criterion, o.Last = c.Check, c.Criterion, c.Last
	if o.Spec.Timeout == 0 {
		o.Spec.Timeout = objective.Duration(s.Settings.CheckTimeout)
	}
	for _, id := range p.Tasks {
		if t := s.Tasks[id]; t.Merged != nil && t.Merged.Commit != t.Merged.Onto {
			o.Merged = append(o.Merged, MergedWork{Task: id, Agent: t.Merged.Agent, Commit: t.Merged.Commit, Files: t.Accepted.Files})
		}
	}
	return o
}
