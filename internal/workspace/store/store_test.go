package store

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"popkit/internal/workspace/git"
)

const asOther = "POPKIT_TEST_REMOVE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asOther); dir != "" {
		if err := removeAsOther(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestRemoveAll removes read-only directories as an ordinary user.
func TestRemoveAll(t *testing.T) {
	base, err := os.MkdirTemp("", "popkit-store-")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := os.RemoveAll(base); err != nil {
			t.Error(err)
		}
	}()
	dir := filepath.Join(base, "d")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(base, "test")
	if err := os.WriteFile(exe, self, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Dir = base
	cmd.Env = append(os.Environ(), asOther+"="+dir)
	if os.Geteuid() == 0 {
		for _, path := range []string{base, dir} {
			if err := os.Chown(path, 65534, 65534); err != nil {
				t.Fatal(err)
			}
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func removeAsOther(dir string) error {
	outside := filepath.Join(dir, "outside")
	tree := filepath.Join(dir, "tree")
	for _, d := range []string{outside, filepath.Join(tree, "a/b/c"), filepath.Join(tree, "empty")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(tree, "a/b/c/f"), nil, 0o400); err != nil {
		return err
	}
	if err := os.Symlink(outside, filepath.Join(tree, "a/b/link")); err != nil {
		return err
	}
	for _, d := range []string{"a/b/c", "a/b", "a", "empty", "."} {
		if err := os.Chmod(filepath.Join(tree, d), 0o100); err != nil {
			return err
		}
	}
	if err := os.Chmod(outside, 0o555); err != nil {
		return err
	}
	if err := RemoveAll(tree); err != nil {
		return err
	}
	if _, err := os.Lstat(tree); err == nil {
		return fmt.Errorf("%s is still there", tree)
	}
	if info, err := os.Lstat(outside); err != nil || info.Mode().Perm() != 0o555 {
		return fmt.Errorf("what a link led to was touched: %v", err)
	}
	return RemoveAll(tree)
}

func newStore(t *testing.T) (*Store, Tree) {
	t.Helper()
	user := t.TempDir()
	if _, err := (git.Runner{}).Run(t.Context(), git.Cmd{Dir: user, Args: []string{"init", "-q", "--bare", "."}}); err != nil {
		t.Fatal(err)
	}
	st, err := New(t.Context(), git.Runner{}, filepath.Join(t.TempDir(), "store"),
		Source{Objects: user + "/objects", Shallow: user + "/shallow", Format: "sha1"}, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return st, Tree{Work: t.TempDir(), Index: filepath.Join(t.TempDir(), "index")}
}

// TestRecordRefused: what git can't hold is left out, the rest is recorded.
func TestRecordRefused(t *testing.T) {
	st, tr := newStore(t)
	for _, name := range []string{"a", ".GIT", "b"} {
		if err := os.WriteFile(filepath.Join(tr.Work, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	left, err := st.record(t.Context(), tr, []string{"a", ".GIT", "b", "not/there"})
	if err != nil || !slices.Equal(left, []string{".GIT"}) {
		t.Errorf("left %q, %v", left, err)
	}
	snap, err := st.Snapshot(t.Context(), tr, nil)
	if err != nil {
		t.Fatal(err)
	}
	names, err := st.Line(t.Context(), "ls-tree", "-r", "--name-only", snap.Tree)
	if err != nil || names != "a\nb" {
		t.Errorf("recorded %q, %v", names, err)
	}
}

func TestQuote(t *testing.T) {
	for path, want := range map[string]string{"/a/b c": "/a/b c", "/a:b": `"/a:b"`, "/a\nb": `"/a\nb"`, `/a"b\`: `"/a\"b\\"`} {
		if got := Quote(path); got != want {
			t.Errorf("Quote(%q) = %s, want %s", path, got, want)
		}
	}
}

func TestParseMergeTree(t *testing.T) {
	id := strings.Repeat("a", 40)
	out := id + "\x00" + "100644 " + id + " 2\tp\x00" + "100644 " + id + " 3\tp\x00" + "\x00" + "2\x00p\x00q\x00CONFLICT (x)\x00text\n\x001\x00r\x00Auto-merging\x00text\n\x00"
	m, err := parseMergeTree([]byte(out))
	if err != nil || m.Tree != id || len(m.entries) != 2 || !slices.Equal(m.Conflicts, []string{"p", "q"}) {
		t.Errorf("%+v, %v", m, err)
	}
	for _, bad := range []string{"", "x\x00", id + "\x00" + "y\x00", id + "\x00\x00" + "9\x00p\x00", id + "\x00\x00" + "-1\x00p\x00x\x00y\x00"} {
		if m, err := parseMergeTree([]byte(bad)); err == nil {
			t.Errorf("%q is %+v", bad, m)
		}
	}
}

func FuzzParseMergeTree(f *testing.F) {
	id := strings.Repeat("a", 40)
	f.Add([]byte(id + "\x00100644 " + id + " 2\tp\x00\x001\x00p\x00CONFLICT (x)\x00text\n\x00"))
	f.Fuzz(func(t *testing.T, out []byte) {
		if m, err := parseMergeTree(out); err == nil && !git.IsID(m.Tree) {
			t.Errorf("tree %q", m.Tree)
		}
	})
}
