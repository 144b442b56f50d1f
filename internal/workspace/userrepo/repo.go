package userrepo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"popkit/internal/workspace/git"
)

// Repo is the user's repository. It is safe for concurrent use; writes to its
// refs are serialised inside.
type Repo struct {
	Top       string // top of the work tree where the user stands, "" in a bare repository
	GitDir    string // the git dir of that work tree; CommonDir but for linked worktrees
	CommonDir string // where refs, objects and config are
	Bare      bool
	Format    string // of object names: "sha1" or "sha256"

	Git git.Runner // starts git for it

	refs   sync.Mutex   // held while refs are written; guards writer and idle
	writer *git.Session // writes refs; nil while there is nothing to write
	idle   *time.Timer  // ends it

	config struct {
		sync.Mutex
		read   bool
		values Config
	}
}

// Find returns the repository that dir is in. Errors: ErrNoGit, ErrGitTooOld,
// ErrNoRepository, ErrUnsafe.
func Find(ctx context.Context, dir string) (*Repo, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find repository: %w", err)
	}
	if st, err := os.Stat(abs); err != nil || !st.IsDir() {
		return nil, fmt.Errorf("%w: %s is no directory", ErrNoRepository, abs)
	}
	r := &Repo{}
	if err := r.checkVersion(ctx, abs); err != nil {
		return nil, err
	}
	if err := r.locate(ctx, abs); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Repo) checkVersion(ctx context.Context, dir string) error {
	res, err := r.Git.Run(ctx, git.Cmd{Dir: dir, Args: []string{"version"}})
	if err != nil {
		return err
	}
	var major, minor int
	version := strings.TrimPrefix(git.Line(res.Out), "git version ")
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return fmt.Errorf("%w: can't tell the version from %q, %d.%d is needed", ErrGitTooOld, version, minGit[0], minGit[1])
	}
	if major < minGit[0] || major == minGit[0] && minor < minGit[1] {
		return fmt.Errorf("%w: this is %s, popkit needs %d.%d (on Debian, type: apt-get install git)",
			ErrGitTooOld, version, minGit[0], minGit[1])
	}
	return nil
}

// locate asks git where things are. Flags come first and the work tree, which
// not every repository has, comes last.
func (r *Repo) locate(ctx context.Context, dir string) error {
	query := []string{"rev-parse", "--path-format=absolute", "--show-object-format", "--is-bare-repository",
		"--is-inside-work-tree", "--absolute-git-dir", "--git-common-dir"}
	res, err := r.Git.Run(ctx, git.Cmd{Dir: dir, Args: append(query, "--show-toplevel"), OK: []int{128}})
	if err != nil {
		return err
	}
	lines := strings.Split(git.Line(res.Out), "\n")
	if res.Code != 0 && len(lines) < 5 {
		return notFound(dir, res.Stderr)
	}
	r.Format, r.Bare = lines[0], lines[1] == "true"
	inside := lines[2] == "true"
	if !r.Bare && !inside {
		return fmt.Errorf("%w: %s is inside a .git directory; change to the work tree", ErrNoRepository, dir)
	}
	for _, q := range []struct {
		arg string
		to  *string
		ok  bool
	}{{"--absolute-git-dir", &r.GitDir, true}, {"--git-common-dir", &r.CommonDir, true}, {"--show-toplevel", &r.Top, inside}} {
		if !q.ok {
			continue
		}
		if len(lines) <= 6 { // no path holds a newline
			*q.to = lines[map[string]int{"--absolute-git-dir": 3, "--git-common-dir": 4, "--show-toplevel": 5}[q.arg]]
			continue
		}
		res, err := r.Git.Run(ctx, git.Cmd{Dir: dir, Args: []string{"rev-parse", "--path-format=absolute", q.arg}})
		if err != nil {
			return err
		}
		*q.to = git.Line(res.Out)
	}
	return nil
}

func notFound(dir, said string) error {
	switch {
	case strings.Contains(said, "dubious ownership"):
		owned := dir
		if _, rest, ok := strings.Cut(said, "safe.directory "); ok {
			owned, _, _ = strings.Cut(rest, "\n")
		}
		return fmt.Errorf("%w (if you trust it, type: git config --global --add safe.directory %s)", ErrUnsafe, owned)
	case strings.Contains(said, "not a git repository"):
		return fmt.Errorf("%w: %s (to make it one, type: git init)", ErrNoRepository, dir)
	default:
		return fmt.Errorf("%w: %s: git says: %s", ErrNoRepository, dir, strings.ReplaceAll(said, "\n", " "))
	}
}

