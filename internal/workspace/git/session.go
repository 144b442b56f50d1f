package git

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"syscall"
)

// Session is a git process that is asked more than once. It is not safe for
// concurrent use.
type Session struct {
	args   []string
	dir    string
	cmd    *exec.Cmd
	cancel context.CancelFunc // ends it as Runner.Run does
	in     io.WriteCloser
	out    *bufio.Reader
	errs   tail
}

// Start starts a git process that reads what it is asked from its standard input.
// It ends when its input does: by Close, or with this process.
func (r Runner) Start(ctx context.Context, c Cmd) (*Session, error) {
	s := &Session{args: c.Args, dir: c.Dir, errs: tail{limit: stderrTail}}
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.cmd = exec.CommandContext(ctx, "git", slices.Concat(settings, c.Args)...)
	s.cmd.Dir, s.cmd.Env, s.cmd.Stderr = c.Dir, r.environ(c.Env), &s.errs
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.cmd.Cancel, s.cmd.WaitDelay = func() error { return endGroup(s.cmd.Process.Pid, syscall.SIGTERM) }, termGrace
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", s.name(), err)
	}
	s.out = bufio.NewReader(out)
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("run %s: %w", s.name(), err)
	}
	if err := s.cmd.Start(); err != nil {
		s.cancel()
		if errors.Is(err, exec.ErrNotFound) {
			return nil, ErrNoGit
		}
		return nil, fmt.Errorf("run %s: %w", s.name(), err)
	}
	return s, nil
}

func (s *Session) name() string { return "git " + subcommand(s.args) }

// Ask writes what is asked and reads as many lines as are the answer. After an
// error the session has ended; it is an *Error when git said why.
func (s *Session) Ask(ctx context.Context, ask []byte, lines int) ([]string, error) {
	stop := context.AfterFunc(ctx, s.cancel)
	answer, err := s.exchange(ask, lines)
	if ended := !stop(); err == nil && !ended {
		return answer, nil
	}
	closed := s.Close()
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", s.name(), context.Cause(ctx))
	case closed != nil:
		return nil, closed
	}
	return nil, fmt.Errorf("%s ended: %w", s.name(), err)
}

func (s *Session) exchange(ask []byte, lines int) ([]string, error) {
	if _, err := s.in.Write(ask); err != nil {
		return nil, err
	}
	answer := make([]string, lines)
	for i := range answer {
		line, err := s.out.ReadString('\n')
		if err != nil {
			return nil, err
		}
		answer[i] = strings.TrimSuffix(line, "\n")
	}
	return answer, nil
}

// Close ends the process and waits for it.
func (s *Session) Close() error {
	// It may have ended by itself: how, Wait knows.
	_ = s.in.Close()
	err := s.cmd.Wait()
	s.cancel()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &Error{Args: s.args, Dir: s.dir, Code: exitCode(s.cmd), Stderr: strings.TrimSpace(s.errs.String())}
	}
	if err != nil {
		return fmt.Errorf("run %s: %w", s.name(), err)
	}
	return nil
}
