package daemon

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/oklog/ulid/v2"

	"popkit/internal/config"
	"popkit/internal/core/event"
	"popkit/internal/core/policy"
	"popkit/internal/guard"
	"popkit/internal/planner"
	"popkit/internal/redact"
	"popkit/internal/runs"
	"popkit/internal/sandbox"
	"popkit/internal/statefile"
	"popkit/internal/workspace"
)

// bench is where a plan is made: clones that are thrown away, the walls around
// what runs in them, and a guard. There is no run and no engine.
type bench struct {
	*environment
	id     string
	repo   string         // of the user's
	clone  *workspace.Run // what is committed, and nothing else
	checks *workspace.Run // as checks of a run find it
	base   workspace.Base
	guard  *guard.Guard
	held   *os.File // says to others that the bench is in use
	socket string   // folder beside those of runs, which are to be hidden
}

// checksSuffix ends the name of the place in which checks are tried.
const checksSuffix = "-checks"

// openBench takes what is needed; close gives it back.
func openBench(ctx context.Context, repoDir, baseRef string) (b *bench, err error) {
	repo, err := workspace.Find(ctx, repoDir)
	if err != nil {
		return nil, err
	}
	base, err := repo.Resolve(ctx, baseRef)
	if err != nil {
		return nil, err
	}
	place := Place(repo)
	if err := statefile.EnsureDir(place.Repo); err != nil { // the plan will lie there
		return nil, err
	}
	cfg, err := loadConfig(place.Repo)
	if err != nil {
		return nil, err
	}
	id, err := ulid.New(ulid.Timestamp(time.Now()), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("name the place of a plan: %w", err)
	}
	b = &bench{id: planPrefix + id.String(), repo: place.Repo, base: base}
	if b.environment, err = planEnvironment(cfg, b.id); err != nil {
		return nil, err
	}
	found := detect(cfg, b.root)
	if found.err != nil {
		return nil, found.err
	}
	if b.clone, err = workspace.NewRun(repo, b.id, b.root, workspace.Options{NoSubmodules: !cfg.Workspace.Submodules}); err != nil {
		return nil, err
	}
	if b.checks, err = workspace.NewRun(repo, b.id+checksSuffix, b.root, b.asInRuns()); err != nil {
		return nil, err
	}
	if err := b.settle(found, place); err != nil {
		return nil, errors.Join(err, b.close(ctx))
	}
	return b, nil
}

// settle takes the places that others see, builds the walls and makes the guard ready.
func (b *bench) settle(found finding, place runs.Place) (err error) {
	if b.held, err = hold(filepath.Join(b.root, b.id)); err != nil {
		return err
	}
	if b.socket, err = place.Run(b.id).SocketDir(os.Getenv("XDG_RUNTIME_DIR")); err != nil {
		return err
	}
	b.wall(found, place)
	b.guard = guard.New(b.redactor)
	return b.guard.SetRules(b.cfg.GuardSpec())
}

// planPrefix begins the names of benches' places, which lie among those of runs.
const planPrefix = "plan-"

// heldFile is locked as long as a bench is in use.
const heldFile = "in-use"

// hold makes a bench's place and says that it is in use; the lock dies with the process.
func hold(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, heldFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
	}
	return f, nil
}

