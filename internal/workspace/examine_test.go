package workspace

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"popkit/internal/core/audit"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

var auditRules = audit.Rules{Bounds: objective.Bounds{Protected: []string{".git", ".env*"}}}

// found are the findings in what an agent left.
func (w *world) found(base, merge string, work Work, rules event.AuditRules) []string {
	w.t.Helper()
	d, err := w.run.Examine(w.ctx, base, merge, work, rules)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	r := auditRules
	r.AuditRules = rules
	for _, f := range audit.Judge(r, d) {
		out = append(out, fmt.Sprintf("%s %s", f.Rule, f.Path))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestExamine: what git can hold and people do not expect is found in a real
// repository, whatever it is called.
func TestExamine(t *testing.T) {
	for name, c := range map[string]struct {
		do    string
		rules event.AuditRules
		want  []string
	}{
		"plain":             {do: "echo x >> a.txt; echo y > 'a b.txt'; rm src/b.txt"},
		"moved":             {do: "git mv src/b.txt b.txt"},
		"protected":         {do: "echo A=1 > src/.env.local", want: []string{"protected_path src/.env.local"}},
		"links":             {do: "ln -s /etc/passwd l; ln -s src in; ln -s ../../x src/up; ln -s .git/config g", want: []string{"symlink_escape g", "symlink_escape l", "symlink_escape src/up"}},
		"a link for a file": {do: "rm a.txt; ln -s src/b.txt a.txt", want: []string{"mode_change a.txt"}},
		"modes":             {do: "chmod +x a.txt; printf '#!/bin/sh\\n' > s; chmod +x s", want: []string{"mode_change a.txt", "mode_change s"}},
		"binary":            {do: "printf 'a\\0b' > bin; git add bin; git commit -qm bin", want: []string{"binary_file bin"}},
		"huge":              {do: "seq 1 1000 > big", rules: event.AuditRules{MaxFile: 1000}, want: []string{"huge_file big"}},
		"too much":          {do: "echo one > one; echo twotwo > two", rules: event.AuditRules{MaxRead: 5}, want: []string{"unread ", "unread two"}},
		"no UTF-8":          {do: `printf x > "$(printf 'a\377b')"`, want: []string{`unportable_path "a\xffb"`}},
		"line breaks":       {do: "mkdir 'a\nb'; echo x > 'a\nb/c'", want: []string{`unportable_path "a\nb/c"`, "unread "}},
		"case":              {do: "mkdir SRC; echo x > SRC/c.txt; echo y > A.txt", want: []string{"case_collision A.txt", "case_collision SRC/c.txt"}},
		"a repository's":    {do: "printf '*.x filter=evil\\n' > .gitattributes; printf '[submodule \"x\"]\\n\\tpath = x\\n\\turl = ext::sh\\n' > .gitmodules", want: []string{"attributes_change .gitattributes", "submodule_change .gitmodules"}},
		"a commit's":        {do: "echo 'x = \"AKIAIOSFODNN7EXAMPLQ\"' > k.py; git add -A; git commit -qm k; echo A=1 > .env; git add -A -f; git commit -qm e; rm k.py .env; git commit -qam gone; echo ok > ok", want: []string{"hardcoded_secret k.py", "protected_path .env"}},
		"nothing":           {do: "true"},
		"a folder's link":   {do: "rm -r src; ln -s /tmp src", want: []string{"symlink_escape src"}},
		"a link's folder":   {do: "ln -s src l; mkdir d; ln -s ../l/../.. d/up", want: []string{"symlink_escape d/up"}},
		"a hidden payload":  {do: "(echo '#!/bin/sh'; seq 1 3000; printf '\\0') > run.sh", want: []string{"binary_file run.sh"}},
		"agents' settings":  {do: "mkdir .claude; echo '{}' > .claude/settings.json; echo '{}' > .mcp.json", want: []string{"security_configuration .claude/settings.json", "security_configuration .mcp.json"}},
		"hooks":             {do: "mkdir .husky; echo curl > .husky/pre-commit; echo '[alias]' > .gitconfig", want: []string{"security_configuration .husky/pre-commit"}},
		"popkit's settings": {do: "mkdir -p .claude/popkit; echo '{}' > .claude/popkit/config.json; git add -f .claude/popkit/config.json; git commit -qm c; echo x > x"},
		"a repository in":   {do: "git init -q in; echo x > in/x; git -C in add x; git -C in -c user.name=x -c user.email=x@x commit -qm x; echo y > y"},
		"a gitlink":         {do: "git update-index --add --cacheinfo 160000,1234567890123456789012345678901234567890,in; git commit -qm l; mkdir in; echo y > y", want: []string{"submodule_change in"}},
		"reversed text":     {do: `printf 'a \342\200\256b\n' > t.go; printf 'x\342\200\213y\n' > 'u.md'`, want: []string{"hidden_text t.go", "hidden_text u.md"}},
		"a device":          {do: "echo x > aux.txt; mkdir con; echo y > con/y", want: []string{"unportable_path aux.txt", "unportable_path con/y"}},
		"decomposed":        {do: `printf x > "$(printf 'e\314\201')"`, want: []string{"unportable_path e\u0301"}},
		"a forced ignore":   {do: "mkdir build; echo 'k = \"AKIAIOSFODNN7EXAMPLQ\"' > build/k.py; git add -f build/k.py", want: []string{"hardcoded_secret build/k.py"}},
		"a merged branch":   {do: "git checkout -q -b side; printf 'a\\0' > bin; git add bin; git commit -qm bin; git checkout -q -; echo x > x; git add x; git commit -qm x; git merge -q -m m side", want: []string{"binary_file bin"}},
		"amended history":   {do: "echo A=1 > .env; git add -f .env; git commit -qm a; git rm -q --cached .env; git commit -q --amend -m b --allow-empty; rm .env; echo x > x"},
		"all taken back":    {do: "echo A=1 > .env; git add -f .env; git commit -qm a; git rm -q .env; git commit -qm b"}, // not merged at all
		"a test":            {do: "printf 'def test_a():\\n    assert 1 == f()\\n' > test_a.py; git add -A; git commit -qm t; printf 'def test_a():\\n    pass\\n' > test_a.py"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, newRepo(t))
			sh(t, w.prepare("a-1"), c.do)
			work := w.collect("a-1")
			if got := w.found(w.base, "", work, c.rules); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if work.Ref == "" {
				return
			}
			w.restart() // the same, when all that is left of the work is its ref
			w.release("a-1", work.Commit)
			if got := w.found(w.base, "", w.collect("a-1"), c.rules); !slices.Equal(got, c.want) {
				t.Errorf("again: %q", got)
			}
		})
	}
}

