package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"popkit/internal/workspace/git"
)

// Scan is what a work tree has beyond popkit's index of it.
type Scan struct {
	Paths  []string // changed, new or gone files; former ones whose place a directory took come first
	Links  []Link   // submodules with another commit checked out than the index has
	Nested []string // repositories that are no submodules
}

// Link is a submodule as the index has it.
type Link struct {
	Path, Commit string
}

// Empty reports whether there is nothing.
func (s Scan) Empty() bool { return len(s.Paths)+len(s.Links)+len(s.Nested) == 0 }

// Scan compares a work tree with the index. It looks into no submodule but for
// the commit that is checked out there, so that nothing configured in one runs.
func (st *Store) Scan(ctx context.Context, t Tree) (Scan, error) {
	var s Scan
	var res git.Result
	err := st.patient(ctx, t.Work, func(ctx context.Context) (err error) {
		res, err = st.Run(ctx, Call{Tree: t, Args: []string{"ls-files", "-z", "-t", "-o", "-m", "-d", "--exclude-standard"}})
		return err
	})
	if err != nil {
		return s, fmt.Errorf("list changes: %w", err)
	}
	seen := map[string]bool{}
	var dirs []string
	for _, rec := range git.Fields(res.Out) {
		if len(rec) < 3 {
			return s, fmt.Errorf("list changes: unexpected record %q", rec)
		}
		tag, path := rec[0], rec[2:]
		if seen[path] || OwnState(path) {
			continue
		}
		seen[path] = true
		dir, nested := strings.CutSuffix(path, "/")
		switch {
		case nested:
			s.Nested = append(s.Nested, dir)
		case tag == 'C' && IsDir(filepath.Join(t.Work, path)):
			dirs = append(dirs, path)
		default:
			s.Paths = append(s.Paths, path)
		}
	}
	if len(dirs) == 0 {
		return s, nil
	}
	if s.Links, err = st.Links(ctx, t, dirs); err != nil {
		return s, err
	}
	dirs = slices.DeleteFunc(dirs, func(dir string) bool {
		return slices.ContainsFunc(s.Links, func(l Link) bool { return l.Path == dir })
	})
	s.Paths = append(dirs, s.Paths...)
	return s, nil
}

// Links lists the submodules in an index, at or below paths when there are any.
func (st *Store) Links(ctx context.Context, t Tree, paths []string) ([]Link, error) {
	res, err := st.Run(ctx, Call{Tree: t, Args: append([]string{"ls-files", "-s", "-z", "--"}, paths...)})
	if err != nil {
		return nil, fmt.Errorf("list submodules: %w", err)
	}
	entries, err := git.ParseEntries(git.Fields(res.Out))
	if err != nil {
		return nil, fmt.Errorf("list submodules: %w", err)
	}
	var links []Link
	for _, e := range entries {
		if e.Mode == git.Gitlink && (e.Stage == 0 || e.Stage == 2) {
			links = append(links, Link{Path: e.Path, Commit: e.Object})
		}
	}
	return links, nil
}

// StateDir holds popkit's files in a work tree; nothing of it is committed.
const StateDir = ".claude/popkit"

// OwnState reports whether a path is popkit's own and so never committed.
func OwnState(path string) bool {
	return path == StateDir || strings.HasPrefix(path, StateDir+"/")
}

// record puts the paths as they are on disk into the index and returns those
// that git can't hold.
func (st *Store) record(ctx context.Context, t Tree, paths []string) (left []string, err error) {
	const tries = 100
	repaired := false
	for range tries {
		if len(paths) == 0 {
			return left, nil
		}
		var said string
		err = st.patient(ctx, t.Work, func(ctx context.Context) (err error) {
			said, err = st.updateIndex(ctx, t, paths)
			return err
		})
		if err == nil {
			return append(left, ignored(said, paths)...), nil
		}
		if !git.Failed(err) || errors.Is(err, git.ErrDiskFull) {
			return left, err
		}
		if !repaired {
			repaired = true
			if err := repair(t.Work); err != nil {
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

// updateIndex returns what git said besides.
func (st *Store) updateIndex(ctx context.Context, t Tree, paths []string) (string, error) {
	if err := RemoveIfThere(t.Index + ".lock"); err != nil {
		return "", err
	}
	in := strings.NewReader(strings.Join(paths, "\x00") + "\x00")
	res, err := st.Run(ctx, Call{Tree: t, Stdin: in, Args: []string{"update-index", "-z", "--add", "--remove", "--replace", "--stdin"}})
	return res.Stderr, err
}

// ignored lists the paths that git said it passed over: names that it takes for
// its own.
func ignored(said string, paths []string) []string {
	if !strings.Contains(said, "Ignoring path ") {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
		return !strings.Contains(said+"\n", "Ignoring path "+path+"\n")
	})
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

// ReadTree makes popkit's index of a work tree that of a commit; with "-u" the
// work tree too.
func (st *Store) ReadTree(ctx context.Context, t Tree, commit string, flags ...string) error {
	if err := RemoveIfThere(t.Index + ".lock"); err != nil {
		return err
	}
	args := append([]string{"read-tree", "--reset"}, flags...)
	_, err := st.Run(ctx, Call{Tree: t, Args: append(args, commit)})
	if git.Said(err, "unable to read sha1 file", "unable to read tree", "promisor") {
		return fmt.Errorf("%w: the repository is a partial clone that lacks files of this commit (type: git fetch --refetch origin, or git checkout %s once)", err, commit)
	}
	return err
}

// WriteTree writes the index as a tree.
func (st *Store) WriteTree(ctx context.Context, t Tree) (string, error) {
	res, err := st.Run(ctx, Call{Tree: t, Args: []string{"write-tree"}})
	if err != nil {
		return "", fmt.Errorf("write tree: %w", err)
	}
	return git.Line(res.Out), nil
}

// Snapshot is a work tree's content as a tree.
type Snapshot struct {
	Tree string
	Scan Scan
	Left []string // files that git can't hold
}

// Snapshot takes in what is in the work tree and writes it as a tree. also
// lists paths to take in even if they are ignored or look unchanged.
func (st *Store) Snapshot(ctx context.Context, t Tree, also []string) (Snapshot, error) {
	sc, err := st.Scan(ctx, t)
	if err != nil {
		return Snapshot{}, err
	}
	left, err := st.record(ctx, t, append(slices.Clip(sc.Paths), also...))
	if err != nil {
		return Snapshot{}, err
	}
	id, err := st.WriteTree(ctx, t)
	return Snapshot{Tree: id, Scan: sc, Left: left}, err
}

// IsDir reports whether path is a directory itself, not a link to one.
func IsDir(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}

// patience is how long git may read what an agent left before popkit looks for
// pipes: opening one in place of a file takes forever.
const patience = 30 * time.Second

var errSlow = errors.New("reading what the agent left takes too long")

// patient runs f, which reads what is below dir. When that takes longer than
// the store's patience, pipes and the like are removed and f runs again, then
// for as long as ctx lets it.
func (st *Store) patient(ctx context.Context, dir string, f func(ctx context.Context) error) error {
	limited, cancel := context.WithTimeoutCause(ctx, cmp.Or(st.Patience, patience), errSlow)
	err := f(limited)
	cancel()
	if !errors.Is(err, errSlow) {
		return err
	}
	if err := OpenDirs(dir); err != nil {
		return fmt.Errorf("look for pipes: %w", err)
	}
	return f(ctx)
}
