package store

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

// TreeMerge is what git merge-tree says.
type TreeMerge struct {
	Tree      string      // with conflict markers when there are conflicts
	entries   []git.Entry // of the conflicts, by stage
	Conflicts []string    // paths
	messages  []mergeMessage
}

type mergeMessage struct {
	paths []string
	kind  string // e.g. "CONFLICT (binary)"
}

// Merge merges two commits by the attributes of onto. The attributes that
// the last merge used are nearly always the right ones, so that is looked up
// while it merges.
func (a *Attributes) Merge(ctx context.Context, st *Store, onto, commit string) (TreeMerge, error) {
	if err := a.open(); err != nil {
		return TreeMerge{}, err
	}
	var merged TreeMerge
	var changed bool
	var mergeErr, attrErr error
	var wg sync.WaitGroup
	wg.Go(func() { merged, mergeErr = st.mergeTree(ctx, a.Dir, onto, commit) })
	wg.Go(func() { changed, attrErr = a.update(ctx, st, onto) })
	wg.Wait()
	if attrErr != nil {
		return TreeMerge{}, attrErr
	}
	if changed {
		if err := a.fill(ctx, st, onto); err != nil {
			return TreeMerge{}, err
		}
		return st.mergeTree(ctx, a.Dir, onto, commit)
	}
	return merged, mergeErr
}

func (st *Store) mergeTree(ctx context.Context, attrs, onto, commit string) (TreeMerge, error) {
	res, err := st.Run(ctx, Call{Tree: Tree{Work: attrs}, OK: []int{1},
		Args: []string{"merge-tree", "--write-tree", "-z", "--messages", onto, commit}})
	if err != nil {
		return TreeMerge{}, err
	}
	merged, err := parseMergeTree(res.Out)
	if err == nil && res.Code == 1 && len(merged.Conflicts) == 0 {
		err = errors.New("git reports a conflict without a path")
	}
	if res.Code == 0 {
		merged.Conflicts = nil
	}
	return merged, err
}

// parseMergeTree reads the output of merge-tree -z: the tree, the entries of
// conflicts up to an empty record, then messages.
func parseMergeTree(out []byte) (TreeMerge, error) {
	fields := git.Fields(out)
	if len(fields) == 0 || !git.IsID(fields[0]) {
		return TreeMerge{}, fmt.Errorf("unexpected output of merge-tree: %.80q", out)
	}
	m := TreeMerge{Tree: fields[0]}
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

func (m *TreeMerge) addConflict(path string) {
	if !slices.Contains(m.Conflicts, path) {
		m.Conflicts = append(m.Conflicts, path)
	}
}
