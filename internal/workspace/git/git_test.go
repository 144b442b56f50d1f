package git

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseNumstat(t *testing.T) {
	got, err := ParseNumstat([]byte("1\t2\ta b\n\tc\x00-\t-\tbin\x00"))
	want := []Stat{{Path: "a b\n\tc", Added: 1, Removed: 2}, {Path: "bin", Binary: true}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for _, bad := range []string{"1\t2", "x\t1\tp\x00", "1\ty\tp\x00"} {
		if got, err := ParseNumstat([]byte(bad)); err == nil {
			t.Errorf("%q is %+v", bad, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("1\t2\tpath\x00"))
	f.Add([]byte("100644 4b825dc642cb6eb9a060e54bf8d69288fbee4904 2\ta\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if stats, err := ParseNumstat(data); err == nil && len(stats) != len(Fields(data)) {
			t.Errorf("%d stats of %d records", len(stats), len(Fields(data)))
		}
		entries, err := ParseEntries(Fields(data))
		if err != nil {
			return
		}
		for _, e := range entries {
			if e.Object == "" || e.Mode == "" || strings.ContainsRune(e.Path, 0) {
				t.Errorf("entry %+v", e)
			}
		}
	})
}

func TestIsID(t *testing.T) {
	for s, want := range map[string]bool{
		strings.Repeat("a", 40): true, strings.Repeat("0", 64): true, strings.Repeat("a", 41): false, strings.Repeat("A", 40): false, "": false,
	} {
		if IsID(s) != want {
			t.Errorf("IsID(%q) = %v", s, !want)
		}
	}
}

// fake puts a script into PATH as git.
func fake(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestEnvironment(t *testing.T) {
	fake(t, `env | grep -E '^(GIT_|LC_|LANGUAGE|KEPT)' | sort; echo "$@"`)
	t.Setenv("GIT_DIR", "/elsewhere")
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("LC_ALL", "de_DE")
	t.Setenv("LANGUAGE", "de")
	t.Setenv("KEPT", "yes")
	res, err := Runner{}.Run(t.Context(), Cmd{Args: []string{"status"}, Env: []string{"GIT_INDEX_FILE=i"}})
	if err != nil {
		t.Fatal(err)
	}
	out := string(res.Out)
	for _, want := range []string{"GIT_INDEX_FILE=i\n", "GIT_TERMINAL_PROMPT=0\n", "LC_ALL=C\n", "KEPT=yes\n", "GIT_LITERAL_PATHSPECS=1\n", "core.hooksPath=/dev/null", " status\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for _, bad := range []string{"elsewhere", "GIT_CONFIG_COUNT", "LANGUAGE", "de_DE"} {
		if strings.Contains(out, bad) {
			t.Errorf("%q in\n%s", bad, out)
		}
	}
}

func TestErrors(t *testing.T) {
	fake(t, `case "$*" in
*killed*) kill -9 $$;;
*full*) echo "error: x: No space left on device" >&2; exit 128;;
*) echo "warning: w" >&2; echo "fatal: why" >&2; echo more >&2; exit 3;; esac`)
	_, err := Runner{}.Run(t.Context(), Cmd{Args: []string{"-c", "x=y", "sub", "arg"}})
	if !Failed(err) || err.Error() != "git sub: why" || !Said(err, "more") {
		t.Errorf("failed: %v", err)
	}
	if res, err := (Runner{}).Run(t.Context(), Cmd{Args: []string{"sub"}, OK: []int{3}}); err != nil || res.Code != 3 {
		t.Errorf("expected: %+v, %v", res, err)
	}
	if _, err = (Runner{}).Run(t.Context(), Cmd{Args: []string{"killed"}}); err == nil || Failed(err) {
		t.Errorf("killed: %v", err)
	}
	_, err = Runner{}.Run(t.Context(), Cmd{Args: []string{"full"}})
	if err = DiskFull(err, "/place"); !errors.Is(err, ErrDiskFull) || !strings.Contains(err.Error(), "/place") {
		t.Errorf("full: %v", err)
	}
}

// TestEnds: git and what it started end with the context, and a flood of
// output ends it too.
func TestEnds(t *testing.T) {
	fake(t, `case "$*" in *flood*) exec yes;; *) sleep 1000 & sleep 1000;; esac`)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errors.New("enough"))
	defer cancel()
	if _, err := (Runner{}).Run(ctx, Cmd{Args: []string{"hang"}}); err == nil || !strings.Contains(err.Error(), "git hang: enough") {
		t.Errorf("hang: %v", err)
	}
	if _, err := (Runner{Limit: 1 << 20}).Run(t.Context(), Cmd{Args: []string{"flood"}}); err == nil || !strings.Contains(err.Error(), "printed more than") {
		t.Errorf("flood: %v", err)
	}
}
