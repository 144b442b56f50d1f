package workspace

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// twoSides makes two commits on the base by scripts that agents would run.
func (w *world) twoSides(ours, theirs string) (a, b Work) {
	w.t.Helper()
	w.sides++
	a1, b1 := fmt.Sprintf("ours-%d", w.sides), fmt.Sprintf("theirs-%d", w.sides)
	sh(w.t, w.prepare(a1), ours)
	sh(w.t, w.prepare(b1), theirs)
	return w.collect(a1), w.collect(b1)
}

const lines = "1\n2\n3\n4\n5\n6\n7\n8\n9\n"

// conflictRepo has everything that the cases of TestPreferOurs change.
func conflictRepo(t *testing.T) string {
	return newRepo(t, "a.txt", lines, "b.txt", lines, "bin", "x\x00y\n", "d/f", "f\n", "gone", lines, "log.txt", lines, "sub/log.txt", lines,
		".gitattributes", "*.raw binary\n", "sub/.gitattributes", "log.txt merge=union\n", "x.raw", lines)
}

func TestPreferOurs(t *testing.T) {
	w := newWorld(t, conflictRepo(t))
	for _, c := range []struct {
		name, ours, theirs string
		conflicts          []string
		want               map[string]string // content, "" for nothing
	}{
		{"hunks", `sed -i s/2/ours/ a.txt`, `sed -i 's/2/theirs/; s/8/also/' a.txt`, []string{"a.txt"},
			map[string]string{"a.txt": "1\nours\n3\n4\n5\n6\n7\nalso\n9\n"}},
		{"both added", `echo ours > n`, `echo theirs > n`, []string{"n"}, map[string]string{"n": "ours\n"}},
		{"we deleted", `rm gone`, `echo x >> gone; echo x > n`, []string{"gone"}, map[string]string{"gone": "", "n": "x\n"}},
		{"they deleted", `echo x >> gone`, `rm gone`, []string{"gone"}, map[string]string{"gone": lines + "x\n"}},
		{"binary", `printf 'o\0' > bin`, `printf 't\0' > bin`, []string{"bin"}, map[string]string{"bin": "o\x00"}},
		{"binary by attribute", `sed -i s/2/ours/ x.raw`, `sed -i s/8/theirs/ x.raw`, []string{"x.raw"},
			map[string]string{"x.raw": strings.Replace(lines, "2", "ours", 1)}},
		{"union by attribute", `echo o >> sub/log.txt`, `echo t >> sub/log.txt`, nil, map[string]string{"sub/log.txt": lines + "o\nt\n"}},
		{"attributes that came with ours", `echo '*.txt merge=union' > .gitattributes; echo o >> a.txt`, `echo t >> a.txt`, nil, map[string]string{"a.txt": lines + "o\nt\n"}},
		{"file and directory", `rm -r d; echo ours > d`, `echo x > d/g; echo y > n`, nil, map[string]string{"d": "ours\n", "d/g": "", "n": "y\n"}},
		{"directory and file", `echo x > d/g`, `rm -r d; echo theirs > d`, nil, map[string]string{"d/g": "x\n"}},
		{"renamed apart", `mv gone ours-name`, `mv gone their-name; echo y > n`, nil, map[string]string{"ours-name": lines, "their-name": "", "gone": "", "n": "y\n"}},
		{"link and file", `rm a.txt; ln -s b.txt a.txt`, `echo x >> a.txt`, nil, map[string]string{"a.txt": "b.txt"}},
		{"modes", `chmod +x a.txt; sed -i s/2/ours/ a.txt`, `sed -i s/2/theirs/ a.txt`, []string{"a.txt"}, map[string]string{"a.txt": strings.Replace(lines, "2", "ours", 1)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			a, b := w.twoSides(c.ours, c.theirs)
			onto := w.merge(w.base, a, "ours")
			plain := w.merge(onto.Commit, b, "theirs")
			clean := strings.HasSuffix(c.name, "attribute") && c.conflicts == nil || strings.HasPrefix(c.name, "attributes")
			if (len(plain.Conflicts) == 0) != clean || plain.Commit == "" == clean {
				t.Errorf("plain merge: %+v", plain)
			}
			if c.conflicts != nil && !slices.Equal(plain.Conflicts, c.conflicts) {
				t.Errorf("conflicts %q, want %q", plain.Conflicts, c.conflicts)
			}
			res, err := w.run.Merge(w.ctx, MergeSpec{Onto: onto.Commit, Commit: b.Commit, Task: "t", Agent: "theirs", PreferOurs: true})
			if err != nil {
				t.Fatal(err)
			}
			for path, want := range c.want {
				got, err := tryGit(w.dir, "cat-file", "blob", res.Commit+":"+path)
				if (want == "") != (err != nil) || want != "" && got != want {
					t.Errorf("%s is %q, want %q", path, got, want)
				}
			}
			for _, f := range w.files(res.Commit) {
				if strings.Contains(f, "~") {
					t.Errorf("git's own name is left: %s", f)
				}
			}
			if got := w.git("rev-list", "--parents", "--no-walk", res.Commit); got != res.Commit+" "+onto.Commit+" "+b.Commit {
				t.Errorf("parents: %s", got)
			}
			if got := w.git("rev-parse", "refs/popkit/R1/head"); got != res.Commit {
				t.Errorf("head is %s", got)
			}
		})
	}
}

