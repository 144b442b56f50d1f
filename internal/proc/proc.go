package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The isolations, best first.
const (
	PIDNamespace = "pid-namespace"
	Subreaper    = "subreaper"
	ProcessGroup = "process-group" // not on Linux
)

// MarkVariable is the environment variable that carries Command.Mark.
const MarkVariable = "POPKIT_MARK"

// DefaultGrace is the time between SIGTERM and SIGKILL when a command names none.
const DefaultGrace = 5 * time.Second

// ErrNoInit is returned by Start in a program whose main did not call MaybeInit.
var ErrNoInit = errors.New("proc.MaybeInit was not called at the start of main")

// Command is what to run. It is read by Start only and can be used again.
type Command struct {
	// Path of the program. Without a slash it is looked up in the PATH of Env.
	Path string
	// Args are the arguments, the first one is the program's name. Empty: Path.
	Args []string
	// Dir to run in; "" is the engine's.
	Dir string
	// Env is the complete environment; nothing is inherited. Of a variable that
	// occurs twice the last one counts.
	Env []string
	// Stdin is copied to the command; nil is the null device. An *os.File is
	// handed over as it is.
	Stdin io.Reader
	// Stdout and Stderr get the output; nil is the null device. An *os.File is
	// handed over as it is. Writes to one of them are never concurrent; when
	// both are the same writer, they share one pipe and keep their order.
	Stdout, Stderr io.Writer
	// Mark is put into the environment as POPKIT_MARK, so that processes which
	// got away can be found. It should name this one process, e.g. RUN/AGENT.
	Mark string
	// Grace is the time from SIGTERM to SIGKILL after Stop; 0 is DefaultGrace.
	Grace time.Duration
	// Isolation asks for one of the constants; "" is what Isolation returns.
	Isolation string
	// Confine is what the program's Confiner is told before the command starts;
	// empty is no confinement. Where it fails the command is not started.
	Confine []string
	// Freezer, if not nil, can make everything below the command stand still.
	Freezer *Freezer
}

// Confiner narrows what the calling thread, and all that it starts, may do. It is
// called in the init helper, on the thread that will start the command, once the
// isolation was entered.
type Confiner func(isolation string, orders []string) error

// Exit says how a command ended.
type Exit struct {
	// Code is its exit status; 128 + N after signal N; 127 when the program was
	// not found and 126 when it could not be executed.
	Code int
	// Signal that ended it, e.g. "SIGKILL"; "" when it exited by itself.
	Signal string
	// Stopped: it ended after Stop, Kill or the end of its context.
	Stopped bool
	// Detail says in words what Code can't: why it could not be executed, that
	// its helper was killed, what could not be ended.
	Detail string
}

// NotThere reports whether the exit status says that a program was not found or could
// not be executed: the command itself, or what it started last.
func (e Exit) NotThere() bool { return e.Code == 126 || e.Code == 127 }

// Process is a command that was started.
type Process struct {
	helper *helper
	stdio  *stdio
	ident  Ident
	mark   string
	grace  time.Duration
	// freezer is told of it while it runs; nil: none.
	freezer *Freezer

	mu      sync.Mutex
	stopped bool        // Stop or Kill was called
	timer   *time.Timer // SIGKILL after Stop
	ended   bool        // the helper was reaped: nothing is signalled any more

	done chan struct{} // closed once exit and err are set
	exit Exit
	err  error
}

// initialised is the one piece of state this package needs: whether the program
// can act as its own helper. Without it a test binary whose TestMain forgot
// MaybeInit would run its tests again in every helper, without end.
var initialised atomic.Bool

// MaybeInit must be the first call of main. In a helper it never returns. A
// program whose commands have Confine names its confiner, at most one.
func MaybeInit(confiner ...Confiner) {
	if len(os.Args) > 1 && os.Args[1] == initArg {
		helperMain(confiner)
	}
	initialised.Store(true)
}

// Start runs the command. The end of ctx kills it.
//
// A program that is missing or can't be executed is no error here: Wait returns
// its Exit. Errors are: a command that makes no sense, a missing Dir, no
// resources for another process, an isolation that is not to be had.
func Start(ctx context.Context, c Command) (*Process, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name(), err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name(), err)
	}
	how, err := choose(c.Isolation)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name(), err)
	}
	if err := c.Freezer.admit(ctx); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name(), err)
	}
	p, err := start(ctx, c, how)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name(), err)
	}
	return p, nil
}

