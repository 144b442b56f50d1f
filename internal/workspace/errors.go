package workspace

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"popkit/internal/workspace/git"
)

// What can be wrong with the place where popkit is asked to work. Each message
// is one line with what to type.
var (
	ErrNoGit        = git.ErrNoGit
	ErrGitTooOld    = errors.New("git is too old")
	ErrNoRepository = errors.New("not a git repository")
	ErrUnsafe       = errors.New("git refuses this repository because another user owns it")
	ErrNoCommits    = errors.New("the repository has no commits")
	ErrNoSuchRef    = errors.New("no such commit, branch or tag")
	ErrNoIdentity   = errors.New("git does not know who you are")
	ErrDiskFull     = errors.New("the disk is full")
)

// minGit is the oldest git that has merge-tree --write-tree.
var minGit = [2]int{2, 38}

// diskFull makes err an ErrDiskFull that names dir when a full disk (or a used
// up quota) caused it.
func diskFull(err error, dir string) error {
	if err == nil || errors.Is(err, ErrDiskFull) {
		return err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) ||
		git.Said(err, "No space left on device", "Disk quota exceeded", "out of disk space") {
		return fmt.Errorf("%w: make room below %s and try again (%w)", ErrDiskFull, dir, err)
	}
	return err
}

// shell quotes s for a hint that can be typed.
func shell(s string) string {
	if s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@%", r)
	}) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
