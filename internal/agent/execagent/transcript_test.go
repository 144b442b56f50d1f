package execagent

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"popkit/internal/agent"
)

func TestTranscript(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "t.log")
	tr, err := openTranscript(path, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"01234", "56789", "", "abc", "def\n"} {
		if n, err := tr.Write([]byte(s)); n != len(s) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
	const want = "0123456789\n[popkit: output past 10 bytes is not kept]\n[popkit: 17 bytes of output in all]\n"
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("transcript is %q, %v; want %q", got, err, want)
	}
	if got := tr.tail(); got != "0123456789abcdef\n" {
		t.Errorf("tail is %q", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v: others can read it", info.Mode(), err)
	}
}

func TestTranscriptTail(t *testing.T) {
	tr, err := openTranscript(filepath.Join(t.TempDir(), "t.log"), 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3000 {
		_, err = tr.Write([]byte(strings.Repeat("x", i%50) + "\n"))
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tr.Write([]byte(strings.Repeat("y", 100_000) + "\nlast é\xff\n")); err != nil {
		t.Fatal(err)
	}
	if got := tr.tail(); got != "last é\uFFFD\n" {
		t.Errorf("tail is %q, want the last whole lines as valid text", got)
	}
	if len(tr.last) > 2*agent.MaxDetail {
		t.Errorf("%d bytes are remembered", len(tr.last))
	}
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
}

// A transcript that can't be written holds nothing up and is not silent.
func TestTranscriptFails(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	tr := &transcript{file: full}
	if n, err := tr.Write([]byte("x")); n != 1 || err != nil {
		t.Errorf("Write() = %d, %v", n, err)
	}
	if got := tr.tail(); got != "x" {
		t.Errorf("tail is %q", got)
	}
	if err := tr.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Close() = %v, want %v", err, syscall.ENOSPC)
	}
}
