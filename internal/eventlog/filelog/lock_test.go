//go:build linux

package filelog_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"popkit/internal/eventlog"
	"popkit/internal/eventlog/eventlogtest"
	"popkit/internal/eventlog/filelog"
)

func wantClosed(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, eventlog.ErrClosed) {
		t.Errorf("error is %v, want %v", err, eventlog.ErrClosed)
	}
}

func wantHeld(t *testing.T, path string, pid int, run string) {
	t.Helper()
	_, err := filelog.Open(path, filelog.Options{Run: "another"})
	var held *eventlog.HeldError
	if !errors.As(err, &held) {
		t.Fatalf("error is %v, want a HeldError", err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if want := (eventlog.HeldError{Path: path, PID: pid, Host: host, Run: run}); *held != want {
		t.Fatalf("got %+v, want %+v", *held, want)
	}
}

func TestHeld(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	l := open(t, path)
	eventlogtest.MustAppend(t, l, 0, eventlogtest.Event(1))
	wantHeld(t, path, os.Getpid(), "run-1")
	wantHeld(t, path, os.Getpid(), "run-1") // being refused frees nothing
	eventlogtest.MustAppend(t, l, 1, eventlogtest.Event(2))
	mustClose(t, l)
	l = open(t, path)
	eventlogtest.WantTail(t, l, 2)
	mustClose(t, l)
}

// TestHeldByProcess: another process's lock names it, and dies with it.
func TestHeldByProcess(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, c *child){
		"killed": func(t *testing.T, c *child) {
			c.kill(t)
			if err := c.wait(); err == nil {
				t.Fatal("the child was not killed")
			}
		},
		"closed": func(t *testing.T, c *child) {
			mustClose(t, c.stdin)
			if err := c.wait(); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log.jsonl")
			c := startChild(t, "hold", path)
			if got := c.line(t); got != "held" {
				t.Fatalf("child: %q, %v", got, c.wait())
			}
			wantHeld(t, path, c.cmd.Process.Pid, "01JCHILD")
			end(t, c)
			mustClose(t, open(t, path))
		})
	}
}

// TestHeldUnnamed: a lock file that says nothing sensible does not make the log
// free.
func TestHeldUnnamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	l := open(t, path)
	if err := os.WriteFile(path+".lock", []byte("{nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := filelog.Open(path, filelog.Options{})
	var held *eventlog.HeldError
	if !errors.As(err, &held) || held.PID != 0 || !strings.Contains(err.Error(), "held by another process") {
		t.Fatalf("error is %v", err)
	}
	mustClose(t, l)
}

// TestStaleName: what a dead holder left in the lock file is no lock, and the
// next holder's name replaces it whole.
func TestStaleName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	if err := os.WriteFile(path+".lock", []byte(`{"pid":1,"host":"`+strings.Repeat("long", 100)+`"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	l := open(t, path)
	wantHeld(t, path, os.Getpid(), "run-1")
	mustClose(t, l)
	if got := content(t, path+".lock"); got != "" {
		t.Fatalf("a closed log leaves %q in its lock file", got)
	}
}

// TestOpenRace: of many that open at once one gets the log, and all others are
// told by whom it is held.
func TestOpenRace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	for range 20 {
		logs := make([]*filelog.Log, 8)
		var wg sync.WaitGroup
		for i := range logs {
			wg.Go(func() {
				l, err := filelog.Open(path, filelog.Options{})
				var held *eventlog.HeldError
				if err != nil && (!errors.As(err, &held) || held.PID != os.Getpid()) {
					t.Errorf("opener %d: %v", i, err)
				}
				logs[i] = l
			})
		}
		wg.Wait()
		got := 0
		for _, l := range logs {
			if l != nil {
				got++
				mustClose(t, l)
			}
		}
		if got != 1 {
			t.Fatalf("%d openers got the log", got)
		}
	}
}
