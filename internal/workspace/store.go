package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"popkit/internal/workspace/git"
)

// source is a repository of the user's that objects are borrowed from and kept
// in: the repository itself or one of its submodules.
type source struct {
	gitDir  string // where its refs are
	objects string
	shallow string // its list of shallow commits, which may not exist
	format  string
}

func (r *Repo) source() source {
	return source{
		gitDir: r.CommonDir, objects: filepath.Join(r.CommonDir, "objects"),
		shallow: filepath.Join(r.CommonDir, "shallow"), format: r.Format,
	}
}

// store is a git dir of popkit's own. It has a configuration that popkit wrote
// and no objects: what is read and written are the source's. All git that looks
// at an agent's files runs in it.
type store struct {
	src  source
	dir  string // its .git is below
	env  git.Runner
	repo *Repo // for refs; nil in a submodule's store

	base   []byte // the configuration that git init made for this file system
	config []byte // what workspaces get: base and what is taken over from the user

	shallow sync.Mutex // held while the list of shallow commits is copied
}

func (st *store) gitDir() string { return filepath.Join(st.dir, ".git") }

// tree is a work tree and popkit's own index of it.
type tree struct {
	work, index string
}

// call is one git process in a store.
type call struct {
	tree
	args   []string
	stdin  io.Reader
	stdout io.Writer
	env    []string
	ok     []int
	// agents is an agent's object directory to read besides the source's. Its
	// indexes of packs and commits could lie, so only the objects are believed.
	agents string
}

// run runs git in the store. Neither the user's global nor the system's
// configuration is read.
func (st *store) run(ctx context.Context, c call) (git.Result, error) {
	env := []string{
		"GIT_DIR=" + st.gitDir(), "GIT_OBJECT_DIRECTORY=" + st.src.objects,
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1",
	}
	dir := st.dir
	if c.work != "" {
		env, dir = append(env, "GIT_WORK_TREE="+c.work), c.work
	}
	if c.index != "" {
		env = append(env, "GIT_INDEX_FILE="+c.index)
	}
	if c.agents != "" {
		env = append(env, "GIT_ALTERNATE_OBJECT_DIRECTORIES="+cQuote(c.agents))
		c.args = append([]string{"-c", "core.commitGraph=false", "-c", "core.multiPackIndex=false", "-c", "pack.useBitmaps=false"}, c.args...)
	}
	res, err := st.env.Run(ctx, git.Cmd{
		Dir: dir, Env: append(env, c.env...), Args: c.args, Stdin: c.stdin, Stdout: c.stdout, OK: c.ok,
	})
	return res, diskFull(err, st.src.objects)
}

// line runs git and returns the one line it prints.
func (st *store) line(ctx context.Context, args ...string) (string, error) {
	res, err := st.run(ctx, call{args: args})
	return git.Line(res.Out), err
}

// initStore makes the store's git dir anew: nothing in it outlives a process.
func (w *Run) initStore(ctx context.Context, st *store) error {
	if err := removeAll(st.dir); err != nil {
		return fmt.Errorf("remove the old store: %w", err)
	}
	if err := os.MkdirAll(st.dir, 0o700); err != nil {
		return fmt.Errorf("make the store: %w", err)
	}
	_, err := st.env.Run(ctx, git.Cmd{
		Dir: st.dir, Args: []string{"init", "-q", "--template=", "--object-format=" + st.src.format, "."},
		Env: []string{"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"},
	})
	if err != nil {
		return fmt.Errorf("make the store: %w", err)
	}
	conf := filepath.Join(st.gitDir(), "config")
	if st.base, err = os.ReadFile(conf); err != nil {
		return fmt.Errorf("make the store: %w", err)
	}
	user, err := w.repo.settings(ctx)
	if err != nil {
		return err
	}
	st.config = append(bytes.Clone(st.base), w.takenOver(user)...)
	var own configText
	own.section("core")
	own.set("logAllRefUpdates", "false")
	own.set("protectNTFS", "false") // names that Linux allows are kept
	own.set("quotePath", "false")
	own.set("excludesFile", user.excludesFile())
	if err := os.WriteFile(conf, append(bytes.Clone(st.config), own.Bytes()...), 0o600); err != nil {
		return fmt.Errorf("make the store: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(st.gitDir(), "info"), 0o700); err != nil {
		return fmt.Errorf("make the store: %w", err)
	}
	return w.writeInfo(st.gitDir())
}

// takenOver is the configuration that the user's repository and the run's
// work trees share: what changes the bytes of a file on its way between a
// commit and the disk, and which files are there at all.
func (w *Run) takenOver(user repoConfig) []byte {
	var c configText
	c.section("core")
	for _, key := range []string{"autocrlf", "eol", "sharedRepository", "bigFileThreshold", "compression", "looseCompression"} {
		if v, ok := user.values["core."+strings.ToLower(key)]; ok {
			c.set(key, v)
		}
	}
	c.set("safecrlf", "false")
	if user.isTrue("core.sparsecheckout") && w.sparse() != nil {
		c.set("sparseCheckout", "true")
		if v, ok := user.values["core.sparsecheckoutcone"]; ok {
			c.set("sparseCheckoutCone", v)
		}
	}
	c.section("index")
	c.set("sparse", "false")
	c.section("submodule")
	c.set("recurse", "false")
	return c.Bytes()
}

// sparse is the user's list of sparse checkout patterns, nil when there is none.
func (w *Run) sparse() []byte {
	data, err := os.ReadFile(filepath.Join(w.repo.GitDir, "info", "sparse-checkout"))
	if err != nil {
		return nil // git itself takes a list that it can't read as no list
	}
	return data
}

// stateDir holds popkit's files in a work tree; nothing of it is committed.
const stateDir = ".claude/popkit"

// writeInfo writes a git dir's ignore rules (the user's own of this
// repository, and what popkit puts into workspaces) and sparse patterns.
func (w *Run) writeInfo(gitDir string) error {
	info := filepath.Join(gitDir, "info")
	users, err := os.ReadFile(filepath.Join(w.repo.CommonDir, "info", "exclude"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the repository's ignore rules: %w", err)
	}
	var b bytes.Buffer
	b.Write(users)
	if len(users) > 0 && users[len(users)-1] != '\n' {
		b.WriteByte('\n')
	}
	b.WriteString("/" + stateDir + "/\n")
	for _, path := range w.opts.Copy {
		b.WriteString("/" + escapePattern(filepath.ToSlash(filepath.Clean(path))) + "\n")
	}
	if err := os.WriteFile(filepath.Join(info, "exclude"), b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write ignore rules: %w", err)
	}
	if patterns := w.sparse(); patterns != nil {
		if err := os.WriteFile(filepath.Join(info, "sparse-checkout"), patterns, 0o600); err != nil {
			return fmt.Errorf("write sparse patterns: %w", err)
		}
	}
	return nil
}

// escapePattern makes a path a pattern of an ignore file that matches only it.
func escapePattern(path string) string {
	var b strings.Builder
	for _, c := range []byte(path) {
		if strings.IndexByte(`\*?[ #!`, c) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// refresh copies the source's list of shallow commits, which a fetch of the
// user's may change at any time.
func (st *store) refresh() error {
	st.shallow.Lock()
	defer st.shallow.Unlock()
	return copyShallow(st.src, st.gitDir())
}

func copyShallow(src source, gitDir string) error {
	want, err := os.ReadFile(src.shallow)
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
	return writeFile(own, want)
}
