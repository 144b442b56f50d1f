//go:build linux

package filelog_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"popkit/internal/core/event"
	"popkit/internal/eventlog/eventlogtest"
	"popkit/internal/eventlog/filelog"
)

// childEnv makes the test binary run one of children instead of the tests.
const childEnv = "POPKIT_FILELOG_CHILD"

// children are what the tests need another process for. Each gets the log's
// path and ends the process by returning.
var children = map[string]func(path string) error{
	"hold":   holdChild,
	"append": appendChild,
	"fill":   fillChild,
}

func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		if err := children[name](os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// child is a running child process.
type child struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr bytes.Buffer
}

func startChild(t *testing.T, name, path string) *child {
	t.Helper()
	c, err := tryChild(t, name, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func tryChild(t *testing.T, name, path string, attr *syscall.SysProcAttr) (*child, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: exec.Command(self, path)}
	c.cmd.Env = append(os.Environ(), childEnv+"="+name, "GORACE=atexit_sleep_ms=0")
	c.cmd.SysProcAttr = attr
	c.cmd.Stderr = &c.stderr
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stdout = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start child %s: %w", name, err)
	}
	return c, nil
}

// line is the child's next line of output, "" at its end.
func (c *child) line(t *testing.T) string {
	t.Helper()
	s, err := c.stdout.ReadString('\n')
	if err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return strings.TrimSuffix(s, "\n")
}

// kill ends the child as kill -9 does. wait comes after its output was read.
func (c *child) kill(t *testing.T) {
	t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
}

// wait returns how the child ended, with what it complained of.
func (c *child) wait() error {
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("%w\n%s", err, c.stderr.String())
	}
	return nil
}

// holdChild holds the log until its standard input ends.
func holdChild(path string) error {
	l, err := filelog.Open(path, filelog.Options{Run: "01JCHILD"})
	if err != nil {
		return err
	}
	fmt.Println("held")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return l.Close()
}

// appendChild appends for as long as it lives and prints each tail that was
// acknowledged.
func appendChild(path string) error {
	ctx := context.Background()
	l, err := filelog.Open(path, filelog.Options{})
	if err != nil {
		return err
	}
	tail, err := l.Tail(ctx)
	if err != nil {
		return err
	}
	for {
		evs := killBatch(tail)
		if err := l.Append(ctx, tail, evs); err != nil {
			return err
		}
		tail += int64(len(evs))
		if _, err := fmt.Println(tail); err != nil {
			return err
		}
	}
}

// killBatch is what appendChild appends after number tail: one to three events,
// now and then one of many pages.
func killBatch(tail int64) []event.Event {
	evs := eventlogtest.Batch(tail+1, 1+int(tail%3))
	if tail%8 == 0 {
		evs[0] = eventlogtest.Large(tail+1, 20_000)
	}
	return evs
}
