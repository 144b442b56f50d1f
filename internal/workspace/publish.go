package workspace

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"popkit/internal/workspace/git"
	"popkit/internal/workspace/userrepo"
)

// PublishBarrier publishes a barrier's commit and returns the ref.
func (w *Run) PublishBarrier(ctx context.Context, n int, commit string) (string, error) {
	if err := w.open(ctx); err != nil {
		return "", err
	}
	ref := w.Ref("barrier/" + strconv.Itoa(n))
	return ref, w.repo.SetRef(ctx, ref, commit, userrepo.AnyValue)
}

// PublishBranch makes a branch (popkit/RUN) hold the commit. Where it can't be
// without touching what is the user's, the commit is left at
// refs/popkit/RUN/result instead and the note says why and what to type.
func (w *Run) PublishBranch(ctx context.Context, branch, commit string) (note string, err error) {
	if err := w.open(ctx); err != nil {
		return "", err
	}
	full := userrepo.FullBranch(branch)
	if !userrepo.Own(full) {
		return "", fmt.Errorf("publish %s: not a branch of popkit's", branch)
	}
	why, err := w.writeBranch(ctx, full, commit)
	if err != nil || why == "" {
		return "", err
	}
	result := w.Ref("result")
	if err := w.repo.SetRef(ctx, result, commit, userrepo.AnyValue); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s; the result is at %s (to merge it, type: git merge %s)", why, result, result), nil
}

// writeBranch returns in words why the branch can't be written.
func (w *Run) writeBranch(ctx context.Context, full, commit string) (why string, err error) {
	short := full[len("refs/heads/"):]
	var old, path string
	var out bool
	var oldErr, outErr error
	var wg sync.WaitGroup
	wg.Go(func() { old, oldErr = w.repo.RefCommit(ctx, full) })
	wg.Go(func() { path, out, outErr = w.repo.CheckedOut(ctx, full) })
	wg.Wait()
	if oldErr != nil || old == commit {
		return "", oldErr
	}
	if outErr != nil {
		return "", outErr
	}
	if out {
		return fmt.Sprintf("branch %s is checked out at %s", short, path), nil
	}
	if old != "" {
		st, err := w.mainStore(ctx)
		if err != nil {
			return "", err
		}
		if ok, err := st.Descends(ctx, old, commit); err != nil || !ok {
			return fmt.Sprintf("branch %s has commits that the result has not", short), err
		}
	}
	err = w.repo.SetRef(ctx, full, commit, old)
	switch {
	case err == nil:
		return "", nil
	case errors.Is(err, userrepo.ErrRefMoved):
		return fmt.Sprintf("branch %s was changed by somebody else", short), nil
	case git.Said(err, "cannot lock ref", "cannot create"):
		if blocked, rerr := w.repo.RefExists(ctx, "refs/heads/popkit"); rerr == nil && blocked {
			return "a branch called popkit is in the way of " + short, nil
		}
	}
	return "", err
}
