package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/engine"
)

// world is what lies outside: it outlives the engines. What it did under a key
// it does not do again: it answers with what came of it, as adapters have to.
type world struct {
	s        *sim
	git      *git
	spaces   map[string]*space
	procs    map[string]*proc
	kept     map[string]string     // agent → the commit that holds its work
	done     map[string]event.Data // merges, by key and commit
	barriers map[int]string
	failing  map[string]int       // how often an effect still fails, by key
	ends     []decide.EffectEnded // handed in, to be repeated by lot
	finished map[string]int       // attempts at a task that ended by themselves
	frozen   bool                 // no process goes on
}

// space is a workspace.
type space struct {
	base string
	tree tree
}

func newWorld(s *sim) *world {
	w := &world{
		s: s, git: newGit(), spaces: map[string]*space{}, procs: map[string]*proc{}, kept: map[string]string{},
		done: map[string]event.Data{}, barriers: map[int]string{}, failing: map[string]int{}, finished: map[string]int{},
	}
	w.git.trees[s.Created.Base] = tree{"README": "hello\n"}
	return w
}

// do carries an order out: some time later it happens, and some time after that
// the engine is told.
func (w *world) do(o engine.Order) {
	if o.Kind == event.EffectRun && !o.Unknown && !w.fails(o.Key) {
		w.start(o)
		return
	}
	life := w.s.life
	it := w.s.after(w.s.between(time.Millisecond, 2*time.Second), life, func() {
		w.report(o.Asked, w.act(o), w.s.between(0, time.Second), life)
	})
	it.what = whatAct
	if slices.Contains([]event.EffectKind{event.EffectCheck, event.EffectBlame, event.EffectPrepare}, o.Kind) {
		it.cancel = func() { w.report(o.Asked, event.EffectFailed{Key: o.Key, Error: "cancelled"}, time.Millisecond, life) }
	}
}

// report hands in how an effect ended, by lot twice.
func (w *world) report(asked int64, end event.Data, d time.Duration, life int) {
	in := decide.EffectEnded{Data: end, Asked: asked}
	tell := func() { w.s.submit(in, nil) }
	w.s.after(d, life, tell).what = whatEnd
	w.ends = append(w.ends, in)
	if w.s.chance(w.s.Odds.Twice) {
		w.s.after(d+w.s.between(0, time.Minute), 0, tell)
	}
}

// fails says whether the effect fails this time; it does a few times, by lot.
func (w *world) fails(key string) bool {
	left, known := w.failing[key]
	if !known {
		if w.s.chance(w.s.Odds.Effect) {
			left = 1 + w.s.rng.IntN(2*state.MaxEffectFailures)
		}
		w.failing[key] = left
	}
	if left == 0 || w.s.inCalm() {
		return false
	}
	w.failing[key]--
	return true
}

// act makes an effect happen and returns the event that ends it.
func (w *world) act(o engine.Order) event.Data {
	if w.fails(o.Key) {
		return event.EffectFailed{Key: o.Key, Error: errDiskFull.Error(), Final: w.s.chance(w.s.Odds.Final)}
	}
	switch o.Kind {
	case event.EffectPrepare:
		return w.prepare(o)
	case event.EffectRun:
		return event.AgentExited{Effect: o.Key, Agent: o.Agent, Reason: event.ExitInterrupted, Code: -1}
	case event.EffectCollect:
		return w.collect(o)
	case event.EffectTrim:
		return w.trim(o)
	case event.EffectRelease:
		if w.procs[o.Agent] != nil {
			w.s.fail("the workspace of %s is removed while it runs", o.Agent)
		}
		delete(w.spaces, o.Agent)
		return event.AgentReleased{Effect: o.Key, Agent: o.Agent}
	case event.EffectMerge:
		return w.merge(o)
	case event.EffectCheck:
		return w.check(o)
	case event.EffectBlame:
		return w.blame(o)
	case event.EffectPublish:
		if old, ok := w.barriers[o.Phase]; ok && old != o.Commit {
			w.s.fail("barrier %d is published at %s and at %s", o.Phase, old, o.Commit)
		}
		w.barriers[o.Phase] = o.Commit
		return event.BarrierOpened{Effect: o.Key, Phase: o.Phase, Commit: o.Commit, Ref: fmt.Sprintf("refs/barrier/%d", o.Phase)}
	case event.EffectFreeze:
		return w.freeze(o)
	case event.EffectThaw:
		return w.thaw(o)
	case event.EffectFinish:
		return event.RunPublished{Effect: o.Key, Branch: o.Branch, Commit: o.Commit}
	}
	w.s.fail("an effect of unknown kind: %+v", o.EffectRequested)
	return event.EffectFailed{Key: o.Key, Error: "unknown kind", Final: true}
}

