package agentgit

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func id(c string) string { return strings.Repeat(c, 40) }

// make writes files of a git dir and returns the work tree.
func makeGit(t testing.TB, files map[string]string) string {
	t.Helper()
	work := t.TempDir()
	for name, text := range files {
		path := filepath.Join(work, ".git", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return work
}

func TestHead(t *testing.T) {
	for head, want := range map[string]string{
		"ref: refs/heads/loose\n": id("1"), "ref: refs/heads/packed\n": id("2"), "ref: refs/heads/both": id("1"), id("3") + "\n": id("3"),
		"ref: refs/heads/unborn\n": "", "ref: refs/heads/symbolic": id("1"), "ref: refs/heads/loop": "", "ref: refs/../../secret": "",
		"ref: /etc/passwd": "", "ref: HEAD": "", "": "", "nonsense": "", strings.Repeat("x", 1<<20): "",
	} {
		g := Open(makeGit(t, map[string]string{
			"HEAD": head, "refs/heads/loose": id("1") + "\n", "refs/heads/both": id("1"), "refs/heads/symbolic": "ref: refs/heads/loose\n",
			"refs/heads/loop":  "ref: refs/heads/loop",
			"packed-refs":      "# pack-refs with: peeled\n" + id("2") + " refs/heads/packed\n^" + id("9") + "\n" + id("8") + " refs/heads/both\n",
			"../secret/x":      id("7"),
			"../../../ignored": "",
		}))
		if got := g.Head(); got != want {
			t.Errorf("HEAD %.40q is %q, want %q", head, got, want)
		}
	}
}

func TestTips(t *testing.T) {
	work := makeGit(t, map[string]string{
		"HEAD": "ref: refs/heads/work", "refs/heads/work": id("1"), "refs/heads/a/b": id("2"), "refs/tags/t": id("3"), "refs/bad": "x",
		"packed-refs":     id("4") + " refs/heads/packed\n" + id("5") + " refs/heads/a/b\n",
		"logs/refs/stash": id("0") + " " + id("6") + " A <a> 1 +0000\tWIP\n" + id("6") + " " + id("7") + " A <a> 1 +0000\tWIP\nnonsense\n",
		"MERGE_HEAD":      id("8") + "\n", "rebase-merge/orig-head": id("9"), "worktrees/w/HEAD": id("a"), "worktrees/x/HEAD": "ref: refs/heads/work",
	})
	if err := syscall.Mkfifo(filepath.Join(work, ".git/ORIG_HEAD"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/zero", filepath.Join(work, ".git/refs/heads/zero")); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		id("1"): "HEAD", id("2"): "refs/heads/a/b", id("3"): "refs/tags/t", id("4"): "refs/heads/packed", id("6"): "refs/stash", id("7"): "refs/stash",
		id("8"): "MERGE_HEAD", id("9"): "rebase-merge/orig-head", id("a"): "worktrees/w/HEAD",
	}
	g := Open(work)
	if got := g.Tips(); !maps.Equal(got, want) {
		t.Errorf("tips %v, want %v", got, want)
	}
	if got := g.Merging(); got != id("8") {
		t.Errorf("merging %q", got)
	}
}

func TestNotADirectory(t *testing.T) {
	real := makeGit(t, map[string]string{"HEAD": id("1")})
	work := t.TempDir()
	if err := os.Symlink(filepath.Join(real, ".git"), filepath.Join(work, ".git")); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{work, t.TempDir()} {
		if g := Open(dir); !g.None() || g.Head() != "" || g.Objects() != "" || len(g.Tips()) != 0 || g.Merging() != "" {
			t.Errorf("%s is read", dir)
		}
	}
}

func FuzzTips(f *testing.F) {
	f.Add([]byte("ref: refs/heads/x"), []byte(id("1")+" refs/heads/x\n"), []byte(id("0")+" "+id("2")+" A\n"))
	f.Fuzz(func(t *testing.T, head, packed, log []byte) {
		g := Open(makeGit(t, map[string]string{"HEAD": string(head), "packed-refs": string(packed), "logs/refs/stash": string(log)}))
		for got := range g.Tips() {
			if len(got) != 40 && len(got) != 64 {
				t.Errorf("tip %q", got)
			}
		}
	})
}
