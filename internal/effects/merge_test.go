package effects

import (
	"strings"
	"testing"

	"popkit/internal/core/event"
	"popkit/internal/engine"
)

// TestConflict: it is told, with the files; first wins takes the tree's side, a
// resolver's result is merged as such.
func TestConflict(t *testing.T) {
	w := newWorld(t, "f", "old\n", "g", "g\n")
	one := w.merges("one", w.base, w.base, "echo one > f")
	two := w.works("two", w.base, "echo two > f; echo two > new")
	o := order(event.EffectMerge, "two", w.base)
	o.Commit, o.Onto = two.Commit, one.Commit
	if c := want[event.TaskConflicted](w, o); c.Task != "two" || len(c.Files) != 1 || c.Files[0] != "f" || c.Onto != one.Commit {
		t.Errorf("%+v", c)
	}
	if head := w.git("rev-parse", "refs/popkit/01RUN/head"); head != one.Commit {
		t.Errorf("a conflict moved the head to %s", head)
	}
	o.Prefer = "ours"
	first := want[event.TaskMerged](w, o)
	if first.Resolved != "first_wins" || w.show(first.Commit, "f") != "one" || w.show(first.Commit, "new") != "two" {
		t.Errorf("%+v: f is %q", first, w.show(first.Commit, "f"))
	}
	r := order(event.EffectPrepare, "two", one.Commit)
	r.Agent, r.Request.Agent, r.Request.Attempt = "resolver-1", "resolver-1", 2
	r.Request.Purpose, r.Request.Merge = event.PurposeResolve, two.Commit
	r.Workspace = want[event.AgentPrepared](w, r).Workspace
	r.Kind, r.Request.Runtime = event.EffectRun, "exec:grep -q '<<<<<<<' f"
	if exit := want[event.AgentExited](w, r); exit.Code != 0 {
		t.Errorf("the resolver saw no conflict: %+v", exit)
	}
	r.Kind = event.EffectCollect
	if left := want[event.AgentCollected](w, r); len(left.Unresolved) != 1 {
		t.Errorf("markers are taken for a resolution: %+v", left)
	}
	r.Kind, r.Request.Runtime = event.EffectRun, "exec:printf 'one\\ntwo\\n' > f"
	want[event.AgentExited](w, r)
	r.Kind = event.EffectCollect
	left := want[event.AgentCollected](w, r)
	if len(left.Unresolved) != 0 {
		t.Errorf("unresolved: %v", left.Unresolved)
	}
	r.Kind, r.Commit, r.Onto = event.EffectMerge, left.Commit, one.Commit
	merged := want[event.TaskMerged](w, r)
	if merged.Resolved != "agent" || w.show(merged.Commit, "f") != "one\ntwo" || w.show(merged.Commit, "new") != "two" {
		t.Errorf("%+v", merged)
	}
}

// TestFinish: the branch where it can be, else a ref and a note that says why.
func TestFinish(t *testing.T) {
	for name, c := range map[string]struct {
		before func(w *world, merged string)
		note   string
	}{
		"plain":              {func(*world, string) {}, ""},
		"there already":      {func(w *world, merged string) { w.git("branch", "popkit/01RUN", merged) }, ""},
		"behind":             {func(w *world, _ string) { w.git("branch", "popkit/01RUN", w.base) }, ""},
		"checked out":        {func(w *world, _ string) { w.git("checkout", "-q", "-b", "popkit/01RUN") }, "is checked out"},
		"work of a person's": {func(w *world, _ string) { w.commitOn("popkit/01RUN") }, "has commits that the result has not"},
		"branch popkit":      {func(w *world, _ string) { w.git("branch", "popkit") }, "a branch called popkit is in the way"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			m := w.merges("a", w.base, w.base, "echo a > a")
			c.before(w, m.Commit)
			before := w.git("status", "--porcelain", "--branch")
			d := want[event.RunPublished](w, engine.Order{EffectRequested: event.EffectRequested{Kind: event.EffectFinish, Commit: m.Commit}, Branch: "popkit/01RUN"})
			if c.note == "" {
				if got := w.git("rev-parse", "refs/heads/popkit/01RUN"); d.Note != "" || got != m.Commit {
					t.Errorf("note %q, branch %s", d.Note, got)
				}
				return
			}
			if !strings.Contains(d.Note, c.note) || !strings.Contains(d.Note, "git merge refs/popkit/01RUN/result") {
				t.Errorf("note %q", d.Note)
			}
			if got := w.git("rev-parse", "refs/popkit/01RUN/result"); got != m.Commit {
				t.Errorf("the result is %s", got)
			}
			if after := w.git("status", "--porcelain", "--branch"); after != before {
				t.Errorf("the checkout was %q, is %q", before, after)
			}
		})
	}
}

// commitOn makes a commit on a branch that is not checked out.
func (w *world) commitOn(branch string) {
	w.t.Helper()
	commit := w.git("commit-tree", "-p", w.base, "-m", "a person's", w.base+"^{tree}")
	w.git("branch", branch, commit)
}
