package workspace

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"popkit/internal/core/event"
)

// cutter puts a git into PATH that dies, as by kill -9, before or after it did
// what it was asked in its nth call.
type cutter struct {
	dir string
}

func newCutter(t *testing.T) cutter {
	t.Helper()
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	c := cutter{dir: t.TempDir()}
	script := fmt.Sprintf(`#!/bin/sh
set -C
n=1; while ! true > %[1]s/call.$n; do n=$((n+1)); done 2>/dev/null
read before < %[1]s/before; read after < %[1]s/after
[ $n = "$before" ] && kill -9 $$
[ $n = "$after" ] || exec %[2]s "$@"
%[2]s "$@"; kill -9 $$
`, c.dir, real)
	if err := os.WriteFile(filepath.Join(c.dir, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	c.arm(t, 0, 0)
	t.Setenv("PATH", c.dir+":"+os.Getenv("PATH"))
	return c
}

func (c cutter) arm(t *testing.T, before, after int) {
	t.Helper()
	for _, path := range c.calls(t) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	write(t, c.dir, "before", fmt.Sprintln(before))
	write(t, c.dir, "after", fmt.Sprintln(after))
}

// calls returns a path for each call of git so far.
func (c cutter) calls(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(c.dir, "call.*"))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// cutAll (go test -cut.all) cuts at every call instead of every third.
var cutAll = flag.Bool("cut.all", false, "cut at every call of git")

// TestCutAnywhere kills git at its calls in turn, and popkit with it, then goes
// on as after a crash: the same result, and nothing lost.
func TestCutAnywhere(t *testing.T) {
	w := newWorld(t, newRepo(t))
	c := newCutter(t)
	step := 3
	if *cutAll {
		step = 1
	}
	for n := 1; ; n += step {
		agent := fmt.Sprintf("a-%d", n)
		before, after := n, 0
		if n%2 == 0 {
			before, after = 0, n
		}
		w.restart()
		c.arm(t, before, after)
		err := w.work(agent)
		made := len(c.calls(t))
		c.arm(t, 0, 0)
		if err != nil { // a call that was made ahead of need may be cut without harm
			w.restart()
			if err := w.work(agent); err != nil {
				t.Fatalf("after a cut at call %d: %v", n, err)
			}
		}
		final := w.git("rev-parse", "refs/popkit/R1/head")
		if got := w.git("show", final+":f"); got != "done" {
			t.Errorf("after a cut at call %d the result has %q", n, got)
		}
		if err == nil && made < n {
			if n < 20 {
				t.Errorf("git was called %d times", made)
			}
			return
		}
	}
}

// TestFewProcesses: what an agent costs beside its work are processes, above all.
func TestFewProcesses(t *testing.T) {
	w := newWorld(t, newRepo(t))
	c := newCutter(t)
	onto := w.base
	for _, agent := range []string{"first", "second"} { // the first one pays for the run's own
		c.arm(t, 0, 0)
		write(t, w.prepare(agent), agent+".txt", "x\n")
		work := w.collect(agent)
		onto = w.merge(onto, work, agent).Commit
		w.release(agent, work.Commit)
	}
	const most = 9 // 1 workspace, 4 collect, 2 merge, 1 release; 1 for refs, now and then
	if made := len(c.calls(t)); made < 5 || made > most {
		t.Errorf("git was called %d times for an agent, want %d at most", made, most)
	}
}

// work is the life of an agent; called again it goes on where it was.
func (w *world) work(agent string) error {
	path := w.run.AgentDir(agent)
	kept := filepath.Join(w.dir, "..", agent+".done") // as the engine's log would say
	if _, err := os.Stat(kept); err != nil {
		w.run.Stock(w.ctx, w.base, 1, 0)
		if _, err := w.run.Prepare(w.ctx, PrepareSpec{Agent: agent, Base: w.base}); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(path, "f"), []byte("done\n"), 0o644); err != nil {
			return err
		}
		if out, err := exec.Command("/usr/bin/env", "-C", path, "/bin/sh", "-c", `PATH=${PATH#*:}; git add f; git commit -qm own; echo more > g`).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		if err := os.WriteFile(kept, nil, 0o644); err != nil {
			return err
		}
	}
	work, err := w.run.Collect(w.ctx, w.spec(agent, w.base))
	if err != nil {
		return err
	}
	if !slices.Equal(work.Files, []string{"f", "g"}) {
		return fmt.Errorf("work %+v", work)
	}
	if _, err := w.run.Examine(w.ctx, w.base, "", work, event.AuditRules{}); err != nil {
		return err
	}
	rest, _, err := w.run.Trim(w.ctx, TrimSpec{Agent: agent, Task: "t", Attempt: 1, Base: w.base, Commit: work.Commit, Files: []string{"g"}})
	if err != nil {
		return err
	}
	res, err := w.run.Merge(w.ctx, MergeSpec{Onto: w.base, Commit: rest.Commit, Task: "t", Agent: agent})
	if err != nil {
		return err
	}
	_, give, err := w.run.CheckTree(w.ctx, res.Commit)
	if err != nil {
		return err
	}
	give()
	rescue, err := w.run.Release(w.ctx, agent, path, []string{work.Commit})
	if err == nil && rescue != "" {
		err = fmt.Errorf("rescued %s: %s", rescue, w.git("log", "-1", "--stat", "--format=%B%P", rescue))
	}
	return err
}

// TestPipes: a pipe in place of a file that git reads does not hang popkit.
func TestPipes(t *testing.T) {
	w := newWorld(t, newRepo(t))
	w.restartWith(func(r *Run) { r.patience = time.Second })
	path := w.prepare("a-1")
	sh(t, path, `echo x >> a.txt; git commit -qam own; rm .gitignore; mkfifo .gitignore; mkdir d; mkfifo d/.gitattributes; echo x > d/x
		o=$(git rev-parse HEAD^{tree} | sed 's,..,&/,'); rm -f .git/objects/$o; mkfifo .git/objects/$o`)
	work := w.collect("a-1")
	if want := []string{".gitignore", "a.txt", "d/x"}; !slices.Equal(work.Files, want) {
		t.Errorf("work %+v, want %q", work, want)
	}
	w.release("a-1", work.Commit)
}

// TestSigned: with Sign, the user's own configuration signs.
func TestSigned(t *testing.T) {
	dir := newRepo(t)
	gpg := filepath.Join(t.TempDir(), "gpg")
	if err := os.WriteFile(gpg, []byte("#!/bin/sh\ncat >/dev/null; printf '\\n[GNUPG:] SIG_CREATED D\\n' >&2; echo signature\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	runGit(t, dir, "config", "gpg.program", gpg)
	for _, sign := range []bool{true, false} {
		w := newWorld(t, dir, func(o *Options) { o.Sign = sign })
		agent := fmt.Sprintf("a-%v", sign)
		write(t, w.prepare(agent), "x", "x\n")
		work := w.collect(agent)
		if got := strings.Contains(w.git("cat-file", "commit", work.Commit), "gpgsig signature"); got != sign {
			t.Errorf("signed: %v, want %v", got, sign)
		}
	}
}

// TestSharedRepository: git writes commits where others must be able to.
func TestSharedRepository(t *testing.T) {
	dir := newRepo(t)
	runGit(t, dir, "config", "core.sharedRepository", "0664")
	w := newWorld(t, dir)
	write(t, w.prepare("a-1"), "x", "x\n")
	id := w.collect("a-1").Commit
	info, err := os.Stat(filepath.Join(dir, ".git", "objects", id[:2], id[2:]))
	if err != nil || info.Mode().Perm() != 0o444 {
		t.Errorf("the commit has %v, %v", info, err)
	}
	info, err = os.Stat(filepath.Join(dir, ".git", "objects", id[:2]))
	if err != nil || info.Mode().Perm()&0o070 != 0o070 {
		t.Errorf("its folder has %v, %v", info, err)
	}
}

// TestOwnFiles: popkit's files that are committed already stay as they are.
func TestOwnFiles(t *testing.T) {
	w := newWorld(t, newRepo(t, "a.txt", "a\n", ".claude/popkit/config.json", "{}\n"))
	for agent, script := range map[string]string{
		"left":      `echo changed > .claude/popkit/config.json; echo x > .claude/popkit/more; echo x >> a.txt`,
		"committed": `echo changed > .claude/popkit/config.json; git add -Af .; git commit -qm own; echo x >> a.txt`,
		"removed":   `rm -r .claude; echo x >> a.txt; git add -A; git commit -qm own`,
	} {
		sh(t, w.prepare(agent), script)
		if work := w.collect(agent); !slices.Equal(work.Files, []string{"a.txt"}) {
			t.Errorf("%s: %+v", agent, work)
		}
	}
}
