package store

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"popkit/internal/workspace/git"
)

// Attributes merges trees. It is a directory with the .gitattributes files of one commit, and
// nothing else: what merge-tree takes as its work tree, since it reads
// attributes from there only.
type Attributes struct {
	Dir    string // made anew at the first use
	opened bool
	commit string // whose attributes are in Dir, "" for none
}

func (a *Attributes) open() error {
	if a.opened {
		return nil
	}
	if err := RemoveAll(a.Dir); err != nil {
		return err
	}
	if err := os.MkdirAll(a.Dir, 0o700); err != nil {
		return fmt.Errorf("make directory for attributes: %w", err)
	}
	a.opened = true
	return nil
}

// update reports whether the attributes of commit differ from those in Dir;
// when they don't, Dir counts as the commit's from now on.
func (a *Attributes) update(ctx context.Context, st *Store, commit string) (changed bool, err error) {
	if a.commit == commit {
		return false, nil
	}
	from := a.commit
	if from == "" {
		from = st.EmptyTree()
	}
	files, err := st.attributeFiles(ctx, from, commit)
	if err != nil {
		return false, err
	}
	if len(files) == 0 {
		a.commit = commit
	}
	return len(files) > 0, nil
}

// fill makes Dir hold the attributes of commit.
func (a *Attributes) fill(ctx context.Context, st *Store, commit string) error {
	*a = Attributes{Dir: a.Dir}
	if err := a.open(); err != nil {
		return err
	}
	files, err := st.attributeFiles(ctx, st.EmptyTree(), commit)
	if err != nil {
		return err
	}
	ids := make([]string, len(files))
	for i, f := range files {
		ids[i] = f.Object
	}
	blobs, err := st.blobs(ctx, ids)
	if err != nil {
		return fmt.Errorf("read attributes: %w", err)
	}
	for i, f := range files {
		path := filepath.FromSlash(f.Path)
		if !filepath.IsLocal(path) {
			continue
		}
		path = filepath.Join(a.Dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("write attributes: %w", err)
		}
		if err := os.WriteFile(path, blobs[i], 0o600); err != nil {
			return fmt.Errorf("write attributes: %w", err)
		}
	}
	a.commit = commit
	return nil
}

// EmptyTree is the name of the tree without entries, which git always has.
func (st *Store) EmptyTree() string {
	if st.Src.Format == "sha256" {
		return "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
	}
	return "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
}

// attributeFiles lists the .gitattributes that differ, as they are in to; a
// file that is gone has no object. Symbolic links are none: git ignores them.
func (st *Store) attributeFiles(ctx context.Context, from, to string) ([]git.Entry, error) {
	res, err := st.Run(ctx, Call{Env: []string{"GIT_LITERAL_PATHSPECS=0"},
		Args: []string{"diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", from, to, "--", ":(glob)**/.gitattributes"}})
	if err != nil {
		return nil, fmt.Errorf("look for attributes: %w", err)
	}
	fields := git.Fields(res.Out)
	var files []git.Entry
	for i := 0; i+1 < len(fields); i += 2 {
		meta := strings.Fields(strings.TrimPrefix(fields[i], ":"))
		if len(meta) != 5 {
			return nil, fmt.Errorf("look for attributes: unexpected record %q", fields[i])
		}
		if strings.HasPrefix(meta[0], "100") || strings.HasPrefix(meta[1], "100") {
			files = append(files, git.Entry{Mode: meta[1], Object: meta[3], Path: fields[i+1]})
		}
	}
	return files, nil
}

// blobs reads the contents of blobs, in order.
func (st *Store) blobs(ctx context.Context, ids []string) ([][]byte, error) {
	res, err := st.Run(ctx, Call{Args: []string{"cat-file", "--batch"}, Stdin: strings.NewReader(strings.Join(ids, "\n") + "\n")})
	if err != nil {
		return nil, err
	}
	r := bufio.NewReader(bytes.NewReader(res.Out))
	blobs := make([][]byte, len(ids))
	for i, id := range ids {
		var name, kind string
		var size int64
		line, err := r.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("read object %s: %w", id, err)
		}
		if _, err := fmt.Sscan(line, &name, &kind, &size); err != nil || kind != "blob" {
			return nil, fmt.Errorf("read object %s: git says %q", id, strings.TrimSpace(line))
		}
		blobs[i] = make([]byte, size)
		if _, err := io.ReadFull(r, blobs[i]); err != nil {
			return nil, fmt.Errorf("read object %s: %w", id, err)
		}
		if _, err := r.Discard(1); err != nil {
			return nil, fmt.Errorf("read object %s: %w", id, err)
		}
	}
	return blobs, nil
}
