package git

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// MaxOutput bounds what one git process may print, in bytes.
const MaxOutput = 256 << 20

// stderrTail bounds what is kept of git's error output, in bytes.
const stderrTail = 8 << 10

// termGrace is how long git may take to remove its lock files.
const termGrace = 5 * time.Second

// ErrNoGit is returned when there is no git to run.
var ErrNoGit = errors.New("git is not installed or not in PATH (on Debian, type: apt-get install git)")

// Runner starts git processes.
type Runner struct {
	// Env is the environment they start from; GIT_ variables in it are ignored.
	// nil means the environment of this process.
	Env []string
	// Limit bounds what a process may print, in bytes; 0 means MaxOutput.
	Limit int
}

// Cmd is one git process.
type Cmd struct {
	Dir   string    // working directory
	Env   []string  // GIT_ variables of this call
	Args  []string  // without "git" and the settings that every call gets
	Stdin io.Reader // nil: nothing to read
	// Stdout gets the output instead of Run's result when it is set.
	Stdout io.Writer
	// OK lists exit codes besides 0 that are no error.
	OK []int
}

// settings hold for every call, whatever a configuration says.
var settings = []string{
	"--no-pager",
	"-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false",
	"-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "advice.detachedHead=false",
	"-c", "core.filesRefLockTimeout=5000", "-c", "core.packedRefsTimeout=10000",
	"-c", "protocol.allow=never",
}

// Result is what a git process printed and how it ended.
type Result struct {
	Out    []byte
	Stderr string // the last part of it
	Code   int    // 0 or one of Cmd.OK
}

// Run runs git and returns what it printed. The error is an *Error when git
// ran and failed, the context's when that ended it, ErrNoGit when there is none.
func (r Runner) Run(ctx context.Context, c Cmd) (Result, error) {
	args := append(append(make([]string, 0, len(settings)+len(c.Args)), settings...), c.Args...)
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Stdin = c.Dir, c.Stdin
	cmd.Env = r.environ(c.Env)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return endGroup(cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = termGrace
	out := &bounded{limit: cmp.Or(r.Limit, MaxOutput)}
	errs := &tail{limit: stderrTail}
	cmd.Stdout, cmd.Stderr = io.Writer(out), errs
	if c.Stdout != nil {
		cmd.Stdout = c.Stdout
	}
	err := cmd.Run()
	res := Result{Out: out.buf.Bytes(), Stderr: strings.TrimSpace(errs.String()), Code: exitCode(cmd)}
	return res, r.judge(ctx, c, cmd, res, out, err)
}

func (r Runner) judge(ctx context.Context, c Cmd, cmd *exec.Cmd, res Result, out *bounded, err error) error {
	name := "git " + subcommand(c.Args)
	switch {
	case ctx.Err() != nil:
		if cmd.Process != nil {
			// The leader is gone; what it started may still be there. An error
			// says that the group is gone too.
			_ = endGroup(cmd.Process.Pid, syscall.SIGKILL)
		}
		return fmt.Errorf("%s: %w", name, context.Cause(ctx))
	case errors.Is(err, exec.ErrNotFound):
		return ErrNoGit
	case out.over:
		return fmt.Errorf("%s printed more than %d bytes", name, out.limit)
	case err == nil:
		return nil
	}
	for _, code := range c.OK {
		if res.Code == code {
			return nil
		}
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &Error{Args: c.Args, Dir: c.Dir, Code: res.Code, Stderr: res.Stderr}
	}
	return fmt.Errorf("run %s: %w", name, err)
}

// exitCode is git's exit code, -1 when it did not start or a signal ended it.
func exitCode(cmd *exec.Cmd) int {
	if cmd.ProcessState == nil {
		return -1
	}
	return cmd.ProcessState.ExitCode()
}

func endGroup(pid int, sig syscall.Signal) error {
	err := syscall.Kill(-pid, sig)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

func (r Runner) environ(extra []string) []string {
	base := r.Env
	if base == nil {
		base = os.Environ()
	}
	env := make([]string, 0, len(base)+len(extra)+8)
	for _, kv := range base {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "GIT_") || name == "LC_ALL" || name == "LANGUAGE" {
			continue
		}
		env = append(env, kv)
	}
	env = append(env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1",
		"GIT_NO_REPLACE_OBJECTS=1", "GIT_LITERAL_PATHSPECS=1", "GIT_EDITOR=:")
	return append(env, extra...)
}

// bounded keeps what is written up to its limit and then refuses, which ends
// the process with SIGPIPE.
type bounded struct {
	buf   bytes.Buffer
	limit int
	over  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.buf.Len()+len(p) > b.limit {
		b.over = true
		return 0, errors.New("too much output")
	}
	return b.buf.Write(p)
}

// tail keeps the last limit bytes of what is written.
type tail struct {
	buf   []byte
	limit int
}

func (t *tail) Write(p []byte) (int, error) {
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - t.limit; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.ToValidUTF8(string(t.buf), "?") }
