package workspace

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"popkit/internal/workspace/store"
)

// spares are checkouts that nobody works in yet. To make one costs as much as
// the repository has files, to move one to another commit only as much as
// differs; so they are made while agents work, and taken when somebody waits.
type spares struct {
	making sync.Mutex // held while one is made

	mu   sync.Mutex
	made int // by this process
	free []store.Tree
}

// Stock makes spare checkouts of a commit, one after the other, until there is
// one for each of the workspaces and of the checks that have none yet, or ctx
// ends. They are taken by Prepare and CheckTree, whatever commit those want. That
// one can't be made is reported; whoever wants it makes it anew.
func (w *Run) Stock(ctx context.Context, commit string, workspaces, checks int) {
	w.spares.making.Lock()
	defer w.spares.making.Unlock()
	for ctx.Err() == nil && w.spares.count() < workspaces+max(0, checks-w.checks.count()) {
		if err := w.makeSpare(ctx, commit); err != nil {
			if ctx.Err() == nil {
				w.report("no workspace can be made ahead: %v", err)
			}
			return
		}
	}
}

func (s *spares) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.free)
}

// makeSpare makes one more. The caller holds making.
func (w *Run) makeSpare(ctx context.Context, commit string) error {
	st, err := w.mainStore(ctx)
	if err != nil {
		return err
	}
	s := &w.spares
	if s.made == 0 { // what an earlier process left
		if err := store.RemoveAll(filepath.Join(w.root, "spare")); err != nil {
			return err
		}
	}
	s.made++
	dir := filepath.Join(w.root, "spare", strconv.Itoa(s.made))
	t := store.Tree{Work: filepath.Join(dir, "work"), Index: filepath.Join(dir, "index")}
	err = os.MkdirAll(t.Work, 0o700)
	if err == nil {
		err = st.ReadTree(ctx, t, commit, "-u")
	}
	if err != nil {
		return errors.Join(err, store.RemoveAll(dir))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, t)
	return nil
}

// takeSpare makes a spare the work tree t, of which nothing is there yet, and
// reports whether there was one.
func (w *Run) takeSpare(t store.Tree) (bool, error) {
	s := &w.spares
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.free)
	if n == 0 {
		return false, nil
	}
	spare := s.free[n-1]
	s.free = s.free[:n-1]
	for _, path := range []string{t.Work, t.Index} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return false, err
		}
	}
	if err := os.Rename(spare.Index, t.Index); err != nil {
		return false, err
	}
	if err := os.Rename(spare.Work, t.Work); err != nil {
		return false, err
	}
	return true, os.Remove(filepath.Dir(spare.Work))
}