func start(ctx context.Context, c Command, how isolation) (*Process, error) {
	stdio, err := openStdio(c)
	if err != nil {
		return nil, err
	}
	p := &Process{stdio: stdio, mark: c.Mark, grace: c.Grace, freezer: c.Freezer, done: make(chan struct{})}
	if p.grace <= 0 {
		p.grace = DefaultGrace
	}
	detach := func() bool { return true }
	_, err = spawn(c.config(), stdio.child, how, func(h *helper) {
		p.helper = h
		detach = context.AfterFunc(ctx, p.Kill)
	})
	stdio.closeChild()
	if err == nil {
		// A helper that has ended is a zombie until supervise waits for it, so its
		// identity can still be read.
		if p.ident, err = identify(p.helper.process.Pid); err != nil {
			p.helper.discard()
		}
	}
	if err != nil {
		p.end()
		detach()
		stdio.abandon()
		return nil, errors.Join(ctx.Err(), err)
	}
	stdio.begin()
	p.freezer.add(p)
	go p.supervise(detach)
	return p, nil
}

// Try starts a helper that enters the best isolation and the confinement, and
// ends at once: whether both can be had here.
func Try(confine []string) error {
	how, err := choose("")
	if err != nil {
		return err
	}
	return probe(how, confine)
}

// Ident returns the identity of the helper, as this process sees it. It can be
// kept and asked about after a restart, see Alive.
func (p *Process) Ident() Ident { return p.ident }

// Isolation returns how this process is held.
func (p *Process) Isolation() string { return p.helper.how.name }

// Warning says what the isolation lacks, e.g. that /proc shows the processes of
// the system; "" when it is complete.
func (p *Process) Warning() string { return p.helper.warning }

// Done is closed once Wait does not block any more.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait returns how the command ended, after everything below it is gone. The
// error says that a part of its output was lost or that processes are left; the
// Exit is valid all the same.
func (p *Process) Wait() (Exit, error) {
	<-p.done
	return p.exit, p.err
}

// Stop sends SIGTERM to the command's process group and, when it still runs
// after the grace period, kills it and everything below it.
func (p *Process) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.stopped {
		return
	}
	p.stopped = true
	p.helper.say(controlTerminate)
	p.timer = time.AfterFunc(p.grace, p.Kill)
}

// Interrupt sends SIGINT to the command's process group, and nothing follows from
// it: a command may take it as a reason to break off what it is at.
func (p *Process) Interrupt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		p.helper.say(controlInterrupt)
	}
}

// Kill ends the command and everything below it at once.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	p.stopped = true
	p.helper.kill()
}

// end says that the helper is gone: nothing is signalled any more. It reports
// whether an end had been asked for.
func (p *Process) end() (asked bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	if p.timer != nil {
		p.timer.Stop()
	}
	return p.stopped
}

// supervise is the only one that waits for the helper, and sets the result.
func (p *Process) supervise(detach func() bool) {
	defer close(p.done)
	result, waitErr := p.helper.wait()
	p.freezer.remove(p)
	asked := p.end()
	detach()
	p.exit = result.exit
	var sweepErr error
	if !result.told {
		p.exit.Stopped = asked
		if p.helper.how.name != PIDNamespace {
			_, sweepErr = Sweep(p.mark)
		}
	}
	p.err = errors.Join(waitErr, sweepErr, result.left, p.stdio.finish())
}

func (c Command) check() error {
	if c.Path == "" {
		return errors.New("no program to run")
	}
	if !initialised.Load() {
		return ErrNoInit
	}
	for _, list := range [][]string{{c.Path, c.Dir, c.Mark}, c.Args, c.Env, c.Confine} {
		for _, s := range list {
			if strings.ContainsRune(s, 0) {
				return errors.New("a zero byte in the path, an argument, the environment or the confinement")
			}
		}
	}
	return nil
}

func (c Command) name() string {
	if len(c.Args) > 0 {
		return c.Args[0]
	}
	return c.Path
}

func (c Command) config() config {
	args := c.Args
	if len(args) == 0 {
		args = []string{c.Path}
	}
	env := c.Env
	if c.Mark != "" {
		env = append(slices.Clip(env), MarkVariable+"="+c.Mark)
	}
	return config{mark: c.Mark, path: c.Path, dir: c.Dir, confine: c.Confine, args: args, env: lastOfEach(env)}
}

// lastOfEach leaves one entry for each variable. Programs do not agree on which
// of two they look at, so there must not be two.
func lastOfEach(env []string) []string {
	seen := make(map[string]bool, len(env))
	kept := make([]string, 0, len(env))
	for _, e := range slices.Backward(env) {
		if name, _, ok := strings.Cut(e, "="); !ok || !seen[name] {
			seen[name] = true
			kept = append(kept, e)
		}
	}
	slices.Reverse(kept)
	return kept
}
