package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// process is one that a script began, or what it began: its environment names the
// script's folder.
type process struct {
	pid  int
	args string
}

// processes are all of a script, of those that can be seen from outside.
func processes(ts *testscript.TestScript) []process {
	entries, err := filepath.Glob("/proc/[0-9]*")
	ts.Check(err)
	var out []process
	for _, dir := range entries {
		pid, err := strconv.Atoi(filepath.Base(dir))
		ts.Check(err)
		environ, err := os.ReadFile(filepath.Join(dir, "environ"))
		if err != nil || pid == os.Getpid() || !bytes.Contains(environ, []byte(ts.Getenv("WORK"))) {
			continue // it has ended, or is another's
		}
		args, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil || len(args) == 0 {
			continue // it has ended
		}
		out = append(out, process{pid, strings.ReplaceAll(string(args), "\x00", " ")})
	}
	return out
}

// agentCLIs are the CLIs among them, but not what starts and holds them. One that
// runs on Node puts a title in the place of its arguments.
func agentCLIs(ts *testscript.TestScript) []process {
	var out []process
	for _, p := range processes(ts) {
		exe, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(p.pid), "exe"))
		named := strings.Contains(p.args, "stream-json") || strings.TrimSpace(p.args) == "claude"
		if err == nil && named && filepath.Base(exe) != "popkit" {
			out = append(out, p)
		}
	}
	return out
}

// clis kills the CLIs of a script as nobody can refuse, or waits until there is none.
func clis(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || args[0] != "kill" && args[0] != "none" {
		ts.Fatalf("usage: clis kill|none")
	}
	if args[0] == "none" {
		gone(ts, agentCLIs)
		return
	}
	list := agentCLIs(ts)
	if len(list) == 0 {
		ts.Fatalf("there is no CLI to kill")
	}
	for _, p := range list {
		ts.Check(syscall.Kill(p.pid, syscall.SIGKILL))
	}
}

// noProcesses waits until nothing is left of what a script began.
func noProcesses(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || args[0] != "none" {
		ts.Fatalf("usage: processes none")
	}
	gone(ts, processes)
}

// gone waits until there are none of them. A few seconds are enough for what was
// told to end: past that, something was forgotten.
func gone(ts *testscript.TestScript, list func(*testscript.TestScript) []process) {
	deadline := time.Now().Add(10 * time.Second)
	left := list(ts)
	for len(left) > 0 && time.Now().Before(deadline) {
		<-time.After(50 * time.Millisecond)
		left = list(ts)
	}
	for _, p := range left {
		ts.Logf("left: %d %s", p.pid, p.args)
	}
	if len(left) > 0 {
		ts.Fatalf("%d processes are left", len(left))
	}
}
