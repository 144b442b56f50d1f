package filelog_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"popkit/internal/eventlog"
	"popkit/internal/eventlog/eventlogtest"
	"popkit/internal/eventlog/filelog"
)

// writer plays another program that writes to the file in its own way.
type writer struct {
	t *testing.T
	f *os.File
}

func newWriter(t *testing.T, path string) writer {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustClose(t, f) })
	return writer{t, f}
}

func (w writer) add(s string) {
	w.t.Helper()
	if _, err := w.f.WriteString(s); err != nil {
		w.t.Fatal(err)
	}
}

func (w writer) cut(size int) {
	w.t.Helper()
	if err := w.f.Truncate(int64(size)); err != nil {
		w.t.Fatal(err)
	}
}

// following follows the log at path in a goroutine; what it sees is checked.
type following struct {
	r     *filelog.Reader
	seen  chan int64
	ended chan error
}

func newFollowing(t *testing.T, path string) following {
	t.Helper()
	f := following{openReader(t, path), make(chan int64), make(chan error, 1)}
	t.Cleanup(func() { mustClose(t, f.r) })
	go func() {
		n := int64(0)
		for e, err := range f.r.Follow(t.Context(), 1) {
			if err == nil {
				n++
				err = eventlogtest.Check(e, n)
			}
			if err != nil {
				f.ended <- err
				break
			}
			f.seen <- n
		}
		close(f.seen)
	}()
	return f
}

func (f following) sees(t *testing.T, first, last int64) {
	t.Helper()
	for n := first; n <= last; n++ {
		if got, ok := <-f.seen; !ok || got != n {
			t.Fatalf("follow ended before event %d: %v", n, <-f.ended)
		}
	}
}

func (f following) ends(t *testing.T) error {
	t.Helper()
	if n, ok := <-f.seen; ok {
		t.Fatalf("follow went on to event %d", n)
	}
	return <-f.ended
}

// TestFollowBytes: events that arrive byte by byte come out whole.
func TestFollowBytes(t *testing.T) {
	path := write(t, "")
	f, w := newFollowing(t, path), newWriter(t, path)
	for _, b := range []byte(text(t, 1, 3)) {
		w.add(string([]byte{b}))
	}
	f.sees(t, 1, 3)
}

// TestFollowTorn: a torn end is waited for, whether it becomes whole or is cut.
func TestFollowTorn(t *testing.T) {
	for name, torn := range map[string]string{
		"half a line": text(t, 3, 3)[:30],
		"not JSON":    "{\"v\":1\n",
		"NULs":        strings.Repeat("\x00", 4096),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, text(t, 1, 2))
			f, w := newFollowing(t, path), newWriter(t, path)
			f.sees(t, 1, 2)
			w.add(torn)
			l, err := filelog.Open(path, filelog.Options{}) // cuts it
			if err != nil {
				t.Fatal(err)
			}
			eventlogtest.MustAppend(t, l, 2, eventlogtest.Batch(3, 2)...)
			mustClose(t, l)
			f.sees(t, 3, 4)
			half := text(t, 5, 6)
			w.add(half[:len(half)-20])
			f.sees(t, 5, 5)
			w.add(half[len(half)-20:])
			f.sees(t, 6, 6)
		})
	}
}

func TestFollowCorrupt(t *testing.T) {
	path := write(t, text(t, 1, 2))
	f, w := newFollowing(t, path), newWriter(t, path)
	f.sees(t, 1, 2)
	w.add("garbage\n" + text(t, 4, 4))
	var corrupt *eventlog.CorruptError
	if err := f.ends(t); !errors.As(err, &corrupt) || corrupt.Line != 3 {
		t.Fatalf("follow ended by %v", err)
	}
}

// TestFollowCut: events that were seen and are then taken back are no secret.
func TestFollowCut(t *testing.T) {
	path := write(t, text(t, 1, 3))
	f, w := newFollowing(t, path), newWriter(t, path)
	f.sees(t, 1, 3)
	w.cut(len(text(t, 1, 2)))
	if err := f.ends(t); !errors.Is(err, eventlog.ErrCut) {
		t.Fatalf("follow ended by %v", err)
	}
	eventlogtest.Wants(t, f.r.Read(t.Context(), 1), 1, 2)
	eventlogtest.WantTail(t, f.r, 2)
}

func TestFollowGone(t *testing.T) {
	for name, take := range map[string]func(path string) error{
		"removed": os.Remove,
		"renamed": func(path string) error { return os.Rename(path, path+".old") },
		"replaced": func(path string) error {
			return errors.Join(os.WriteFile(path+".new", nil, 0o600), os.Rename(path+".new", path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, text(t, 1, 3))
			f := newFollowing(t, path)
			f.sees(t, 1, 3)
			if err := take(path); err != nil {
				t.Fatal(err)
			}
			if err := f.ends(t); !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("follow ended by %v", err)
			}
			if err := firstError(t, f.r); !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("a new follow ended by %v", err)
			}
			eventlogtest.Wants(t, f.r.Read(t.Context(), 1), 1, 3) // what it has open it can read
		})
	}
}

func firstError(t *testing.T, r *filelog.Reader) error {
	for _, err := range r.Follow(t.Context(), 1) {
		if err != nil {
			return err
		}
	}
	return nil
}
