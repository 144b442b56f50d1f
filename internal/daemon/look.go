package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"popkit/internal/runs"
	"popkit/internal/workspace"
)

// Info is the user's repository as commands see it.
type Info struct {
	Top      string // top level, or the bare repository itself
	Bare     bool
	Empty    bool   // has no commits
	Dirty    int    // changed files, which no agent will see
	Branch   string // checked out, "" when detached
	User     string // the user's name
	Nameless string // why git does not know the user; without a name no run commits
}

// Look finds the repository around a directory.
func Look(ctx context.Context, dir string) (Info, error) {
	repo, err := workspace.Find(ctx, dir)
	if err != nil {
		return Info{}, err
	}
	info := Info{Top: Place(repo).Repo, Bare: repo.Bare}
	if !repo.Bare {
		if info.Dirty, err = repo.Dirty(ctx); err != nil {
			return Info{}, err
		}
	}
	base, err := repo.Resolve(ctx, "")
	switch {
	case errors.Is(err, workspace.ErrNoCommits): // said by those who need one
		info.Empty = true
	case err != nil:
		return Info{}, err
	default:
		info.Branch = branch(base.Ref)
	}
	who, err := repo.Identity(ctx)
	if info.User = who.Name; errors.Is(err, workspace.ErrNoIdentity) {
		info.Nameless, err = err.Error(), nil // said by those who need one
	}
	return info, err
}

func branch(ref string) string {
	const heads = "refs/heads/"
	if len(ref) > len(heads) && ref[:len(heads)] == heads {
		return ref[len(heads):]
	}
	return ""
}

// Git runs git in the user's repository, with a terminal's streams, as the user
// would: with the user's own configuration and hooks.
func Git(ctx context.Context, in io.Reader, out, errs io.Writer, dir string, args ...string) (int, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, in, out, errs
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return cmd.ProcessState.ExitCode(), err
}

// Removal is one thing that gc removes.
type Removal struct {
	Kind, Path, Run, Why string
}

// GC removes what is left of runs that are over, or only says what it would.
func GC(ctx context.Context, repoDir string, dry bool) (out []Removal, err error) {
	repo, err := workspace.Find(ctx, repoDir)
	if err != nil {
		return nil, err
	}
	place := Place(repo)
	active, leave, err := holdStill(place, dry)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, leave()) }()
	cfg, err := loadConfig(place.Repo)
	if err != nil {
		return nil, err
	}
	root, err := workspaceRoot(cfg)
	if err != nil {
		return nil, err
	}
	onDisk, err := workspace.Runs(repo, root)
	if err != nil {
		return nil, err
	}
	for _, id := range onDisk {
		planning, err := planUnderWay(root, id)
		if err != nil {
			return out, err
		}
		if planning || id == active {
			continue
		}
		found, err := gcRun(ctx, repo, id, root, dry)
		if err != nil {
			return out, fmt.Errorf("run %s: %w", id, err)
		}
		out = append(out, found...)
	}
	return out, nil
}

// holdStill returns the active run, and keeps another from beginning until leave
// is called: nothing may be removed from under it. Only looking holds up nobody.
func holdStill(place runs.Place, dry bool) (active string, leave func() error, err error) {
	leave = func() error { return nil }
	if dry {
		h, err := place.Active()
		if h != nil {
			active = h.Run
		}
		return active, leave, err
	}
	host, err := os.Hostname()
	if err != nil {
		return "", leave, err
	}
	lock, err := place.Acquire(runs.Holder{PID: os.Getpid(), Host: host})
	var busy *runs.BusyError
	switch {
	case err == nil:
		return "", lock.Close, nil
	case errors.As(err, &busy) && busy.Holder.Run != "":
		return busy.Holder.Run, leave, nil
	}
	return "", leave, err
}

// gcRun removes a run's workspaces. Its log and its refs stay: they are the
// record and the work.
func gcRun(ctx context.Context, repo *workspace.Repo, id, root string, dry bool) ([]Removal, error) {
	who, err := repo.Identity(ctx) // what is rescued is committed
	if err != nil {
		return nil, err
	}
	work, err := workspace.NewRun(repo, id, root, workspace.Options{Identity: who})
	if err != nil {
		return nil, err
	}
	actions, err := work.GC(ctx, dry)
	if err != nil {
		return nil, err
	}
	var out []Removal
	for _, a := range actions {
		why := a.What
		if a.Ref != "" {
			why += "; what is not kept goes to " + a.Ref
		}
		out = append(out, Removal{Kind: a.Verb, Path: a.Path, Run: id, Why: why})
	}
	return out, nil
}
