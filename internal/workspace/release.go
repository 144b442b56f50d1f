package workspace

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"popkit/internal/workspace/agentgit"
	"popkit/internal/workspace/git"
	"popkit/internal/workspace/message"
	"popkit/internal/workspace/store"
	"popkit/internal/workspace/userrepo"
)

// Release removes an agent's workspace. First it keeps what known (commits
// that are kept already) does not hold: changes and files that are not
// ignored, stashes, branches, a detached HEAD, an operation under way. They go
// into one commit at refs/popkit/RUN/rescue/AGENT, whose tree is the workspace
// and whose other parents are the commits found; its message says which is
// which. What git can't hold is moved to RUN/rescued/AGENT, and reported.
//
// It returns the ref, or that directory when there is nothing for a ref; ""
// when there was nothing to rescue. Called again it says the same.
func (w *Run) Release(ctx context.Context, agent, path string, known []string) (string, error) {
	unlock, err := w.lockAgent(agent)
	if err != nil {
		return "", err
	}
	defer unlock()
	st, err := w.mainStore(ctx)
	if err != nil {
		return "", err
	}
	if path != "" && filepath.Clean(path) != w.AgentDir(agent) {
		return "", fmt.Errorf("release %s: %s is not its workspace (%s)", agent, path, w.AgentDir(agent))
	}
	rescue, err := w.release(ctx, st, agent, known)
	if err != nil {
		return "", fmt.Errorf("release the workspace of %s: %w", agent, git.DiskFull(err, w.root))
	}
	return rescue, nil
}

func (w *Run) release(ctx context.Context, st *place, agent string, known []string) (string, error) {
	t := w.agentTree(agent)
	ref := w.Ref("rescue/" + agent)
	if !store.IsDir(t.Work) {
		if err := w.forget(agent); err != nil {
			return "", err
		}
		return w.rescued(ctx, agent, ref)
	}
	rec, err := w.loadRecord(agent)
	if err != nil {
		w.report("%v", err)
		rec = record{Ready: true} // all that is there may be the agent's
	}
	rescue := ""
	// A workspace whose Prepare did not come to its end was never an agent's.
	if rec.Ready || rec.Base == "" {
		inner, err := w.rescueModules(ctx, t, rec, agent, known)
		if err != nil {
			return "", err
		}
		if rescue, err = w.rescue(ctx, st, rescueSpec{agent: agent, ref: ref, tree: t, rec: rec, known: known}); err != nil {
			return "", err
		}
		rescue = cmp.Or(rescue, inner)
	}
	return rescue, w.forget(agent)
}

// forget removes a workspace and what popkit knows of it.
func (w *Run) forget(agent string) error {
	if err := store.RemoveAll(w.AgentDir(agent)); err != nil {
		return err
	}
	return store.RemoveAll(w.keepDir(agent))
}

// rescueModules does for each submodule what rescue does for the workspace; the
// ref is then in the user's git dir of the submodule.
func (w *Run) rescueModules(ctx context.Context, top store.Tree, rec record, agent string, known []string) (string, error) {
	rescue := ""
	for _, m := range slices.Backward(rec.Modules) {
		t := moduleTree(top, m.Path)
		if !realDir(top.Work, m.Path) || emptyDir(t.Work) {
			continue
		}
		st, err := w.moduleStore(ctx, m.GitDir)
		if err != nil {
			return "", err
		}
		spec := rescueSpec{agent: agent, ref: w.Ref("rescue/" + agent), path: m.Path, tree: t,
			rec: record{Base: m.Commit, Kept: m.Kept, Ready: true, Modules: within(rec.Modules, m.Path)}}
		found, err := w.rescue(ctx, st, spec)
		if err != nil {
			return "", fmt.Errorf("submodule %s: %w", m.Path, err)
		}
		if found != "" {
			w.report("what %s had left in submodule %s is kept there at %s", agent, m.Path, found)
			rescue = found
		}
	}
	return rescue, nil
}

// rescued says what an earlier Release kept of an agent.
func (w *Run) rescued(ctx context.Context, agent, ref string) (string, error) {
	if ok, err := w.repo.RefExists(ctx, ref); err != nil || ok {
		return ref, err
	}
	if store.IsDir(w.asideDir(agent)) {
		return w.asideDir(agent), nil
	}
	return "", nil
}

// asideDir is where what git can't hold is moved to.
func (w *Run) asideDir(agent string) string { return filepath.Join(w.root, "rescued", agent) }

type rescueSpec struct {
	agent, ref string
	path       string // of the submodule, "" for the workspace itself
	tree       store.Tree
	rec        record
	known      []string
}

func (w *Run) rescue(ctx context.Context, st *place, s rescueSpec) (string, error) {
	base := cmp.Or(s.rec.Kept, s.rec.Base)
	if base == "" {
		var err error
		if base, err = st.repo.RefCommit(ctx, w.Ref("base")); err != nil {
			return "", err
		}
	}
	dirty, aside, err := w.dirtyTree(ctx, st, s, base)
	if err != nil {
		return "", err
	}
	haves := slices.DeleteFunc(append([]string{base, s.rec.Base, s.rec.Merge}, s.known...), func(id string) bool { return id == "" })
	finds, broken, err := w.lostCommits(ctx, st, s, haves)
	if err != nil {
		return "", err
	}
	if broken {
		aside = append(aside, ".git")
	}
	if err := w.moveAside(s, aside); err != nil {
		return "", err
	}
	if dirty == "" && len(finds) == 0 {
		if len(aside) > 0 {
			return w.asideDir(s.agent), nil
		}
		return "", nil
	}
	return s.ref, w.keepRescue(ctx, st, s, base, dirty, finds)
}