func (w *world) tree(commit string) tree {
	t, ok := w.git.trees[commit]
	if !ok {
		w.s.fail("there is no commit %q", commit)
	}
	return t
}

func (w *world) prepare(o engine.Order) event.Data {
	r := o.Request
	base := w.tree(r.Base)
	sp := &space{base: r.Base, tree: maps.Clone(base)}
	if r.Merge != "" {
		// What both sides began from is what the work to be resolved was based on.
		sp.tree, _ = merge(w.tree(w.baseOf(r.Merge)), base, w.tree(r.Merge))
	}
	w.spaces[o.Agent] = sp
	return event.AgentPrepared{Effect: o.Key, Agent: o.Agent, Workspace: "/ws/" + o.Agent, Base: r.Base}
}

// baseOf returns the base of the workspace in which a commit was made.
func (w *world) baseOf(commit string) string {
	for agent, c := range w.kept {
		if c == commit {
			return w.s.oracle.state.Agents[agent].Base
		}
	}
	return w.s.Created.Base
}

func (w *world) collect(o engine.Order) event.Data {
	sp := w.spaces[o.Agent]
	if sp == nil {
		w.s.fail("the work of %s is collected, but it has no workspace", o.Agent)
		sp = &space{base: o.Request.Base, tree: tree{}}
	}
	files := changed(w.tree(sp.base), sp.tree)
	if w.kept[o.Agent] == "" {
		w.kept[o.Agent] = sp.base
		if len(files) > 0 {
			w.kept[o.Agent] = w.git.commit(sp.tree)
		}
	}
	end := event.AgentCollected{
		Effect: o.Key, Agent: o.Agent, Commit: w.kept[o.Agent], Files: files, Changed: len(files), Summary: "by its diff",
	}
	for _, f := range files {
		if strings.HasPrefix(sp.tree[f], conflictMark) {
			end.Unresolved = append(end.Unresolved, f)
		}
	}
	end.Audit = w.audit(o, w.tree(sp.base), sp.tree)
	return end
}

// taint is a line that the audit finds, followed by who wrote it.
const taint = "taint by "

// audit finds tainted files, and those outside of the scope, as long as they are
// not as in the work that is being resolved.
func (w *world) audit(o engine.Order, base, t tree) *event.Audit {
	a := &event.Audit{}
	accepted := tree{}
	if o.Request.Merge != "" {
		accepted = w.tree(o.Request.Merge)
	}
	add := func(rule, f string) {
		a.Blocking++
		if len(a.Findings) < 2 { // the rest is not listed
			a.Findings = append(a.Findings, event.Finding{Key: rule + f + t[f], Rule: rule, Path: f, Text: f + " breaks " + rule, Severity: event.SeverityBlock})
		}
	}
	for _, f := range changed(base, t) {
		if t[f] == accepted[f] {
			continue
		}
		if strings.Contains(t[f], taint) {
			add("taint", f)
		}
		for _, found := range objective.Audit([]string{f}, o.Bounds) {
			add(found.Rule, f)
		}
	}
	return a
}

