package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"popkit/internal/workspace/store"
)

// Action is one thing that GC does.
type Action struct {
	Verb string // "remove" or "keep"
	Path string
	What string // in words, e.g. "workspace of implementer-2"
	// Ref is where what is not kept yet goes first, "" where there is nothing.
	Ref string
}

// String is the action as a line for a person.
func (a Action) String() string {
	s := a.Verb + " " + a.Path + " (" + a.What
	if a.Ref != "" {
		s += "; what is not kept goes to " + a.Ref
	}
	return s + ")"
}

// Runs lists the runs of a repository that have a directory below rootDir, by
// name.
func Runs(r *Repo, rootDir string) ([]string, error) {
	entries, err := os.ReadDir(rootDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var runs []string
	for _, e := range entries {
		owner, err := os.ReadFile(filepath.Join(rootDir, e.Name(), ownerFile))
		if err == nil && string(owner) == r.CommonDir && checkName("run", e.Name()) == nil {
			runs = append(runs, e.Name())
		}
	}
	return runs, nil
}

// Abandoned lists the agents whose workspaces are on disk, by name. In a run
// without an engine these are leftovers.
func (w *Run) Abandoned(ctx context.Context) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(w.root, "agents"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list workspaces: %w", err)
	}
	var agents []string
	for _, e := range entries {
		agents = append(agents, e.Name())
	}
	return agents, ctx.Err()
}

// GC removes everything of the run below its root directory, workspaces as
// Release does, and keeps what could not be kept in git. Refs stay. The caller
// makes sure that no engine of the run is active. With dryRun it does nothing;
// the actions are the same in both cases.
func (w *Run) GC(ctx context.Context, dryRun bool) ([]Action, error) {
	actions, agents, err := w.plan(ctx)
	if err != nil || dryRun {
		return actions, err
	}
	known, err := w.kept(ctx, agents)
	if err != nil {
		return nil, err
	}
	for _, agent := range agents {
		if _, err := w.Release(ctx, agent, "", known); err != nil {
			return nil, err
		}
	}
	return actions, w.removeRest()
}

// kept lists the commits that the run's refs hold, which are only of interest
// where workspaces are left.
func (w *Run) kept(ctx context.Context, agents []string) ([]string, error) {
	if len(agents) == 0 {
		return nil, nil
	}
	refs, err := w.repo.Refs(ctx, strings.TrimSuffix(w.Ref(""), "/"))
	commits := make([]string, len(refs))
	for i, ref := range refs {
		commits[i] = ref.Commit
	}
	return commits, err
}

// plan lists what GC does.
func (w *Run) plan(ctx context.Context) (actions []Action, agents []string, err error) {
	if agents, err = w.Abandoned(ctx); err != nil {
		return nil, nil, err
	}
	for _, agent := range agents {
		actions = append(actions, Action{Verb: "remove", Path: w.AgentDir(agent), What: "workspace of " + agent, Ref: w.Ref("rescue/" + agent)})
	}
	if aside := filepath.Join(w.root, "rescued"); store.IsDir(aside) {
		actions = append(actions, Action{Verb: "keep", Path: aside, What: "rescued files that git can't hold"})
	}
	if store.IsDir(w.root) {
		actions = append(actions, Action{Verb: "remove", Path: w.root, What: "checkouts for checks, popkit's own git dir and indexes"})
	}
	return actions, agents, nil
}

// removeRest removes what is left of the run but for rescued files.
func (w *Run) removeRest() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.places = map[string]*place{}
	entries, err := os.ReadDir(w.root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove the run's directory: %w", err)
	}
	kept := store.IsDir(filepath.Join(w.root, "rescued"))
	for _, e := range entries {
		if kept && (e.Name() == "rescued" || e.Name() == ownerFile) {
			continue
		}
		if err := store.RemoveAll(filepath.Join(w.root, e.Name())); err != nil {
			return err
		}
	}
	if kept {
		return nil
	}
	return store.RemoveAll(w.root)
}
