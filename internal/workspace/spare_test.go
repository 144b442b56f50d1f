package workspace

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"popkit/internal/workspace/agentgit"
)

// spareDirs lists the spare checkouts on disk.
func (w *world) spareDirs() []string {
	w.t.Helper()
	dirs, err := filepath.Glob(filepath.Join(w.run.root, "spare", "*", "work"))
	if err != nil {
		w.t.Fatal(err)
	}
	return dirs
}

func said(t *testing.T, dir, script string) string {
	t.Helper()
	out, err := shell(dir, script)
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return out
}

func inode(t *testing.T, path string) uint64 {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}

// TestSpare: a checkout that was made ahead becomes a workspace and a place for
// checks, at the commit that is asked for.
func TestSpare(t *testing.T) {
	w := newWorld(t, newRepo(t, "a.txt", "a\n", "gone", "x\n", "same", "same\n", "dir/f", "f\n", "kept", "kept\n"))
	sh(t, w.prepare("first"), `echo b > a.txt; rm gone dir/f; rmdir dir; echo file > dir; echo new > new; chmod +x same`)
	next := w.merge(w.base, w.collect("first"), "first").Commit
	w.run.Stock(w.ctx, w.base, 1, 1)
	w.run.Stock(w.ctx, next, 1, 1) // two are there
	dirs := w.spareDirs()
	if len(dirs) != 2 {
		t.Fatalf("spares: %v", dirs)
	}
	was := map[uint64]bool{}
	for _, dir := range dirs {
		was[inode(t, filepath.Join(dir, "kept"))] = true
	}
	work := w.prepareAt("second", next)
	check, give, err := w.run.CheckTree(w.ctx, next)
	if err != nil {
		t.Fatal(err)
	}
	defer give()
	for _, dir := range []string{work, check} {
		if !was[inode(t, filepath.Join(dir, "kept"))] {
			t.Errorf("%s is no spare", dir)
		}
		if out := said(t, dir, `git status --porcelain --ignored; git rev-parse HEAD; cat a.txt dir new; ls; ls -l same | cut -c1-10`); out != next+"\nb\nfile\nnew\na.txt\ndir\nkept\nnew\nsame\n-rwxr-xr-x" {
			t.Errorf("%s has\n%s", dir, out)
		}
	}
	w.run.Stock(w.ctx, next, 0, 1) // there is one for checks already
	if dirs := w.spareDirs(); len(dirs) > 0 {
		t.Errorf("left: %v", dirs)
	}
	write(t, w.prepareAt("third", next), "third", "x\n") // without a spare
	for _, agent := range []string{"second", "third"} {
		if agent == "second" {
			write(t, work, "second", "x\n")
		}
		if left := w.collectAt(agent, next); len(left.Files) != 1 || left.Files[0] != agent {
			t.Errorf("%s left %+v", agent, left)
		}
	}
}

// TestSpareOfNoUse: what is wrong with a spare costs the time that it saved, and
// is said.
func TestSpareOfNoUse(t *testing.T) {
	w := newWorld(t, newRepo(t, "a.txt", "a\n"))
	w.run.Stock(w.ctx, w.base, 1, 0)
	if err := os.WriteFile(filepath.Join(w.run.root, "spare", "1", "index"), []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := said(t, w.prepare("a-1"), "git status --porcelain; cat a.txt"); out != "a" || len(w.reports) != 1 || !strings.Contains(w.reports[0], "made ahead") {
		t.Errorf("the workspace has %q, reports %q", out, w.reports)
	}
	w.run.Stock(w.ctx, w.base, 1, 0)
	if err := os.RemoveAll(filepath.Join(w.run.root, "spare", "2")); err != nil {
		t.Fatal(err)
	}
	if _, give, err := w.run.CheckTree(w.ctx, w.base); err != nil {
		t.Error(err)
	} else {
		give()
	}
	w.run.Stock(w.ctx, strings.Repeat("1", 40), 1, 0)
	if len(w.spareDirs()) > 0 || !strings.Contains(w.reports[len(w.reports)-1], "make a checkout ahead") {
		t.Errorf("a spare of no commit: %v, reports %q", w.spareDirs(), w.reports)
	}
	ended, cancel := context.WithCancel(w.ctx)
	cancel()
	if w.run.Stock(ended, w.base, 1, 0); len(w.spareDirs()) > 0 {
		t.Error("a spare was made after the end")
	}
}

// TestSpareOfTheDead: spares of a killed process are nobody's, and a workspace
// that it had begun to make of one is no work of an agent's.
func TestSpareOfTheDead(t *testing.T) {
	w := newWorld(t, newRepo(t, "a.txt", "a\n"))
	write(t, w.prepare("first"), "new", "x\n")
	next := w.merge(w.base, w.collect("first"), "first").Commit
	w.run.Stock(w.ctx, next, 2, 0)
	tree := w.run.agentTree("second")
	if err := w.run.saveRecord("second", record{Base: w.base}); err == nil {
		t.Fatal("a record without its folder")
	}
	if err := os.MkdirAll(w.run.keepDir("second"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := w.run.saveRecord("second", record{Base: w.base}); err != nil {
		t.Fatal(err)
	}
	if took, err := w.run.spares.Take(tree); err != nil || !took {
		t.Fatalf("took %v, %v", took, err)
	}
	w.restart()
	work := w.prepare("second")
	if out := said(t, work, "git status --porcelain; ls"); out != "a.txt" || len(w.reports) > 0 {
		t.Errorf("the workspace has %q, reports %q", out, w.reports)
	}
	if w.run.Stock(w.ctx, w.base, 1, 0); len(w.spareDirs()) != 1 || !agentgit.Open(w.spareDirs()[0]).None() {
		t.Errorf("spares: %v", w.spareDirs())
	}
	if _, err := w.run.GC(w.ctx, false); err != nil || len(w.spareDirs()) > 0 {
		t.Errorf("after gc: %v, %v", w.spareDirs(), err)
	}
}
