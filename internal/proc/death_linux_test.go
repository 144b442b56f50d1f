package proc_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"popkit/internal/proc"
)

// escapes are ways to get away, as shell commands. NAME is in the arguments of
// what gets away.
var escapes = []struct {
	name, command string
	cleared       bool // without the mark in its environment
}{
	{"child", `/bin/sh -c 'SPIN' NAME &`, false},
	{"session", `setsid /bin/sh -c 'SPIN' NAME &`, false},
	{"double fork", `(setsid /bin/sh -c 'SPIN' NAME &) &`, false},
	{"cleared environment", `setsid env -i /bin/sh -c 'SPIN' NAME &`, true},
	{"all of it", `(setsid env -i /bin/sh -c 'trap "" TERM HUP INT; (SPIN) & exit' NAME </dev/null >/dev/null 2>&1 &) &`, true},
}

// breakout is a script that starts all escapes, or those with the mark only,
// waits until each is on its way, prints "ready" and does what then says.
func breakout(t *testing.T, cleared bool, then string) (script, name string) {
	t.Helper()
	dir := t.TempDir()
	name = strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()) + "-" + filepath.Base(filepath.Dir(dir)) + "-" + itoa(os.Getpid())
	var b strings.Builder
	fmt.Fprintln(&b, "trap '' TERM") // for all below too
	for i, e := range escapes {
		if e.cleared && !cleared {
			continue
		}
		file := filepath.Join(dir, "up-"+itoa(i))
		if err := syscall.Mkfifo(file, 0o600); err != nil {
			t.Fatal(err)
		}
		spin := `echo > ` + file + `; while :; do /bin/sleep 1000; done`
		fmt.Fprintln(&b, strings.NewReplacer("SPIN", spin, "NAME", name).Replace(e.command))
		fmt.Fprintf(&b, "read up < %s\n", file)
	}
	return b.String() + "echo ready\n" + then, name
}

// running lists the processes that have a text in their arguments.
func running(t *testing.T, text string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range files {
		data, err := os.ReadFile(f)
		// The script itself has the text in it too, as a part of an argument.
		if err == nil && strings.Contains(string(data), "\x00"+text+"\x00") {
			found = append(found, f)
		}
	}
	return found
}

func wantEscaped(t *testing.T, name string, cleared bool) {
	t.Helper()
	want := len(escapes)
	if !cleared {
		want = 3
	}
	if got := running(t, name); len(got) < want {
		t.Fatalf("only %d of %d got away: the test tests nothing", len(got), want)
	}
}

// Whatever ends the command, nothing below it lives when Wait returns.
func TestNothingIsLeft(t *testing.T) {
	const hang = "while :; do /bin/sleep 1000; done"
	each(t, func(t *testing.T, isolation string) {
		for _, tt := range []struct {
			name, then string
			act        func(*proc.Process)
			code       int
		}{
			{"after exit", "read go; exit 3", func(*proc.Process) {}, 3},
			{"after a crash", "read go; kill -9 $$", func(*proc.Process) {}, 137},
			{"after Stop", hang, (*proc.Process).Stop, 137},
			{"after Kill", hang, (*proc.Process).Kill, 137},
		} {
			t.Run(tt.name, func(t *testing.T) {
				script, name := breakout(t, true, tt.then)
				c := shell(isolation, markOf(t), script)
				in, out, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				c.Stdin = in
				p := startReady(t, c, 1)
				wantEscaped(t, name, true)
				tt.act(p)
				if err := errors.Join(out.Close(), in.Close()); err != nil { // read ends
					t.Fatal(err)
				}
				if exit := wait(t, p); exit.Code != tt.code {
					t.Errorf("exit is %+v, want code %d", exit, tt.code)
				}
				if left := running(t, name); len(left) > 0 {
					t.Errorf("%v are left", left)
				}
			})
		}
	})
}

// Something that starts processes faster than they can be killed one by one.
func TestEndsWhatKeepsForking(t *testing.T) {
	each(t, func(t *testing.T, isolation string) {
		name := markOf(t) + "-forked"
		script := `fork() { while :; do (setsid env -i /bin/sh -c '/bin/sleep 1000; :' ` + name + ` &); /bin/sleep 0.001; done; }
			fork & fork & sleep 0.1; echo ready; wait`
		p := startReady(t, shell(isolation, markOf(t), script), patience)
		p.Kill()
		wait(t, p)
		if left := running(t, name); len(left) > 0 {
			t.Errorf("%d are left", len(left))
		}
	})
}

func TestEngineKilled(t *testing.T) {
	each(t, func(t *testing.T, isolation string) {
		script, name := breakout(t, true, "while :; do /bin/sleep 1000; done")
		engine, id := startEngine(t, isolation, script)
		eventually(t, "the escapes are on their way", func() bool { return len(running(t, name)) >= len(escapes) })
		if !proc.Alive(id) {
			t.Fatalf("the helper %+v is not alive", id)
		}
		if err := engine.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if killed, err := proc.Settle(t.Context(), id, markOf(t)); err != nil || len(killed) > 0 {
			t.Errorf("Settle() = %v, %v: the helper has to do it", killed, err)
		}
		if proc.Alive(id) {
			t.Error("the helper is alive")
		}
		if left := running(t, name); len(left) > 0 {
			t.Errorf("%v are left", left)
		}
		if left := proc.Strays(markOf(t)); len(left) > 0 {
			t.Errorf("%v carry the mark", left)
		}
	})
}

