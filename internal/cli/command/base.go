package command

import (
	"context"
	"errors"
	"io"
	"strings"
)

// NoCommits says that there is nothing to start from.
func NoCommits() error {
	return Fail(ExitEnvironment, `git commit --allow-empty -m "first commit"`, "the repository has no commits: make one first")
}

// Name says, before anybody plans anything, that git does not know who the user is.
func Name(info RepoInfo) error {
	if info.Nameless == "" {
		return nil
	}
	return Environment(errors.New(info.Nameless))
}

// Base says, before anybody reads a plan or makes one, that there is no commit to
// start from: none at all, or none that is called base.
func Base(ctx context.Context, e *Env, info RepoInfo, base string) error {
	if info.Empty {
		return NoCommits()
	}
	if base == "" {
		return nil
	}
	quiet := Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}
	code, err := e.Host.Git(ctx, quiet, info.Top, "rev-parse", "--verify", "--quiet", "--end-of-options", base+"^{commit}")
	if err != nil {
		return Environment(err)
	}
	if code != 0 {
		return Usage("git branch --all --list", "--base %s: there is no such branch, tag or commit", base)
	}
	return nil
}
