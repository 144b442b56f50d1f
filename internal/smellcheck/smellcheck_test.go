package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A history of four commits: a file, a test, the test skipped, the file renamed.
func TestHistory(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	test := "package a\n\nfunc TestA(t *testing.T) {\n\tt.Error(1)\n}\n"
	git("init", "-q")
	for _, c := range []struct{ name, text string }{
		{"a.go", "package a\n"},
		{"a_test.go", test},
		{"a_test.go", strings.Replace(test, "\tt.Error", "\tt.Skip()\n\tt.Error", 1)},
	} {
		write(c.name, c.text)
		git("add", "-A")
		git("commit", "-qm", c.name)
	}
	git("mv", "a.go", "b.go")
	git("commit", "-qm", "rename")

	var out bytes.Buffer
	if err := check(t.Context(), &out, []string{dir}, limits{commits: 10, files: 10}); err != nil {
		t.Fatal(err)
	}
	alarms, _, _ := strings.Cut(out.String(), "\n\n")
	_, rest, _ := strings.Cut(out.String(), "repository")
	if !strings.Contains(alarms, "a_test.go:4: test TestA is skipped") || strings.Count(alarms, " | ") != 1 {
		t.Errorf("alarms:\n%s", alarms)
	}
	fields := strings.Fields(strings.Split(rest, "\n")[1])
	if got := strings.Join(fields[1:5], " "); got != "3 3 1 1" { // the first commit has no parent
		t.Errorf("commits, files, with alarms, alarms: %s\n%s", got, rest)
	}
}

func TestNoRepository(t *testing.T) {
	var out bytes.Buffer
	if err := check(t.Context(), &out, []string{t.TempDir()}, limits{commits: 1, files: 1}); err == nil {
		t.Errorf("no repository, no error:\n%s", &out)
	}
}
