package difftree

import (
	"context"
	"fmt"
	"strings"

	"popkit/internal/core/audit"
	"popkit/internal/workspace/git"
	"popkit/internal/workspace/store"
)

// List compares two trees or commits: what changed, by path, and how many lines.
// The sides have neither sizes nor contents yet.
func List(ctx context.Context, st *store.Store, from, to string) ([]audit.Change, []git.Stat, error) {
	res, err := st.Run(ctx, store.Call{Args: []string{"diff-tree", "-r", "-z", "--raw", "--numstat", "--no-abbrev", "--no-renames",
		"--no-ext-diff", "--no-textconv", from, to}})
	if err != nil {
		return nil, nil, fmt.Errorf("compare with the base: %w", err)
	}
	return parse(res.Out)
}

// parse reads the raw records and, after them, the counts.
func parse(out []byte) ([]audit.Change, []git.Stat, error) {
	fields := git.Fields(out)
	var changes []audit.Change
	i := 0
	for ; i+1 < len(fields) && strings.HasPrefix(fields[i], ":"); i += 2 {
		c, err := change(fields[i], fields[i+1])
		if err != nil {
			return nil, nil, err
		}
		changes = append(changes, c)
	}
	if i == len(fields) {
		return changes, nil, nil
	}
	stats, err := git.ParseNumstat([]byte(strings.Join(fields[i:], "\x00") + "\x00"))
	return changes, stats, err
}

// change reads ":MODE MODE ID ID STATUS" and a path.
func change(meta, path string) (audit.Change, error) {
	parts := strings.Fields(strings.TrimPrefix(meta, ":"))
	if len(parts) != 5 || path == "" {
		return audit.Change{}, fmt.Errorf("unexpected diff record %q", meta)
	}
	side := func(mode, id string) audit.Side {
		if mode == "000000" {
			return audit.Side{}
		}
		return audit.Side{Mode: mode, Object: id}
	}
	return audit.Change{Path: path, Old: side(parts[0], parts[2]), New: side(parts[1], parts[3])}, nil
}

// MaxCommits bounds how many of an agent's own commits are looked into.
const MaxCommits = 1000

// History lists what the commits from base to commit, but for those that not
// reaches ("": all), hold and the result does not: versions of files that would be
// merged with it. more says that there are further commits.
func History(ctx context.Context, st *store.Store, base, commit, not string, result []audit.Change) (changes []audit.Change, more bool, err error) {
	args := []string{"log", "-z", "--format=" + commitMark + "%H", fmt.Sprintf("--max-count=%d", MaxCommits+1), "-m", "--raw", "--no-abbrev",
		"--no-renames", "--no-ext-diff", "--no-textconv", commit, "^" + base}
	if not != "" {
		args = append(args, "^"+not)
	}
	res, err := st.Run(ctx, store.Call{Args: append(args, "--")})
	if err != nil {
		return nil, false, fmt.Errorf("read the agent's own commits: %w", err)
	}
	seen := map[[2]string]bool{}
	for _, c := range result {
		seen[[2]string{c.Path, c.New.Object}] = true
	}
	at, commits := "", 0
	fields := git.Fields(res.Out)
	for i := 0; i < len(fields); i++ {
		rec := strings.TrimLeft(fields[i], "\n")
		if id, ok := strings.CutPrefix(rec, commitMark); ok {
			at, _, _ = strings.Cut(id, "\n")
			commits++
			continue
		}
		if rec == "" {
			continue
		}
		if i++; i == len(fields) || at == "" {
			return nil, false, fmt.Errorf("unexpected record of git log %q", rec)
		}
		c, err := change(rec, fields[i])
		if err != nil {
			return nil, false, err
		}
		id := [2]string{c.Path, c.New.Object}
		if !c.New.There() || seen[id] {
			continue
		}
		seen[id] = true
		c.Commit = at
		changes = append(changes, c)
	}
	return changes, commits > MaxCommits, nil
}

const commitMark = "commit "