// trim puts files back as they were.
func (w *world) trim(o engine.Order) event.Data {
	base, t := w.tree(o.Request.Base), maps.Clone(w.tree(o.Commit))
	end := event.AgentTrimmed{Effect: o.Key, Agent: o.Agent, Commit: o.Request.Base, Dropped: o.Files}
	for _, f := range o.Files {
		if _, was := base[f]; was {
			t[f] = base[f]
		} else {
			delete(t, f)
		}
	}
	end.Files = changed(base, t)
	end.Changed, end.Audit = len(end.Files), w.audit(o, base, t)
	if end.Changed == 0 {
		return end
	}
	if old := w.done[o.Key]; old != nil {
		return old
	}
	end.Commit = w.git.commit(t)
	w.done[o.Key] = end
	return end
}

func (w *world) merge(o engine.Order) event.Data {
	key := o.Key + " " + o.Onto
	if end := w.done[key]; end != nil {
		return end
	}
	merged, conflicts := merge(w.tree(o.Request.Base), w.tree(o.Onto), w.tree(o.Commit))
	end := event.TaskMerged{Effect: o.Key, Task: o.Task, Agent: o.Agent, Onto: o.Onto}
	if len(conflicts) > 0 && (o.Prefer == "" || w.s.chance(w.s.Odds.Stubborn)) {
		w.done[key] = event.TaskConflicted{Effect: o.Key, Task: o.Task, Agent: o.Agent, Onto: o.Onto, Files: conflicts}
		return w.done[key]
	}
	for _, f := range conflicts {
		merged[f], end.Resolved = w.tree(o.Onto)[f], "first_wins"
	}
	end.Commit = w.git.commit(merged)
	w.done[key] = end
	return end
}

// bugOf is the line that a check greps for.
func bugOf(run string) string { return strings.TrimPrefix(run, "no ") }

func (w *world) check(o engine.Order) event.Data {
	end := event.CheckEnded{
		Effect: o.Key, Phase: o.Phase, Check: o.Check, Commit: o.Commit, Status: event.CheckPassed, Duration: time.Second,
	}
	switch {
	case w.tree(o.Commit).holds(bugOf(o.Spec.Run)):
		end.Status, end.ExitCode, end.Reason, end.Output = event.CheckFailed, 1, "exit status 1", "found "+bugOf(o.Spec.Run)
	case w.s.chance(w.s.Odds.Flake):
		end.Status, end.ExitCode, end.Reason = event.CheckCouldNotRun, 127, "not found"
	}
	return end
}

func (w *world) blame(o engine.Order) event.Data {
	end := event.CheckBlamed{Effect: o.Key, Phase: o.Phase, Check: o.Check, Reason: "it fails at the phase's base"}
	bug := bugOf(o.Spec.Run)
	if w.tree(o.Onto).holds(bug) {
		return end
	}
	for _, m := range o.Merged {
		if w.tree(m.Commit).holds(bug) {
			end.Task, end.Reason = m.Task, "it fails since the merge of "+m.Task
			return end
		}
	}
	end.Reason = "it passes now"
	return end
}

// engineDied ends all processes: they do not outlive their engine.
func (w *world) engineDied() {
	w.frozen = false
	for _, p := range w.procs {
		p.gone = true
	}
	clear(w.procs)
}

// wake lets agents go on whose question was answered.
func (w *world) wake(st *state.State) {
	for _, agent := range slices.Sorted(maps.Keys(w.procs)) {
		p := w.procs[agent]
		if q := st.Questions[p.asked]; q != nil && !q.IsOpen() {
			p.asked = ""
			p.answered(q)
			w.s.after(time.Millisecond, p.life, p.next)
		}
	}
}

// stopAgent ends a process, after its tool call or at once. One that does not
// heed it is killed after the grace that runtimes give.
func (w *world) stopAgent(agent string, now bool) {
	p := w.procs[agent]
	if p == nil {
		return
	}
	d := 10 * time.Millisecond
	if !now {
		d = w.s.between(0, 10*time.Second)
	}
	w.s.after(d, p.life, func() { p.exit(event.AgentExited{Reason: event.ExitStopped, Code: -1}) })
}
