package workspace

import (
	"context"
	"fmt"
	"strings"

	"popkit/internal/workspace/git"
	"popkit/internal/workspace/message"
	"popkit/internal/workspace/store"
)

// Files lists the files of a commit.
func (w *Run) Files(ctx context.Context, commit string) ([]string, error) {
	st, err := w.mainStore(ctx)
	if err != nil {
		return nil, err
	}
	res, err := st.Run(ctx, store.Call{Args: []string{"ls-tree", "-r", "-z", "--name-only", "--full-tree", commit}})
	if err != nil {
		return nil, fmt.Errorf("list the files of %s: %w", commit, err)
	}
	return git.Fields(res.Out), nil
}

// MergeInfo is a merge that popkit made.
type MergeInfo struct {
	Commit, Task, Agent string
}

// MergesBetween lists the merges that Merge made after from up to to, oldest
// first.
func (w *Run) MergesBetween(ctx context.Context, from, to string) ([]MergeInfo, error) {
	st, err := w.mainStore(ctx)
	if err != nil {
		return nil, err
	}
	res, err := st.Run(ctx, store.Call{Args: []string{"log", "-z", "--first-parent", "--reverse", "--merges",
		"--format=%H%n%(trailers:key=" + message.Run + ",valueonly,separator=%x20)%n%(trailers:key=" + message.Task +
			",valueonly,separator=%x20)%n%(trailers:key=" + message.Agent + ",valueonly,separator=%x20)", from + ".." + to, "--"}})
	if err != nil {
		return nil, fmt.Errorf("list merges: %w", err)
	}
	var merges []MergeInfo
	for _, rec := range git.Fields(res.Out) {
		parts := strings.Split(rec, "\n")
		if len(parts) != 4 {
			return nil, fmt.Errorf("list merges: unexpected record %q", rec)
		}
		if parts[1] != w.id {
			continue
		}
		merges = append(merges, MergeInfo{Commit: parts[0], Task: parts[2], Agent: parts[3]})
	}
	return merges, nil
}
