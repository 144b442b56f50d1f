package filelog

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
	"popkit/internal/eventlog/eventlogtest"
)

// disk is a file whose calls fail as told.
type disk struct {
	*os.File
	short        int   // bytes that a failing write lands
	write        error // of Write; io.ErrShortWrite is a write that says nothing
	sync         []error
	truncate     error
	writes       int
	syncs        int
	whileSyncing func()
}

func (d *disk) Write(p []byte) (int, error) {
	d.writes++
	if d.write == nil {
		return d.File.Write(p)
	}
	n, err := d.File.Write(p[:min(d.short, len(p))])
	if err == nil && !errors.Is(d.write, io.ErrShortWrite) {
		err = d.write
	}
	return n, err
}

func (d *disk) Sync() error {
	d.syncs++
	if d.whileSyncing != nil {
		d.whileSyncing()
	}
	if len(d.sync) > 0 {
		err := d.sync[0]
		d.sync = d.sync[1:]
		if err != nil {
			return err
		}
	}
	return d.File.Sync()
}

func (d *disk) Truncate(size int64) error {
	if d.truncate != nil {
		return d.truncate
	}
	return d.File.Truncate(size)
}

func TestFailedAppend(t *testing.T) {
	var (
		full  = syscall.ENOSPC
		io5   = syscall.EIO
		batch = eventlogtest.Batch(4, 3)
		ok    error
	)
	first, err := event.Encode(batch[0])
	if err != nil {
		t.Fatal(err)
	}
	oneAndHalf := len(first) + 1 + len(first)/2
	for name, c := range map[string]struct {
		disk     disk
		cause    error
		unknown  bool
		reopened int64 // tail after opening again; 3 was there before
		repaired bool
	}{
		"nothing is written":               {disk{write: full}, full, false, 3, false},
		"a part is written":                {disk{write: full, short: oneAndHalf}, full, false, 3, false},
		"a short write without an error":   {disk{write: io.ErrShortWrite, short: oneAndHalf}, io.ErrShortWrite, false, 3, false},
		"and can't be cut":                 {disk{write: full, short: oneAndHalf, truncate: io5}, full, true, 4, true},
		"and the cut can't be synced":      {disk{write: full, short: oneAndHalf, sync: []error{io5}}, full, true, 3, false},
		"all is written with an error":     {disk{write: io5, short: 1 << 20, truncate: io5}, io5, true, 6, false},
		"fsync fails":                      {disk{sync: []error{io5, ok}}, io5, true, 3, false},
		"fsync fails and it can't be cut":  {disk{sync: []error{io5}, truncate: full}, io5, true, 6, false},
		"fsync fails once and then all ok": {disk{sync: []error{io5, ok, ok}}, io5, true, 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := three(t)
			d := c.disk
			d.File = l.f
			l.out = &d
			followed := make(chan error, 1)
			go func() { followed <- lastOf(t, l) }()

			err := l.Append(t.Context(), 3, batch)
			if !errors.Is(err, c.cause) || errors.Is(err, eventlog.ErrUnknown) != c.unknown {
				t.Fatalf("append: %v", err)
			}
			if c.unknown {
				wantBroken(t, l, err)
			} else {
				eventlogtest.WantTail(t, l, 3)
				eventlogtest.Wants(t, l.Read(t.Context(), 1), 1, 3)
				d.write = nil
				eventlogtest.MustAppend(t, l, 3, batch...)
				eventlogtest.Wants(t, l.Read(t.Context(), 1), 1, 6)
				c.reopened = 6
			}
			closeLog(t, l)
			want := eventlog.ErrClosed
			if c.unknown {
				want = eventlog.ErrUnknown
			}
			if err := <-followed; !errors.Is(err, want) && !errors.Is(err, eventlog.ErrClosed) {
				t.Fatalf("the follower ended by %v", err)
			}
			again, err := Open(l.path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			eventlogtest.WantTail(t, again, c.reopened)
			eventlogtest.Wants(t, again.Read(t.Context(), 1), 1, c.reopened)
			if (again.Repaired() != "") != c.repaired {
				t.Fatalf("repaired: %q", again.Repaired())
			}
			eventlogtest.MustAppend(t, again, c.reopened, eventlogtest.Event(c.reopened+1))
			closeLog(t, again)
		})
	}
}

