package store

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"time"

	"popkit/internal/workspace/git"
)

// Look is what somebody who works in a work tree has changed so far.
type Look struct {
	Files  []string // that differ from the index, without what was there when they began
	Digest string   // the same, the same content (by size and time)
}

const (
	lookTime  = 10 * time.Second      // what takes longer is looked at another time
	clockLag  = 10 * time.Millisecond // how far a file's time can lag behind the clock
	maxLooked = 1000                  // of more files, the first ones say enough
)

// Look compares a work tree that somebody works in with the index. As Scan, but it
// leaves all as it is, and waits for nothing; it costs one git process. What is older
// than since is not theirs.
func (st *Store) Look(ctx context.Context, t Tree, since time.Time) (Look, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	res, err := st.Run(ctx, Call{Tree: t, Args: []string{"ls-files", "-z", "-o", "-m", "-d", "--exclude-standard"}})
	if err != nil {
		return Look{}, fmt.Errorf("list changes: %w", err)
	}
	var out Look
	h := fnv.New64a()
	seen := map[string]bool{}
	for _, path := range git.Fields(res.Out) {
		if seen[path] || OwnState(path) || len(seen) == maxLooked {
			continue
		}
		seen[path] = true
		info, err := os.Lstat(filepath.Join(t.Work, path))
		switch {
		case err != nil: // gone, which is a change, too
			fmt.Fprintf(h, "%q gone\n", path)
		case info.ModTime().Before(since.Add(-clockLag)):
			continue
		default:
			fmt.Fprintf(h, "%q %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		}
		out.Files = append(out.Files, path)
	}
	out.Digest = fmt.Sprintf("%d-%x", len(out.Files), h.Sum64())
	return out, nil
}
