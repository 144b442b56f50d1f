package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"popkit/internal/workspace/git"
)

// scan is what a work tree has beyond popkit's index of it.
type scan struct {
	paths  []string // changed, new or gone; never gitlinks
	links  []string // changed submodules
	nested []string // repositories that are no submodules, without the slash
}

func (s scan) empty() bool { return len(s.paths)+len(s.links)+len(s.nested) == 0 }

// scan compares a work tree with the index. It looks into no submodule but for
// the commit that is checked out there, so that nothing configured in one runs.
func (st *store) scan(ctx context.Context, t tree) (scan, error) {
	var s scan
	res, err := st.run(ctx, call{tree: t, args: []string{"ls-files", "-z", "-t", "-o", "-m", "-d", "--exclude-standard"}})
	if err != nil {
		return s, fmt.Errorf("list changes: %w", err)
	}
	seen := map[string]bool{}
	for _, rec := range git.Fields(res.Out) {
		if len(rec) < 3 {
			return s, fmt.Errorf("list changes: unexpected record %q", rec)
		}
		path := rec[2:]
		if seen[path] || ownState(path) {
			continue
		}
		seen[path] = true
		if dir, ok := strings.CutSuffix(path, "/"); ok {
			s.nested = append(s.nested, dir)
			continue
		}
		s.paths = append(s.paths, path)
	}
	return s, nil
}

// ownState reports whether a path is popkit's own and so never committed.
func ownState(path string) bool {
	return path == stateDir || strings.HasPrefix(path, stateDir+"/")
}

// record puts the paths as they are on disk into the index and returns those
// that git can't hold.
func (st *store) record(ctx context.Context, t tree, paths []string) (left []string, err error) {
	const tries = 100
	repaired := false
	for range tries {
		if len(paths) == 0 {
			return left, nil
		}
		in := []byte(strings.Join(paths, "\x00") + "\x00")
		_, err = st.run(ctx, call{tree: t, stdin: bytes.NewReader(in), args: []string{"update-index", "-z", "--add", "--remove", "--replace", "--stdin"}})
		if err == nil || !git.Failed(err) || errors.Is(err, ErrDiskFull) {
			return left, err
		}
		if !repaired {
			repaired = true
			if err := repair(t.work); err != nil {
				return left, err
			}
			continue
		}
		bad := refused(err, paths)
		if bad < 0 {
			return left, fmt.Errorf("record changes: %w", err)
		}
		left = append(left, paths[bad])
		paths = append(paths[:bad:bad], paths[bad+1:]...)
	}
	return left, fmt.Errorf("record changes: git refuses more than %d files: %w", tries, err)
}

// refused finds the path that git said it can't process.
func refused(err error, paths []string) int {
	for i, path := range paths {
		if git.Said(err, "Unable to process path "+path+"\n") {
			return i
		}
	}
	for i, path := range paths {
		var e *git.Error
		if errors.As(err, &e) && strings.HasSuffix(e.Stderr, "Unable to process path "+path) {
			return i
		}
	}
	return -1
}

// repair makes everything in a work tree readable for its owner and removes
// what holds no content (pipes, sockets, devices).
func repair(work string) error {
	err := filepath.WalkDir(work, func(path string, d fs.DirEntry, err error) error {
		if err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
		if err != nil || path == filepath.Join(work, ".git") {
			return fs.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := info.Mode()
		switch {
		case mode.IsDir() && mode.Perm()&0o700 != 0o700:
			return os.Chmod(path, mode.Perm()|0o700)
		case mode.IsRegular() && mode.Perm()&0o400 == 0:
			return os.Chmod(path, mode.Perm()|0o600)
		case mode&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeDevice|fs.ModeIrregular) != 0:
			return os.Remove(path)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("make the workspace readable: %w", err)
	}
	return nil
}

// writeTree writes the index as a tree.
func (st *store) writeTree(ctx context.Context, t tree) (string, error) {
	res, err := st.run(ctx, call{tree: t, args: []string{"write-tree"}})
	if err != nil {
		return "", fmt.Errorf("write tree: %w", err)
	}
	return git.Line(res.Out), nil
}

// snapshot is a work tree's content as a tree.
type snapshot struct {
	tree string
	scan scan
	left []string // files that git can't hold
}

// snapshot takes in what is in the work tree and writes it as a tree. also
// lists paths to take in even if they are ignored or look unchanged.
func (st *store) snapshot(ctx context.Context, t tree, also []string) (snapshot, error) {
	if err := removeIfThere(t.index + ".lock"); err != nil {
		return snapshot{}, err
	}
	sc, err := st.scan(ctx, t)
	if err != nil {
		return snapshot{}, err
	}
	left, err := st.record(ctx, t, append(sc.paths[:len(sc.paths):len(sc.paths)], also...))
	if err != nil {
		return snapshot{}, err
	}
	id, err := st.writeTree(ctx, t)
	return snapshot{tree: id, scan: sc, left: left}, err
}

// isDir reports whether path is a directory itself, not a link to one.
func isDir(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}
