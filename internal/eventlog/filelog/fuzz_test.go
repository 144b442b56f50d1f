package filelog_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
	"popkit/internal/eventlog/filelog"
)

// FuzzLog: whatever a file holds, a log is refused or every line of it is kept:
// in the log as one event, or in the torn file. A reader agrees with the writer.
func FuzzLog(f *testing.F) {
	three := text(f, 1, 3)
	for _, seed := range []string{
		"", "\n", "{", "{}\n", "42\n", "\x00", three, three[:len(three)-1], three[:len(three)-9], three + "\x00\x00", three + "\n", three + "x\n", three + "x\ny",
		three + three, text(f, 2, 3), strings.ReplaceAll(three, "\n", "\r\n"), strings.ReplaceAll(three, `"v":1,`, ""), strings.ReplaceAll(three, `"seq":2`, `"seq":2,"seq":7`),
		strings.ReplaceAll(three, "run.problem", "run.unheard"), `{"v":1,"seq":1,` + "\n", `{"seq":1,"v":1}` + "\n", `{"v":1,"seq":1}` + "\n" + `{"v":1,"SEQ":2}` + "\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "log.jsonl")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		r := openReader(t, path)
		defer mustClose(t, r)
		seen, readErr := count(t, r)
		l, err := filelog.Open(path, filelog.Options{})
		if err != nil {
			refused(t, path, data, err, seen, readErr)
			return
		}
		defer mustClose(t, l)
		accepted(t, path, data, l)
		tail, err := l.Tail(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if at, err := r.Tail(t.Context()); err != nil || at != tail {
			t.Fatalf("reader's tail is %d (%v), writer's %d", at, err, tail)
		}
		again, againErr := count(t, l)
		if again != seen || (againErr == nil) != (readErr == nil) {
			t.Fatalf("before the repair a reader saw %d events (%v), after it the writer %d (%v)", seen, readErr, again, againErr)
		}
		if againErr == nil && again != tail {
			t.Fatalf("%d events of %d were read without an error", again, tail)
		}
	})
}

// count reads all events, and checks that they come in order.
func count(t *testing.T, r eventlog.Reader) (int64, error) {
	t.Helper()
	var n int64
	for e, err := range r.Read(t.Context(), 1) {
		if err != nil {
			return n, err
		}
		n++
		if e.Seq != n {
			t.Fatalf("event %d was yielded in place %d", e.Seq, n)
		}
	}
	return n, nil
}

func refused(t *testing.T, path string, data []byte, err error, seen int64, readErr error) {
	t.Helper()
	var corrupt *eventlog.CorruptError
	if !errors.As(err, &corrupt) {
		t.Fatalf("refused by %v", err)
	}
	if content(t, path) != string(data) || tornFiles(t, path) != nil {
		t.Fatal("a refused log was touched")
	}
	// A reader stops there too, or before it at an event it can't decode.
	if readErr == nil || seen >= int64(corrupt.Line) {
		t.Fatalf("refused at line %d, but a reader saw %d events and %v", corrupt.Line, seen, readErr)
	}
	if bytes.Count(data, []byte("\n")) < corrupt.Line {
		t.Fatalf("refused at line %d, which has no end", corrupt.Line)
	}
}

func accepted(t *testing.T, path string, data []byte, l *filelog.Log) {
	t.Helper()
	kept, torn := content(t, path), ""
	for _, name := range tornFiles(t, path) {
		torn += content(t, name)
	}
	if kept+torn != string(data) {
		t.Fatalf("of %q the log keeps %q and the torn file %q", data, kept, torn)
	}
	if (l.Repaired() != "") != (torn != "") {
		t.Fatalf("torn off: %q, reported: %q", torn, l.Repaired())
	}
	// What was torn off is one line at most, and no event.
	if i := strings.Index(torn, "\n"); i >= 0 {
		if _, err := event.Decode([]byte(torn[:i])); i != len(torn)-1 || err == nil {
			t.Fatalf("torn off: %q", torn)
		}
	}
	tail, err := l.Tail(t.Context())
	if err != nil || tail != int64(strings.Count(kept, "\n")) {
		t.Fatalf("tail is %d (%v) with %d lines", tail, err, strings.Count(kept, "\n"))
	}
}
