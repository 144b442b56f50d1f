package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"popkit/internal/workspace/git"
	"popkit/internal/workspace/message"
	"popkit/internal/workspace/store"
	"popkit/internal/workspace/userrepo"
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

func (w *Run) mergeInto(ctx context.Context, st *place, s MergeSpec) (MergeResult, error) {
	if err := w.readHead(ctx, st); err != nil {
		return MergeResult{}, err
	}
	if slices.Equal(w.head.parents, []string{s.Onto, s.Commit}) {
		return MergeResult{Commit: w.head.commit}, nil
	}
	var merged store.TreeMerge
	var before string
	var err, beforeErr error
	var wg sync.WaitGroup
	wg.Go(func() { before, beforeErr = st.treeOf(ctx, s.Onto) })
	wg.Go(func() { merged, err = w.attrs.Merge(ctx, st.Store, s.Onto, s.Commit) })
	wg.Wait()
	if err := errors.Join(beforeErr, err); err != nil {
		return MergeResult{}, err
	}
	if len(merged.Conflicts) == 0 && merged.Tree == before { // the only way to have it already
		if has, err := st.Descends(ctx, s.Commit, s.Onto); err != nil || has {
			return MergeResult{Commit: s.Onto}, err
		}
	}
	if len(merged.Conflicts) > 0 {
		if !s.PreferOurs {
			return MergeResult{Conflicts: merged.Conflicts}, nil
		}
		if merged.Tree, err = w.attrs.PreferOurs(ctx, st.Store, s.Onto, merged); err != nil {
			return MergeResult{}, err
		}
	}
	text := message.Compose(s.Message, "Merge the work of "+s.Agent+" on "+s.Task, message.Trailers(w.id, s.Task, s.Agent)...)
	commit, err := w.commit(ctx, st, merged.Tree, text, s.Onto, s.Commit)
	if err != nil {
		return MergeResult{}, err
	}
	if err := w.repo.SetRef(ctx, w.Ref("head"), commit, userrepo.AnyValue); err != nil {
		return MergeResult{}, err
	}
	w.head = headCache{read: true, commit: commit, parents: []string{s.Onto, s.Commit}}
	st.knowTree(commit, merged.Tree)
	return MergeResult{Commit: commit}, nil
}

// readHead learns what an earlier process merged last.
func (w *Run) readHead(ctx context.Context, st *place) error {
	if w.head.read {
		return nil
	}
	commit, err := w.repo.RefCommit(ctx, w.Ref("head"))
	if err != nil {
		return err
	}
	head := headCache{read: true, commit: commit}
	if commit != "" {
		if head.parents, err = st.ParentsOf(ctx, commit); err != nil {
			return err
		}
	}
	w.head = head
	return nil
}

// commit makes a commit in the run's name; its author is the run's identity.
func (w *Run) commit(ctx context.Context, st *place, tree, text string, parents ...string) (string, error) {
	user, err := w.repo.Settings(ctx)
	if err != nil {
		return "", err
	}
	id := w.opts.Identity
	if !w.opts.Sign && !user.OddObjects() {
		return st.Commit(store.Author{Name: id.Name, Email: id.Email, When: time.Now()}, tree, text, parents...)
	}
	author := []string{
		"GIT_AUTHOR_NAME=" + id.Name, "GIT_AUTHOR_EMAIL=" + id.Email,
		"GIT_COMMITTER_NAME=" + id.Name, "GIT_COMMITTER_EMAIL=" + id.Email,
	}
	args := append([]string{"-c", "i18n.commitEncoding=UTF-8"}, store.CommitArgs(tree, parents)...)
	if w.opts.Sign {
		args = append(args, "-S") // only the user's own configuration knows how
	}
	res, err := st.repo.Run(ctx, git.Cmd{Args: args, Env: author, Stdin: strings.NewReader(text)})
	return git.Line(res.Out), err
}
