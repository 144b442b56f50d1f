package launch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestTwoAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(func() (int64, bool) { return 0, false }, nil)
		var in atomic.Int32
		passes := make(chan Pass, 5)
		for range 5 {
			go func() {
				p, err := g.Enter(t.Context())
				if err != nil {
					t.Error(err)
				}
				in.Add(1)
				passes <- p
			}()
		}
		for want := int32(2); want <= 5; want++ {
			synctest.Wait()
			if n := in.Load(); n != want {
				t.Errorf("%d are in, want %d", n, want)
			}
			p := <-passes
			p.Started()
			p.Started()
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p := <-passes
		p.Ended() // it never answered, and another one may start all the same
		if _, err := g.Enter(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := newFull(t).Enter(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func newFull(t *testing.T) *Gate {
	g := newGate(func() (int64, bool) { return 0, false }, nil)
	for range AtOnce {
		if _, err := g.Enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func TestMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var free atomic.Int64
		var notes []string
		g := newGate(func() (int64, bool) { return free.Load(), true }, func(s string) { notes = append(notes, s) })
		free.Store(1 << 20)
		alone, err := g.Enter(t.Context()) // whoever is alone starts: nobody else could make room
		if err != nil {
			t.Fatal(err)
		}
		alone.Started()
		entered := make(chan error, 1)
		enter := func() {
			_, err := g.Enter(t.Context())
			entered <- err
		}
		go enter()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(entered) > 0 || len(notes) != 1 || !strings.Contains(notes[0], "waits for memory: 1 MB are free") {
			t.Errorf("%d entered, notes %q", len(entered), notes)
		}
		free.Store(Footprint)
		if err := <-entered; err != nil || len(notes) != 2 {
			t.Errorf("%v, notes %q", err, notes)
		}
		began := time.Now()
		go enter() // the one before is starting, and will take what is free
		if err := <-entered; err == nil || time.Since(began) != memoryLimit || !strings.Contains(err.Error(), "limits.max_parallel_agents") {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		alone.Ended()
	})
}

func TestAvailable(t *testing.T) {
	if free, known := available(); !known || free <= 0 {
		t.Errorf("%d, %t", free, known)
	}
	if n, ok := memAvailable([]byte("MemTotal: 9 kB\nMemAvailable:    123 kB\n")); n != 123<<10 || !ok {
		t.Errorf("%d, %t", n, ok)
	}
	if _, ok := memAvailable([]byte("MemTotal: 9 kB\n")); ok {
		t.Error("nobody said")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"self": "0::/a/b\n", "a/memory.max": "1000\n", "a/memory.current": "900\n", "a/memory.stat": "anon 1\ninactive_file 50\n",
		"a/b/memory.max": "max\n", "a/b/memory.current": "1\n", "v1": "1:memory:/x\n",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if free, limited := groupAvailable(dir+"/self", dir); free != 150 || !limited {
		t.Errorf("%d, %t", free, limited)
	}
	if _, limited := groupAvailable(dir+"/v1", dir); limited {
		t.Error("no group of version 2")
	}
}

// TestAhead: what nobody waits for yet hinders nobody.
func TestAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var free atomic.Int64
		free.Store(Spare)
		g := newGate(func() (int64, bool) { return free.Load(), true }, nil)
		first, err := g.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		entered := make(chan Pass, 1)
		go func() {
			p, err := g.EnterAhead(t.Context())
			if err != nil {
				t.Error(err)
			}
			entered <- p
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(entered) > 0 {
			t.Error("it starts beside another one")
		}
		free.Store(Spare - 1)
		first.Started()
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(entered) > 0 {
			t.Error("it starts with too little memory")
		}
		free.Store(Spare)
		(<-entered).Ended()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		free.Store(0)
		if _, err := g.EnterAhead(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}
