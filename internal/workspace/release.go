package workspace

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"popkit/internal/workspace/git"
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
		return "", fmt.Errorf("release the workspace of %s: %w", agent, diskFull(err, w.root))
	}
	return rescue, nil
}

func (w *Run) release(ctx context.Context, st *store, agent string, known []string) (string, error) {
	t := w.agentTree(agent)
	ref := w.Ref("rescue/" + agent)
	if !isDir(t.work) {
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
		if rescue, err = w.rescue(ctx, st, rescueSpec{agent: agent, ref: ref, tree: t, rec: rec, known: known}); err != nil {
			return "", err
		}
	}
	return rescue, w.forget(agent)
}

// forget removes a workspace and what popkit knows of it.
func (w *Run) forget(agent string) error {
	if err := removeAll(w.AgentDir(agent)); err != nil {
		return err
	}
	return removeAll(w.keepDir(agent))
}

// rescued says what an earlier Release kept of an agent.
func (w *Run) rescued(ctx context.Context, agent, ref string) (string, error) {
	if ok, err := w.repo.RefExists(ctx, ref); err != nil || ok {
		return ref, err
	}
	if isDir(w.asideDir(agent)) {
		return w.asideDir(agent), nil
	}
	return "", nil
}

// asideDir is where what git can't hold is moved to.
func (w *Run) asideDir(agent string) string { return filepath.Join(w.root, "rescued", agent) }

type rescueSpec struct {
	agent, ref string
	tree       tree
	rec        record
	known      []string
}

// find is something that would be lost with the workspace.
type find struct {
	commit, what string
}

func (w *Run) rescue(ctx context.Context, st *store, s rescueSpec) (string, error) {
	base := first(s.rec.Kept, s.rec.Base)
	if base == "" {
		var err error
		if base, err = w.repo.RefCommit(ctx, w.Ref("base")); err != nil {
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
func (w *Run) dirtyTree(ctx context.Context, st *store, s rescueSpec, base string) (string, []string, error) {
	if s.rec.Kept != "" {
		sc, err := st.scan(ctx, s.tree)
		if err != nil || sc.empty() {
			return "", nil, err
		}
		if len(sc.paths) == 0 {
			return "", sc.nested, nil
		}
	}
	if _, err := os.Lstat(s.tree.index); err != nil {
		if err := os.MkdirAll(filepath.Dir(s.tree.index), 0o700); err != nil {
			return "", nil, err
		}
		if err := w.readTree(ctx, st, s.tree, first(base, st.emptyTree())); err != nil {
			return "", nil, err
		}
	}
	snap, err := st.snapshot(ctx, s.tree, nil)
	if err != nil {
		return "", nil, err
	}
	aside := append(snap.scan.nested, snap.left...)
	if base == "" {
		return snap.tree, aside, nil
	}
	kept, err := st.treeOf(ctx, base)
	if err != nil || kept == snap.tree {
		return "", aside, err
	}
	return snap.tree, aside, nil
}

// lostCommits brings the commits of the agent's refs that haves don't hold into
// the user's repository. broken: some can't be read.
func (w *Run) lostCommits(ctx context.Context, st *store, s rescueSpec, haves []string) (finds []find, broken bool, err error) {
	own := openAgentGit(s.tree.work)
	tips := own.tips()
	for _, id := range haves {
		delete(tips, id)
	}
	refs, err := w.userRefs(ctx)
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
	finds, broken, err = st.novel(ctx, own.objects(), tips, haves)
	if err != nil || len(finds) == 0 {
		return nil, broken, err
	}
	kept := finds[:0]
	for _, f := range finds {
		err := st.adopt(ctx, own.objects(), []string{f.commit}, haves)
		switch {
		case err == nil:
			kept = append(kept, f)
		case git.Failed(err) && !errors.Is(err, ErrDiskFull):
			w.report("%s of %s can't be read: %v", f.what, s.agent, err)
			broken = true
		default:
			return nil, false, err
		}
	}
	return kept, broken, nil
}

// novel returns those of the tips that haves don't reach, by name.
func (st *store) novel(ctx context.Context, agents string, tips map[string]string, haves []string) (finds []find, broken bool, err error) {
	ids := sortedKeys(tips)
	in := strings.Join(ids, "^{commit}\n") + "^{commit}\n"
	res, err := st.run(ctx, call{agents: agents, stdin: strings.NewReader(in), args: []string{"cat-file", "--batch-check=%(objectname) %(objecttype)"}})
	if err != nil {
		return nil, false, err
	}
	commits := map[string]string{}
	sc := bufio.NewScanner(bytes.NewReader(res.Out))
	for i := 0; sc.Scan() && i < len(ids); i++ {
		id, kind, _ := strings.Cut(sc.Text(), " ")
		if kind == "commit" && git.IsID(id) {
			commits[id] = tips[ids[i]]
		} else {
			broken = true
		}
	}
	if len(commits) == 0 {
		return nil, broken, sc.Err()
	}
	res, err = st.run(ctx, call{agents: agents, args: []string{"rev-list", "--stdin"}, stdin: strings.NewReader(revisions(sortedKeys(commits), haves))})
	if err != nil && !git.Failed(err) {
		return nil, broken, err
	}
	lost := map[string]bool{}
	for line := range strings.Lines(string(res.Out)) {
		lost[strings.TrimSpace(line)] = true
	}
	for _, id := range sortedKeys(commits) {
		if lost[id] || err != nil { // what can't be walked is looked at one by one
			finds = append(finds, find{commit: id, what: commits[id]})
		}
	}
	slices.SortFunc(finds, func(a, b find) int { return strings.Compare(a.what+a.commit, b.what+b.commit) })
	return finds, broken, nil
}

// keepRescue makes the commit that holds all finds and its ref.
func (w *Run) keepRescue(ctx context.Context, st *store, s rescueSpec, base, dirty string, finds []find) error {
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
		if dirty, err = st.treeOf(ctx, first(base, finds[0].commit)); err != nil {
			return err
		}
	}
	for _, f := range finds {
		parents = append(parents, f.commit)
		fmt.Fprintf(&text, "\nParent %d is its %s.", len(parents), oneLine(f.what))
	}
	message := compose(text.String(), "", Trailer{TrailerRun, w.id}, Trailer{TrailerAgent, s.agent})
	commit, err := w.commit(ctx, st, dirty, message, parents...)
	if err != nil {
		return err
	}
	err = w.repo.setRef(ctx, s.ref, commit, "")
	if !errors.Is(err, ErrRefMoved) {
		return err
	}
	old, err := w.repo.RefCommit(ctx, s.ref)
	if err != nil {
		return err
	}
	if same, err := st.sameCommit(ctx, old, commit); err != nil || same {
		return err
	}
	// Something of an earlier workspace of the same agent is kept there: both stay.
	if commit, err = w.commit(ctx, st, dirty, message, append(parents, old)...); err != nil {
		return err
	}
	return w.repo.setRef(ctx, s.ref, commit, old)
}

// moveAside moves paths of a workspace to where popkit removes nothing.
func (w *Run) moveAside(s rescueSpec, paths []string) error {
	for _, path := range paths {
		from, to := filepath.Join(s.tree.work, path), filepath.Join(w.asideDir(s.agent), path)
		for n := 2; ; n++ {
			if _, err := os.Lstat(to); err != nil {
				break
			}
			to = filepath.Join(w.asideDir(s.agent), fmt.Sprintf("%s.%d", path, n))
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
