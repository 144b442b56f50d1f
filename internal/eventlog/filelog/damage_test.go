package filelog_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
	"popkit/internal/eventlog/eventlogtest"
	"popkit/internal/eventlog/filelog"
)

// text is the file of the events first … last, as appended.
func text(t testing.TB, first, last int64) string {
	t.Helper()
	var out strings.Builder
	for n := first; n <= last; n++ {
		line, err := event.Encode(eventlogtest.Event(n))
		if err != nil {
			t.Fatal(err)
		}
		out.Write(line)
		out.WriteByte('\n')
	}
	return out.String()
}

func write(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log.jsonl")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func content(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func tornFiles(t testing.TB, path string) []string {
	t.Helper()
	files, err := filepath.Glob(path + ".torn-*")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestTornEnd(t *testing.T) {
	four := text(t, 4, 4)
	for name, torn := range map[string]string{
		"half a line":             four[:40],
		"one byte":                "{",
		"all but the newline":     four[:len(four)-1],
		"not JSON":                "{\"v\":1,\"seq\":4,\"ti\n",
		"empty line":              "\n",
		"NULs":                    strings.Repeat("\x00", 5000),
		"many NULs":               strings.Repeat("\x00", 17<<20),
		"half a line, then NULs":  four[:40] + strings.Repeat("\x00", 4096-40),
		"NULs and a newline":      strings.Repeat("\x00", 100) + "\n",
		"NULs, half a line":       strings.Repeat("\x00", 100) + four[40:],
		"bytes that are not text": "\xff\xfe\x80",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good := text(t, 1, 3)
			path := write(t, good+torn)

			r := openReader(t, path)
			eventlogtest.WantTail(t, r, 3)
			eventlogtest.Wants(t, r.Read(t.Context(), 1), 1, 3)
			if content(t, path) != good+torn {
				t.Fatal("a reader changed the file")
			}

			var reports []string
			l, err := filelog.Open(path, filelog.Options{Report: func(s string) { reports = append(reports, s) }})
			if err != nil {
				t.Fatal(err)
			}
			if got := content(t, path); got != good {
				t.Fatalf("log is %q after the repair, want %q", got, good)
			}
			if got := content(t, path+".torn-1"); got != torn {
				t.Fatalf("torn file has %q, want %q", got, torn)
			}
			if len(reports) != 1 || reports[0] != l.Repaired() || !strings.Contains(reports[0], "line 4") || !strings.Contains(reports[0], "log.jsonl.torn-1") {
				t.Fatalf("reports %q, repaired %q", reports, l.Repaired())
			}
			eventlogtest.WantTail(t, l, 3)
			eventlogtest.MustAppend(t, l, 3, eventlogtest.Batch(4, 2)...)
			eventlogtest.Wants(t, l.Read(t.Context(), 1), 1, 5)
			eventlogtest.Wants(t, r.Read(t.Context(), 1), 1, 5)
			mustClose(t, l)
			mustClose(t, r)
			mustClose(t, open(t, path)) // nothing is left to repair
		})
	}
}

