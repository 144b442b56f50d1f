package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"popkit/internal/workspace/spare"
	"popkit/internal/workspace/store"
	"popkit/internal/workspace/userrepo"
)

// Options of a run's workspaces.
type Options struct {
	Identity Identity // who commits
	// Sign makes popkit's commits signed as the user's own configuration says.
	Sign bool
	// Setup is a command that is run in each new workspace and before each
	// check, "" for none. What it leaves is not committed.
	Setup string
	// SetupLimit is how long it may take; 0: as long as it likes.
	SetupLimit time.Duration
	// Exec runs it, and ends it with ctx; required with Setup.
	Exec func(ctx context.Context, dir, command string, out io.Writer) (exitCode int, err error)
	// Copy lists files or directories of the user's checkout, relative to its
	// top, that are copied into each new workspace and each checkout for checks.
	// They are never committed.
	Copy []string
	// NoSubmodules leaves submodules empty.
	NoSubmodules bool
	// CloneEnv is the environment that git starts from; nil: this process's.
	CloneEnv []string
	// Report is told, in one line, what the user should know; may be nil. It is
	// called from every goroutine that calls the Run.
	Report func(string)
}

// Run is one run's places: its workspaces, its store and its refs. It is safe
// for concurrent use; a run has at most one Run value in all processes.
type Run struct {
	repo *Repo
	id   string
	root string // ROOT/RUN
	opts Options

	mu     sync.Mutex
	agents map[string]*sync.Mutex // one call at a time for an agent
	places map[string]*place      // by the git dir in the user's repository
	checks checkPool
	spares spare.Pool

	merge sync.Mutex // held by Merge; guards head and attrs
	head  headCache
	attrs store.Attributes

	patience time.Duration // see store.Store
}

// NewRun returns the places of run runID below rootDir, which is outside of the
// user's checkout and may be shared by runs and repositories. Nothing is
// written until it is needed.
func NewRun(repo *Repo, runID, rootDir string, opts Options) (*Run, error) {
	if err := checkName("run", runID); err != nil {
		return nil, err
	}
	root, err := filepath.Abs(rootDir)
	if err != nil {
		return nil, fmt.Errorf("workspace root: %w", err)
	}
	if repo.Top != "" && inside(repo.Top, root) && !inside(filepath.Join(repo.Top, ".claude", "popkit"), root) {
		return nil, fmt.Errorf("workspace root %s is inside the checkout %s: choose a place outside with workspace.root in the configuration", root, repo.Top)
	}
	if opts.Setup != "" && opts.Exec == nil {
		return nil, errors.New("workspace: a setup command needs Options.Exec")
	}
	if opts.CloneEnv != nil {
		repo = repo.WithEnv(opts.CloneEnv)
	}
	return &Run{
		repo: repo, id: runID, root: filepath.Join(root, runID), opts: opts,
		attrs:  store.Attributes{Dir: filepath.Join(root, runID, "attributes")},
		spares: spare.Pool{Dir: filepath.Join(root, runID, "spare")},
		agents: map[string]*sync.Mutex{}, places: map[string]*place{},
	}, nil
}

// Repo is the repository that the run works for.
func (w *Run) Repo() *Repo { return w.repo }

// Dir is the run's directory below the root.
func (w *Run) Dir() string { return w.root }

// Ref is the full name of one of the run's refs, e.g. Ref("barrier/1").
func (w *Run) Ref(name string) string { return "refs/popkit/" + w.id + "/" + name }

// HoldBase keeps the run's base commit from being collected as garbage.
func (w *Run) HoldBase(ctx context.Context, commit string) error {
	if err := w.open(ctx); err != nil {
		return err
	}
	return w.repo.SetRef(ctx, w.Ref("base"), commit, userrepo.AnyValue)
}

// open makes the run's directory and store, and removes lock files that a
// killed popkit left on the run's own refs.
func (w *Run) open(ctx context.Context) error {
	_, err := w.mainStore(ctx)
	return err
}

func (w *Run) mainStore(ctx context.Context) (*place, error) {
	return w.placeOf(ctx, w.repo, filepath.Join(w.root, "store"))
}

// ownerFile says whose run a directory is.
const ownerFile = "repository"

func (w *Run) makeRoot() error {
	if err := os.MkdirAll(w.root, 0o700); err != nil {
		return fmt.Errorf("make the run's directory: %w", err)
	}
	return store.WriteFile(filepath.Join(w.root, ownerFile), []byte(w.repo.CommonDir))
}

func (w *Run) lockAgent(agent string) (func(), error) {
	if err := checkName("agent", agent); err != nil {
		return nil, err
	}
	w.mu.Lock()
	l, ok := w.agents[agent]
	if !ok {
		l = &sync.Mutex{}
		w.agents[agent] = l
	}
	w.mu.Unlock()
	l.Lock()
	return l.Unlock, nil
}

// AgentDir is where the workspace of an agent is, whether it exists or not.
func (w *Run) AgentDir(agent string) string { return filepath.Join(w.root, "agents", agent) }

// keepDir is where popkit keeps what it knows of an agent's workspace.
func (w *Run) keepDir(agent string) string { return filepath.Join(w.root, "keep", agent) }

func (w *Run) report(format string, args ...any) {
	if w.opts.Report != nil {
		w.opts.Report(fmt.Sprintf(format, args...))
	}
}

// removeLocks removes the lock files that a killed git left below dir, where
// nobody but this process writes.
func removeLocks(dir string) error {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Type().IsRegular() && strings.HasSuffix(path, ".lock") {
			return os.Remove(path)
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove stale lock: %w", err)
	}
	return nil
}

// checkName accepts what can be a directory's name and a component of a ref.
func checkName(kind, s string) error {
	bad := s == "" || len(s) > 200 || strings.HasPrefix(s, ".") || strings.HasPrefix(s, "-") ||
		strings.HasSuffix(s, ".lock") || strings.HasSuffix(s, ".") || strings.Contains(s, "..") || strings.Contains(s, "@{")
	for i := 0; i < len(s) && !bad; i++ {
		c := s[i]
		bad = c <= ' ' || c == 0x7f || strings.IndexByte("/\\:~^?*[\"'", c) >= 0
	}
	if bad {
		return fmt.Errorf("%s name %q can't be a part of a ref", kind, s)
	}
	return nil
}

// inside reports whether path is dir or below it, by name.
func inside(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
