package workspace

import (
	"context"
	"maps"
	"slices"

	"popkit/internal/workspace/git"
	"popkit/internal/workspace/store"
	"popkit/internal/workspace/userrepo"
)

// Repo is the user's repository. See package userrepo.
type Repo = userrepo.Repo

// Identity is who commits.
type Identity = userrepo.Identity

// Base is a commit and the name it was asked for by.
type Base = userrepo.Base

// Ref is a ref and the object it holds.
type Ref = userrepo.Ref

// What can be wrong with the place where popkit is asked to work. Each error
// that wraps one is one line with what to type.
var (
	ErrNoGit        = git.ErrNoGit
	ErrGitTooOld    = userrepo.ErrGitTooOld
	ErrNoRepository = userrepo.ErrNoRepository
	ErrUnsafe       = userrepo.ErrUnsafe
	ErrNoCommits    = userrepo.ErrNoCommits
	ErrNoSuchRef    = userrepo.ErrNoSuchRef
	ErrNoIdentity   = userrepo.ErrNoIdentity
	ErrDiskFull     = git.ErrDiskFull
)

// Find returns the repository that dir is in. Errors: ErrNoGit, ErrGitTooOld,
// ErrNoRepository, ErrUnsafe.
func Find(ctx context.Context, dir string) (*Repo, error) { return userrepo.Find(ctx, dir) }

// Borrowed returns the object directories that the run's workspaces and check
// trees borrow from.
func (w *Run) Borrowed() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, dir := range slices.Sorted(maps.Keys(w.places)) {
		out = append(out, userrepo.ObjectDirs(w.places[dir].Src.Objects)...)
	}
	return out
}

// source is what stores borrow from a repository.
func source(r *Repo) store.Source {
	return store.Source{Objects: r.CommonDir + "/objects", Shallow: r.CommonDir + "/shallow", Format: r.Format}
}
