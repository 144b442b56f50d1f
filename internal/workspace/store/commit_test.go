package store

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"popkit/internal/workspace/git"
)

// TestCommitIsGits: a commit has the name that git commit-tree gives it, and git
// reads it.
func TestCommitIsGits(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("", -(3*3600+1800)))
	for _, format := range []string{"sha1", "sha256"} {
		dir := filepath.Join(t.TempDir(), "repo")
		run := func(in string, env []string, args ...string) string {
			t.Helper()
			cmd := exec.CommandContext(t.Context(), "git", args...)
			cmd.Dir, cmd.Stdin, cmd.Env = dir, strings.NewReader(in), append(os.Environ(), env...)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("git %v: %v\n%s", args, err, out)
			}
			return strings.TrimSpace(string(out))
		}
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		run("", nil, "init", "-q", "--object-format="+format)
		st := &Store{Src: Source{Objects: filepath.Join(dir, ".git", "objects"), Format: format}}
		tree := run("", nil, "write-tree")
		var parents []string
		for i, c := range []struct{ name, email, message string }{
			{"Ada", "ada@example.org", "one line\n"},
			{" Ada <L.>\n Byron, ", "<a@b>\n", "no end"},
			{`"Ünal" O'Neil.`, "ü@example.org.", "title\n\nbody\n\nKey: value\n"},
			{"x", "", ""},
		} {
			env := []string{
				"GIT_AUTHOR_NAME=" + c.name, "GIT_AUTHOR_EMAIL=" + c.email, "GIT_COMMITTER_NAME=" + c.name, "GIT_COMMITTER_EMAIL=" + c.email,
				fmt.Sprintf("GIT_AUTHOR_DATE=%d -0330", at.Unix()), fmt.Sprintf("GIT_COMMITTER_DATE=%d -0330", at.Unix()),
			}
			by := Author{Name: c.name, Email: c.email, When: at}
			got, err := st.Commit(by, tree, c.message, parents...)
			if err != nil {
				t.Fatal(err)
			}
			raw := run("", nil, "cat-file", "commit", got) // before git writes the same
			if want := run(c.message, env, CommitArgs(tree, parents)...); got != want {
				t.Errorf("%s, commit %d is %s, git's is %s:\n%s\n---\n%s", format, i, got, want, raw, run("", nil, "cat-file", "commit", want))
			}
			if again, err := st.Commit(by, tree, c.message, parents...); err != nil || again != got {
				t.Errorf("again it is %s (%v), not %s", again, err, got)
			}
			parents = append(parents, got)
		}
		if out := run("", nil, "fsck", "--strict", "--no-dangling"); strings.Contains(out, "error") {
			t.Errorf("git fsck: %s", out)
		}
		if left, err := filepath.Glob(filepath.Join(st.Src.Objects, "*", "tmp_obj_*")); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v (%v)", left, err)
		}
	}
}

// TestCommitThatCannotBe: an author without a name, and a place that is not there.
func TestCommitThatCannotBe(t *testing.T) {
	st := &Store{Src: Source{Objects: t.TempDir(), Format: "sha1"}}
	if id, err := st.Commit(Author{Name: " <.> "}, st.EmptyTree(), "m"); err == nil {
		t.Errorf("nobody made commit %s", id)
	}
	if entries, err := os.ReadDir(st.Src.Objects); err != nil || len(entries) > 0 {
		t.Errorf("written: %v, %v", entries, err)
	}
	st.Src.Objects = filepath.Join(t.TempDir(), "nowhere")
	if id, err := st.Commit(Author{Name: "Ada"}, st.EmptyTree(), "m"); err == nil || git.Failed(err) {
		t.Errorf("commit %s, %v", id, err)
	}
}
