package workspace

import (
	"slices"
	"strings"
	"testing"
)

func TestCycle(t *testing.T) {
	w := newWorld(t, newRepo(t))
	a, b := w.prepare("a-1"), w.prepare("b-1")
	write(t, a, "a.txt", "one\ntwo\nthree\nfour\n")
	write(t, a, "new file.txt", "new\n")
	write(t, a, "x.log", "ignored")
	write(t, a, ".claude/popkit/insights.json", "{}")
	write(t, b, "src/b.txt", "changed\n")
	workA, workB := w.collect("a-1"), w.collect("b-1")
	if want := []string{"a.txt", "new file.txt"}; !slices.Equal(workA.Files, want) || workA.Added != 2 || workA.Removed != 0 || workA.Changed != 2 {
		t.Errorf("work of a: %+v, want files %v, 2 lines added", workA, want)
	}
	if got := w.git("rev-parse", "refs/popkit/R1/task-a-1.1"); got != workA.Commit || workA.Ref != "refs/popkit/R1/task-a-1.1" {
		t.Errorf("kept %s at %s, want %s", got, workA.Ref, workA.Commit)
	}
	body := w.git("log", "-1", "--format=%an <%ae>%n%B", workA.Commit)
	want := "Ada <ada@example.com>\nWork of a-1\n\nPopkit-Run: R1\nPopkit-Task: task-a-1\nPopkit-Agent: a-1\n"
	if body != want {
		t.Errorf("commit\n%q, want\n%q", body, want)
	}
	m1 := w.merge(w.base, workA, "a-1")
	m2 := w.merge(m1.Commit, workB, "b-1")
	if got := w.git("show", m2.Commit+":a.txt"); !strings.HasSuffix(got, "four") {
		t.Errorf("merged a.txt is %q", got)
	}
	if again := w.merge(m1.Commit, workB, "b-1"); again.Commit != m2.Commit {
		t.Errorf("merged again gives %s, want %s", again.Commit, m2.Commit)
	}
	infos, err := w.run.MergesBetween(w.ctx, w.base, m2.Commit)
	if err != nil {
		t.Fatal(err)
	}
	if want := []MergeInfo{{m1.Commit, "task-a-1", "a-1"}, {m2.Commit, "task-b-1", "b-1"}}; !slices.Equal(infos, want) {
		t.Errorf("merges %v, want %v", infos, want)
	}
	tree, give, err := w.run.CheckTree(w.ctx, m2.Commit)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, tree+"/src/b.txt"); got != "changed\n" {
		t.Errorf("check tree has %q", got)
	}
	give()
	if note, err := w.run.PublishBranch(w.ctx, "popkit/R1", m2.Commit); err != nil || note != "" {
		t.Errorf("publish: %q, %v", note, err)
	}
	for _, agent := range []string{"a-1", "b-1"} {
		if rescue := w.release(agent, workA.Commit, workB.Commit); rescue != "" {
			t.Errorf("release of %s rescued %s", agent, rescue)
		}
	}
	if got := w.git("status", "--porcelain"); got != "" {
		t.Errorf("user's checkout is dirty: %s", got)
	}
}