// planUnderWay reports whether a folder of workspaces belongs to a bench in use.
func planUnderWay(root, id string) (bool, error) {
	if !strings.HasPrefix(id, planPrefix) {
		return false, nil
	}
	f, err := os.Open(filepath.Join(root, strings.TrimSuffix(id, checksSuffix), heldFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	return errors.Is(err, syscall.EWOULDBLOCK), f.Close()
}

// planEnvironment is that of a run, but without one.
func planEnvironment(cfg config.Config, id string) (*environment, error) {
	root, err := workspaceRoot(cfg)
	if err != nil {
		return nil, err
	}
	e := &environment{cfg: cfg, root: root, tmp: filepath.Join(root, id, "tmp"), ports: map[string]bool{}}
	e.vars, e.secrets = inherited(os.Environ(), cfg.Env)
	e.redactor = redact.New(e.secrets)
	return e, nil
}

// asInRuns are the options of workspaces in which checks are run.
func (b *bench) asInRuns() workspace.Options {
	return workspace.Options{
		Setup: b.cfg.Workspace.Setup, SetupLimit: minutes(b.cfg.Limits.AgentTimeoutMinutes), Copy: b.cfg.Workspace.Copy,
		NoSubmodules: !b.cfg.Workspace.Submodules, Exec: b.exec,
	}
}

// wall keeps what runs on the bench from the user's repository, and from other runs
// and their sockets: it is below no engine, which would know it by that.
func (b *bench) wall(found finding, place runs.Place) {
	b.walls = walls{
		Ability: found.Ability, name: string(found.Degree), cfg: b.cfg, hide: []string{b.root, place.Repo, filepath.Dir(b.socket)},
		borrowed: func() []string { return append(b.clone.Borrowed(), b.checks.Borrowed()...) },
	}
}

// close removes all that is left of the bench, also where ctx has ended.
func (b *bench) close(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	err := sandbox.Remove(b.tmp)
	for _, w := range []*workspace.Run{b.clone, b.checks} {
		_, gcErr := w.GC(ctx, false)
		err = errors.Join(err, gcErr)
	}
	if err = errors.Join(err, os.RemoveAll(filepath.Join(b.root, b.id))); b.held != nil {
		err = errors.Join(err, b.held.Close())
	}
	if b.socket != "" {
		err = errors.Join(err, os.RemoveAll(b.socket))
	}
	if err != nil {
		return fmt.Errorf("clear up after planning: %w (popkit gc)", err)
	}
	return nil
}

// longestTrial is how long a check may take where the configuration has no limit.
const longestTrial = 10 * time.Minute

// maxTriedOutput is how much of a check's output is kept: what it expects is
// looked for in that.
const maxTriedOutput = 1 << 20

// Try runs a command as a run's check would be run, unless the guard would keep
// agents from running it.
func (b *bench) Try(ctx context.Context, command string) (planner.Tried, error) {
	dir, done, err := b.checks.CheckTree(ctx, b.base.Commit)
	if err != nil {
		return planner.Tried{}, err
	}
	defer done()
	if reason, err := b.refuses(ctx, dir, command); err != nil || reason != "" {
		return planner.Tried{Refused: reason}, err
	}
	limit := minutes(b.cfg.Limits.CheckTimeoutMinutes)
	if limit <= 0 { // a run's check may take for ever; somebody waits for this one
		limit = longestTrial
	}
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out := &ending{most: maxTriedOutput}
	redacted := b.redactor.Writer(out)
	began := time.Now()
	end, err := b.check(timed, b.id, dir, command, redacted)
	err = errors.Join(err, redacted.Close())
	got := planner.Tried{Code: end.Code, Signal: end.Signal, Output: string(out.kept), Took: time.Since(began)}
	switch {
	case ctx.Err() != nil:
		return got, ctx.Err()
	case errors.Is(timed.Err(), context.DeadlineExceeded):
		got.Late = true
		return got, nil
	}
	return got, err
}

// refuses says why the guard would not let an agent run a command; "" where it
// would. What a person would be asked about is refused: nobody has seen it yet.
func (b *bench) refuses(ctx context.Context, dir, command string) (string, error) {
	input, err := json.Marshal(map[string]string{"command": command})
	if err != nil {
		return "", err
	}
	const who = "checks"
	b.seat(who, dir, b.vars)
	j := b.guard.Judge(ctx, who, guard.Call{Call: policy.Call{Tool: "Bash", Input: input, Cwd: dir}}).Judged
	b.guard.Leave(who)
	if j.Verdict == event.VerdictAllow {
		return "", nil
	}
	return fmt.Sprintf("%s (%s)", j.Reason, j.Rule), nil
}

// seat makes the guard know where somebody works.
func (b *bench) seat(who, dir string, env []string) {
	b.guard.Seat(who, guard.Seat{
		Workspace: dir, Home: variable(env, "HOME"), Tmp: variable(env, "TMPDIR"), DefaultBranch: branch(b.base.Ref),
		Tracked: func(ctx context.Context) ([]string, error) { return b.clone.Files(ctx, b.base.Commit) },
	})
}

// ending keeps the end of what is written.
type ending struct {
	kept []byte
	most int
}

func (e *ending) Write(p []byte) (int, error) {
	e.kept = append(e.kept, p...)
	if n := len(e.kept) - e.most; n > 0 {
		e.kept = append(e.kept[:0], e.kept[n:]...)
	}
	return len(p), nil
}

func minutes(n float64) time.Duration { return time.Duration(n * float64(time.Minute)) }
