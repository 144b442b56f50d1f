package workspace

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// userState is everything of the user's that popkit must not touch: HEAD, refs
// but popkit's own, index, stash, config, hooks, and the work tree with times.
func userState(t testing.TB, gitDir, work string) map[string]string {
	t.Helper()
	state := map[string]string{"refs": runGit(t, gitDir, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags", "refs/remotes", "refs/stash", "refs/notes")}
	var kept []string
	for line := range strings.Lines(state["refs"]) {
		if !strings.HasPrefix(line, "refs/heads/popkit/") {
			kept = append(kept, line)
		}
	}
	state["refs"] = strings.TrimSpace(strings.Join(kept, ""))
	see := func(root string, skip func(rel string) bool) {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			if skip(rel) {
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			text := fmt.Sprint(info.Mode())
			switch {
			case info.Mode().IsRegular():
				text += fmt.Sprintf(" %v %x", info.ModTime().UnixNano(), read(t, path))
			case info.Mode()&fs.ModeSymlink != 0:
				link, err := os.Readlink(path)
				if err != nil {
					return err
				}
				text += " -> " + link
			}
			state[root+": "+rel] = text
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	see(gitDir, func(rel string) bool {
		switch rel {
		case "objects", "refs/popkit", "refs/heads/popkit", "logs/refs/heads/popkit", "modules":
			return true
		}
		return rel == "." || rel == "refs" || rel == "refs/heads" || rel == "logs/refs/heads"
	})
	if work != "" {
		see(work, func(rel string) bool { return rel == ".git" || rel == "." })
	}
	return state
}

func sameState(t testing.TB, before, after map[string]string) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if got, ok := after[key]; !ok {
			t.Errorf("the user's %s is gone", key)
		} else if got != before[key] {
			t.Errorf("the user's %s changed from\n%.300s to\n%.300s", key, before[key], got)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if _, ok := before[key]; !ok {
			t.Errorf("the user has a new %s", key)
		}
	}
}

// hostile makes the user's own git configuration and hooks as much in the way
// as they can be.
func hostile(t testing.TB, dir string) {
	t.Helper()
	mark := filepath.Join(t.TempDir(), "ran")
	bad := "touch " + mark + "; exit 1"
	for _, hook := range []string{"pre-commit", "post-checkout", "commit-msg", "reference-transaction", "pre-merge-commit", "post-commit", "post-index-change"} {
		path := filepath.Join(dir, ".git", "hooks", hook)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+bad+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, kv := range [][2]string{
		{"commit.gpgSign", "true"}, {"gpg.program", bad}, {"core.fsmonitor", bad}, {"core.editor", bad}, {"core.pager", bad},
		{"diff.external", bad}, {"core.sshCommand", bad}, {"alias.commit", "!" + bad}, {"merge.ff", "only"}, {"submodule.recurse", "true"},
		{"filter.lfs.process", bad}, {"filter.lfs.smudge", bad}, {"filter.lfs.clean", bad}, {"filter.lfs.required", "true"},
		{"filter.own.smudge", bad}, {"filter.own.clean", bad}, {"filter.own.required", "true"},
		{"user.useConfigOnly", "true"}, {"core.quotePath", "true"}, {"status.showUntrackedFiles", "no"}, {"diff.noprefix", "true"},
	} {
		runGit(t, dir, "config", kv[0], kv[1])
	}
	t.Cleanup(func() {
		if _, err := os.Stat(mark); err == nil {
			t.Error("something of the user's configuration was run")
		}
	})
}

// TestUserIsNotTouched runs a whole run's calls and compares everything of the
// user's before and after.
func TestUserIsNotTouched(t *testing.T) {
	dir := newRepo(t)
	write(t, dir, "a.txt", "stashed\n")
	runGit(t, dir, "stash", "-q")
	runGit(t, dir, "tag", "-a", "-m", "v1", "v1")
	runGit(t, dir, "branch", "other")
	write(t, dir, "a.txt", "dirty\n")
	write(t, dir, "staged.txt", "staged\n")
	runGit(t, dir, "add", "staged.txt")
	write(t, dir, "untracked.txt", "untracked\n")
	write(t, dir, "build/x", "ignored\n")
	hostile(t, dir)
	gitDir := filepath.Join(dir, ".git")
	before := userState(t, gitDir, dir)

	w := newWorld(t, dir)
	if n, err := w.repo.Dirty(w.ctx); err != nil || n != 3 {
		// The user's own fsmonitor and showUntrackedFiles do not count here.
		t.Errorf("dirty: %d, %v; want 3", n, err)
	}
	a, b, c := w.prepare("a-1"), w.prepare("b-1"), w.prepare("c-1")
	write(t, a, "a.txt", "one\nA\nthree\n")
	write(t, b, "a.txt", "one\nB\nthree\n")
	write(t, c, "c.txt", "c\n")
	wa, wb, wc := w.collect("a-1"), w.collect("b-1"), w.collect("c-1")
	onto := w.merge(w.base, wa, "a-1").Commit
	if res := w.merge(onto, wb, "b-1"); !slices.Equal(res.Conflicts, []string{"a.txt"}) {
		t.Errorf("conflicts %v", res.Conflicts)
	}
	onto = w.merge(onto, wc, "c-1").Commit
	if _, err := w.run.Prepare(w.ctx, PrepareSpec{Agent: "r-1", Base: onto, MergeCommit: wb.Commit}); err != nil {
		t.Fatal(err)
	}
	write(t, w.run.AgentDir("r-1"), "a.txt", "one\nA and B\nthree\n")
	wr := w.collectAt("r-1", onto)
	onto = w.merge(onto, wr, "r-1").Commit
	tree, give, err := w.run.CheckTree(w.ctx, onto)
	if err != nil {
		t.Fatal(err)
	}
	write(t, tree, "left.txt", "x")
	give()
	if _, err := w.run.PublishBarrier(w.ctx, 1, onto); err != nil {
		t.Fatal(err)
	}
	if _, err := w.run.PublishBranch(w.ctx, "popkit/R1", onto); err != nil {
		t.Fatal(err)
	}
	for _, agent := range []string{"a-1", "b-1", "c-1", "r-1"} {
		w.release(agent)
	}
	if _, err := w.run.GC(w.ctx, false); err != nil {
		t.Fatal(err)
	}
	sameState(t, before, userState(t, gitDir, dir))
}

// oddRepos are repositories that are not like others; each is made with a
// file a.txt of three lines, and made by the function that returns where the
// user stands.
var oddRepos = map[string]func(t *testing.T) string{
	"plain": func(t *testing.T) string { return newRepo(t) },
	"shallow": func(t *testing.T) string {
		dir := newRepo(t)
		write(t, dir, "more.txt", "more\n")
		runGit(t, dir, "add", "-A")
		runGit(t, dir, "commit", "-q", "-m", "second")
		to := filepath.Join(t.TempDir(), "shallow")
		runGit(t, filepath.Dir(to), "clone", "-q", "--depth=1", "file://"+dir, to)
		return to
	},
	"sparse cone": func(t *testing.T) string {
		dir := newRepo(t, "a.txt", "one\ntwo\nthree\n", "in/x", "x\n", "out/y", "y\n")
		runGit(t, dir, "sparse-checkout", "set", "in")
		return dir
	},
	"sparse patterns": func(t *testing.T) string {
		dir := newRepo(t, "a.txt", "one\ntwo\nthree\n", "in/x", "x\n", "out/y", "y\n")
		runGit(t, dir, "sparse-checkout", "set", "--no-cone", "/*", "!/out/")
		return dir
	},
	"sha256": func(t *testing.T) string {
		return initRepo(t, filepath.Join(t.TempDir(), "user"), []string{"--object-format=sha256"})
	},
	"linked worktree": func(t *testing.T) string {
		dir := newRepo(t)
		to := filepath.Join(t.TempDir(), "linked")
		runGit(t, dir, "worktree", "add", "-q", "-b", "side", to)
		return to
	},
	"bare": func(t *testing.T) string {
		to := filepath.Join(t.TempDir(), "bare.git")
		runGit(t, filepath.Dir(to), "clone", "-q", "--bare", newRepo(t), to)
		return to
	},
	"borrowed objects": func(t *testing.T) string {
		to := filepath.Join(t.TempDir(), "borrower")
		runGit(t, filepath.Dir(to), "clone", "-q", "--shared", newRepo(t), to)
		return to
	},
	"separate git dir": func(t *testing.T) string {
		return initRepo2(t, "--separate-git-dir="+filepath.Join(t.TempDir(), "git dir"))
	},
	"detached": func(t *testing.T) string {
		dir := newRepo(t)
		runGit(t, dir, "checkout", "-q", "--detach")
		return dir
	},
	"odd path": func(t *testing.T) string {
		dir := filepath.Join(t.TempDir(), "a \"b\" : #\nß")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		return initRepo(t, filepath.Join(dir, "r\\x"), nil)
	},
	"packed refs and tags": func(t *testing.T) string {
		dir := newRepo(t)
		runGit(t, dir, "tag", "-a", "-m", "v1", "v1")
		runGit(t, dir, "branch", "other/branch")
		runGit(t, dir, "pack-refs", "--all")
		runGit(t, dir, "gc", "-q")
		return dir
	},
	"carriage returns": func(t *testing.T) string {
		dir := newRepo(t, "a.txt", "one\ntwo\nthree\n", ".gitattributes", "*.bat eol=crlf\n* text=auto\n", "x.bat", "x\n")
		runGit(t, dir, "config", "core.autocrlf", "true")
		return dir
	},
	"partial clone": func(t *testing.T) string {
		from := newRepo(t)
		runGit(t, from, "config", "uploadpack.allowFilter", "true")
		write(t, from, "old.txt", "old\n")
		runGit(t, from, "add", "-A")
		runGit(t, from, "commit", "-q", "-m", "old")
		runGit(t, from, "rm", "-q", "old.txt")
		runGit(t, from, "commit", "-q", "-m", "gone")
		to := filepath.Join(t.TempDir(), "partial")
		runGit(t, filepath.Dir(to), "clone", "-q", "--filter=blob:none", "file://"+from, to)
		if err := os.RemoveAll(from); err != nil { // no network
			t.Fatal(err)
		}
		return to
	},
	"large files": func(t *testing.T) string {
		dir := newRepo(t, "a.txt", "one\ntwo\nthree\n", ".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n*.own filter=own\n",
			"x.bin", lfsPointer, "y.own", "encrypted\n")
		hostile(t, dir)
		return dir
	},
	"a branch called popkit": func(t *testing.T) string {
		dir := newRepo(t)
		runGit(t, dir, "branch", "popkit")
		return dir
	},
}

// lfsPointer is what Git LFS commits in place of a large file.
const lfsPointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"

func initRepo2(t *testing.T, flag string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "user")
	runGit(t, filepath.Dir(dir), "init", "-q", "-b", "main", flag, dir)
	write(t, dir, "a.txt", "one\ntwo\nthree\n")
	runGit(t, dir, "add", "-A")
	runGit(t, dir, "-c", "user.name=Ada", "-c", "user.email=a@example.com", "commit", "-q", "-m", "first")
	return dir
}

func TestOddRepositories(t *testing.T) {
	for name, make := range oddRepos {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := make(t)
			gitDir := runGit(t, dir, "rev-parse", "--path-format=absolute", "--git-common-dir")
			if strings.Contains(gitDir, "\n") {
				gitDir = filepath.Join(dir, ".git")
			}
			work := dir
			if name == "bare" {
				work = ""
			}
			before := userState(t, gitDir, work)
			w := newWorld(t, dir)
			a, b := w.prepare("a-1"), w.prepare("b-1")
			if got := runGit(t, a, "status", "--porcelain"); got != "" {
				t.Errorf("a new workspace is dirty: %s", got)
			}
			if got := runGit(t, a, "rev-parse", "HEAD"); got != w.base {
				t.Errorf("HEAD is %s", got)
			}
			if out, err := tryGit(a, "fsck", "--connectivity-only"); err != nil && name != "partial clone" {
				t.Errorf("fsck: %s", out)
			}
			if name == "large files" && (read(t, filepath.Join(a, "x.bin")) != lfsPointer || read(t, filepath.Join(a, "y.own")) != "encrypted\n") {
				t.Error("a filter ran")
			}
			text := read(t, filepath.Join(a, "a.txt"))
			write(t, a, "a.txt", strings.Replace(text, "one", "ONE", 1))
			write(t, b, "a.txt", strings.Replace(text, "three", "THREE", 1))
			write(t, a, "deep/ö \"x\"\n.txt", "odd name\n")
			runGit(t, b, "commit", "-q", "-a", "-m", "the agent's own")
			write(t, b, "rest.txt", "rest\n")
			wa, wb := w.collect("a-1"), w.collect("b-1")
			if want := []string{"a.txt", "deep/ö \"x\"\n.txt"}; !slices.Equal(wa.Files, want) || wa.Added != 2 || wa.Removed != 1 {
				t.Errorf("work of a is %+v, want files %q, +2 -1", wa, want)
			}
			if want := []string{"a.txt", "rest.txt"}; !slices.Equal(wb.Files, want) {
				t.Errorf("work of b is %+v", wb)
			}
			if got := w.git("log", "--format=%s", w.base+".."+wb.Commit); got != "Work of b-1\nthe agent's own" {
				t.Errorf("b's history is %q", got)
			}
			onto := w.merge(w.base, wa, "a-1").Commit
			res := w.merge(onto, wb, "b-1")
			if got := w.git("show", res.Commit+":a.txt"); got != "ONE\ntwo\nTHREE" {
				t.Errorf("merged a.txt is %q, conflicts %v", got, res.Conflicts)
			}
			for range 2 { // the second time it is warm
				tree, give, err := w.run.CheckTree(w.ctx, res.Commit)
				if err != nil {
					t.Fatal(err)
				}
				if got := runGit(t, tree, "status", "--porcelain"); got != "" {
					t.Errorf("check tree is dirty: %s", got)
				}
				write(t, tree, "a.txt", "broken")
				give()
			}
			note, err := w.run.PublishBranch(w.ctx, "popkit/R1", res.Commit)
			if err != nil || (note != "") != (name == "a branch called popkit") {
				t.Errorf("publish: %q, %v", note, err)
			}
			for _, agent := range []string{"a-1", "b-1"} {
				if rescue := w.release(agent, wa.Commit, wb.Commit); rescue != "" {
					t.Errorf("rescued %s", rescue)
				}
			}
			missing := map[string]bool{}
			for _, f := range w.files(w.base) {
				missing[f] = true
			}
			for _, f := range w.files(res.Commit) {
				delete(missing, f)
			}
			if len(missing) > 0 {
				t.Errorf("lost files: %v", missing)
			}
			sameState(t, before, userState(t, gitDir, work))
		})
	}
}
