package proc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"popkit/internal/proc"
)

func TestMain(m *testing.M) {
	proc.MaybeInit()
	if len(os.Args) > 1 && os.Args[1] == "__engine" {
		engine(os.Args[2], os.Args[3], os.Args[4])
	}
	goleak.VerifyTestMain(m)
}

// engine is a process that a test can kill: it runs one command, says who its
// helper is, and waits.
func engine(isolation, mark, script string) {
	p, err := proc.Start(context.Background(), shell(isolation, mark, script))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(p.Ident()); err != nil {
		os.Exit(1)
	}
	if _, err := p.Wait(); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

func shell(isolation, mark, script string) proc.Command {
	return proc.Command{
		Path:      "/bin/sh",
		Args:      []string{"sh", "-c", script},
		Env:       []string{"PATH=/usr/local/bin:/usr/bin:/bin"},
		Mark:      mark,
		Isolation: isolation,
	}
}

// isolations are those that this system has; TestIsolation says whether it should
// have more.
func isolations() []string {
	if proc.Isolation() == proc.PIDNamespace {
		return []string{proc.PIDNamespace, proc.Subreaper}
	}
	return []string{proc.Subreaper}
}

// each runs a test in all of them.
func each(t *testing.T, test func(t *testing.T, isolation string)) {
	t.Helper()
	for _, isolation := range isolations() {
		t.Run(isolation, func(t *testing.T) { test(t, isolation) })
	}
}

// markOf names a test's processes.
func markOf(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("test-%d-%s", os.Getpid(), strings.ReplaceAll(t.Name(), "/", "-"))
}

// patience bounds waiting for what must happen; it decides no passing test.
const patience = 30 * time.Second

func start(t *testing.T, c proc.Command) *proc.Process {
	t.Helper()
	p, err := proc.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func wait(t *testing.T, p *proc.Process) proc.Exit {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(patience):
		t.Error("the process did not end")
		p.Kill()
	}
	exit, err := p.Wait()
	if err != nil {
		t.Errorf("Wait: %v", err)
	}
	return exit
}

// eventually waits for what another process does.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for !is() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("not in time: %s", what)
		}
	}
}
