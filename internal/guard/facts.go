package guard

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/policy"
)

// Bounds of what is looked at for one verdict.
const (
	maxBelow   = 10_000  // files below a folder
	maxContent = 1 << 20 // bytes of a file
	maxHead    = 4096    // bytes of what says which branch is checked out
	maxLinks   = 40      // of a path, as the kernel counts
)

// canaryFile is what the canary tries to write; nobody may write there.
const canaryFile = ".git/popkit-canary"

// desk is what is known of one agent's place.
type desk struct {
	seat     Seat
	foldCase bool
	tried    atomic.Bool // the canary
	found    atomic.Bool // its breach was told

	mu      sync.Mutex // guards tracked
	tracked []string   // nil: not asked yet
}

func newDesk(s Seat) *desk {
	return &desk{seat: s, foldCase: foldsCase(s.Workspace)}
}

// foldsCase reports whether .GIT is .git there.
func foldsCase(workspace string) bool {
	a, errA := os.Lstat(filepath.Join(workspace, ".git"))
	b, errB := os.Lstat(filepath.Join(workspace, ".GIT"))
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// evaluate judges a call by the rules and what is found in the workspace. A fact
// that was needed and could not be found makes it a deny.
func (d *desk) evaluate(ctx context.Context, rules *policy.Rules, c policy.Call) policy.Verdict {
	if rules == nil {
		rules = &policy.Rules{}
	}
	var unknown error
	v := policy.Evaluate(rules, c, policy.Facts{
		Workspace: d.seat.Workspace, Home: d.seat.Home, Tmp: d.seat.Tmp, FoldCase: d.foldCase,
		Branch: d.branch(), DefaultBranch: d.seat.DefaultBranch, Resolve: resolve, Below: d.below, Content: d.content,
		Tracked: func(rel string) int {
			n, err := d.countTracked(ctx, rel)
			unknown = errors.Join(unknown, err)
			return n
		},
	})
	if unknown != nil {
		return policy.Verdict{Rule: "unknown_facts", Reason: "what git tracks could not be found out: " + unknown.Error()}
	}
	return v
}

// branch is the branch that is checked out, "" when none is or it can't be read.
func (d *desk) branch() string {
	head, ok := d.read(".git/HEAD", maxHead)
	if !ok {
		return ""
	}
	name, ok := strings.CutPrefix(strings.TrimSpace(head), "ref: refs/heads/")
	if !ok {
		return ""
	}
	return name
}

func (d *desk) countTracked(ctx context.Context, rel string) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tracked == nil {
		files, err := d.seat.Tracked(ctx)
		if err != nil {
			return 0, err
		}
		d.tracked = append([]string{}, files...)
	}
	if rel == "" || rel == "." {
		return len(d.tracked), nil
	}
	n, glob, below := 0, []string{"./" + rel}, rel+"/"
	literal := !strings.ContainsAny(rel, `*?[{\`)
	for _, f := range d.tracked {
		if f == rel || strings.HasPrefix(f, below) || !literal && objective.InScope(f, glob) {
			n++
		}
	}
	return n, nil
}

func (d *desk) below(rel string) []string {
	var out []string
	stop := errors.New("enough")
	err := filepath.WalkDir(filepath.Join(d.seat.Workspace, rel), func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil && e != nil && e.IsDir():
			return fs.SkipDir // can't be read: what is in it is not known
		case err != nil:
			return nil
		case e.IsDir():
			if e.Name() == ".git" && filepath.Dir(path) == d.seat.Workspace {
				return fs.SkipDir
			}
			return nil
		case len(out) == maxBelow:
			return stop
		}
		name, err := filepath.Rel(d.seat.Workspace, path)
		if err != nil {
			return err
		}
		out = append(out, filepath.ToSlash(name))
		return nil
	})
	if err != nil && !errors.Is(err, stop) {
		return nil
	}
	return out
}

func (d *desk) content(rel string) (string, bool) { return d.read(rel, maxContent) }

// read reads a file of the workspace, which is the agent's: a link that leads out
// of it, and a pipe that nobody writes to, are no files.
func (d *desk) read(rel string, limit int64) (string, bool) {
	root, err := os.OpenRoot(d.seat.Workspace)
	if err != nil {
		return "", false
	}
	defer root.Close()
	f, err := root.OpenFile(rel, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return "", false
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil || int64(len(data)) > limit {
		return "", false
	}
	return string(data), true
}

// resolve follows the links in an absolute path, also when its end is not there.
// A path whose links go round in circles is nowhere: "/".
func resolve(abs string) string {
	rest, at := "", filepath.Clean(abs)
	for links := 0; links <= maxLinks; {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest)
		}
		// A link whose target is not there is followed by hand: what is written
		// through it is written there.
		if target, err := os.Readlink(at); err == nil {
			if !filepath.IsAbs(target) {
				target = filepath.Join(filepath.Dir(at), target)
			}
			at = filepath.Clean(target)
			links++
			continue
		}
		if at == "/" {
			return filepath.Join(at, rest)
		}
		rest, at = filepath.Join(filepath.Base(at), rest), filepath.Dir(at)
	}
	return "/"
}

// isCanary reports whether a call is the canary.
func (d *desk) isCanary(c policy.Call) bool {
	path := target(c)
	if path == "" {
		return false
	}
	if !filepath.IsAbs(path) {
		base := c.Cwd
		if base == "" {
			base = d.seat.Workspace
		}
		path = filepath.Join(base, path)
	}
	return filepath.Clean(path) == filepath.Join(d.seat.Workspace, canaryFile)
}

// breach returns, once, that the canary was written although it was denied.
func (d *desk) breach(agent string) *event.AgentBreached {
	if !d.tried.Load() {
		return nil
	}
	_, err := os.Lstat(filepath.Join(d.seat.Workspace, canaryFile))
	if errors.Is(err, fs.ErrNotExist) || d.found.Swap(true) {
		return nil
	}
	return &event.AgentBreached{Agent: agent, Kind: event.BreachCanary,
		Reason: "a write that was denied happened all the same: " + canaryFile + " is there"}
}
