package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"popkit/internal/workspace/git"
)

// MergeSpec asks for a merge of kept work into the run's tree.
type MergeSpec struct {
	Onto   string // the tree's commit
	Commit string // the work
	Task   string
	Agent  string
	// Message of the merge commit; "" for one of popkit's.
	Message string
	// PreferOurs lets Onto win where both sides changed the same: in text hunk by
	// hunk, in everything else as a whole.
	PreferOurs bool
}

// MergeResult is a merge commit, or the conflicts that prevent it.
type MergeResult struct {
	Commit    string // Onto itself when it has the work already; "" with Conflicts
	Conflicts []string
}

// headCache is the last merge commit at refs/popkit/RUN/head.
type headCache struct {
	read    bool
	commit  string
	parents []string
}

// Merge merges work into the run's tree, without a checkout, by the attributes
// committed in Onto and git's built-in merge drivers. The result is always a
// merge commit, held by refs/popkit/RUN/head, unless Onto has the work already.
// With conflicts nothing is written. Merging the same again gives the same
// commit.
func (w *Run) Merge(ctx context.Context, s MergeSpec) (MergeResult, error) {
	st, err := w.mainStore(ctx)
	if err != nil {
		return MergeResult{}, err
	}
	w.merge.Lock()
	defer w.merge.Unlock()
	res, err := w.mergeInto(ctx, st, s)
	if err != nil {
		return MergeResult{}, fmt.Errorf("merge the work of %s: %w", s.Agent, err)
	}
	return res, nil
}

func (w *Run) mergeInto(ctx context.Context, st *store, s MergeSpec) (MergeResult, error) {
	if err := w.readHead(ctx, st); err != nil {
		return MergeResult{}, err
	}
	if slices.Equal(w.head.parents, []string{s.Onto, s.Commit}) {
		return MergeResult{Commit: w.head.commit}, nil
	}
	var merged treeMerge
	var has bool
	var err, hasErr error
	var wg sync.WaitGroup
	wg.Go(func() { has, hasErr = st.descends(ctx, s.Commit, s.Onto) })
	wg.Go(func() { merged, err = w.mergeTrees(ctx, st, s.Onto, s.Commit) })
	wg.Wait()
	if hasErr == nil && has {
		return MergeResult{Commit: s.Onto}, nil
	}
	if err := errors.Join(hasErr, err); err != nil {
		return MergeResult{}, err
	}
	if len(merged.conflicts) > 0 {
		if !s.PreferOurs {
			return MergeResult{Conflicts: merged.conflicts}, nil
		}
		if merged.tree, err = w.preferOurs(ctx, st, s.Onto, merged); err != nil {
			return MergeResult{}, err
		}
	}
	message := compose(s.Message, "Merge the work of "+s.Agent+" on "+s.Task,
		Trailer{TrailerRun, w.id}, Trailer{TrailerTask, s.Task}, Trailer{TrailerAgent, s.Agent})
	commit, err := w.commit(ctx, st, merged.tree, message, s.Onto, s.Commit)
	if err != nil {
		return MergeResult{}, err
	}
	if err := w.repo.setRef(ctx, w.Ref("head"), commit, anyValue); err != nil {
		return MergeResult{}, err
	}
	w.head = headCache{read: true, commit: commit, parents: []string{s.Onto, s.Commit}}
	return MergeResult{Commit: commit}, nil
}

// readHead learns what an earlier process merged last.
func (w *Run) readHead(ctx context.Context, st *store) error {
	if w.head.read {
		return nil
	}
	commit, err := w.repo.RefCommit(ctx, w.Ref("head"))
	if err != nil {
		return err
	}
	head := headCache{read: true, commit: commit}
	if commit != "" {
		if head.parents, err = st.parentsOf(ctx, commit); err != nil {
			return err
		}
	}
	w.head = head
	return nil
}

// treeMerge is what git merge-tree says.
type treeMerge struct {
	tree      string      // with conflict markers when there are conflicts
	entries   []git.Entry // of the conflicts, by stage
	conflicts []string    // paths
	messages  []mergeMessage
}

type mergeMessage struct {
	paths []string
	kind  string // e.g. "CONFLICT (binary)"
}

// mergeTrees merges two commits by the attributes of onto. The attributes that
// the last merge used are nearly always the right ones, so that is looked up
// while it merges.
func (w *Run) mergeTrees(ctx context.Context, st *store, onto, commit string) (treeMerge, error) {
	dir, err := w.attrs.open(w.root)
	if err != nil {
		return treeMerge{}, err
	}
	var merged treeMerge
	var changed bool
	var mergeErr, attrErr error
	var wg sync.WaitGroup
	wg.Go(func() { merged, mergeErr = st.mergeTree(ctx, dir, onto, commit) })
	wg.Go(func() { changed, attrErr = w.attrs.update(ctx, st, onto) })
	wg.Wait()
	if attrErr != nil {
		return treeMerge{}, attrErr
	}
	if changed {
		if err := w.attrs.fill(ctx, st, onto); err != nil {
			return treeMerge{}, err
		}
		return st.mergeTree(ctx, dir, onto, commit)
	}
	return merged, mergeErr
}

func (st *store) mergeTree(ctx context.Context, attrs, onto, commit string) (treeMerge, error) {
	res, err := st.run(ctx, call{tree: tree{work: attrs}, ok: []int{1},
		args: []string{"merge-tree", "--write-tree", "-z", "--messages", onto, commit}})
	if err != nil {
		return treeMerge{}, err
	}
	merged, err := parseMergeTree(res.Out)
	if err == nil && res.Code == 1 && len(merged.conflicts) == 0 {
		err = errors.New("git reports a conflict without a path")
	}
	if res.Code == 0 {
		merged.conflicts = nil
	}
	return merged, err
}

// parseMergeTree reads the output of merge-tree -z: the tree, the entries of
// conflicts up to an empty record, then messages.
func parseMergeTree(out []byte) (treeMerge, error) {
	fields := git.Fields(out)
	if len(fields) == 0 || !git.IsID(fields[0]) {
		return treeMerge{}, fmt.Errorf("unexpected output of merge-tree: %.80q", out)
	}
	m := treeMerge{tree: fields[0]}
	rest := fields[1:]
	end := slices.Index(rest, "")
	if end < 0 {
		end = len(rest)
	}
	var err error
	if m.entries, err = git.ParseEntries(rest[:end]); err != nil {
		return m, err
	}
	for _, e := range m.entries {
		m.addConflict(e.Path)
	}
	rest = rest[min(end+1, len(rest)):]
	for len(rest) > 0 {
		n, err := strconv.Atoi(rest[0])
		if err != nil || n < 0 || len(rest) < n+3 {
			return m, fmt.Errorf("unexpected message of merge-tree: %.80q", rest[0])
		}
		msg := mergeMessage{paths: rest[1 : n+1], kind: rest[n+1]}
		m.messages = append(m.messages, msg)
		if strings.HasPrefix(msg.kind, "CONFLICT") {
			for _, path := range msg.paths {
				m.addConflict(path)
			}
		}
		rest = rest[n+3:]
	}
	return m, nil
}

func (m *treeMerge) addConflict(path string) {
	if !slices.Contains(m.conflicts, path) {
		m.conflicts = append(m.conflicts, path)
	}
}