// TestExamineElsewhere: other object names, and a repository that does not have all.
func TestExamineElsewhere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "user")
	w := newWorld(t, initRepo(t, dir, []string{"--object-format=sha256"}))
	sh(t, w.prepare("a-1"), "mkdir SRC; echo x > SRC/x; printf 'a\\0' > bin; echo A > .env; git add -f .env; git commit -qm a; git rm -qf .env; git commit -qm b; echo y > y")
	if got := w.found(w.base, "", w.collect("a-1"), event.AuditRules{}); !slices.Equal(got, []string{"binary_file bin", "case_collision SRC/x", "protected_path .env"}) {
		t.Errorf("sha256: %q", got)
	}
	w = newWorld(t, newRepo(t))
	sh(t, w.prepare("a-1"), "echo changed > a.txt")
	work := w.collect("a-1")
	was := w.git("rev-parse", w.base+":a.txt")
	if err := os.Remove(filepath.Join(w.dir, ".git/objects", was[:2], was[2:])); err != nil {
		t.Fatal(err)
	}
	if got := w.found(w.base, "", work, event.AuditRules{}); !slices.Equal(got, []string{"unread a.txt"}) {
		t.Errorf("without the base's file: %q", got)
	}
}

// TestExamineModules: a submodule that moved is found, and what is in it not read.
func TestExamineModules(t *testing.T) {
	w := newWorld(t, newModules(t))
	path := w.prepare("a-1")
	write(t, path, "third party/lib/lib.txt", "changed\n")
	write(t, path, "third party/lib/.env", "A=1\n")
	work := w.collect("a-1")
	if got := w.found(w.base, "", work, event.AuditRules{}); !slices.Equal(got, []string{"submodule_change third party/lib"}) {
		t.Errorf("%q", got)
	}
	rest, dropped := w.trim(work, "third party/lib")
	if rest.Commit != w.base || !slices.Equal(dropped, []string{"third party/lib"}) {
		t.Errorf("%+v, dropped %q", rest, dropped)
	}
}

func (w *world) trim(work Work, files ...string) (Work, []string) {
	w.t.Helper()
	rest, dropped, err := w.run.Trim(w.ctx, TrimSpec{Agent: "a-1", Task: "task-a-1", Attempt: 1, Base: w.base, Commit: work.Commit, Files: files, Message: "Rest"})
	if err != nil {
		w.t.Fatal(err)
	}
	return rest, dropped
}

// TestExamineResolution: of a resolved conflict only what is neither side's is
// judged.
func TestExamineResolution(t *testing.T) {
	w := newWorld(t, newRepo(t))
	ours, theirs := w.twoSides("echo ours > a.txt", "echo theirs > a.txt; printf 'a\\0b' > accepted.bin")
	onto := w.merge(w.base, ours, "ours").Commit
	path, err := w.run.Prepare(w.ctx, PrepareSpec{Agent: "r-1", Base: onto, MergeCommit: theirs.Commit})
	if err != nil {
		t.Fatal(err)
	}
	sh(t, path, "printf 'x\\0y' > a.txt; printf 'c\\0d' > added.bin; git add -A; git commit -qm resolved")
	work := w.collectAt("r-1", onto)
	if want := []string{"a.txt", "accepted.bin", "added.bin"}; !slices.Equal(work.Files, want) {
		t.Errorf("files %q", work.Files)
	}
	if got := w.found(onto, theirs.Commit, work, event.AuditRules{}); !slices.Equal(got, []string{"binary_file a.txt", "binary_file added.bin"}) {
		t.Errorf("%q", got)
	}
}