// three opens a log of three events.
func three(t *testing.T) *Log {
	t.Helper()
	l, err := Open(filepath.Join(t.TempDir(), "log.jsonl"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	eventlogtest.MustAppend(t, l, 0, eventlogtest.Batch(1, 3)...)
	return l
}

func closeLog(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// lastOf follows until an error.
func lastOf(t *testing.T, l *Log) error {
	for _, err := range l.Follow(t.Context(), 1) {
		if err != nil {
			return err
		}
	}
	return nil
}

// wantBroken checks that the log answers ErrUnknown with cause, and writes
// nothing any more.
func wantBroken(t *testing.T, l *Log, cause error) {
	t.Helper()
	before, err := os.ReadFile(l.path)
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]error{
		"append after the old tail": l.Append(t.Context(), 3, eventlogtest.Batch(4, 1)),
		"append after the new tail": l.Append(t.Context(), 6, eventlogtest.Batch(7, 1)),
		"follow":                    lastOf(t, l),
	}
	_, answers["tail"] = l.Tail(t.Context())
	for _, err := range l.Read(t.Context(), 1) {
		answers["read"] = err
	}
	for what, err := range answers {
		if !errors.Is(err, eventlog.ErrUnknown) || err.Error() != cause.Error() {
			t.Errorf("%s of a broken log: %v", what, err)
		}
	}
	after, err := os.ReadFile(l.path)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Error("a broken log wrote on")
	}
}

// TestDurableFirst: a batch is one write and one fsync, and is seen after them.
func TestDurableFirst(t *testing.T) {
	l := three(t)
	d := &disk{File: l.f}
	d.whileSyncing = func() {
		eventlogtest.WantTail(t, l, 3)
		eventlogtest.Wants(t, l.Read(t.Context(), 1), 1, 3)
	}
	l.out = d
	eventlogtest.MustAppend(t, l, 3, eventlogtest.Batch(4, 64)...)
	eventlogtest.WantTail(t, l, 67)
	if d.writes != 1 || d.syncs != 1 {
		t.Fatalf("a batch took %d writes and %d fsyncs", d.writes, d.syncs)
	}
	if err := l.Append(t.Context(), 3, eventlogtest.Batch(4, 1)); !errors.Is(err, eventlog.ErrConflict) {
		t.Fatal(err)
	}
	eventlogtest.MustAppend(t, l, 67)
	if d.writes != 1 || d.syncs != 1 {
		t.Fatal("a conflict or an empty batch was written")
	}
	closeLog(t, l)
}

// TestLost: a file that is not this writer's any more is left alone.
func TestLost(t *testing.T) {
	for name, take := range map[string]func(path string) error{
		"removed": os.Remove,
		"removed with its directory": func(path string) error {
			return os.RemoveAll(filepath.Dir(path))
		},
		"replaced": func(path string) error {
			return errors.Join(os.Rename(path, path+".old"), os.WriteFile(path, nil, 0o600))
		},
		"written to": func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("x")
			return errors.Join(err, f.Close())
		},
		"cut": func(path string) error { return os.Truncate(path, 10) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := three(t)
			d := &disk{File: l.f}
			l.out = d
			if err := take(l.path); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := l.Append(t.Context(), 3, eventlogtest.Batch(4, 1)); !errors.Is(err, eventlog.ErrLost) || errors.Is(err, eventlog.ErrUnknown) {
					t.Fatalf("append: %v", err)
				}
			}
			if _, err := l.Tail(t.Context()); !errors.Is(err, eventlog.ErrLost) {
				t.Fatalf("tail: %v", err)
			}
			if err := lastOf(t, l); !errors.Is(err, eventlog.ErrLost) {
				t.Fatalf("follow: %v", err)
			}
			if d.writes != 0 {
				t.Fatal("it was written to all the same")
			}
			closeLog(t, l)
		})
	}
}

// TestCancelledBeforeWrite: a context that has ended keeps a batch out of the
// file.
func TestCancelledBeforeWrite(t *testing.T) {
	l := three(t)
	d := &disk{File: l.f}
	l.out = d
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Append(ctx, 3, eventlogtest.Batch(4, 1)); !errors.Is(err, context.Canceled) || d.writes != 0 {
		t.Fatalf("%d writes, error %v", d.writes, err)
	}
	closeLog(t, l)
}
