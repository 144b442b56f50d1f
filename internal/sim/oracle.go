package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/eventlog/memlog"
)

// oracle judges a run by its log alone: it folds each event into a state of its
// own, asks that for its invariants, and keeps books from the bare events that
// share no code with the state.
type oracle struct {
	s      *sim
	state  *state.State
	events []event.Event

	effects   map[string]bool // asked for and not ended; false: failed
	kinds     map[string]event.EffectKind
	delivered map[string]map[string]bool // agent → insights given to it
	authors   map[string]string          // insight → who shared it
	accepted  map[string]string          // task → the agent accepted in this round
	running   map[string]bool            // agents whose process is asked for and not gone
	opened    map[int]bool
	head      string
	passed    map[string]bool // check at commit
	waived    map[string]bool // check of a phase
	asked     map[string]event.QuestionAsked
	edited    map[string]bool // tasks whose scope a person changed
	audits    audits
	ended     bool
	bounds    bounds
	verdicts  *verdicts
	approvals approvals
}

func newOracle(s *sim) *oracle {
	return &oracle{
		s: s, state: state.New(), effects: map[string]bool{}, kinds: map[string]event.EffectKind{},
		delivered: map[string]map[string]bool{}, authors: map[string]string{}, accepted: map[string]string{},
		running: map[string]bool{}, opened: map[int]bool{}, passed: map[string]bool{}, waived: map[string]bool{},
		bounds: bounds{asked: map[string]bool{}}, asked: map[string]event.QuestionAsked{}, edited: map[string]bool{}, head: s.Created.Base, audits: newAudits(),
		verdicts: newVerdicts(), approvals: newApprovals(),
	}
}

// catchUp judges the events that landed since the last call.
func (o *oracle) catchUp() {
	for e, err := range o.s.store.OpenReader().Read(o.s.ctx, o.state.Seq+1) {
		if err != nil {
			o.s.fail("read the log: %v", err)
			return
		}
		o.s.tracef("%s", e)
		if err := o.see(e); err != nil {
			o.s.fail("event %s: %v", e, err)
			return
		}
	}
}

func (o *oracle) see(e event.Event) error {
	if e.Time.Before(o.state.Time) {
		return fmt.Errorf("time goes back")
	}
	if err := o.state.Apply(e); err != nil {
		return err
	}
	o.events = append(o.events, e)
	for _, judge := range []func(event.Event) error{o.effect, o.work, o.bounded, o.findings, o.barrier, o.talk, o.guard, o.planned, o.question} {
		if err := judge(e); err != nil {
			return err
		}
	}
	if err := o.slots(); err != nil {
		return err
	}
	return o.state.Check()
}

// effect keeps the book of effects: each end needs its request, and none is
// asked for twice.
func (o *oracle) effect(e event.Event) error {
	switch d := e.Data.(type) {
	case event.EffectRequested:
		if o.ended {
			return fmt.Errorf("an effect is asked for after the run's end")
		}
		if o.effects[d.Key] {
			return fmt.Errorf("it is under way already")
		}
		o.effects[d.Key], o.kinds[d.Key] = true, d.Kind
		if d.Kind == event.EffectRun {
			o.running[d.Agent] = true
		}
		return nil
	case event.EffectUnknown:
		return o.open(d.Key)
	case event.EffectFailed:
		if err := o.open(d.Key); err != nil {
			return err
		}
		o.effects[d.Key] = false
		if o.kinds[d.Key] == event.EffectRun {
			delete(o.running, d.Key[len("run:"):])
		}
		return nil
	case event.RunEnded:
		if o.ended = true; len(o.running) > 0 {
			return fmt.Errorf("agents run on: %v", o.running)
		}
	case event.RunResumed:
		o.ended = false
	case event.AgentStarted:
		return o.open(d.Effect)
	case event.AgentResumed:
		return o.open(d.Effect)
	case event.AgentSeen:
		return o.open(d.Effect)
	case event.AgentChanged:
		return o.open(d.Effect)
	}
	if key := ended(e.Data); key != "" {
		if err := o.open(key); err != nil {
			return err
		}
		delete(o.effects, key)
	}
	return nil
}

func (o *oracle) open(key string) error {
	if !o.effects[key] {
		return fmt.Errorf("effect %q is not under way", key)
	}
	return nil
}

// ended returns the key of the effect that the event ends, "" for none.
func ended(d event.Data) string {
	switch d := d.(type) {
	case event.AgentPrepared:
		return d.Effect
	case event.AgentExited:
		return d.Effect
	case event.AgentCollected:
		return d.Effect
	case event.AgentTrimmed:
		return d.Effect
	case event.AgentReleased:
		return d.Effect
	case event.TaskMerged:
		return d.Effect
	case event.TaskConflicted:
		return d.Effect
	case event.CheckEnded:
		return d.Effect
	case event.CheckBlamed:
		return d.Effect
	case event.BarrierOpened:
		return d.Effect
	case event.RunPublished:
		return d.Effect
	case event.RunFrozen:
		return d.Effect
	case event.RunThawed:
		return d.Effect
	}
	return ""
}

