package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"popkit/internal/workspace/git"
)

// Source is a repository of the user's that objects are borrowed from and kept
// in: the repository itself or one of its submodules.
type Source struct {
	Objects string // its object directory
	Shallow string // its list of shallow commits, which may not exist
	Format  string // "sha1" or "sha256"
}

// Store is a git dir of popkit's own; its .git is below Dir.
type Store struct {
	Src Source
	Dir string
	// Base is the configuration that git init made for this file system, Shared
	// what a clone of the source should have besides.
	Base, Shared []byte

	// Patience is how long git may read what an agent left before pipes are
	// looked for; zero: half a minute.
	Patience time.Duration

	git     git.Runner
	shallow sync.Mutex // held while the list of shallow commits is copied
}

// Settings are what a Store is made with.
type Settings struct {
	Shared  []byte // configuration that clones get too
	Own     []byte // configuration of the store alone
	Exclude []byte // ignore rules
	Sparse  []byte // sparse checkout patterns; nil for none
}

// New makes a store at dir anew: nothing in one outlives a process.
func New(ctx context.Context, runner git.Runner, dir string, src Source, set Settings) (*Store, error) {
	st := &Store{Src: src, Dir: dir, Shared: set.Shared, git: runner}
	if err := st.create(ctx, set); err != nil {
		return nil, fmt.Errorf("make popkit's git dir: %w", git.DiskFull(err, dir))
	}
	return st, st.Refresh()
}

func (st *Store) create(ctx context.Context, set Settings) error {
	if err := RemoveAll(st.Dir); err != nil {
		return err
	}
	if err := os.MkdirAll(st.Dir, 0o700); err != nil {
		return err
	}
	_, err := st.git.Run(ctx, git.Cmd{
		Dir: st.Dir, Args: []string{"init", "-q", "--template=", "--object-format=" + st.Src.Format, "."},
		Env: []string{"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"},
	})
	if err != nil {
		return err
	}
	conf := filepath.Join(st.gitDir(), "config")
	if st.Base, err = os.ReadFile(conf); err != nil {
		return err
	}
	if err := os.WriteFile(conf, slices.Concat(st.Base, set.Shared, set.Own), 0o600); err != nil {
		return err
	}
	return WriteInfo(st.gitDir(), set.Exclude, set.Sparse)
}

// WriteInfo writes a git dir's ignore rules and sparse checkout patterns.
func WriteInfo(gitDir string, exclude, sparse []byte) error {
	info := filepath.Join(gitDir, "info")
	if err := os.MkdirAll(info, 0o700); err != nil {
		return fmt.Errorf("write ignore rules: %w", err)
	}
	if err := os.WriteFile(filepath.Join(info, "exclude"), exclude, 0o600); err != nil {
		return fmt.Errorf("write ignore rules: %w", err)
	}
	if sparse == nil {
		return nil
	}
	if err := os.WriteFile(filepath.Join(info, "sparse-checkout"), sparse, 0o600); err != nil {
		return fmt.Errorf("write sparse patterns: %w", err)
	}
	return nil
}

func (st *Store) gitDir() string { return filepath.Join(st.Dir, ".git") }

// Tree is a work tree and popkit's own index of it.
type Tree struct {
	Work, Index string
}

// Call is one git process in a store.
type Call struct {
	Tree
	Args   []string
	Stdin  io.Reader
	Stdout io.Writer
	Env    []string
	OK     []int
	// Agents is an agent's object directory to read besides the source's. Its
	// indexes of packs and commits could lie, so only the objects are believed.
	Agents string
}

// Run runs git in the store. Neither the user's global nor the system's
// configuration is read.
func (st *Store) Run(ctx context.Context, c Call) (git.Result, error) {
	env := []string{
		"GIT_DIR=" + st.gitDir(), "GIT_OBJECT_DIRECTORY=" + st.Src.Objects,
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1",
	}
	dir := st.Dir
	if c.Work != "" {
		env, dir = append(env, "GIT_WORK_TREE="+c.Work), c.Work
	}
	if c.Index != "" {
		env = append(env, "GIT_INDEX_FILE="+c.Index)
	}
	if c.Agents != "" {
		env = append(env, "GIT_ALTERNATE_OBJECT_DIRECTORIES="+Quote(c.Agents))
		c.Args = append([]string{"-c", "core.commitGraph=false", "-c", "core.multiPackIndex=false", "-c", "pack.useBitmaps=false"}, c.Args...)
	}
	res, err := st.git.Run(ctx, git.Cmd{
		Dir: dir, Env: append(env, c.Env...), Args: c.Args, Stdin: c.Stdin, Stdout: c.Stdout, OK: c.OK,
	})
	if git.Said(err, "object") || c.Work == "" {
		return res, git.DiskFull(err, st.Src.Objects)
	}
	return res, git.DiskFull(err, c.Work, st.Src.Objects)
}

// Line runs git and returns the one line it prints.
func (st *Store) Line(ctx context.Context, args ...string) (string, error) {
	res, err := st.Run(ctx, Call{Args: args})
	return git.Line(res.Out), err
}

// Refresh copies the source's list of shallow commits, which a fetch of the
// user's may change at any time.
func (st *Store) Refresh() error {
	st.shallow.Lock()
	defer st.shallow.Unlock()
	return CopyShallow(st.Src, st.gitDir())
}

// CopyShallow makes a git dir end where the source does.
func CopyShallow(src Source, gitDir string) error {
	want, err := os.ReadFile(src.Shallow)
	own := filepath.Join(gitDir, "shallow")
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.Remove(own); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("copy list of shallow commits: %w", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("copy list of shallow commits: %w", err)
	}
	if have, err := os.ReadFile(own); err == nil && bytes.Equal(have, want) {
		return nil
	}
	return WriteFile(own, want)
}

// WriteFile writes a file of popkit's own so that a reader never sees a part.
func WriteFile(path string, data []byte) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// Quote quotes a path for a list of alternates.
func Quote(path string) string {
	if !strings.ContainsAny(path, "\"\n\\:") && !strings.HasPrefix(path, "#") {
		return path
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(path) + `"`
}
