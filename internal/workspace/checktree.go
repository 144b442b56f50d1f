package workspace

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"popkit/internal/workspace/copyin"
	"popkit/internal/workspace/git"
	"popkit/internal/workspace/store"
)

// checkPool holds the checkouts for checks that nobody uses.
type checkPool struct {
	sync.Mutex
	free []int
	made int
}

// CheckTree returns a checkout of exactly that commit for checks to run in,
// and the function that gives it back. It is a warm one where possible:
// tracked files are as committed, whatever the last check did, untracked ones
// are gone, ignored ones (build caches) may still be there. Its .git is new.
// Copies and the setup command are as in a workspace; a setup command that
// failed is a *SetupError.
func (w *Run) CheckTree(ctx context.Context, commit string) (string, func(), error) {
	st, err := w.mainStore(ctx)
	if err != nil {
		return "", nil, err
	}
	n := w.takeCheck()
	t := store.Tree{
		Work:  filepath.Join(w.root, "check", strconv.Itoa(n)),
		Index: filepath.Join(w.keepDir("check-"+strconv.Itoa(n)), "index"),
	}
	if !store.IsDir(t.Work) {
		_, err = w.spares.Take(t)
	}
	if err == nil {
		err = w.refillAll(ctx, st, t, commit)
	}
	if err != nil && ctx.Err() == nil {
		// What is there can't be made right: begin with an empty directory.
		if rerr := store.RemoveAll(t.Work); rerr != nil {
			err = rerr
		} else {
			err = w.refillAll(ctx, st, t, commit)
		}
	}
	if err == nil {
		err = w.furnish(ctx, t.Work)
	}
	if err != nil {
		w.giveCheck(n)
		return "", nil, fmt.Errorf("check out %s for checks: %w", commit, git.DiskFull(err, w.root))
	}
	var once sync.Once
	return t.Work, func() { once.Do(func() { w.giveCheck(n) }) }, nil
}

// furnish gives a checkout what workspaces have besides the commit, so that a
// check finds what an agent found. What was copied or installed for an earlier
// check and is ignored is there already.
func (w *Run) furnish(ctx context.Context, dir string) error {
	quiet := func(string, ...any) {} // Prepare has said it
	if err := copyin.Copy(w.repo.Top, dir, w.opts.Copy, quiet); err != nil {
		return err
	}
	return w.setup(ctx, dir)
}

func (w *Run) takeCheck() int {
	w.checks.Lock()
	defer w.checks.Unlock()
	if n := len(w.checks.free); n > 0 {
		last := w.checks.free[n-1]
		w.checks.free = w.checks.free[:n-1]
		return last
	}
	w.checks.made++
	return w.checks.made
}

// count is how many checkouts for checks there are.
func (p *checkPool) count() int {
	p.Lock()
	defer p.Unlock()
	return p.made
}

func (w *Run) giveCheck(n int) {
	w.checks.Lock()
	defer w.checks.Unlock()
	w.checks.free = append(w.checks.free, n)
}

// refillAll makes a work tree that of a commit, its submodules too.
func (w *Run) refillAll(ctx context.Context, st *place, t store.Tree, commit string) error {
	if err := w.refill(ctx, st, t, commit); err != nil {
		return err
	}
	_, err := w.populate(ctx, st, t)
	return err
}

// refill makes a work tree that of a commit. A check may have left anything.
func (w *Run) refill(ctx context.Context, st *place, t store.Tree, commit string) error {
	warm := store.IsDir(t.Work)
	if _, err := os.Lstat(t.Index); err != nil {
		warm = false
	}
	if !warm {
		for _, path := range []string{t.Work, filepath.Dir(t.Index)} {
			if err := store.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	for _, dir := range []string{t.Work, filepath.Dir(t.Index)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	if err := store.RemoveAll(filepath.Join(t.Work, ".git")); err != nil {
		return err
	}
	if !warm {
		return w.checkout(ctx, st, t, commit)
	}
	if err := store.OpenDirs(t.Work); err != nil {
		return err
	}
	if err := st.ReadTree(ctx, t, commit, "-u"); err != nil {
		return err
	}
	if _, err := st.Run(ctx, store.Call{Tree: t, Args: []string{"clean", "-ffdq"}}); err != nil {
		return err
	}
	return w.attachClone(ctx, st, t, commit)
}
