package store

import (
	"context"
	"fmt"

	"popkit/internal/workspace/git"
)

// Numstat compares two trees or commits file by file.
func (st *Store) Numstat(ctx context.Context, from, to string) ([]git.Stat, error) {
	res, err := st.Run(ctx, Call{Args: []string{"diff-tree", "-r", "-z", "--numstat", "--no-renames",
		"--no-ext-diff", "--no-textconv", from, to}})
	if err != nil {
		return nil, fmt.Errorf("compare with the base: %w", err)
	}
	return git.ParseNumstat(res.Out)
}
