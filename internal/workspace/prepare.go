package workspace

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"popkit/internal/workspace/copyin"
	"popkit/internal/workspace/git"
	"popkit/internal/workspace/store"
)

// PrepareSpec asks for an agent's workspace.
type PrepareSpec struct {
	Agent string
	Base  string // commit it starts from
	// MergeCommit, when set, is merged into Base and the conflicts are left for
	// the agent to resolve.
	MergeCommit string
}

// record is what popkit knows of an agent's workspace; it outlives a crash.
type record struct {
	Base      string     `json:"base"`
	Merge     string     `json:"merge,omitempty"`
	Conflicts []conflict `json:"conflicts,omitempty"`
	// Index is a hash of the agent's own index as it was at the start.
	Index string `json:"index,omitempty"`
	Ready bool   `json:"ready"` // Prepare came to its end
	// Modules are the submodules that the workspace has, inner ones last.
	Modules []module `json:"modules,omitempty"`
	// Setup is what the setup command changed.
	Setup []leftover `json:"setup,omitempty"`
	// Kept is the commit of the last Collect.
	Kept string `json:"kept,omitempty"`
}

func (w *Run) loadRecord(agent string) (record, error) {
	var rec record
	data, err := os.ReadFile(filepath.Join(w.keepDir(agent), "record.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return rec, nil
	}
	if err != nil {
		return rec, fmt.Errorf("read what is known of %s's workspace: %w", agent, err)
	}
	if err := json.Unmarshal(data, &rec); err != nil {
		return record{}, fmt.Errorf("read what is known of %s's workspace: %w", agent, err)
	}
	return rec, nil
}

func (w *Run) saveRecord(agent string, rec record) error {
	data, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("keep what is known of %s's workspace: %w", agent, err)
	}
	return store.WriteFile(filepath.Join(w.keepDir(agent), "record.json"), data)
}

// agentTree is an agent's workspace with popkit's own index of it.
func (w *Run) agentTree(agent string) store.Tree {
	return store.Tree{Work: w.AgentDir(agent), Index: filepath.Join(w.keepDir(agent), "index")}
}

// Prepare makes the workspace of an agent and returns its path. A workspace
// that a killed popkit left there is rescued and removed first.
func (w *Run) Prepare(ctx context.Context, s PrepareSpec) (string, error) {
	unlock, err := w.lockAgent(s.Agent)
	if err != nil {
		return "", err
	}
	defer unlock()
	st, err := w.mainStore(ctx)
	if err != nil {
		return "", err
	}
	t := w.agentTree(s.Agent)
	if _, err := os.Lstat(t.Work); err == nil {
		rescue, err := w.release(ctx, st, s.Agent, nil)
		if err != nil {
			return "", fmt.Errorf("clear the old workspace of %s: %w", s.Agent, err)
		}
		if rescue != "" {
			w.report("what an interrupted %s had left is kept at %s", s.Agent, rescue)
		}
	}
	if err := w.prepare(ctx, st, t, s); err != nil {
		return "", fmt.Errorf("prepare workspace of %s: %w", s.Agent, git.DiskFull(err, w.root))
	}
	return t.Work, nil
}

func (w *Run) prepare(ctx context.Context, st *place, t store.Tree, s PrepareSpec) error {
	if err := os.MkdirAll(filepath.Dir(t.Index), 0o700); err != nil {
		return err
	}
	rec := record{Base: s.Base, Merge: s.MergeCommit}
	if err := w.saveRecord(s.Agent, rec); err != nil { // before there is anything that could be an agent's
		return err
	}
	err := w.fill(ctx, st, t, s.Base)
	if err != nil {
		return err
	}
	if s.MergeCommit != "" {
		if rec.Conflicts, err = w.startMerge(ctx, st, t, s); err != nil {
			return err
		}
	}
	if rec.Index, _, err = fingerprint(filepath.Join(t.Work, ".git", "index"), ""); err != nil {
		return err
	}
	if rec.Modules, err = w.populate(ctx, st, t); err != nil {
		return err
	}
	if err := copyin.Copy(w.repo.Top, t.Work, w.opts.Copy, w.report); err != nil {
		return err
	}
	if rec.Setup, err = w.setupAgent(ctx, st, t, s.Agent); err != nil {
		return err
	}
	rec.Ready = true
	return w.saveRecord(s.Agent, rec)
}

// Stock makes spare checkouts of a commit, one after the other, until there is
// one for each of the workspaces and of the checks that have none yet, or ctx
// ends. They are taken by Prepare and CheckTree, whatever commit those want. That
// one can't be made is reported; whoever wants it makes it anew.
func (w *Run) Stock(ctx context.Context, commit string, workspaces, checks int) {
	st, err := w.mainStore(ctx)
	if err == nil {
		err = w.spares.Stock(ctx, st.Store, commit, func() int { return workspaces + max(0, checks-w.checks.count()) })
	}
	if err != nil && ctx.Err() == nil {
		w.report("%v", err)
	}
}

// fill makes a work tree of a commit, of a spare one where there is one.
func (w *Run) fill(ctx context.Context, st *place, t store.Tree, commit string) error {
	took, err := w.spares.Take(t)
	if took {
		err = w.checkout(ctx, st, t, commit)
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
	if err != nil {
		w.report("a workspace that was made ahead is of no use: %v", err)
	}
	if err := errors.Join(store.RemoveAll(t.Work), store.RemoveIfThere(t.Index)); err != nil {
		return err
	}
	if err := os.MkdirAll(t.Work, 0o700); err != nil {
		return err
	}
	return w.checkout(ctx, st, t, commit)
}

// checkout makes a work tree, empty or of another commit, that of a commit, and
// gives it a .git.
func (w *Run) checkout(ctx context.Context, st *place, t store.Tree, commit string) error {
	if err := st.ReadTree(ctx, t, commit, "-u"); err != nil {
		return err
	}
	return w.attachClone(ctx, st, t, commit)
}

// attachClone gives a work tree that popkit's index describes a .git.
func (w *Run) attachClone(ctx context.Context, st *place, t store.Tree, commit string) error {
	refs, err := st.userRefs(ctx)
	if err != nil {
		return err
	}
	gitDir := filepath.Join(t.Work, ".git")
	if err := w.writeClone(ctx, cloneSpec{gitDir: gitDir, st: st, commit: commit, refs: refs}); err != nil {
		return err
	}
	return copyin.File(t.Index, filepath.Join(gitDir, "index"))
}

// lastBytes keeps the end of what is written to it.
type lastBytes struct {
	bytes.Buffer
	limit int
}

func (l *lastBytes) Write(p []byte) (int, error) {
	n, err := l.Buffer.Write(p)
	if over := l.Len() - l.limit; over > 0 {
		l.Next(over)
	}
	return n, err
}
