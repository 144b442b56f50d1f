package workspace

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// sh runs a shell script in dir, as an agent does.
func sh(t testing.TB, dir, script string) {
	t.Helper()
	out, err := shell(dir, "set -e\n"+script)
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// agentCase is what an agent does to its workspace and what comes of it.
type agentCase struct {
	name    string
	do      string   // a shell script
	files   []string // changed, nil for none
	commits int      // from the base to the work
	left    []string // left out
	rescue  bool     // release keeps something more
}

var agentCases = []agentCase{
	{name: "nothing", do: `true`},
	{name: "edits", do: `echo x >> a.txt`, files: []string{"a.txt"}, commits: 1},
	{name: "ignored only", do: `mkdir build; echo x > build/x; echo x > y.log`},
	{name: "deletes all", do: `rm -rf a.txt src .gitignore`, files: []string{".gitignore", "a.txt", "src/b.txt"}, commits: 1},
	{name: "modes and links", do: `chmod +x a.txt; ln -s a.txt link; ln -s /nonexistent dangling`, files: []string{"a.txt", "dangling", "link"}, commits: 1},
	{name: "file becomes directory", do: `rm a.txt; mkdir a.txt; echo x > a.txt/x`, files: []string{"a.txt", "a.txt/x"}, commits: 1},
	{name: "directory becomes link", do: `mv src other; ln -s other src`, files: []string{"other/b.txt", "src", "src/b.txt"}, commits: 1},
	{name: "one commit", do: `echo x >> a.txt; git commit -qam own`, files: []string{"a.txt"}, commits: 1},
	{name: "commit and rest", do: `echo x >> a.txt; git commit -qam own; echo y > y.txt`, files: []string{"a.txt", "y.txt"}, commits: 2},
	{name: "empty commit", do: `git commit -q --allow-empty -m nothing`, rescue: true},
	{name: "many commits", do: `for i in 1 2 3; do echo $i > f$i; git add .; git commit -qm $i; done`, files: []string{"f1", "f2", "f3"}, commits: 3},
	{name: "many files", do: `for i in $(seq 150); do echo $i > f$i; done; git add .; git commit -qm own; rm f*; echo > g`, files: []string{"g"}, commits: 2},
	{name: "branch and detach", do: `git checkout -q -b feature; echo x >> a.txt; git commit -qam own; git checkout -q --detach; echo y >> a.txt; git commit -qam detached`,
		files: []string{"a.txt"}, commits: 2},
	{name: "another branch left behind", do: `git checkout -q -b side; echo x > side.txt; git add .; git commit -qm side; git checkout -q work; echo y > y.txt`,
		files: []string{"y.txt"}, commits: 1, rescue: true},
	{name: "amends", do: `echo x >> a.txt; git commit -qam own; git commit -q --amend -m better`, files: []string{"a.txt"}, commits: 1},
	{name: "resets to the base", do: `echo x >> a.txt; git commit -qam own; git reset -q --hard HEAD~1`, rescue: true},
	{name: "amends the base", do: `echo x >> a.txt; git commit -q -a --amend -m mine`, files: []string{"a.txt"}, commits: 1, rescue: true},
	{name: "orphan branch", do: `git checkout -q --orphan fresh; echo x > x.txt; git add .; git commit -qm fresh`, files: []string{"x.txt"}, commits: 1, rescue: true},
	{name: "stash", do: `echo x >> a.txt; git stash -q; echo y > y.txt; git stash -q -u; echo z > z.txt`, files: []string{"z.txt"}, commits: 1, rescue: true},
	{name: "merge under way", do: `git checkout -q -b side; echo s > a.txt; git commit -qam side; git checkout -q work; echo w > a.txt; git commit -qam w; git merge side || true`,
		files: []string{"a.txt"}, commits: 2, rescue: true},
	{name: "rebase under way", do: `git checkout -q -b side; echo s > a.txt; git commit -qam side; git checkout -q work; echo w > a.txt; git commit -qam w; git rebase side || true`,
		files: []string{"a.txt"}, commits: 2, rescue: true},
	{name: "staged only", do: `echo x > y.log; git add -f y.log; echo z > z.txt; git add z.txt`, files: []string{"y.log", "z.txt"}, commits: 1},
	{name: "forced and committed", do: `echo x > y.log; git add -f y.log; git commit -qm log`, files: []string{"y.log"}, commits: 1},
	{name: "tags", do: `echo x > x.txt; git add .; git commit -qm x; git tag -a -m t t; git reset -q --hard HEAD~1; rm .git/ORIG_HEAD`, rescue: true},
	{name: "gc", do: `echo x >> a.txt; git commit -qam own; git gc -q --prune=now; git pack-refs --all`, files: []string{"a.txt"}, commits: 1},
	{name: "commits popkit's files", do: `mkdir -p .claude/popkit; echo x > .claude/popkit/insights.json; echo y > .claude/y; git add -f .claude; git commit -qm all`,
		files: []string{".claude/y"}, commits: 1, rescue: true},
	{name: "corrupt index", do: `echo x >> a.txt; echo garbage > .git/index`, files: []string{"a.txt"}, commits: 1},
	{name: "index is a pipe", do: `echo x >> a.txt; rm .git/index; mkfifo .git/index`, files: []string{"a.txt"}, commits: 1},
	{name: "assume unchanged", do: `git update-index --assume-unchanged a.txt; echo x >> a.txt`, files: []string{"a.txt"}, commits: 1},
	{name: "no .git", do: `echo x >> a.txt; rm -rf .git`, files: []string{"a.txt"}, commits: 1},
	{name: ".git is a file", do: `echo x >> a.txt; mv .git elsewhere; echo "gitdir: elsewhere" > .git; printf '*' > elsewhere/.gitignore`, files: []string{"a.txt"}, commits: 1},
	{name: ".git is a link", do: `echo x >> a.txt; mv .git /tmp/$$.git; ln -s /tmp/$$.git .git; (sleep 5; rm -rf /tmp/$$.git) >/dev/null 2>&1 &`, files: []string{"a.txt"}, commits: 1},
	{name: "HEAD is a pipe", do: `echo x >> a.txt; rm .git/HEAD; mkfifo .git/HEAD`, files: []string{"a.txt"}, commits: 1},
	{name: "HEAD leads out", do: `echo x >> a.txt; echo "ref: refs/../../../../../etc/passwd" > .git/HEAD`, files: []string{"a.txt"}, commits: 1},
	{name: "HEAD of nothing", do: `echo x >> a.txt; echo 1234567890123456789012345678901234567890 > .git/HEAD`, files: []string{"a.txt"}, commits: 1, rescue: true},
	{name: "objects lost", do: `echo x >> a.txt; git commit -qam lost; find .git/objects -type f -not -path '*/info/*' | xargs chmod u+w; for o in $(find .git/objects -type f -not -path '*/info/*'); do echo > $o; done`,
		files: []string{"a.txt"}, commits: 1, rescue: true},
	{name: "new git init", do: `rm -rf .git; git init -q; echo x >> a.txt; git add -A; git -c user.name=x -c user.email=x@x commit -qm fresh`, files: []string{"a.txt"}, commits: 1, rescue: true},
	{name: "pipe in place of a file", do: `rm a.txt; mkfifo a.txt; mkfifo other`, files: []string{"a.txt"}, commits: 1},
	{name: "no permissions", do: `echo x > x.txt; mkdir d; echo y > d/y; chmod 0 x.txt d/y d`, files: []string{"d/y", "x.txt"}, commits: 1},
	{name: "names", do: "echo x > 'git~1'; echo y > 'a\\b'; echo z > '-n'; echo z > ':(top)x'; printf x > \"$(printf 'bad\\377utf8')\"",
		files: []string{"-n", ":(top)x", "a\\b", "bad\xffutf8", "git~1"}, commits: 1},
	{name: "a name git can't hold", do: `mkdir .GIT; echo x > .GIT/config; echo y > y.txt`, files: []string{"y.txt"}, commits: 1, left: []string{".GIT/config"}, rescue: true},
	{name: "repository inside", do: `git init -q inner; (cd inner; echo x > x; git add x; git -c user.name=x -c user.email=x@x commit -qm x); git init -q unborn; echo y > y.txt`,
		files: []string{"y.txt"}, commits: 1, left: []string{"inner", "unborn"}, rescue: true},
	{name: "ignored repository inside", do: `git init -q build; echo y > y.txt`, files: []string{"y.txt"}, commits: 1},
	{name: "lock files", do: `echo x >> a.txt; touch .git/index.lock .git/HEAD.lock`, files: []string{"a.txt"}, commits: 1},
	{name: "unsorted line ends", do: `printf 'one\r\ntwo\r\nthree\r\n' > a.txt`, files: []string{"a.txt"}, commits: 1},
	{name: "alternates of its own", do: `git init -q --bare /tmp/$$.alt; git --git-dir=/tmp/$$.alt fetch -q . HEAD; echo /tmp/$$.alt/objects >> .git/objects/info/alternates; echo x > x.txt; git add .; git commit -qm x; rm -rf /tmp/$$.alt`,
		files: []string{"x.txt"}, commits: 1},
}

func TestAgents(t *testing.T) {
	w := newWorld(t, newRepo(t))
	var works []Work
	for i, c := range agentCases {
		agent := fmt.Sprintf("a-%d", i)
		ok := t.Run(c.name, func(t *testing.T) {
			w.t = t
			// Two agents that change and say the same in the same second make the same
			// commit, and what one of them loses is kept by the other.
			sh(t, w.prepare(agent), fmt.Sprintf("export GIT_COMMITTER_DATE='%d +0000'\n", 1700000000+i)+c.do)
		})
		if !ok {
			t.FailNow()
		}
	}
	for i, c := range agentCases {
		t.Run("collect "+c.name, func(t *testing.T) {
			w.t = t
			works = append(works, c.collect(t, w, fmt.Sprintf("a-%d", i)))
		})
	}
	w.t = t
	w.restart()
	for i, c := range agentCases {
		t.Run("release "+c.name, func(t *testing.T) {
			w.t = t
			agent := fmt.Sprintf("a-%d", i)
			if again := w.collect(agent); again.Commit != works[i].Commit || again.Summary != works[i].Summary {
				t.Errorf("collected after a restart it is %+v, was %+v", again, works[i])
			}
			rescue := w.release(agent, works[i].Commit)
			if (rescue != "") != c.rescue {
				t.Errorf("rescue %q, reports %q", rescue, w.reports)
			}
			if again := w.release(agent); again != rescue {
				t.Errorf("released again it says %q, said %q", again, rescue)
			}
		})
	}
	w.t = t
	if again := w.collect("a-1"); again.Commit != works[1].Commit || again.Changed != works[1].Changed {
		t.Errorf("collected after release it is %+v, was %+v", again, works[1])
	}
	if out, err := tryGit(w.dir, "fsck", "--no-dangling"); err != nil {
		t.Errorf("the user's repository: %s", out)
	}
}

func (c agentCase) collect(t *testing.T, w *world, agent string) Work {
	work := w.collect(agent)
	if !slices.Equal(work.Files, c.files) {
		t.Errorf("files %q, want %q", work.Files, c.files)
	}
	if !slices.Equal(work.LeftOut, c.left) {
		t.Errorf("left out %q, want %q", work.LeftOut, c.left)
	}
	below := strings.Fields(w.git("rev-list", work.Commit))
	if len(below) != c.commits+1 || below[c.commits] != w.base {
		t.Errorf("history %v, want %d commits on the base", below, c.commits)
	}
	return work
}

// attack makes a command that leaves a mark run from everywhere in a git dir
// that an agent can write to.
const attack = `
evil="touch $MARK"
g() { git config --file "$1/config" "$2" "$3"; }
arm() {
  mkdir -p $1/hooks
  for h in pre-commit post-checkout post-index-change reference-transaction post-merge pre-auto-gc fsmonitor-watchman update pre-receive post-rewrite; do
    printf '#!/bin/sh\n%s\n' "$evil" > $1/hooks/$h; chmod +x $1/hooks/$h; done
  g $1 core.fsmonitor "$evil"; g $1 core.hooksPath "$PWD/.git/hooks"; g $1 core.sshCommand "$evil"; g $1 core.pager "$evil"; g $1 core.editor "$evil"
  g $1 filter.x.clean "$evil; cat"; g $1 filter.x.smudge "$evil; cat"; g $1 filter.x.process "$evil"; g $1 filter.lfs.clean "$evil; cat"; g $1 filter.lfs.process "$evil"
  g $1 diff.external "$evil"; g $1 diff.x.command "$evil"; g $1 diff.x.textconv "$evil; cat"; g $1 merge.x.driver "$evil"; g $1 gpg.program "$evil"; g $1 commit.gpgsign true
  g $1 alias.ls-files "!$evil"; g $1 uploadpack.packObjectsHook "$evil"; g $1 credential.helper "!$evil"; g $1 include.path /nonexistent; g $1 interactive.diffFilter "$evil"
  g $1 core.alternateRefsCommand "$evil"; g $1 trailer.x.command "$evil"; g $1 receive.procReceiveRefs refs; g $1 submodule.inner.update "!$evil"; g $1 core.gitProxy "$evil"; g $1 core.worktree /
}
arm .git
printf '* filter=x diff=x merge=x\n*.bin filter=lfs\n' > .gitattributes
echo x >> a.txt; echo new > new.bin
git init -q inner; echo i > inner/i; git -C inner add i; git -C inner -c user.name=x -c user.email=x@x commit -qm i
arm inner/.git
printf '[submodule "inner"]\n\tpath = inner\n\turl = ext::touch%% $MARK\n\tupdate = !touch $MARK\n' > .gitmodules
`

// TestNothingOfTheAgentsRuns lets an agent put commands everywhere.
func TestNothingOfTheAgentsRuns(t *testing.T) {
	for _, commit := range []bool{false, true} {
		t.Run(fmt.Sprint("committed=", commit), func(t *testing.T) {
			w := newWorld(t, newRepo(t))
			mark := filepath.Join(t.TempDir(), "ran")
			t.Setenv("MARK", mark)
			path := w.prepare("a-1")
			script := attack
			if commit {
				script = `git add -A; git commit -qm own; echo y > y; git add y; git commit -qm more; git stash -q` + "\n" + attack +
					"GIT_CONFIG_GLOBAL=/dev/null; mv .git/config c; git init -q .; git add -A 2>/dev/null; git -c user.name=x -c user.email=x@x commit -qm gitlinks; mv c .git/config\n"
				script = "echo y > y.txt; git add y.txt; git commit -qm own\n" + attack
			}
			sh(t, path, script)
			if _, err := os.Stat(mark); err == nil {
				if err := os.Remove(mark); err != nil { // by the agent itself
					t.Fatal(err)
				}
			}
			work := w.collect("a-1")
			if !slices.Contains(work.Files, "a.txt") {
				t.Errorf("work %+v", work)
			}
			other := w.prepare("b-1")
			write(t, other, "a.txt", "one\ntwo\nother\nthree\n")
			wb := w.collect("b-1")
			onto := w.merge(w.base, work, "a-1").Commit
			res, err := w.run.Merge(w.ctx, MergeSpec{Onto: onto, Commit: wb.Commit, Task: "b", Agent: "b-1", PreferOurs: true})
			if err != nil {
				t.Fatal(err)
			}
			tree, give, err := w.run.CheckTree(w.ctx, res.Commit)
			if err != nil {
				t.Fatal(err)
			}
			sh(t, tree, attack)
			if err := os.Remove(mark); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			give()
			if _, give, err = w.run.CheckTree(w.ctx, onto); err != nil {
				t.Fatal(err)
			}
			give()
			w.prepareAt("c-1", onto)
			w.release("a-1")
			w.release("b-1")
			w.release("c-1")
			if _, err := w.run.GC(w.ctx, false); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(mark); err == nil {
				t.Error("popkit ran what the agent had configured")
			}
		})
	}
}

// TestWorkspaceSwappedForLink: an agent that can replace its workspace by a
// link makes popkit neither read nor remove what it points to.
func TestWorkspaceSwappedForLink(t *testing.T) {
	w := newWorld(t, newRepo(t))
	path := w.prepare("a-1")
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(w.dir, path); err != nil {
		t.Fatal(err)
	}
	if work, err := w.run.Collect(w.ctx, w.spec("a-1", w.base)); err == nil {
		t.Errorf("collected %+v", work)
	}
	w.release("a-1")
	if got := read(t, filepath.Join(w.dir, "a.txt")); got != "one\ntwo\nthree\n" {
		t.Errorf("the user's file is %q", got)
	}
}

// TestReadOnly: a workspace of read-only directories is removed by an ordinary
// user, too.
func TestReadOnly(t *testing.T) {
	if os.Geteuid() == 0 {
		// Root may write everywhere; what matters then is that nothing fails.
		t.Log("running as root")
	}
	w := newWorld(t, newRepo(t))
	path := w.prepare("a-1")
	sh(t, path, `mkdir -p build/m/cache; echo x > build/m/cache/x; chmod -R a-w build; chmod a-w .git/objects`)
	w.collect("a-1")
	w.release("a-1")
}

// shell runs a script; see sh.
func shell(dir, script string) (string, error) {
	cmd := commandIn(dir, "/bin/sh", "-c", script)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}