func TestMergeNothing(t *testing.T) {
	w := newWorld(t, newRepo(t))
	a, b := w.twoSides(`echo x > x`, `echo x > x`)
	first := w.merge(w.base, a, "ours")
	if again := w.merge(first.Commit, a, "ours"); again.Commit != first.Commit {
		t.Errorf("merging what is there gives %+v", again)
	}
	if again := w.merge(first.Commit, Work{Commit: w.base}, "ours"); again.Commit != first.Commit {
		t.Errorf("merging the base gives %+v", again)
	}
	// The same change made by another is merged, so that its work is contained.
	second := w.merge(first.Commit, b, "theirs")
	w.git("merge-base", "--is-ancestor", b.Commit, second.Commit)
	w.restart()
	if again := w.merge(first.Commit, b, "theirs"); again.Commit != second.Commit {
		t.Errorf("after a restart it is %s, was %s", again.Commit, second.Commit)
	}
}

// TestResolve is a workspace with a conflict for an agent to resolve.
func TestResolve(t *testing.T) {
	w := newWorld(t, conflictRepo(t))
	a, b := w.twoSides(`sed -i s/2/ours/ a.txt; printf 'o\0' > bin; echo o >> gone; echo o > o.txt; sed -i s/2/o/ b.txt`,
		`sed -i s/2/theirs/ a.txt; sed -i s/8/t/ b.txt; printf 't\0' > bin; rm gone; echo t > t.txt`)
	onto := w.merge(w.base, a, "ours").Commit
	for i, c := range []struct {
		name, do string
		open     []string
		file     string // a.txt afterwards
	}{
		{"nothing done", `true`, []string{"a.txt", "bin", "gone"}, ""},
		{"markers gone, no git add", `sed -i '/^[<|=>]/d' a.txt; printf both > bin; rm gone`, nil, ""},
		{"one left", `sed -i '/^<</d' a.txt; git add bin gone`, []string{"a.txt"}, ""},
		{"kept as it is", `printf 'r\n' > a.txt; git add bin gone`, nil, "r"},
		{"committed", `printf 'r\n' > a.txt; git add -A; git commit -qm resolved`, nil, "r"},
		{"committed and more", `printf 'r\n' > a.txt; git add -A; git commit -qm resolved; echo s >> a.txt`, nil, "r\ns"},
		{"aborted", `git merge --abort`, []string{"a.txt", "bin", "gone"}, ""},
		{"ours altogether", `git checkout -q HEAD -- .; git rm -qf t.txt; git add -A`, nil, "1\nours\n3\n4\n5\n6\n7\n8\n9"},
		{"theirs", `git checkout -q --theirs a.txt; git add -A`, nil, ""},
		{"marker-like lines of its own", `printf '<<<<<<< other\nx\n=======\n>>>>>>> branch\n' > a.txt; git add -A`, nil, "<<<<<<< other\nx\n=======\n>>>>>>> branch"},
		{"index lost", `printf 'r\n' > a.txt; rm .git/index`, []string{"bin", "gone"}, "r"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			agent := fmt.Sprintf("r-%d", i)
			path, err := w.run.Prepare(w.ctx, PrepareSpec{Agent: agent, Base: onto, MergeCommit: b.Commit})
			if err != nil {
				t.Fatal(err)
			}
			if got := read(t, filepath.Join(path, "a.txt")); !strings.Contains(got, "\nours\n") || !strings.Contains(got, "\ntheirs\n") {
				t.Errorf("the workspace has %q", got)
			}
			sh(t, path, c.do)
			work := w.collectAt(agent, onto)
			if !slices.Equal(work.Unresolved, c.open) {
				t.Errorf("unresolved %q, want %q", work.Unresolved, c.open)
			}
			if got := w.git("rev-list", "--parents", "--no-walk", work.Commit); got != work.Commit+" "+onto+" "+b.Commit {
				t.Errorf("parents %s, want %s and %s", got, onto, b.Commit)
			}
			if got := w.git("show", work.Commit+":a.txt"); c.file != "" && got != c.file {
				t.Errorf("a.txt is %q", got)
			}
			if got := w.git("show", work.Commit+":b.txt"); c.name == "committed" && got != "1\no\n3\n4\n5\n6\n7\nt\n9" {
				t.Errorf("b.txt, which merged by itself, is %q", got)
			}
			if again := w.collectAt(agent, onto); again.Commit != work.Commit {
				t.Errorf("again it is %s, was %s", again.Commit, work.Commit)
			}
			if res := w.merge(onto, work, agent); res.Commit == "" || res.Commit == onto {
				t.Errorf("merge of the resolution: %+v", res)
			}
		})
	}
}

