package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"popkit/internal/core/audit"
	"popkit/internal/workspace/agentgit"
	"popkit/internal/workspace/difftree"
	"popkit/internal/workspace/git"
	"popkit/internal/workspace/message"
	"popkit/internal/workspace/store"
	"popkit/internal/workspace/userrepo"
)

// CollectSpec asks for what an agent left.
type CollectSpec struct {
	Agent, Task string
	Attempt     int
	Path        string // as Prepare returned it
	Base        string // as Prepare was given it
	Message     string // of the commit; "" for one of popkit's
	Trailers    []message.Trailer
}

// Work is what an agent left, kept in the user's repository.
type Work struct {
	Commit string // descends from the base; equals it when nothing changed
	Ref    string // that keeps it; "" when nothing changed
	// Files changed against the base, all of them, by name; then how many, and
	// how many lines. A submodule counts as one file, by its path.
	Files                   []string
	Changed, Added, Removed int
	// Unresolved conflicts of the merge that the workspace was made for.
	Unresolved []string
	// LeftOut lists what is in the workspace and not in the commit although it
	// is not ignored: repositories in the repository, names that git can't hold.
	// Release keeps it.
	LeftOut []string
	Summary string // in one line
	// Gone: there is no workspace, and no work kept of it: the agent removed it, or
	// somebody who cleared up. It is the base then.
	Gone bool

	// Changes are what the audit looks at: Files with modes and objects.
	Changes []audit.Change
	// Own: the commit may lie on others that the agent made.
	Own bool
}

// Collect commits what an agent left and keeps it by a ref. What the agent
// committed itself is kept as it is, with one commit on top for the rest, if
// it descends from the base; else all becomes one commit on the base. Called
// again it gives the same work, also when the workspace is gone.
func (w *Run) Collect(ctx context.Context, s CollectSpec) (Work, error) {
	if err := checkName("task", s.Task); err != nil {
		return Work{}, err
	}
	unlock, err := w.lockAgent(s.Agent)
	if err != nil {
		return Work{}, err
	}
	defer unlock()
	st, err := w.mainStore(ctx)
	if err != nil {
		return Work{}, err
	}
	work, err := w.collect(ctx, st, s)
	if err != nil {
		return Work{}, fmt.Errorf("collect the work of %s: %w", s.Agent, err)
	}
	return work, nil
}

// keepRef is the ref that keeps an attempt's work.
func (w *Run) keepRef(task string, attempt int) string {
	return w.Ref(task + "." + strconv.Itoa(attempt))
}

func (w *Run) collect(ctx context.Context, st *place, s CollectSpec) (Work, error) {
	t := w.agentTree(s.Agent)
	if s.Path != "" && filepath.Clean(s.Path) != t.Work {
		return Work{}, fmt.Errorf("%s is not the workspace that was made for it (%s)", s.Path, t.Work)
	}
	rec, err := w.loadRecord(s.Agent)
	if err != nil {
		return Work{}, err
	}
	if !store.IsDir(t.Work) || !rec.Ready {
		return w.collected(ctx, st, s)
	}
	if rec.Base != s.Base {
		return Work{}, fmt.Errorf("its workspace was made for base %s, not %s", rec.Base, s.Base)
	}
	modules, err := w.collectModules(ctx, t, rec, s)
	if err != nil {
		return Work{}, err
	}
	cut, err := w.take(ctx, st, t, rec, linksIn(modules, ""))
	if err != nil {
		return Work{}, err
	}
	work := Work{LeftOut: slices.Concat(cut.Scan.Nested, cut.Left, strayLinks(cut.Scan, modules))}
	if work.Unresolved, err = w.unresolved(ctx, st, t, rec); err != nil {
		return Work{}, err
	}
	base, err := st.treeOf(ctx, s.Base)
	if err != nil {
		return Work{}, err
	}
	if cut.Tree == base && rec.Merge != "" {
		undone, err := st.mergeUndone(ctx, t, rec, cut)
		if err != nil {
			return Work{}, err
		}
		if undone {
			work.Unresolved = conflictPaths(rec.Conflicts)
		}
	}
	if cut.Tree == base && rec.Merge == "" {
		work.Commit, work.Summary = s.Base, summarize(&work)
	} else if err := w.keepMeasured(ctx, st, s, rec, cut, &work); err != nil {
		return Work{}, err
	}
	rec.Kept, rec.Modules = work.Commit, modules
	return work, w.saveRecord(s.Agent, rec)
}