// TestTrim: the rest is one commit on the base, without anything of what was left
// out; the work as a whole stays, and doing it again changes nothing.
func TestTrim(t *testing.T) {
	w := newWorld(t, newRepo(t, "a.txt", "one\n", "x", "x\n", "d/e", "e\n", "gone", "gone\n"))
	sh(t, w.prepare("a-1"), `echo A=1 > .env; git add -A -f; git commit -qm env
		echo two >> a.txt; rm x; mkdir x; echo y > x/y; rm gone; chmod +x d/e; ln -s /etc l; echo k > kept; printf z > "$(printf 'z\377')"`)
	work := w.collect("a-1")
	for _, c := range []struct {
		files []string
		want  string // names of the result
		left  int    // files that are left out
	}{
		{[]string{".env", "l"}, "a.txt d/e kept x/y z\xff", 2},
		{[]string{"x", "gone", `"z\xff"`, "d/e", ".env"}, "a.txt d/e gone kept l x", 6},
		{[]string{"a.txt", ".env", "l", "d/e", "x/y", "x", "gone", "kept"}, "a.txt d/e gone x z\xff", 8},
	} {
		rest, dropped := w.trim(work, c.files...)
		if got := strings.Join(w.files(rest.Commit), " "); got != c.want || len(dropped) != c.left {
			t.Errorf("without %q it is %q, left out %q; want %q", c.files, got, dropped, c.want)
		}
		if got := w.git("rev-list", rest.Commit, "^"+w.base); got != rest.Commit {
			t.Errorf("commits %q", got)
		}
		w.restart()
		if again, _ := w.trim(work, c.files...); again.Commit != rest.Commit || again.Ref != rest.Ref || w.git("rev-parse", again.Ref) != rest.Commit {
			t.Errorf("again it is %+v, was %+v", again, rest)
		}
	}
	if got := w.git("rev-parse", work.Ref); got != work.Commit {
		t.Errorf("the whole work is at %s", got)
	}
	if rest, _ := w.trim(work, work.Files[0], "a.txt", "d/e", "gone", "kept", "l", "x", "x/y", `"z\xff"`); rest.Commit != w.base || rest.Changed != 0 {
		t.Errorf("nothing is left: %+v", rest)
	}
	_, _, err := w.run.Trim(w.ctx, TrimSpec{Agent: "a-1", Task: "task-a-1", Attempt: 1, Base: w.base, Commit: work.Commit, Files: []string{"nowhere"}})
	if err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a file that is not there: %v", err)
	}
	if rescue := w.release("a-1", work.Commit); rescue != "" {
		t.Errorf("rescued %s", rescue)
	}
	if left, err := filepath.Glob(filepath.Join(w.run.keepDir("*"), "part.index*")); err != nil || len(left) > 0 {
		t.Errorf("left: %q, %v", left, err)
	}
}

// TestTrimOwnCommits: who leaves out a file that only an earlier commit has gets
// the same files without that commit.
func TestTrimOwnCommits(t *testing.T) {
	w := newWorld(t, newRepo(t))
	sh(t, w.prepare("a-1"), "echo A=1 > .env; git add -f .env; git commit -qm a; git rm -q .env; echo x > x; git add x; git commit -qm b")
	work := w.collect("a-1")
	rest, dropped := w.trim(work, ".env")
	if len(dropped) > 0 || w.git("rev-parse", rest.Commit+"^{tree}") != w.git("rev-parse", work.Commit+"^{tree}") {
		t.Errorf("%+v, dropped %q", rest, dropped)
	}
	if got := w.found(w.base, "", rest, event.AuditRules{}); got != nil {
		t.Errorf("%q", got)
	}
}

// cpuTime is the processor time of this process and of those that it has waited for.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	total := time.Duration(0)
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			b.Fatal(err)
		}
		total += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return total
}

// BenchmarkExamine is what the audit of a diff costs, reading and judging it,
// beside the collecting that comes before: by the clock, and in processor time, git's
// with it, which a busy machine does not change.
func BenchmarkExamine(b *testing.B) {
	for _, n := range []int{1, 100, 5000} {
		b.Run(fmt.Sprintf("files=%d", n), func(b *testing.B) {
			w := newWorld(b, newRepo(b))
			path := w.prepare("a-1")
			for i := range n {
				text := fmt.Sprintf("package p%d\n\n%s", i, strings.Repeat("// a line of some length, as code has\nvar x = f(1, 2)\n", 60))
				write(b, path, fmt.Sprintf("d%d/f%d.go", i%50, i), text)
			}
			if _, err := os.Stat(path); err != nil {
				b.Fatal(err)
			}
			work := w.collect("a-1")
			b.ResetTimer()
			before := cpuTime(b)
			for b.Loop() {
				d, err := w.run.Examine(w.ctx, w.base, "", work, event.AuditRules{})
				if err != nil {
					b.Fatal(err)
				}
				if found := audit.Judge(auditRules, d); len(found) > 0 {
					b.Fatal(found)
				}
			}
			b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}
