package proc

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// busy starts a command that keeps starting others: a loop, one in a session of its
// own, one with neither parent nor environment.
func busy(t *testing.T, f *Freezer, isolation string) (p *Process, out *bufio.Reader) {
	t.Helper()
	r, w := io.Pipe()
	p, err := Start(t.Context(), Command{
		Path: "/bin/sh", Args: []string{"sh", "-c", `
			loop='while :; do /bin/echo alive; /bin/sleep 0.001; done'
			setsid /bin/sh -c "$loop" & (setsid env -i /bin/sh -c "$loop" &) & eval "$loop"`},
		Env: []string{"PATH=/usr/bin:/bin"}, Stdout: w, Freezer: f, Isolation: isolation,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		go func() { _, _ = io.Copy(io.Discard, r) }() // so that Wait returns
		if _, err := p.Wait(); err != nil {
			t.Error(err)
		}
		w.Close()
	})
	out = bufio.NewReader(r)
	speaks(t, out)
	return p, out
}

func speaks(t *testing.T, out *bufio.Reader) {
	t.Helper()
	if line, err := out.ReadString('\n'); err != nil || line != "alive\n" {
		t.Fatalf("it said %q, %v", line, err)
	}
}

// moving lists what runs below a helper although it was frozen.
func moving(t *testing.T, p *Process, i ice) []stat {
	t.Helper()
	below := descendantsOf(p.ident.PID)
	if i.how == BySignals {
		return slices.DeleteFunc(below, stands)
	}
	in, err := groupOf(i.group)
	if err != nil || !frozen(i.group) {
		t.Errorf("the group is frozen: %t, %v", frozen(i.group), err)
	}
	return slices.DeleteFunc(below, func(s stat) bool { return slices.Contains(in, s.pid) })
}

// drain takes what was written before.
func drain(out *bufio.Reader) { _, _ = out.Discard(out.Buffered()) }

func TestFreeze(t *testing.T) {
	for _, isolation := range []string{PIDNamespace, Subreaper} {
		for _, how := range []string{ByCgroup, BySignals} {
			t.Run(isolation+" "+how, func(t *testing.T) {
				f := NewFreezer()
				p, out := busy(t, f, isolation)
				if how == BySignals {
					f.members[p] = ice{how: BySignals} // as where there is no cgroup
				}
				got := f.Freeze()
				if got.Left != nil || got.Processes < 3 || len(got.How) != 1 {
					t.Fatalf("%+v", got)
				}
				if got.How[0] != how {
					t.Logf("this machine has no cgroup that can be written: %s", got.How)
				}
				if left := moving(t, p, f.members[p]); len(left) > 0 {
					t.Errorf("not frozen: %+v", left)
				}
				if !Alive(p.Ident()) {
					t.Error("the helper is gone")
				}
				if again := f.Freeze(); again.Left != nil || again.Processes != got.Processes {
					t.Errorf("frozen again: %+v, before %+v", again, got)
				}
				group := f.members[p].group
				drain(out)
				if err := f.Thaw(); err != nil {
					t.Fatal(err)
				}
				for range 100 { // more than a pipe that is full holds back
					speaks(t, out)
				}
				if _, err := os.Stat(group); group != "" && err == nil {
					if pids, err := groupOf(group); err != nil || len(pids) > 0 {
						t.Errorf("%v are left in the group, %v", pids, err)
					}
				}
			})
		}
	}
}

// TestFrozenEnds: what stands still is ended by Kill and, after the grace, by Stop.
func TestFrozenEnds(t *testing.T) {
	for _, isolation := range []string{PIDNamespace, Subreaper} {
		for _, how := range []string{ByCgroup, BySignals} {
			f := NewFreezer()
			p, out := busy(t, f, isolation)
			if how == BySignals {
				f.members[p] = ice{how: BySignals}
			}
			if got := f.Freeze(); got.Left != nil {
				t.Fatal(got.Left)
			}
			below := descendantsOf(p.ident.PID)
			go func() { _, _ = io.Copy(io.Discard, out) }() // a writer that blocks holds Wait up
			p.Kill()
			exit, err := p.Wait()
			if err != nil || !exit.Stopped {
				t.Errorf("%s, %s: %+v, %v", isolation, how, exit, err)
			}
			for _, s := range below {
				if now, err := readStat(s.pid); err == nil && now.start == s.start && now.running() {
					t.Errorf("%s, %s: %+v lives on", isolation, how, now)
				}
			}
			if err := f.Thaw(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestStartWaits: nothing is started while all stands still.
func TestStartWaits(t *testing.T) {
	f := NewFreezer()
	if got := f.Freeze(); got.Left != nil || len(got.How) > 0 {
		t.Fatalf("%+v", got)
	}
	file := filepath.Join(t.TempDir(), "ran")
	c := Command{Path: "/bin/sh", Args: []string{"sh", "-c", "touch " + file}, Freezer: f}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("started in an ended context: %v", err)
	}
	started := make(chan error, 1)
	go func() {
		p, err := Start(t.Context(), c)
		if err == nil {
			_, err = p.Wait()
		}
		started <- err
	}()
	if err := f.Thaw(); err != nil {
		t.Fatal(err)
	}
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

// TestTimeoutStandsStill: time while all stands still does not count.
func TestTimeoutStandsStill(t *testing.T) {
	f := NewFreezer()
	f.Freeze()
	ctx, cancel := f.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	for c := range f.clocks {
		if c.timer != nil {
			t.Error("the clock goes on")
		}
	}
	if err := f.Thaw(); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	if err := context.Cause(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	long, end := f.WithTimeout(t.Context(), time.Hour)
	f.Freeze()
	for c := range f.clocks {
		if c.timer != nil || c.left > time.Hour {
			t.Errorf("%+v", c)
		}
	}
	end()
	if !errors.Is(context.Cause(long), context.Canceled) || len(f.clocks) != 1 {
		t.Errorf("%v, %d clocks", context.Cause(long), len(f.clocks))
	}
	var none *Freezer
	short, stop := none.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	<-short.Done()
	if !errors.Is(context.Cause(short), context.DeadlineExceeded) {
		t.Error(context.Cause(short))
	}
}

func TestGroupDir(t *testing.T) {
	const hybrid = "31 23 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n40 23 0:36 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw\n"
	const part = "40 23 0:36 /user.slice /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
	for _, c := range []struct{ cgroup, mounts, want string }{
		{"0::/\n", hybrid, "/sys/fs/cgroup/unified"},
		{"4:memory:/x\n0::/user.slice/a.scope\n", hybrid, "/sys/fs/cgroup/unified/user.slice/a.scope"},
		{"0::/user.slice/a.scope\n", part, "/sys/fs/cgroup/a.scope"},
		{"0::/user.slicer\n", part, ""},
		{"0::/../outside\n", hybrid, ""},
		{"4:memory:/x\n", hybrid, ""},
		{"0::/\n", "", ""},
	} {
		got, err := groupDir(c.cgroup, c.mounts)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q in %q: %q, %v", c.cgroup, strings.TrimSpace(c.mounts), got, err)
		}
	}
}