// keepMeasured keeps a snapshot and counts, at the same time, what changed.
func (w *Run) keepMeasured(ctx context.Context, st *place, s CollectSpec, rec record, cut taken, work *Work) error {
	var wg sync.WaitGroup
	kept, keepErr := *work, error(nil)
	wg.Go(func() { keepErr = w.keep(ctx, st, s, rec, cut, &kept) })
	err := w.measure(ctx, st, work, s.Base, cut.Tree)
	wg.Wait()
	work.Commit, work.Ref, work.Own = kept.Commit, kept.Ref, kept.Own
	return errors.Join(keepErr, err)
}

// taken is a snapshot of a workspace and the agent's own commits below it.
type taken struct {
	store.Snapshot
	head     string // the agent's own commit that the snapshot is on; "" for none
	headTree string
	usable   usability
	at       string // the commit that the agent has checked out, as far as it is usable
}

// take snapshots a workspace. The agent's own commits count as history when
// they are complete, descend from the base and hold nothing of popkit's. links
// are the submodules' commits.
func (w *Run) take(ctx context.Context, st *place, t store.Tree, rec record, links []git.Entry) (taken, error) {
	var cut taken
	if _, err := os.Lstat(t.Index); err != nil {
		if err := st.ReadTree(ctx, t, rec.Base); err != nil { // costs hashing all files
			return cut, err
		}
	}
	own := agentgit.Open(t.Work)
	head := own.Head()
	if head != "" && head != rec.Base {
		usable, err := w.adoptHead(ctx, st, own, head, rec)
		if err != nil {
			return cut, err
		}
		cut.usable, cut.at = usable, head
		if usable != noHistory {
			if err := w.indexOf(ctx, st, t, head, rec.Base); err != nil {
				return cut, err
			}
		}
		if usable == asHistory {
			if cut.headTree, err = st.TreeOf(ctx, head); err != nil {
				return cut, err
			}
			cut.head = head
		}
	}
	if len(links) > 0 {
		if err := st.SetEntries(ctx, t, links); err != nil {
			return cut, err
		}
	}
	also, err := w.forced(ctx, st, t, rec)
	if err != nil {
		return cut, err
	}
	for _, c := range rec.Conflicts {
		also = append(also, c.Path)
	}
	cut.Snapshot, err = w.snapshot(ctx, st, t, rec, also)
	return cut, err
}

// usability says what the agent's own commits are good for.
type usability int

const (
	noHistory usability = iota // nothing: they can't be read
	asIndex                    // they say which files are tracked
	asHistory                  // the result can be a commit on top of them
)

func (w *Run) adoptHead(ctx context.Context, st *place, own agentgit.Dir, head string, rec record) (usability, error) {
	haves := []string{rec.Base}
	if rec.Merge != "" {
		haves = append(haves, rec.Merge)
	}
	err := st.Adopt(ctx, own.Objects(), []string{head}, haves)
	if errors.Is(err, git.ErrDiskFull) || err != nil && !git.Failed(err) {
		return noHistory, err
	}
	if err != nil {
		w.report("the commits of an agent can't be used, its files are: %v", err)
		return noHistory, nil
	}
	ok, err := st.Descends(ctx, rec.Base, head)
	if err != nil || !ok {
		return asIndex, err
	}
	res, err := st.Run(ctx, store.Call{Args: []string{"rev-list", "--max-count=1", rec.Base + ".." + head, "--", store.StateDir}})
	if err != nil || len(res.Out) > 0 {
		return asIndex, err
	}
	return asHistory, nil
}

