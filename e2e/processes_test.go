package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

// clis kills the CLIs of a script as nobody can refuse.
func clis(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || args[0] != "kill" {
		ts.Fatalf("usage: clis kill")
	}
	list := agentCLIs(ts)
	if len(list) == 0 {
		ts.Fatalf("there is no CLI to kill")
	}
	for _, p := range list {
		ts.Check(syscall.Kill(p.pid, syscall.SIGKILL))
	}
}

// counted waits until nothing is left of what a script began, or until so many of its
// processes have a text among their arguments.
func counted(ts *testscript.TestScript, neg bool, args []string) {
	if !neg && len(args) == 1 && args[0] == "none" {
		settle(ts, func(left []process) bool { return len(left) == 0 }, "processes are left")
		return
	}
	if neg || len(args) != 2 {
		ts.Fatalf("usage: processes none | processes COUNT TEXT")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	settle(ts, func(list []process) bool {
		list = slices.DeleteFunc(list, func(p process) bool { return !strings.Contains(p.args, args[1]) })
		return len(list) == want
	}, fmt.Sprintf("there are not %d processes %q", want, args[1]))
}

// settle waits until the processes are as they should be; reaching the end of its
// patience fails.
func settle(ts *testscript.TestScript, good func([]process) bool, bad string) {
	deadline := time.Now().Add(patience / 3)
	now := processes(ts)
	for !good(slices.Clone(now)) {
		if time.Now().After(deadline) {
			for _, p := range now {
				ts.Logf("there is %d %s", p.pid, p.args)
			}
			ts.Fatalf("%s", bad)
		}
		<-time.After(50 * time.Millisecond)
		now = processes(ts)
	}
}
