package proc_test

import (
	"os"
	"os/exec"
	"strconv"
	"testing"

	"popkit/internal/proc"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestAlive(t *testing.T) {
	p := start(t, shell("", markOf(t), "sleep 1000"))
	id := p.Ident()
	if !proc.Alive(id) {
		t.Errorf("%+v is not alive", id)
	}
	for name, other := range map[string]proc.Ident{
		"zero":              {},
		"another start":     {PID: id.PID, StartTime: id.StartTime + 1, Boot: id.Boot},
		"another boot":      {PID: id.PID, StartTime: id.StartTime, Boot: "x"},
		"another number":    {PID: os.Getpid(), StartTime: id.StartTime, Boot: id.Boot},
		"a process group":   {PID: -id.PID, StartTime: id.StartTime, Boot: id.Boot},
		"no such process":   {PID: 1 << 30, StartTime: id.StartTime, Boot: id.Boot},
		"boot is not known": {PID: id.PID, StartTime: id.StartTime},
	} {
		if proc.Alive(other) {
			t.Errorf("%s: %+v counts as alive", name, other)
		}
	}
	p.Kill()
	wait(t, p)
	if proc.Alive(id) {
		t.Errorf("%+v is alive after Wait", id)
	}
}

func TestStraysAndSweep(t *testing.T) {
	mark := markOf(t)
	if got := proc.Strays(mark); len(got) != 0 {
		t.Fatalf("there are %v before", got)
	}
	if got := proc.Strays(""); len(got) != 0 {
		t.Errorf("an empty mark finds %v", got)
	}
	var pids []int
	for _, value := range []string{mark, mark + "-other", mark} {
		cmd := exec.Command("/bin/sleep", "1000")
		cmd.Env = []string{"A=b", "POPKIT_MARK=" + value}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		pids = append(pids, cmd.Process.Pid)
		t.Cleanup(func() {
			_ = cmd.Process.Kill() // most are dead
			_ = cmd.Wait()         // of a signal
		})
	}
	eventually(t, "both are found", func() bool { return len(proc.Strays(mark)) == 2 })
	killed, err := proc.Sweep(mark)
	if err != nil || len(killed) != 2 {
		t.Errorf("Sweep() = %v, %v; want two of %v", killed, err, pids)
	}
	if got := proc.Strays(mark); len(got) != 0 {
		t.Errorf("%v are left", got)
	}
	if got := proc.Strays(mark + "-other"); len(got) != 1 || got[0] != pids[1] {
		t.Errorf("the other is %v, want %d", got, pids[1])
	}
}
