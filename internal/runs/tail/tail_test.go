package tail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

// Whatever pieces a file is written in, its lines are read once each, in order.
func TestLines(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		path := filepath.Join(dir, fmt.Sprint(n))
		pieces := rapid.SliceOf(rapid.StringOf(rapid.SampledFrom([]rune("ab\n")))).Draw(rt, "pieces")
		w, err := os.Create(path)
		if err != nil {
			rt.Fatal(err)
		}
		defer w.Close()
		f, err := Open(path, false)
		if err != nil {
			rt.Fatal(err)
		}
		defer f.Close()
		var all, got bytes.Buffer
		for _, p := range pieces {
			if _, err := w.WriteString(p); err != nil {
				rt.Fatal(err)
			}
			all.WriteString(p)
			for {
				line, _, err := f.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					rt.Fatal(err)
				}
				got.Write(line)
				got.WriteByte('\n')
			}
			rest, _ := f.Rest()
			if now := got.String() + string(rest); now != all.String() {
				rt.Fatalf("read %q of %q", now, all.String())
			}
		}
	})
}

// A line of many megabytes costs no more than MaxLine, and is said to be cut.
func TestLongLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	long := bytes.Repeat([]byte("x"), 5*MaxLine)
	if err := os.WriteFile(path, append(append(long, '\n'), "end\nopen"...), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, want := range []struct{ n, cut int }{{MaxLine, 4 * MaxLine}, {3, 0}} {
		line, cut, err := f.Next()
		if err != nil || len(line) != want.n || cut != want.cut {
			t.Errorf("%d bytes, %d left out, %v; want %+v", len(line), cut, err, want)
		}
	}
	if _, _, err := f.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last line: %v", err)
	}
	if rest, _ := f.Rest(); string(rest) != "open" {
		t.Errorf("rest %q", rest)
	}
}

// What is written is told.
func TestChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	w, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	f, err := Open(path, true)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i := range 3 {
		if _, _, err := f.Next(); !errors.Is(err, io.EOF) {
			t.Fatalf("before line %d: %v", i, err)
		}
		if _, err := fmt.Fprintln(w, i); err != nil {
			t.Fatal(err)
		}
		<-f.Changed()
		if line, _, err := f.Next(); err != nil || string(line) != fmt.Sprint(i) {
			t.Fatalf("line %d: %q, %v", i, line, err)
		}
	}
	if _, err := Open(path+"x", true); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}