func TestSettle(t *testing.T) {
	for _, gone := range []proc.Ident{{}, {PID: -1}, {PID: 1 << 29}, {PID: os.Getpid(), StartTime: 1}} {
		if killed, err := proc.Settle(t.Context(), gone, markOf(t)); err != nil || len(killed) > 0 {
			t.Errorf("%+v: %v, %v", gone, killed, err)
		}
	}
	p := start(t, shell("", markOf(t), "sleep 1000"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := proc.Settle(ctx, p.Ident(), ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while it runs: %v", err)
	}
	time.AfterFunc(10*time.Millisecond, p.Kill)
	if _, err := proc.Settle(t.Context(), p.Ident(), ""); err != nil || proc.Alive(p.Ident()) {
		t.Errorf("when it ends: %v", err)
	}
}

// A helper that was stopped, and could not see its engine end, is woken.
func TestSettleWakesTheHelper(t *testing.T) {
	each(t, func(t *testing.T, isolation string) {
		engine, id := startEngine(t, isolation, "while :; do /bin/sleep 1000; done")
		if err := syscall.Kill(id.PID, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		if err := engine.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = engine.Wait() // of a signal
		if killed, err := proc.Settle(t.Context(), id, markOf(t)); err != nil || len(killed) > 0 {
			t.Errorf("Settle() = %v, %v", killed, err)
		}
		if proc.Alive(id) || len(proc.Strays(markOf(t))) > 0 {
			t.Error("it lives on")
		}
	})
}

// The engine is killed while it starts commands: a helper that has not even read
// its configuration ends too.
func TestEngineKilledAtAnyMoment(t *testing.T) {
	each(t, func(t *testing.T, isolation string) {
		for i := range 6 {
			mark := markOf(t) + "-" + itoa(i)
			cmd := exec.Command(os.Args[0], "__engine", isolation, mark, "while :; do /bin/sleep 1000; done")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			// The moment differs from run to run, around that of the start.
			eventually(t, "a helper, or an i-th look", func() bool { return len(proc.Strays(mark)) > 0 })
			for range i {
				proc.Strays(mark)
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // of a signal
			eventually(t, "nothing carries the mark", func() bool { return len(proc.Strays(mark)) == 0 })
		}
	})
}

func TestHelperKilled(t *testing.T) {
	each(t, func(t *testing.T, isolation string) {
		// Without a namespace a cleared environment is not found any more once the
		// helper is dead, but for the command itself: see the package's documentation.
		cleared := isolation == proc.PIDNamespace
		script, name := breakout(t, cleared, "while :; do /bin/sleep 1000; done")
		p := startReady(t, shell(isolation, markOf(t), script), patience)
		wantEscaped(t, name, cleared)
		if err := syscall.Kill(p.Ident().PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		exit := wait(t, p)
		if exit.Signal != "SIGKILL" || exit.Stopped || !strings.Contains(exit.Detail, "helper was killed") {
			t.Errorf("exit is %+v", exit)
		}
		if left := running(t, name); len(left) > 0 {
			t.Errorf("%v are left", left)
		}
	})
}

// The command itself dies with its helper in any case.
func TestHelperKilledClearedCommand(t *testing.T) {
	each(t, func(t *testing.T, isolation string) {
		name := markOf(t) + "-itself"
		never := filepath.Join(t.TempDir(), "never") // waits without a child, which would be left
		if err := syscall.Mkfifo(never, 0o600); err != nil {
			t.Fatal(err)
		}
		p := startReady(t, shell(isolation, markOf(t), "exec env -i /bin/sh -c 'echo ready; read go < "+never+"' "+name), patience)
		if len(running(t, name)) == 0 {
			t.Fatal("it does not run")
		}
		if err := syscall.Kill(p.Ident().PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		wait(t, p)
		eventually(t, "the command is gone", func() bool { return len(running(t, name)) == 0 })
	})
}

// Signals that come to the helper from elsewhere (a shutdown) reach the command.
func TestSignalsArePassedOn(t *testing.T) {
	each(t, func(t *testing.T, isolation string) {
		for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
			script := "trap 'exit 4' TERM INT HUP; echo ready; while :; do /bin/sleep 0.01; done"
			p := startReady(t, shell(isolation, markOf(t), script), patience)
			if err := syscall.Kill(p.Ident().PID, s); err != nil {
				t.Fatal(err)
			}
			if exit := wait(t, p); exit.Code != 4 || exit.Stopped {
				t.Errorf("after %v: exit is %+v, want code 4, and not stopped by popkit", s, exit)
			}
		}
	})
}

// An agent can't end, stop or read its own helper.
func TestHelperIsOutOfReach(t *testing.T) {
	if proc.Isolation() != proc.PIDNamespace {
		return // there it is within reach; and kill -1 would reach everyone
	}
	p := startReady(t, shell(proc.PIDNamespace, markOf(t), `
		kill -9 1; kill -STOP 1; kill -TERM -- -1
		trap 'exit 5' TERM
		echo ready; while :; do /bin/sleep 0.01; done`), patience)
	p.Stop()
	if exit := wait(t, p); exit.Code != 5 {
		t.Errorf("exit is %+v: the command ended its helper", exit)
	}
}

// startEngine starts another process with a command under it.
func startEngine(t *testing.T, isolation, script string) (*exec.Cmd, proc.Ident) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "__engine", isolation, markOf(t), script)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // most are dead
		_ = cmd.Wait()         // of a signal
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	var id proc.Ident
	if err == nil {
		err = json.Unmarshal(line, &id)
	}
	if err != nil {
		t.Fatalf("the engine says %q: %v", line, err)
	}
	return cmd, id
}
