package engine

import (
	"time"

	"popkit/internal/core/approval"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
)

// Order is an effect with all that its adapter needs to know, copied from the
// state when it was asked for. Fields that the kind does not need are zero.
type Order struct {
	event.EffectRequested
	Asked int64 // number of the event that asks for it, for decide.EffectEnded
	// Unknown: an earlier engine died while this was under way; it may have
	// happened, in part or in whole.
	Unknown bool

	Run       string
	RunBase   string // the run's base commit
	BaseRef   string
	Branch    string
	PhaseName string

	Request   event.AgentRequested // prepare, run, collect, release, merge
	Role      event.Role           // what the attempt works with; PlanRequired: it has to present a plan
	Workspace string
	Process   event.AgentStarted // run, when Unknown
	Heartbeat time.Duration      // run: how often to look for a sign of life; 0 = never
	Watched   bool               // run: what it changes is looked at, too
	Def       objective.Task     // the task as it is now
	Report    *event.Report      // collect: what the agent reported
	Work      *event.AgentCollected
	Whole     *event.AgentCollected // release: its work before files were left out of it
	Bounds    objective.Bounds      // collect, trim: where its work has to stay
	// AuditRules, Sensitive (globs), BulkFiles: collect, trim.
	AuditRules event.AuditRules
	Sensitive  []string
	BulkFiles  int
	Accepted   *event.TaskAccepted // merge
	Spec       objective.Check     // check, blame
	Criterion  string
	Last       *event.CheckEnded // blame: the red result
	Merged     []MergedWork      // blame: what was merged in this phase, in order
	Ahead      Ahead             // run: what is worth having before it is asked for
}

// Ahead counts checkouts that will be wanted when somebody waits for them.
type Ahead struct {
	Workspaces int // of the next agents, of this phase or after it
	Checks     int // at once, of this phase
}

// MergedWork is a merge of the phase: the task and the commit it made.
type MergedWork struct {
	Task, Agent, Commit string
	Files               []string
}

// Action is something that appended events ask to be done outside: an effect to
// carry out, or the end of an agent.
type Action struct {
	Order *Order
	Stop  *event.AgentStopRequested
}

// Actions returns what the events ask for, in their order. They must be in the
// log, and s the state after them.
func Actions(s *state.State, events []event.Event) []Action {
	var out []Action
	for _, ev := range events {
		switch d := ev.Data.(type) {
		case event.EffectRequested:
			o := order(s, d, false)
			o.Asked = ev.Seq
			out = append(out, Action{Order: &o})
		case event.EffectUnknown:
			if ef := s.Effects[d.Key]; ef != nil {
				o := order(s, ef.EffectRequested, true)
				o.Asked = ev.Seq
				out = append(out, Action{Order: &o})
			}
		case event.AgentStopRequested:
			out = append(out, Action{Stop: &d})
		}
	}
	return out
}

// order copies what the effect needs out of the state.
func order(s *state.State, e event.EffectRequested, unknown bool) Order {
	o := Order{
		EffectRequested: e, Unknown: unknown, Run: s.Created.Run, RunBase: s.Created.Base,
		BaseRef: s.Created.BaseRef, Branch: s.Created.Branch, Heartbeat: s.Settings.Heartbeat, Watched: s.Settings.DriftDetection,
	}
	if e.Phase < len(s.Phases) {
		o.PhaseName = s.Phases[e.Phase].Name
	}
	if a := s.Agents[e.Agent]; a != nil {
		o.Request, o.Workspace, o.Process, o.Report, o.Work, o.Whole = a.AgentRequested, a.Workspace, a.Process, a.Report, a.Work, a.Whole
		o.Role = s.Settings.RoleOf(a.Role)
		o.Role.PlanRequired = approval.Required(s, a)
		spec := decide.Spec(s)
		o.Bounds, o.AuditRules, o.Sensitive, o.BulkFiles = decide.BoundsOf(s, a), s.Settings.Audit, spec.SensitivePaths, spec.BulkFiles
	}
	if t := s.Tasks[e.Task]; t != nil {
		o.Def, o.Accepted = t.Task, t.Accepted
	}
	if e.Kind == event.EffectRun {
		o.Ahead = ahead(s)
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
	for _, m := range p.Merges {
		w := MergedWork{Task: m.Task, Agent: m.Agent, Commit: m.Commit}
		if a := s.Agents[m.Agent]; a != nil && a.Work != nil {
			w.Files = a.Work.Files
		}
		o.Merged = append(o.Merged, w)
	}
	return o
}

func ahead(s *state.State) (a Ahead) {
	p := s.Current()
	if p == nil {
		return a
	}
	n := 0
	for _, id := range p.Tasks {
		if s.Tasks[id].Status == state.TaskPending {
			n++
		}
	}
	if next := p.Index + 1; next < len(s.Phases) {
		n += len(s.Phases[next].Tasks)
	}
	slots := max(1, s.Settings.MaxAgents)
	if s.Settings.Sequential {
		slots = 1
	}
	a.Workspaces = min(n, slots)
	if s.Settings.PhaseAware {
		a.Checks = min(len(p.Checks), 1)
	}
	return a
}
