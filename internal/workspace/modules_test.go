package workspace

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// newModules makes a repository with a submodule lib that has a submodule
// inner, one that is not initialised, and one whose name has a slash.
func newModules(t *testing.T) string {
	t.Helper()
	inner := newRepo(t, "inner.txt", "inner\n")
	lib := newRepo(t, "lib.txt", "lib\n")
	runGit(t, lib, "submodule", "-q", "add", inner, "inner")
	runGit(t, lib, "commit", "-q", "-m", "inner")
	dir := newRepo(t)
	runGit(t, dir, "submodule", "-q", "add", "--name", "vendor/the lib", lib, "third party/lib")
	runGit(t, dir, "submodule", "-q", "update", "--init", "--recursive")
	runGit(t, dir, "submodule", "-q", "add", inner, "unused")
	runGit(t, dir, "commit", "-q", "-m", "submodules")
	runGit(t, dir, "submodule", "-q", "deinit", "-f", "unused")
	if err := os.RemoveAll(filepath.Join(dir, ".git/modules/unused")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestSubmodules(t *testing.T) {
	dir := newModules(t)
	const lib = "third party/lib"
	module := filepath.Join(dir, ".git/modules/vendor/the lib")
	before := userState(t, module, "")
	w := newWorld(t, dir)
	path := w.prepare("a-1")
	if got := read(t, filepath.Join(path, lib, "inner/inner.txt")); got != "inner\n" {
		t.Errorf("inner.txt is %q", got)
	}
	if got := runGit(t, path, "status", "--porcelain"); got != "" {
		t.Errorf("a new workspace is dirty: %s", got)
	}
	if entries, err := os.ReadDir(filepath.Join(path, "unused")); err != nil || len(entries) > 0 {
		t.Errorf("a submodule that is not initialised has %v, %v", entries, err)
	}
	if same := w.collect("a-1"); same.Commit != w.base {
		t.Errorf("no change is %+v", same)
	}
	// One commit of the agent's own, one file left, one in the inner one.
	write(t, path, lib+"/lib.txt", "changed\n")
	runGit(t, filepath.Join(path, lib), "commit", "-q", "-a", "-m", "own")
	write(t, path, lib+"/new.txt", "new\n")
	write(t, path, lib+"/inner/inner.txt", "changed\n")
	work := w.collect("a-1")
	if !slices.Equal(work.Files, []string{lib}) || len(work.LeftOut) > 0 {
		t.Errorf("work %+v", work)
	}
	kept := w.git("rev-parse", work.Commit+":"+lib)
	if got := runGit(t, module, "rev-parse", work.Ref); got != kept {
		t.Errorf("kept %s in the submodule, the commit says %s", got, kept)
	}
	if again := w.collect("a-1"); again.Commit != work.Commit {
		t.Errorf("again it is %s, was %s", again.Commit, work.Commit)
	}
	merged := w.merge(w.base, work, "a-1")
	next := w.prepareAt("b-1", merged.Commit)
	for _, f := range []string{lib + "/lib.txt", lib + "/inner/inner.txt"} {
		if got := read(t, filepath.Join(next, f)); got != "changed\n" {
			t.Errorf("the next workspace has %q in %s", got, f)
		}
	}
	for range 2 {
		tree, give, err := w.run.CheckTree(w.ctx, merged.Commit)
		if err != nil {
			t.Fatal(err)
		}
		if got := runGit(t, tree, "status", "--porcelain"); got != "" || read(t, filepath.Join(tree, lib, "new.txt")) != "new\n" {
			t.Errorf("check tree: %s", got)
		}
		write(t, tree, lib+"/new.txt", "broken")
		write(t, tree, lib+"/more.txt", "left")
		give()
	}
	if rescue := w.release("a-1"); rescue != "" {
		t.Errorf("rescued %s, %q", rescue, w.reports)
	}
	// What is in a submodule and nobody kept is rescued there.
	write(t, next, lib+"/lost.txt", "lost\n")
	runGit(t, filepath.Join(next, lib), "stash", "-q", "-u")
	write(t, next, lib+"/inner/dirty.txt", "dirty\n")
	rescue := w.release("b-1")
	stash := runGit(t, module, "log", "--format=%s", "-1", rescue+"^2")
	if !strings.Contains(stash, "WIP on work") {
		t.Errorf("rescued %s: %q", rescue, stash)
	}
	if got := runGit(t, filepath.Join(module, "modules/inner"), "show", rescue+":dirty.txt"); got != "dirty" {
		t.Errorf("rescued %q in the inner one", got)
	}
	after := userState(t, module, "")
	sameState(t, before, after)
}

// TestSubmoduleTricks: what an agent does with submodules leads nowhere.
func TestSubmoduleTricks(t *testing.T) {
	dir := newModules(t)
	const lib = "third party/lib"
	outside := newRepo(t, "outside.txt", "outside\n")
	w := newWorld(t, dir)
	for i, c := range []struct{ name, do, files, left string }{
		{"removed", `rm -rf "third party"`, lib, ""},
		{"deinitialised", `git submodule -q deinit -f "third party/lib"`, "", ""},
		{"a link instead", `mv "third party" x; ln -s ` + outside + ` "third party"; mkdir -p ` + outside + `/lib; rm -rf x`, lib, ""},
		{"a name that leads out", `git config -f .gitmodules submodule.vendor/the\ lib.path unused; git config -f .gitmodules "submodule.../../../x.path" "third party/lib"`, ".gitmodules", ""},
		{"no .git", `rm -rf "third party/lib/.git"; echo x >> "third party/lib/lib.txt"`, lib, ""},
		{"one of its own", `git -c protocol.file.allow=always clone -q ` + outside + ` unused; cd unused; echo x > x; git add x; git -c user.name=x -c user.email=x@x commit -qm x`, "", "unused"},
	} {
		agent := "t-" + string(rune('a'+i))
		path := w.prepare(agent)
		sh(t, path, c.do)
		work := w.collect(agent)
		first := ""
		for _, f := range work.Files {
			if first == "" || f == lib {
				first = f
			}
		}
		if first != c.files || strings.Join(work.LeftOut, ",") != c.left {
			t.Errorf("%s: work %+v, want %q, left %q", c.name, work, c.files, c.left)
		}
		if again := w.collect(agent); again.Commit != work.Commit {
			t.Errorf("%s: again it is %s, was %s", c.name, again.Commit, work.Commit)
		}
		rescue := w.release(agent, work.Commit)
		if (rescue != "") != (c.left != "") {
			t.Errorf("%s: rescued %s, %q", c.name, rescue, w.reports)
		}
		next := w.prepareAt(agent+"-next", work.Commit)
		if _, err := os.Stat(filepath.Join(next, lib, "lib.txt")); (err == nil) != (c.name == "deinitialised" || c.name == "no .git" || c.name == "one of its own") {
			t.Errorf("%s: the next workspace: %v", c.name, err)
		}
	}
	if got := runGit(t, outside, "status", "--porcelain"); got != "" {
		t.Errorf("outside: %s", got)
	}
}