// work keeps the book of results: one accepted for each task and round, merges
// in a chain.
func (o *oracle) work(e event.Event) error {
	switch d := e.Data.(type) {
	case event.AgentExited:
		delete(o.running, d.Agent)
	case event.TaskEdited:
		o.edited[d.Task] = o.edited[d.Task] || d.Scope != nil
	case event.TaskAccepted:
		if a := o.accepted[d.Task]; a != "" {
			return fmt.Errorf("the task has the result of %s", a)
		}
		o.accepted[d.Task] = d.Agent
	case event.TaskConflicted:
		delete(o.accepted, d.Task)
	case event.TaskRetried:
		delete(o.accepted, d.Task)
	case event.TaskReassigned:
		delete(o.accepted, d.Task)
	case event.BoundaryAdded:
		o.edited[d.Task] = true
	case event.CheckBlamed:
		delete(o.accepted, d.Task)
	case event.QuestionAnswered:
		if q := o.asked[d.ID]; q.Kind == event.AskConflict && d.Answer != state.AnswerFirstWins {
			delete(o.accepted, q.Task)
		}
		if q := o.asked[d.ID]; reassigned(q, d.Answer) {
			delete(o.accepted, q.Task)
		} else if q.Kind == event.AskDrift && d.Answer == state.AnswerWiden {
			o.edited[q.Task] = true
		}
	case event.TaskMerged:
		if d.Onto != o.head {
			return fmt.Errorf("the tree is at %s", o.head)
		}
		o.head = d.Commit
	}
	return nil
}

// barrier says whether a barrier was right to open: once, all work settled and
// merged, every check green at the very commit or waived by somebody.
func (o *oracle) barrier(e event.Event) error {
	switch d := e.Data.(type) {
	case event.CheckEnded:
		o.passed[checkKey(d.Phase, d.Check, d.Commit)] = d.Status == event.CheckPassed
	case event.QuestionAnswered:
		if q := o.asked[d.ID]; q.Kind == event.AskCheck && d.Answer == state.AnswerWaive {
			o.waived[fmt.Sprint(q.Phase, " ", q.Subject)] = true
		}
	case event.BarrierOpened:
		if o.opened[d.Phase] || d.Phase > 0 && !o.opened[d.Phase-1] {
			return fmt.Errorf("barriers open once, and in order")
		}
		o.opened[d.Phase] = true
		if d.Commit != o.head {
			return fmt.Errorf("the tree is at %s", o.head)
		}
		return o.verified(d)
	}
	return nil
}

func checkKey(phase, check int, commit string) string {
	return fmt.Sprint(phase, " ", check, " ", commit)
}

func (o *oracle) verified(d event.BarrierOpened) error {
	p := o.state.Phases[d.Phase]
	for _, id := range p.Tasks {
		if !o.state.Tasks[id].Settled() {
			return fmt.Errorf("task %s is %s", id, o.state.Tasks[id].Status)
		}
	}
	if !o.s.Created.Settings.PhaseAware {
		return nil
	}
	for i := range p.Checks {
		if !o.passed[checkKey(d.Phase, i, d.Commit)] && !o.waived[fmt.Sprint(d.Phase, " ", i)] {
			return fmt.Errorf("check %d is neither green at %s nor waived", i, d.Commit)
		}
	}
	return nil
}

// talk keeps the book of deliveries.
func (o *oracle) talk(e event.Event) error {
	switch d := e.Data.(type) {
	case event.InsightShared:
		o.authors[d.ID] = d.Agent
	case event.AgentRequested:
		return o.deliver(d.Agent, d.Insights)
	case event.InsightDelivered:
		if n := o.s.Created.Settings.MaxInsightsPerPull; len(d.IDs) > n {
			return fmt.Errorf("%d insights at once, at most %d", len(d.IDs), n)
		}
		return o.deliver(d.Agent, d.IDs)
	}
	return nil
}

func (o *oracle) deliver(agent string, ids []string) error {
	if o.delivered[agent] == nil {
		o.delivered[agent] = map[string]bool{}
	}
	for _, id := range ids {
		if o.delivered[agent][id] || o.authors[id] == agent {
			return fmt.Errorf("%s has insight %s already", agent, id)
		}
		o.delivered[agent][id] = true
	}
	return nil
}

