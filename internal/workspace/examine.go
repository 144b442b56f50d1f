package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"popkit/internal/core/audit"
	"popkit/internal/core/event"
	"popkit/internal/workspace/difftree"
	"popkit/internal/workspace/git"
	"popkit/internal/workspace/message"
	"popkit/internal/workspace/store"
)

// Examine reads what the audit judges of an agent's work on base. merge is the
// commit whose merge the work resolves, "" for none: what is as it is there was
// judged when it was accepted, so only what the resolution adds beyond both sides
// is read.
func (w *Run) Examine(ctx context.Context, base, merge string, work Work, rules event.AuditRules) (audit.Diff, error) {
	st, err := w.mainStore(ctx)
	if err != nil {
		return audit.Diff{}, err
	}
	changes := slices.Clone(work.Changes)
	if merge != "" && len(changes) > 0 {
		beyond, _, err := difftree.List(ctx, st.Store, merge, work.Commit)
		if err != nil {
			return audit.Diff{}, err
		}
		differs := map[string]bool{}
		for _, c := range beyond {
			differs[c.Path] = true
		}
		changes = slices.DeleteFunc(changes, func(c audit.Change) bool { return !differs[c.Path] })
	}
	more := false
	if work.Own && work.Commit != base {
		earlier, left, err := difftree.History(ctx, st.Store, base, work.Commit, merge, work.Changes)
		if err != nil {
			return audit.Diff{}, err
		}
		changes, more = append(changes, earlier...), left
	}
	d, err := difftree.Load(ctx, st.Store, work.Commit, changes, rules)
	d.MoreCommits = more
	return d, err
}

// TrimSpec asks for an agent's kept work without some files.
type TrimSpec struct {
	Agent, Task string
	Attempt     int
	Base, Merge string   // as Prepare was given them
	Commit      string   // the work
	Files       []string // to leave out, as audit.ShowPath names them
	Message     string
}

// Trim makes one commit of what is left of an agent's work when files are as in
// the base again. The agent's own commits are no part of it; the work as a whole
// stays at its ref. It returns the rest, and what was left out. Called again it
// gives the same.
func (w *Run) Trim(ctx context.Context, s TrimSpec) (rest Work, dropped []string, err error) {
	unlock, err := w.lockAgent(s.Agent)
	if err != nil {
		return Work{}, nil, err
	}
	defer unlock()
	st, err := w.mainStore(ctx)
	if err != nil {
		return Work{}, nil, err
	}
	if rest, dropped, err = w.trim(ctx, st, s); err != nil {
		return Work{}, nil, fmt.Errorf("leave files out of the work of %s: %w", s.Agent, err)
	}
	return rest, dropped, nil
}

func (w *Run) trim(ctx context.Context, st *place, s TrimSpec) (rest Work, dropped []string, err error) {
	changes, _, err := difftree.List(ctx, st.Store, s.Base, s.Commit)
	if err != nil {
		return rest, nil, err
	}
	earlier, _, err := difftree.History(ctx, st.Store, s.Base, s.Commit, s.Merge, changes)
	if err != nil {
		return rest, nil, err
	}
	var names []string
	for _, c := range earlier {
		names = append(names, audit.ShowPath(c.Path))
	}
	out, err := audit.Drop(changes, s.Files, names)
	if err != nil {
		return rest, nil, err
	}
	tree, err := w.without(ctx, st, s, out)
	if err != nil {
		return rest, nil, err
	}
	if err := w.measure(ctx, st, &rest, s.Base, tree); err != nil {
		return rest, nil, err
	}
	for _, c := range out {
		dropped = append(dropped, audit.ShowPath(c.Path))
	}
	if rest.Commit = s.Base; rest.Changed == 0 {
		return rest, dropped, nil
	}
	parents := []string{s.Base}
	if s.Merge != "" {
		parents = append(parents, s.Merge)
	}
	c := CollectSpec{Agent: s.Agent, Task: s.Task}
	text := message.Compose(s.Message, "Part of the work of "+s.Agent+" on "+s.Task, w.trailers(c)...)
	commit, err := w.commit(ctx, st, tree, text, parents...)
	if err != nil {
		return rest, nil, err
	}
	name := s.Task + "." + strconv.Itoa(s.Attempt)
	rest.Ref = w.Ref("part/" + name)
	rest.Commit, err = w.keepAt(ctx, st, name, "part/", commit)
	return rest, dropped, err
}

// without returns the tree of a commit in which the changes are undone.
func (w *Run) without(ctx context.Context, st *place, s TrimSpec, undo []audit.Change) (tree string, err error) {
	dir := w.keepDir(s.Agent)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("place of popkit's own index: %w", err)
	}
	t := store.Tree{Index: filepath.Join(dir, "part.index")}
	defer func() { err = errors.Join(err, store.RemoveIfThere(t.Index)) }()
	if err := st.ReadTree(ctx, t, s.Commit); err != nil {
		return "", err
	}
	var entries []git.Entry
	for _, c := range undo { // what goes makes room for what comes back
		entries = append(entries, git.Entry{Path: c.Path})
	}
	for _, c := range undo {
		if c.Old.There() {
			entries = append(entries, git.Entry{Mode: c.Old.Mode, Object: c.Old.Object, Path: c.Path})
		}
	}
	if err := st.SetEntries(ctx, t, entries); err != nil {
		return "", err
	}
	return st.WriteTree(ctx, t)
}
