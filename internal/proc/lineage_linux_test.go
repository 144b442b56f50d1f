package proc_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"popkit/internal/proc"
)

// TestUnder: whatever a command starts, and however that tries to get away, is
// known to be below this process, and below which of its children.
func TestUnder(t *testing.T) {
	each(t, func(t *testing.T, isolation string) {
		script, name := breakout(t, true, "while :; do /bin/sleep 1000; done")
		r, w := io.Pipe()
		c := shell(isolation, markOf(t), script)
		c.Stdout = w
		p := start(t, c)
		t.Cleanup(func() { p.Kill(); _, _ = p.Wait(); _ = r.Close() }) // how it ended is another test's
		if line, err := bufio.NewReader(r).ReadString('\n'); err != nil {
			t.Fatal(line, err)
		}
		pids := running(t, name)
		if len(pids) < len(escapes) {
			t.Fatalf("%d processes got away, %d should have", len(pids), len(escapes))
		}
		for _, file := range pids {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			if err != nil {
				t.Fatal(err)
			}
			if same, err := proc.SameNamespace(pid); err != nil || same != (isolation != proc.PIDNamespace) {
				t.Errorf("%s: in the same namespace: %t (%v)", file, same, err)
			}
			if held := isolation == proc.PIDNamespace; proc.Directly(pid) != held || (proc.Namespace(pid) != proc.Namespace(os.Getpid())) != held {
				t.Errorf("%s: directly below: %t, in %s", file, proc.Directly(pid), proc.Namespace(pid))
			}
			if child, err := proc.Under(pid); err != nil || child != p.Ident().PID {
				t.Errorf("%s: below %d (%v), want %d", file, child, err, p.Ident().PID)
			}
		}
	})
}

// TestUnderOthers: who is not below this process is not taken for a child of it.
func TestUnderOthers(t *testing.T) {
	for name, pid := range map[string]int{"this process": os.Getpid(), "its parent": os.Getppid()} {
		if child, err := proc.Under(pid); err != nil || child != 0 {
			t.Errorf("%s: %d, %v", name, child, err)
		}
		if same, err := proc.SameNamespace(pid); err != nil || !same {
			t.Errorf("%s: in the same namespace: %t, %v", name, same, err)
		}
	}
	cmd := exec.Command("/bin/true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	for name, pid := range map[string]int{"one that has ended": cmd.Process.Pid, "no process": 0} {
		if proc.Directly(pid) || proc.Namespace(pid) != "" {
			t.Errorf("%s is in %q", name, proc.Namespace(pid))
		}
		if child, err := proc.Under(pid); err == nil {
			t.Errorf("%s: %d, want an error", name, child)
		}
	}
}