// Run runs git in the user's repository, with the user's configuration.
// Nothing that a read would refresh is written.
func (r *Repo) Run(ctx context.Context, c git.Cmd) (git.Result, error) {
	return r.Git.Run(ctx, r.here(c))
}

// here makes a command one in this repository.
func (r *Repo) here(c git.Cmd) git.Cmd {
	c.Env = append([]string{"GIT_DIR=" + r.GitDir, "GIT_OPTIONAL_LOCKS=0"}, c.Env...)
	c.Dir = r.GitDir
	if !r.Bare {
		c.Dir = r.Top
		c.Env = append(c.Env, "GIT_WORK_TREE="+r.Top)
	}
	return c
}

// Base is a commit and the name it was asked for by.
type Base struct {
	// Ref is the full name of the branch or tag ("refs/heads/main"), so that it
	// can be resolved again later; the commit itself when it has no name.
	Ref    string
	Commit string
}

// Resolve finds the commit that ref names; "" is HEAD, whose branch is then
// the Base's Ref. Errors: ErrNoCommits, ErrNoSuchRef.
func (r *Repo) Resolve(ctx context.Context, ref string) (Base, error) {
	name := ref
	if name == "" {
		name = "HEAD"
	}
	res, err := r.Run(ctx, git.Cmd{Args: []string{"rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}"}, OK: []int{1, 128}})
	if err != nil {
		return Base{}, err
	}
	if res.Code != 0 {
		return Base{}, r.unresolved(ctx, ref)
	}
	b := Base{Commit: git.Line(res.Out)}
	res, err = r.Run(ctx, git.Cmd{Args: []string{"rev-parse", "--symbolic-full-name", "--verify", "--quiet", "--end-of-options", name}, OK: []int{1, 128}})
	if err != nil {
		return Base{}, err
	}
	b.Ref = git.Line(res.Out)
	if !strings.HasPrefix(b.Ref, "refs/") {
		b.Ref = b.Commit
	}
	return b, nil
}

func (r *Repo) unresolved(ctx context.Context, ref string) error {
	res, err := r.Run(ctx, git.Cmd{Args: []string{"rev-list", "--all", "--max-count=1"}})
	switch {
	case err != nil:
		return err
	case len(res.Out) == 0:
		return fmt.Errorf(`%w: make one first (type: git commit --allow-empty -m "first commit")`, ErrNoCommits)
	case ref == "":
		return fmt.Errorf("%w on this branch: name a base with --base (to see the branches, type: git branch -a)", ErrNoCommits)
	default:
		return fmt.Errorf("%w: %q (to see the branches, type: git branch -a)", ErrNoSuchRef, ref)
	}
}

// Dirty counts the files of the user's checkout that differ from HEAD,
// untracked ones included (a directory of them counts once). It is 0 in a bare
// repository.
func (r *Repo) Dirty(ctx context.Context) (int, error) {
	if r.Bare {
		return 0, nil
	}
	res, err := r.Run(ctx, git.Cmd{Args: []string{"status", "--porcelain", "-z", "--no-renames", "--untracked-files=normal"}})
	if err != nil {
		return 0, err
	}
	return len(git.Fields(res.Out)), nil
}

// CheckedOut returns the path of the work tree that has the branch (short or
// full name) checked out, if there is one.
func (r *Repo) CheckedOut(ctx context.Context, branch string) (string, bool, error) {
	full := FullBranch(branch)
	res, err := r.Run(ctx, git.Cmd{Args: []string{"worktree", "list", "--porcelain", "-z"}})
	if err != nil {
		return "", false, err
	}
	tree := ""
	for _, line := range git.Fields(res.Out) {
		if path, ok := strings.CutPrefix(line, "worktree "); ok {
			tree = path
		}
		if line == "branch "+full {
			return tree, true, nil
		}
	}
	return "", false, nil
}

// FullBranch is the full name of a branch, short or full.
func FullBranch(branch string) string {
	return "refs/heads/" + strings.TrimPrefix(branch, "refs/heads/")
}

// WithEnv returns the same repository with git started from another
// environment.
func (r *Repo) WithEnv(env []string) *Repo {
	return &Repo{Top: r.Top, GitDir: r.GitDir, CommonDir: r.CommonDir, Bare: r.Bare, Format: r.Format, Git: git.Runner{Env: env}}
}
