package door

import (
	"errors"
	"os"
	"strconv"
	"testing"

	"popkit/internal/proc"
	"popkit/internal/sandbox"
)

func TestMain(m *testing.M) {
	proc.MaybeInit(sandbox.Enter)
	os.Exit(m.Run())
}

// TestDoor: an agent speaks over its own socket, also when it is known where it
// sits, and over no other one.
func TestDoor(t *testing.T) {
	d := New()
	below := map[string]int{}
	for _, agent := range []string{"a", "b"} {
		p, err := proc.Start(t.Context(), proc.Command{Path: "/bin/sh", Args: []string{"sh", "-c", "while :; do sleep 1000; done"}, Env: os.Environ()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Kill(); _, _ = p.Wait() }) // how it ended is another test's
		d.Open(agent)(p.Ident().PID)
		below[agent] = under(t, p.Ident().PID)
	}
	for round := range 3 {
		for _, c := range []struct {
			socket, caller string
			want           error
		}{{"a", "a", nil}, {"a", "b", errNotYours}, {"b", "b", nil}, {"b", "a", errNotYours}, {"", "a", errNotAPerson}, {"c", "a", errNotYours}} {
			if err := d.Admit(t.Context(), c.socket, Peer{PID: below[c.caller]}); !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Errorf("round %d: %s at the socket of %q: %v, want %v", round, c.caller, c.socket, err, c.want)
			}
		}
		for _, agent := range []string{"a", "b"} {
			if known := d.sits(agent, below[agent]); known != (proc.Isolation() == proc.PIDNamespace) {
				t.Errorf("round %d: it is known where %s sits: %t", round, agent, known)
			}
		}
	}
	if err := d.Admit(t.Context(), "a", Peer{PID: os.Getppid()}); err != nil {
		t.Errorf("a person: %v", err)
	}
	begun := d.Open("d")
	for _, agent := range []string{"a", "b"} { // another process takes over
		begun(d.seats[agent].pid)
		for _, caller := range []string{"a", "b"} {
			if err := d.Admit(t.Context(), "d", Peer{PID: below[caller]}); (err == nil) != (caller == agent) {
				t.Errorf("%s where the process of %s sits now: %v", caller, agent, err)
			}
		}
	}
	d.Leave("a")
	if err := d.Admit(t.Context(), "a", Peer{PID: below["a"]}); !errors.Is(err, errNotYours) {
		t.Errorf("after it has left: %v", err)
	}
}

// under finds a process below a child of this one.
func under(t *testing.T, child int) int {
	t.Helper()
	for {
		dirs, err := os.ReadDir("/proc")
		if err != nil {
			t.Fatal(err)
		}
		for _, dir := range dirs {
			pid, err := strconv.Atoi(dir.Name())
			if err != nil || pid == child {
				continue
			}
			if c, err := proc.Under(pid); err == nil && c == child {
				return pid
			}
		}
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
}