// dirtyTree returns the workspace as a tree when it differs from what is kept,
// and the paths that git can't hold.
func (w *Run) dirtyTree(ctx context.Context, st *place, s rescueSpec, base string) (string, []string, error) {
	if s.rec.Kept != "" {
		sc, err := st.Scan(ctx, s.tree)
		if err != nil || sc.Empty() {
			return "", nil, err
		}
		if len(sc.Paths) == 0 {
			return "", append(sc.Nested, strayLinks(sc, s.rec.Modules)...), nil
		}
	}
	if _, err := os.Lstat(s.tree.Index); err != nil {
		if err := os.MkdirAll(filepath.Dir(s.tree.Index), 0o700); err != nil {
			return "", nil, err
		}
		if err := st.ReadTree(ctx, s.tree, cmp.Or(base, st.EmptyTree())); err != nil {
			return "", nil, err
		}
	}
	snap, err := w.snapshot(ctx, st, s.tree, s.rec, nil)
	if err != nil {
		return "", nil, err
	}
	aside := slices.Concat(snap.Scan.Nested, snap.Left, strayLinks(snap.Scan, s.rec.Modules))
	if base == "" {
		return snap.Tree, aside, nil
	}
	kept, err := st.TreeOf(ctx, base)
	if err != nil || kept == snap.Tree {
		return "", aside, err
	}
	return snap.Tree, aside, nil
}

// lostCommits brings the commits of the agent's refs that haves don't hold into
// the user's repository. broken: some can't be read.
func (w *Run) lostCommits(ctx context.Context, st *place, s rescueSpec, haves []string) (finds []store.Find, broken bool, err error) {
	own := agentgit.Open(s.tree.Work)
	tips := own.Tips()
	for _, id := range haves {
		delete(tips, id)
	}
	refs, err := st.userRefs(ctx)
	if err != nil {
		return nil, false, err
	}
	for id := range tips {
		if bytes.Contains(refs, []byte(id)) {
			delete(tips, id)
		}
	}
	if len(tips) == 0 {
		return nil, false, nil
	}
	finds, broken, err = st.Novel(ctx, own.Objects(), tips, haves)
	if err != nil || len(finds) == 0 {
		return nil, broken, err
	}
	kept := finds[:0]
	for _, f := range finds {
		err := st.Adopt(ctx, own.Objects(), []string{f.Commit}, haves)
		switch {
		case err == nil:
			kept = append(kept, f)
		case git.Failed(err) && !errors.Is(err, git.ErrDiskFull):
			w.report("%s of %s can't be read: %v", f.What, s.agent, err)
			broken = true
		default:
			return nil, false, err
		}
	}
	return kept, broken, nil
}

// keepRescue makes the commit that holds all finds and its ref.
func (w *Run) keepRescue(ctx context.Context, st *place, s rescueSpec, base, dirty string, finds []store.Find) error {
	var parents []string
	var text strings.Builder
	fmt.Fprintf(&text, "Rescue what %s had left in its workspace\n", s.agent)
	if base != "" {
		parents = append(parents, base)
	}
	if dirty != "" {
		text.WriteString("\nThe tree holds files that were not committed.")
	} else {
		var err error
		if dirty, err = st.TreeOf(ctx, cmp.Or(base, finds[0].Commit)); err != nil {
			return err
		}
	}
	for _, f := range finds {
		parents = append(parents, f.Commit)
		fmt.Fprintf(&text, "\nParent %d is its %s.", len(parents), message.OneLine(f.What))
	}
	about := message.Compose(text.String(), "", message.Trailers(w.id, "", s.agent)...)
	commit, err := w.commit(ctx, st, dirty, about, parents...)
	if err != nil {
		return err
	}
	err = st.repo.SetRef(ctx, s.ref, commit, "")
	if !errors.Is(err, userrepo.ErrRefMoved) {
		return err
	}
	old, err := st.repo.RefCommit(ctx, s.ref)
	if err != nil {
		return err
	}
	if same, err := st.SameCommit(ctx, old, commit); err != nil || same {
		return err
	}
	// Something of an earlier workspace of the same agent is kept there: both stay.
	if commit, err = w.commit(ctx, st, dirty, about, append(parents, old)...); err != nil {
		return err
	}
	return st.repo.SetRef(ctx, s.ref, commit, old)
}

// moveAside moves paths of a workspace to where popkit removes nothing.
func (w *Run) moveAside(s rescueSpec, paths []string) error {
	for _, path := range paths {
		from, to := filepath.Join(s.tree.Work, path), filepath.Join(w.asideDir(s.agent), s.path, path)
		for n := 2; ; n++ {
			if _, err := os.Lstat(to); err != nil {
				break
			}
			to = filepath.Join(w.asideDir(s.agent), s.path, fmt.Sprintf("%s.%d", path, n))
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := os.Rename(from, to); err != nil {
			return fmt.Errorf("keep %s: %w", path, err)
		}
		w.report("%s of %s can't be kept by git and is now at %s", path, s.agent, to)
	}
	return nil
}