func (o *oracle) question(e event.Event) error {
	switch d := e.Data.(type) {
	case event.QuestionAsked:
		o.asked[d.ID] = d
	case event.QuestionAnswered:
		if _, ok := o.asked[d.ID]; !ok {
			return fmt.Errorf("it was not asked")
		}
		delete(o.asked, d.ID)
	case event.QuestionWithdrawn:
		// A plan's goes with another plan, or with what a person wants of the task instead.
		if q := o.asked[d.ID]; q.Kind.Waited() && q.Kind != event.AskPlan && o.s.world.procs[q.Agent] != nil {
			return fmt.Errorf("agent %s waits for the answer", q.Agent)
		}
		delete(o.asked, d.ID)
	}
	return nil
}

// slots says whether no more agents run than may, and no two of them hold
// leases on the same paths.
func (o *oracle) slots() error {
	if n := o.s.maxProcs(); len(o.running) > n {
		return fmt.Errorf("%d agents run, %d may: %v", len(o.running), n, o.running)
	}
	var held []objective.Task
	for _, id := range o.state.TaskOrder {
		t := o.state.Tasks[id]
		if t.Status == state.TaskRunning && t.Overlap != objective.OverlapAllow && !t.NoCode && o.running[t.Agent] {
			held = append(held, t.Task)
		}
	}
	for i, a := range held {
		for _, b := range held[:i] {
			if overlap(a.Scope, b.Scope) && !o.editedScope(a.ID) && !o.editedScope(b.ID) {
				return fmt.Errorf("tasks %s and %s work on the same paths", a.ID, b.ID)
			}
		}
	}
	return nil
}

// overlap is exact for the scopes that plans of the simulation have.
func overlap(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	return slices.Contains(a, "src/**") || slices.Contains(b, "src/**") || slices.Equal(a, b)
}

// editedScope reports whether a person changed the task's scope while it was
// under way: the lease is granted at dispatch.
func (o *oracle) editedScope(task string) bool { return o.edited[task] }

// compare says whether the engine's state is what its log folds to.
func (o *oracle) compare(live *state.State) {
	if o.s.Tamper != nil {
		return // it is meant to differ
	}
	if a, b := digest(live), digest(o.state); a != b {
		o.s.fail("the engine's state is not what its log folds to:\n%s\n%s", a, b)
	}
}

// digest is what a state says of phases, tasks, agents, effects and time.
func digest(s *state.State) string {
	agents := map[string]string{}
	for id, a := range s.Agents {
		agents[id] = fmt.Sprint(a.Status, a.Tools, a.CheckIns, a.Questions, a.Waited, a.LastSeen.UnixNano(), len(a.Seen), a.Inbox, len(a.Needs))
	}
	b, err := json.Marshal([]any{
		s.Seq, s.Time, s.Phases, s.Tasks, agents, s.Effects, s.Open, s.Live, s.Active, s.Head, s.Stop, s.Ended, s.Insights.Len(),
	})
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// atRest judges the world when an engine's life ended in order.
func (o *oracle) atRest() {
	w := o.s.world
	if len(w.procs) > 0 {
		o.s.fail("the run has ended, but %d agents run", len(w.procs))
	}
	if o.state.Ended.Outcome != event.OutcomeDone {
		return
	}
	if len(w.spaces) > 0 {
		o.s.fail("the run is done, but %d workspaces are left", len(w.spaces))
	}
	if o.state.Published == nil || o.state.Published.Commit != o.head {
		o.s.fail("the run is done, but its tree %s is not published", o.head)
	}
	final := w.tree(o.head)
	for _, id := range o.state.TaskOrder {
		t := o.state.Tasks[id]
		if !t.Settled() {
			o.s.fail("the run is done, but task %s is %s", id, t.Status)
		}
		if t.Status == state.TaskMerged && t.Accepted.Commit != o.state.Agents[t.Accepted.Agent].Base && final["src/"+id+"/work"] == "" && !o.audits.dropped["src/"+id+"/work"] {
			o.s.fail("the work of task %s is not in the result", id)
		}
	}
	for f, c := range final {
		if len(c) >= len(conflictMark) && c[:len(conflictMark)] == conflictMark {
			o.s.fail("conflict markers in %s of the result", f)
		}
	}
}

// readOnce is a log whose events the oracle decoded already: an engine that
// starts folds them without decoding them again. Events are never changed, so
// they can be shared.
type readOnce struct {
	*memlog.Log
	o *oracle
}

// Read is eventlog.Log's.
func (l readOnce) Read(ctx context.Context, from int64) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		for ; from >= 1 && from <= int64(len(l.o.events)); from++ {
			if !yield(l.o.events[from-1], nil) {
				return
			}
		}
		for e, err := range l.Log.Read(ctx, from) {
			if !yield(e, err) {
				return
			}
		}
	}
}
