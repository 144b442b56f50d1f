package bench

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"popkit/internal/runs"
)

// socket is the people's socket of the run's engine.
func (w *world) socket(run runs.Run) string {
	return filepath.Join(filepath.Dir(w.repo), "run", "popkit", run.ID, "engine.sock")
}

// processes returns those whose arguments, each ended by a zero byte, contain
// text. Zombies have no arguments.
func processes(text string) []int {
	dirs, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var out []int
	for _, d := range dirs {
		pid, err := strconv.Atoi(d.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		raw, err := os.ReadFile("/proc/" + d.Name() + "/cmdline")
		if err == nil && strings.Contains(string(raw), text) {
			out = append(out, pid)
		}
	}
	return out
}

// namespace names the PID namespace of a process; "" when it has ended.
func namespace(pid int) string {
	name, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/ns/pid")
	if err != nil {
		return ""
	}
	return name
}

func kill(pid int) error { return syscall.Kill(pid, syscall.SIGKILL) }

// soon asks until it holds, or patience ends.
func soon(holds func() bool) bool {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			return false
		}
	}
	return true
}

func await(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	if !soon(holds) {
		tb.Fatalf("%s: not in %v", what, patience)
	}
}

// remain counts what does not go away: the kernel ends processes in its own time.
func remain(alive func() []int) int {
	soon(func() bool { return len(alive()) == 0 })
	return len(alive())
}
