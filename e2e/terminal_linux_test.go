package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is popkit on a pseudo-terminal.
type terminal struct {
	t      *testing.T
	dir    string
	env    []string
	master *os.File
	cmd    *exec.Cmd

	mu   sync.Mutex
	text strings.Builder
	more chan struct{} // one token while there is text that nobody looked at
}

// onTerminal starts popkit in a new repository.
func onTerminal(t *testing.T, plan string, args ...string) *terminal {
	t.Helper()
	x := newTerminal(t, plan)
	t.Cleanup(func() { x.do("popkit", "power", "stop", "--now") })
	x.start(args)
	return x
}

// newTerminal is one in a new repository, on which nothing was started yet.
func newTerminal(t *testing.T, plan string) *terminal {
	t.Helper()
	home, err := os.MkdirTemp("/tmp", "pk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	x := &terminal{t: t, dir: filepath.Join(home, "app"), more: make(chan struct{}, 1), env: []string{
		"HOME=" + home, "WORK=" + home, "XDG_RUNTIME_DIR=" + home, "TERM=xterm", "PATH=" + binaries + ":" + os.Getenv("PATH"),
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	}}
	if err := errors.Join(os.MkdirAll(x.dir, 0o755), mayWrite(home, home)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "plan.yaml"), []byte(plan), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, git := range []string{"init -q -b main", "config user.name Ada", "config user.email ada@example.com", "commit -q --allow-empty -m begin"} {
		x.do("git", strings.Fields(git)...)
	}
	return x
}

// do runs a command beside the terminal and returns what it prints.
func (x *terminal) do(name string, args ...string) string {
	x.t.Helper()
	if name == "popkit" {
		name = filepath.Join(binaries, name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = x.dir, x.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		x.t.Errorf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func (x *terminal) start(args []string) {
	master, slave := openTerminal(x.t)
	x.master = master
	x.cmd = exec.Command(filepath.Join(binaries, "popkit"), args...)
	x.cmd.Dir, x.cmd.Env = x.dir, x.env
	x.cmd.Stdin, x.cmd.Stdout, x.cmd.Stderr = slave, slave, slave
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := x.cmd.Start(); err != nil {
		x.t.Fatal(err)
	}
	slave.Close()
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			x.mu.Lock()
			x.text.Write(buf[:n])
			x.mu.Unlock()
			select {
			case x.more <- struct{}{}:
			default:
			}
			if err != nil {
				return // the terminal's other end is closed
			}
		}
	}()
}

func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	// Not by master.Fd, which makes it block: a Close would then wait for a Read that
	// waits for popkit to print, and the terminal would not close.
	raw, err := master.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	n, failed := 0, error(nil)
	err = raw.Control(func(p uintptr) {
		fd := int(p)
		if failed = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); failed != nil {
			return
		}
		if n, failed = unix.IoctlGetInt(fd, unix.TIOCGPTN); failed != nil {
			return
		}
		failed = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
	})
	if err := errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// see waits until the terminal has shown the text.
func (x *terminal) see(text string) {
	x.t.Helper()
	late := time.After(patience)
	for {
		x.mu.Lock()
		all := x.text.String()
		x.mu.Unlock()
		if strings.Contains(all, text) {
			return
		}
		select {
		case <-x.more:
		case <-late:
			x.t.Fatalf("%q was not shown:\n%s", text, all)
		}
	}
}

func (x *terminal) typed(text string) {
	x.t.Helper()
	if _, err := x.master.WriteString(text); err != nil {
		x.t.Fatal(err)
	}
}

func (x *terminal) ends(code int) {
	x.t.Helper()
	err := x.cmd.Wait()
	x.mu.Lock()
	defer x.mu.Unlock()
	if got := x.cmd.ProcessState.ExitCode(); got != code {
		x.t.Errorf("popkit ended with %d, not %d: %v\n%s", got, code, err, x.text.String())
	}
}

const askingPlan = `
objective: {description: Ask}
phases:
  - name: work
    tasks: [{id: ask, role: asker, title: Ask, prompt: Ask., runtime: 'exec:popkit check-in --progress 0.5 thinking; popkit ask "Red or blue?" --options red,blue > answer'}]
`

// TestTerminalAnswers: a yes to the plan, a line an agent, and an answer typed
// while the run goes on.
func TestTerminalAnswers(t *testing.T) {
	x := onTerminal(t, askingPlan, "power", "start", "--plan", "../plan.yaml")
	x.see("start this run? [y/N]")
	x.typed("y\n")
	x.see("asker-1  ask")
	x.see("Red or blue?")
	x.see("answer q-1>")
	x.typed("green\n")
	x.see("none of the answers")
	x.typed("blue\n")
	x.see(`question q-1 answered "blue" by Ada`)
	x.see("done and verified")
	x.ends(0)
	if got := x.do("sh", "-c", "git show $(git for-each-ref --format='%(refname)' refs/heads/popkit):answer"); got != "blue\n" {
		t.Errorf("the agent was told %q", got)
	}
}

const endlessPlan = `
objective: {description: Work}
phases:
  - name: work
    tasks: [{id: a, role: alpha, title: A, prompt: A., runtime: 'exec:echo half > half; touch $WORK/started; while :; do sleep 0.1; done'}]
`

// TestTerminalInterrupt: Ctrl-C stops the run, gracefully, and keeps the work.
func TestTerminalInterrupt(t *testing.T) {
	x := onTerminal(t, endlessPlan, "power", "start", "--plan", "../plan.yaml", "--yes")
	x.see("alpha-1  a")
	x.do("sh", "-c", "until test -f $WORK/started; do sleep 0.05; done")
	x.typed("\x03")
	x.see("Ctrl-C again")
	x.see("all work is kept")
	x.ends(4)
	if got := x.do("sh", "-c", "git show $(git for-each-ref --format='%(refname)' 'refs/popkit/*/a.1'):half"); got != "half\n" {
		t.Errorf("kept is %q", got)
	}
}

// TestTerminalCloses: closing the terminal only detaches; the run goes on.
func TestTerminalCloses(t *testing.T) {
	x := onTerminal(t, endlessPlan, "power", "start", "--plan", "../plan.yaml", "--yes")
	x.see("alpha-1  a")
	x.do("sh", "-c", "until test -f $WORK/started; do sleep 0.05; done")
	if err := x.master.Close(); err != nil {
		t.Fatal(err)
	}
	if err := x.cmd.Wait(); err == nil {
		t.Error("popkit did not end with its terminal")
	}
	if got := x.do("popkit", "power", "list"); !strings.Contains(got, " running ") {
		t.Errorf("the run did not go on: %s", got)
	}
}