// TestTornAgain: each repair has a file of its own.
func TestTornAgain(t *testing.T) {
	path := write(t, text(t, 1, 1)+"first")
	for n, torn := range []string{"first", "second", "third"} {
		l, err := filelog.Open(path, filelog.Options{})
		if err != nil {
			t.Fatal(err)
		}
		mustClose(t, l)
		if got := content(t, fmt.Sprintf("%s.torn-%d", path, n+1)); got != torn {
			t.Fatalf("torn file %d has %q, want %q", n+1, got, torn)
		}
		next := []string{"second", "third", ""}[n]
		if err := os.WriteFile(path, []byte(text(t, 1, 1)+next), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTornOnly: a crash in the very first append.
func TestTornOnly(t *testing.T) {
	path := write(t, text(t, 1, 1)[:20])
	l, err := filelog.Open(path, filelog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	eventlogtest.WantTail(t, l, 0)
	eventlogtest.MustAppend(t, l, 0, eventlogtest.Event(1))
	mustClose(t, l)
}

func TestCorrupt(t *testing.T) {
	at := func(n int64) string { return text(t, n, n) }
	for name, c := range map[string]struct {
		file   string
		line   int
		reason string
	}{
		"bad JSON in the middle":    {at(1) + "{\"v\":1,\"se\n" + at(3), 2, "not valid JSON"},
		"bad JSON at first":         {"garbage\n" + at(2), 1, "not valid JSON"},
		"NULs in the middle":        {at(1) + "\x00\x00\x00\n" + at(3), 2, "not valid JSON"},
		"NULs before a line":        {at(1) + "\x00\x00" + at(2) + at(3), 2, "not valid JSON"},
		"empty line in the middle":  {at(1) + "\n" + at(2), 2, "not valid JSON"},
		"bad JSON, then a torn end": {at(1) + "{\"v\n" + "{\"v", 2, "not valid JSON"},
		"two lines in one":          {at(1) + strings.TrimSuffix(at(2), "\n") + at(3) + at(4), 2, "not valid JSON"},
		"gap":                       {at(1) + at(3), 2, "event 3 where event 2 belongs"},
		"gap in the middle":         {at(1) + at(3) + at(4), 2, "event 3 where event 2 belongs"},
		"gap before a torn end":     {at(1) + at(3) + "{", 2, "event 3 where event 2 belongs"},
		"duplicate":                 {at(1) + at(2) + at(2) + at(3), 3, "event 2 where event 3 belongs"},
		"duplicate at the end":      {at(1) + at(2) + at(2), 3, "event 2 where event 3 belongs"},
		"does not begin at 1":       {at(2) + at(3), 1, "event 2 where event 1 belongs"},
		"no object":                 {at(1) + "42\n", 2, "not an event"},
		"no number":                 {at(1) + "{}\n", 2, "not an event"},
		"huge number":               {at(1) + `{"v":1,"seq":99999999999999999999,"x":1}` + "\n", 2, "not an event"},
		"too long":                  {at(1) + `{"v":1,"seq":2,"x":"` + strings.Repeat("x", eventlog.MaxEvent) + `"}` + "\n", 2, "longer than any event"},
		"blank before the number":   {`{"v":1,"seq": 2,"time":"2026-11-22T10:30:18Z","type":"run.ended","data":{}}` + "\n", 1, "event 2 where event 1 belongs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, c.file)
			_, err := filelog.Open(path, filelog.Options{Report: func(s string) { t.Error("reported", s) }})
			wantCorrupt(t, err, path, c.line, c.reason)
			if content(t, path) != c.file || tornFiles(t, path) != nil {
				t.Fatal("a corrupt log was touched")
			}
			_, err = filelog.Open(path, filelog.Options{})
			wantCorrupt(t, err, path, c.line, c.reason) // and not *HeldError

			r := openReader(t, path)
			last := 0
			for _, err = range r.Read(t.Context(), 1) {
				last++
			}
			if last != c.line {
				t.Fatalf("a reader yielded %d times, want %d", last, c.line)
			}
			var corrupt *eventlog.CorruptError
			if !errors.As(err, &corrupt) || corrupt.Line != c.line {
				t.Fatalf("a reader ended by %v", err)
			}
			mustClose(t, r)
		})
	}
}

func wantCorrupt(t *testing.T, err error, path string, line int, reason string) {
	t.Helper()
	var corrupt *eventlog.CorruptError
	if !errors.As(err, &corrupt) {
		t.Fatalf("error is %v, want a CorruptError", err)
	}
	if corrupt.Path != path || corrupt.Line != line || corrupt.Reason != reason {
		t.Fatalf("got %+v, want line %d: %s", corrupt, line, reason)
	}
}

// TestNewer: what a newer program wrote is no damage; it is the reader of the
// event that can't go on.
func TestNewer(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		want error
	}{
		"type":    {`{"v":1,"seq":2,"time":"2026-11-22T10:30:18Z","type":"run.dreamt","data":{}}`, event.ErrUnknownType},
		"version": {`{"v":2,"seq":2,"time":"2026-11-22T10:30:18Z","type":"run.ended","data":{}}`, event.ErrNewerVersion},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, text(t, 1, 1)+c.line+"\n"+text(t, 3, 3))
			l := open(t, path)
			eventlogtest.WantTail(t, l, 3)
			var last error
			yields := 0
			for _, last = range l.Read(t.Context(), 1) {
				yields++
			}
			if yields != 2 || !errors.Is(last, c.want) {
				t.Fatalf("read yielded %d times and ended by %v", yields, last)
			}
			eventlogtest.Wants(t, l.Read(t.Context(), 3), 3, 3)
			mustClose(t, l)
		})
	}
}

// TestDamageWhileOpen: a line that goes bad under an open log is found by who
// reads it.
func TestDamageWhileOpen(t *testing.T) {
	path := write(t, text(t, 1, 5))
	l := open(t, path)
	good := []byte(text(t, 1, 5))
	at := bytes.Index(good, []byte("\n")) + 10
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{0}, int64(at)); err != nil {
		t.Fatal(err)
	}
	mustClose(t, f)
	var last error
	for _, last = range l.Read(t.Context(), 1) {
	}
	wantCorrupt(t, last, path, 2, "not valid JSON")
	mustClose(t, l)
}

func TestNotALog(t *testing.T) {
	dir := t.TempDir()
	if _, err := filelog.Open(dir, filelog.Options{}); err == nil {
		t.Error("a directory was opened as a log")
	}
	if _, err := filelog.Open(filepath.Join(dir, "none", "log.jsonl"), filelog.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no directory: error is %v", err)
	}
	if _, err := filelog.OpenReader(filepath.Join(dir, "log.jsonl")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reader of no log: error is %v", err)
	}
	if _, err := filelog.OpenReader(dir); err == nil {
		t.Error("a directory was opened for reading")
	}
}

func mustClose(t testing.TB, c interface{ Close() error }) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestCutAnywhere: a file cut at any byte of its last line, as by a crash in the
// middle of an append, opens with exactly the events that are whole, and what was cut into is
// in the torn file.
func TestCutAnywhere(t *testing.T) {
	whole := text(t, 1, 3)
	path := filepath.Join(t.TempDir(), "log.jsonl")
	for cut := len(text(t, 1, 2)) - 1; cut <= len(whole); cut++ {
		if err := os.WriteFile(path, []byte(whole[:cut]), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := filelog.Open(path, filelog.Options{})
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		want := int64(strings.Count(whole[:cut], "\n"))
		eventlogtest.WantTail(t, l, want)
		eventlogtest.Wants(t, l.Read(t.Context(), 1), 1, want)
		mustClose(t, l)
		torn := ""
		for _, name := range tornFiles(t, path) {
			torn += content(t, name)
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
		if content(t, path)+torn != whole[:cut] {
			t.Fatalf("cut at %d: bytes are lost", cut)
		}
	}
}