// indexOf makes popkit's index that of the agent's commit, but for popkit's own
// files, which stay as in the base.
func (w *Run) indexOf(ctx context.Context, st *place, t store.Tree, commit, base string) error {
	if err := st.ReadTree(ctx, t, commit); err != nil {
		return err
	}
	res, err := st.Run(ctx, store.Call{Tree: t, Args: []string{"diff-index", "--cached", "-z", "--no-renames", base, "--", store.StateDir}})
	if err != nil || len(res.Out) == 0 {
		return err
	}
	fields := git.Fields(res.Out) // ":MODE MODE ID ID STATUS", then the path
	var entries []git.Entry
	for i := 0; i+1 < len(fields); i += 2 {
		meta := strings.Fields(strings.TrimPrefix(fields[i], ":"))
		if len(meta) != 5 {
			return fmt.Errorf("unexpected diff record %q", fields[i])
		}
		e := git.Entry{Mode: meta[0], Object: meta[2], Path: fields[i+1]}
		if e.Mode == "000000" {
			e.Object = ""
		}
		entries = append(entries, e)
	}
	return st.SetEntries(ctx, t, entries)
}

// forced lists files that the agent put into its own index and that popkit's
// index does not have: ignored ones that it added by force.
func (w *Run) forced(ctx context.Context, st *place, t store.Tree, rec record) ([]string, error) {
	now, _, err := fingerprint(filepath.Join(t.Work, ".git", "index"), "")
	if err != nil || now == rec.Index || agentgit.Open(t.Work).None() {
		return nil, nil // unchanged or unreadable: it says nothing
	}
	copied, err := w.agentIndex(t)
	if err != nil {
		return nil, nil // likewise
	}
	theirs, err := st.Run(ctx, store.Call{Tree: store.Tree{Work: t.Work, Index: copied}, Args: []string{"ls-files", "-s", "-z"}})
	if git.Failed(err) {
		return nil, nil // corrupt: the files themselves are on disk
	}
	if err != nil {
		return nil, err
	}
	ours, err := st.Run(ctx, store.Call{Tree: t, Args: []string{"ls-files", "-z"}})
	if err != nil {
		return nil, err
	}
	entries, err := git.ParseEntries(git.Fields(theirs.Out))
	if err != nil {
		return nil, err
	}
	have := map[string]bool{}
	for _, path := range git.Fields(ours.Out) {
		have[path] = true
	}
	var paths []string
	for _, e := range entries {
		if have[e.Path] || e.Mode == git.Gitlink || store.OwnState(e.Path) {
			continue
		}
		if info, err := os.Lstat(filepath.Join(t.Work, e.Path)); err == nil && !info.IsDir() {
			paths = append(paths, e.Path)
		}
	}
	return paths, nil
}

// keep makes the commit of a snapshot and the ref that keeps it.
func (w *Run) keep(ctx context.Context, st *place, s CollectSpec, rec record, cut taken, work *Work) error {
	work.Ref = w.keepRef(s.Task, s.Attempt)
	parents, done, err := w.parents(ctx, st, rec, cut)
	if err != nil {
		return err
	}
	if done {
		work.Commit = cut.head
	} else {
		text := message.Compose(s.Message, "Work of "+s.Agent+" on "+s.Task, w.trailers(s)...)
		if work.Commit, err = w.commit(ctx, st, cut.Tree, text, parents...); err != nil {
			return err
		}
	}
	work.Own = slices.Contains(append(parents, work.Commit), cut.head)
	work.Commit, err = w.keepBy(ctx, st, s, work.Commit)
	return err
}

func (w *Run) trailers(s CollectSpec) []message.Trailer {
	return append(message.Trailers(w.id, s.Task, s.Agent), s.Trailers...)
}

