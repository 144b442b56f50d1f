package store

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"popkit/internal/workspace/git"
)

// PreferOurs resolves the conflicts of a merge for onto and returns the tree:
// text hunk by hunk as git merge -X ours does, everything else (binary files,
// deletions, modes, links, submodules, renames, a file against a directory) by
// taking the path as it is in onto.
func (a *Attributes) PreferOurs(ctx context.Context, st *Store, onto string, m TreeMerge) (string, error) {
	t := Tree{Work: a.Dir, Index: a.Dir + ".index"}
	if err := RemoveIfThere(t.Index + ".lock"); err != nil {
		return "", err
	}
	if _, err := st.Run(ctx, Call{Tree: t, Args: []string{"read-tree", "--reset", m.Tree}}); err != nil {
		return "", err
	}
	hunks := textConflicts(m)
	var set []git.Entry
	for path, sides := range hunks {
		e, ok, err := st.mergeHunks(ctx, a.Dir, sides)
		if err != nil {
			return "", fmt.Errorf("resolve %q: %w", path, err)
		}
		if !ok {
			delete(hunks, path)
			continue
		}
		set = append(set, e)
	}
	var whole []string
	for _, path := range m.Conflicts {
		if _, ok := hunks[path]; !ok {
			whole = append(whole, path)
		}
	}
	entries, err := st.takeFrom(ctx, t, onto, whole)
	if err != nil {
		return "", err
	}
	if err := st.SetEntries(ctx, t, append(entries, set...)); err != nil {
		return "", err
	}
	return st.WriteTree(ctx, t)
}

// textConflicts returns the stages of the conflicts that are only about the
// content of a file: both sides have it as a regular file, and nothing else is
// said about the path.
func textConflicts(m TreeMerge) map[string][4]git.Entry {
	sides := map[string][4]git.Entry{}
	for _, e := range m.entries {
		s := sides[e.Path]
		s[e.Stage] = e
		sides[e.Path] = s
	}
	for path, s := range sides {
		if !strings.HasPrefix(s[2].Mode, "100") || !strings.HasPrefix(s[3].Mode, "100") {
			delete(sides, path)
		}
	}
	for _, msg := range m.messages {
		if !strings.HasPrefix(msg.kind, "CONFLICT") || msg.kind == "CONFLICT (contents)" {
			continue
		}
		for _, path := range msg.paths {
			delete(sides, path)
		}
	}
	return sides
}

// mergeHunks merges a file's three versions with ours winning each conflict.
// ok is false when git finds that it is no text.
func (st *Store) mergeHunks(ctx context.Context, near string, s [4]git.Entry) (e git.Entry, ok bool, err error) {
	var ids []string
	for _, side := range s[1:] {
		if side.Object != "" {
			ids = append(ids, side.Object)
		}
	}
	blobs, err := st.blobs(ctx, ids)
	if err != nil {
		return e, false, err
	}
	if s[1].Object == "" {
		blobs = append([][]byte{nil}, blobs...)
	}
	dir, err := os.MkdirTemp(filepath.Dir(near), "merge-file-")
	if err != nil {
		return e, false, err
	}
	defer func() {
		if rerr := RemoveAll(dir); err == nil {
			err = rerr
		}
	}()
	names := []string{"base", "ours", "theirs"}
	for i, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), blobs[i], 0o600); err != nil {
			return e, false, err
		}
	}
	res, err := st.Run(ctx, Call{Tree: Tree{Work: dir}, OK: []int{255}, Args: []string{"merge-file", "-q", "-p", "--ours", "ours", "base", "theirs"}})
	if err != nil || res.Code != 0 {
		return e, false, err
	}
	hashed, err := st.Run(ctx, Call{Args: []string{"hash-object", "-w", "--stdin", "--no-filters"}, Stdin: bytes.NewReader(res.Out)})
	return git.Entry{Mode: s[2].Mode, Object: git.Line(hashed.Out), Path: s[2].Path}, err == nil, err
}

// takeFrom returns what sets the paths in the index to what they are in a
// commit: a file, a directory's files, or nothing.
func (st *Store) takeFrom(ctx context.Context, t Tree, commit string, paths []string) ([]git.Entry, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	have, err := st.Run(ctx, Call{Tree: t, Args: append([]string{"ls-files", "-z", "--"}, paths...)})
	if err != nil {
		return nil, err
	}
	var entries []git.Entry
	for _, path := range git.Fields(have.Out) {
		entries = append(entries, git.Entry{Path: path})
	}
	res, err := st.Run(ctx, Call{Args: append([]string{"ls-tree", "-r", "-z", "--full-tree", commit, "--"}, paths...)})
	if err != nil {
		return nil, err
	}
	for _, rec := range git.Fields(res.Out) {
		meta, path, ok := strings.Cut(rec, "\t")
		parts := strings.Fields(meta)
		if !ok || len(parts) != 3 {
			return nil, fmt.Errorf("unexpected tree record %q", rec)
		}
		entries = append(entries, git.Entry{Mode: parts[0], Object: parts[2], Path: path})
	}
	return entries, nil
}
