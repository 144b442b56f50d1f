package userrepo

import "errors"

// What can be wrong with the place where popkit is asked to work. Each error
// that wraps one is one line with what to type.
var (
	ErrGitTooOld    = errors.New("git is too old")
	ErrNoRepository = errors.New("not a git repository")
	ErrUnsafe       = errors.New("git refuses this repository because another user owns it")
	ErrNoCommits    = errors.New("the repository has no commits")
	ErrNoSuchRef    = errors.New("no such commit, branch or tag")
	ErrNoIdentity   = errors.New("git does not know who you are")
	// ErrRefMoved: the ref does not hold what the caller expects.
	ErrRefMoved = errors.New("the ref has moved")
)

// minGit is the oldest git that has merge-tree --write-tree.
var minGit = [2]int{2, 38}