// parents returns what the result's commit is on. done: the agent's own commit
// is the result already.
func (w *Run) parents(ctx context.Context, st *place, rec record, cut taken) (parents []string, done bool, err error) {
	same := cut.head != "" && cut.Tree == cut.headTree
	if rec.Merge == "" {
		if cut.head != "" {
			return []string{cut.head}, same, nil
		}
		return []string{rec.Base}, false, nil
	}
	parents = []string{rec.Base, rec.Merge}
	if same {
		own, err := st.ParentsOf(ctx, cut.head)
		if err != nil {
			return nil, false, err
		}
		done = len(own) == 2 && own[0] == rec.Base && own[1] == rec.Merge
	}
	return parents, done, nil
}

// keepBy makes the attempt's ref hold a commit and returns what it holds then.
func (w *Run) keepBy(ctx context.Context, st *place, s CollectSpec, commit string) (string, error) {
	return w.keepAt(ctx, st, s.Task+"."+strconv.Itoa(s.Attempt), "", commit)
}

// keepAt makes a ref hold a commit and returns what it holds then. Where it was
// done before, the same work keeps its commit; other work replaces it, and the
// earlier one is kept beside.
func (w *Run) keepAt(ctx context.Context, st *place, name, folder, commit string) (string, error) {
	ref := w.Ref(folder + name)
	err := st.repo.SetRef(ctx, ref, commit, "")
	if !errors.Is(err, userrepo.ErrRefMoved) {
		return commit, err
	}
	old, err := st.repo.RefCommit(ctx, ref)
	if err != nil {
		return "", err
	}
	if old == "" {
		return "", fmt.Errorf("ref %s can't be written and is not there", ref)
	}
	same, err := st.SameCommit(ctx, old, commit)
	if err != nil || same {
		return old, err
	}
	beside := w.Ref("rescue/" + name + "-" + old[:12])
	if err := st.repo.SetRef(ctx, beside, old, userrepo.AnyValue); err != nil {
		return "", err
	}
	return commit, st.repo.SetRef(ctx, ref, commit, old)
}

// collected gives the work of an attempt whose workspace is gone.
func (w *Run) collected(ctx context.Context, st *place, s CollectSpec) (Work, error) {
	ref := w.keepRef(s.Task, s.Attempt)
	commit, err := w.repo.RefCommit(ctx, ref)
	if err != nil {
		return Work{}, err
	}
	if commit == "" {
		if _, err := os.Lstat(w.AgentDir(s.Agent)); err == nil && !store.IsDir(w.AgentDir(s.Agent)) {
			return Work{}, fmt.Errorf("there is something else in place of the workspace at %s", w.AgentDir(s.Agent))
		}
		if !store.IsDir(w.root) { // a disk that is not there now has the work, and may be back
			return Work{}, fmt.Errorf("the workspaces are not there: %s", w.root)
		}
		return Work{Commit: s.Base, Summary: "its workspace is gone", Gone: true}, nil
	}
	work := Work{Commit: commit, Ref: ref, Own: true}
	return work, w.measure(ctx, st, &work, s.Base, commit)
}

// measure fills in what changed between the base and a tree or commit.
func (w *Run) measure(ctx context.Context, st *place, work *Work, base, to string) error {
	changes, stats, err := difftree.List(ctx, st.Store, base, to)
	if err != nil {
		return err
	}
	work.Changes = changes
	for _, f := range stats {
		work.Files = append(work.Files, f.Path)
		work.Added += f.Added
		work.Removed += f.Removed
	}
	work.Changed = len(stats)
	work.Summary = summarize(work)
	return nil
}

func summarize(work *Work) string {
	if work.Changed == 0 {
		return "no changes"
	}
	const show = 3
	names := work.Files
	more := ""
	if len(names) > show {
		more = fmt.Sprintf(" and %d more", len(names)-show)
		names = names[:show]
	}
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = message.OneLine(n)
	}
	files := "1 file"
	if work.Changed != 1 {
		files = strconv.Itoa(work.Changed) + " files"
	}
	text := fmt.Sprintf("%s changed (+%d -%d): %s%s", files, work.Added, work.Removed, strings.Join(quoted, ", "), more)
	if len(work.LeftOut) > 0 {
		text += fmt.Sprintf("; left out: %s", message.OneLine(strings.Join(work.LeftOut, ", ")))
	}
	return text
}