func TestCheckTree(t *testing.T) {
	w := newWorld(t, newRepo(t))
	a, _ := w.twoSides(`rm -r src; echo x > src; chmod +x a.txt`, `true`)
	one, give1, err := w.run.CheckTree(w.ctx, w.base)
	if err != nil {
		t.Fatal(err)
	}
	two, give2, err := w.run.CheckTree(w.ctx, w.base)
	if err != nil || one == two {
		t.Fatalf("two at once: %s, %s, %v", one, two, err)
	}
	give2()
	give2()
	sh(t, one, `echo broken > a.txt; touch -d @1 a.txt; rm -rf src .git; ln -s /etc src; mkdir -p build new/deep; echo x > build/cache; echo x > new/deep/f
		git init -q .; echo b.txt > .gitignore; git add .; git init -q nested; chmod a-w new; mkfifo pipe; echo 'x' > .git/config`)
	give1()
	three, give3, err := w.run.CheckTree(w.ctx, a.Commit)
	if err != nil || three != one && three != two {
		t.Fatalf("not a warm one: %s, %v", three, err)
	}
	defer give3()
	four, give4, err := w.run.CheckTree(w.ctx, a.Commit)
	if err != nil {
		t.Fatal(err)
	}
	defer give4()
	for _, tree := range []string{three, four} {
		if got := runGit(t, tree, "status", "--porcelain", "-unormal"); got != "" {
			t.Errorf("dirty: %s", got)
		}
		if got := runGit(t, tree, "rev-parse", "HEAD"); got != a.Commit {
			t.Errorf("HEAD %s", got)
		}
		if read(t, filepath.Join(tree, "src")) != "x\n" || read(t, filepath.Join(tree, "a.txt")) != "one\ntwo\nthree\n" {
			t.Error("not as committed")
		}
		if _, err := os.Lstat(filepath.Join(tree, "pipe")); err == nil {
			t.Error("what the last check left is there")
		}
	}
	if read(t, filepath.Join(one, "build/cache")) != "x\n" {
		t.Error("the build cache is gone")
	}
}
