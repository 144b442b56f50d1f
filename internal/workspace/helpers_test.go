package workspace

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	home, err := os.MkdirTemp("", "popkit-home-")
	if err != nil {
		panic(err)
	}
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "GIT_") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("HOME", home)
	os.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
	os.Setenv("LC_ALL", "C")
	os.Unsetenv("EMAIL")
	code := 0
	if dir := os.Getenv(diskFullEnv); dir != "" {
		code = insideFullDisk(dir)
	} else {
		code = m.Run()
	}
	if err := os.RemoveAll(home); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// runGit is plain git, as a user or an agent runs it.
func runGit(t testing.TB, dir string, args ...string) string {
	t.Helper()
	out, err := tryGit(dir, args...)
	if err != nil {
		t.Fatalf("git %s in %s: %v\n%s", strings.Join(args, " "), dir, err, out)
	}
	return strings.TrimSuffix(out, "\n")
}

func commandIn(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	return cmd
}

func tryGit(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-c", "protocol.file.allow=always"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func write(t testing.TB, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// newRepo makes a repository with one commit that has the files (name,
// content, name, content …), or a few of its own.
func newRepo(t testing.TB, files ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "user")
	return initRepo(t, dir, nil, files...)
}

func initRepo(t testing.TB, dir string, flags []string, files ...string) string {
	t.Helper()
	runGit(t, filepath.Dir(dir), append(append([]string{"init", "-q", "-b", "main"}, flags...), dir)...)
	write(t, dir, ".git/config", read(t, filepath.Join(dir, ".git/config"))+"[user]\n\tname = Ada\n\temail = ada@example.com\n")
	if len(files) == 0 {
		files = []string{"a.txt", "one\ntwo\nthree\n", "src/b.txt", "b\n", ".gitignore", "*.log\nbuild/\n"}
	}
	for i := 0; i+1 < len(files); i += 2 {
		write(t, dir, files[i], files[i+1])
	}
	runGit(t, dir, "add", "-A")
	runGit(t, dir, "commit", "-q", "--allow-empty", "-m", "first")
	return dir
}

// world is a repository with a run.
type world struct {
	t       testing.TB
	ctx     context.Context
	dir     string // the user's checkout
	repo    *Repo
	run     *Run
	base    string
	reports []string
	sides   int // pairs of agents that twoSides made
}

func newWorld(t testing.TB, dir string, opts ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), dir: dir}
	repo, err := Find(w.ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := repo.Resolve(w.ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	w.repo, w.base = repo, b.Commit
	o := Options{Identity: Identity{Name: "Ada", Email: "ada@example.com"}, Report: func(s string) { w.reports = append(w.reports, s) }}
	for _, f := range opts {
		f(&o)
	}
	if w.run, err = NewRun(repo, "R1", filepath.Join(t.TempDir(), "root"), o); err != nil {
		t.Fatal(err)
	}
	if err := w.run.HoldBase(w.ctx, w.base); err != nil {
		t.Fatal(err)
	}
	return w
}

// restart gives the run to a new process, as after a crash.
func (w *world) restart() {
	w.t.Helper()
	run, err := NewRun(w.repo, "R1", filepath.Dir(w.run.root), w.run.opts)
	if err != nil {
		w.t.Fatal(err)
	}
	w.run = run
}

func (w *world) prepare(agent string) string {
	w.t.Helper()
	return w.prepareAt(agent, w.base)
}

func (w *world) prepareAt(agent, base string) string {
	w.t.Helper()
	path, err := w.run.Prepare(w.ctx, PrepareSpec{Agent: agent, Base: base})
	if err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w *world) collect(agent string) Work {
	w.t.Helper()
	return w.collectAt(agent, w.base)
}

func (w *world) collectAt(agent, base string) Work {
	w.t.Helper()
	work, err := w.run.Collect(w.ctx, w.spec(agent, base))
	if err != nil {
		w.t.Fatal(err)
	}
	return work
}

func (w *world) spec(agent, base string) CollectSpec {
	return CollectSpec{Agent: agent, Task: "task-" + agent, Attempt: 1, Path: w.run.AgentDir(agent), Base: base, Message: "Work of " + agent}
}

func (w *world) merge(onto string, work Work, agent string) MergeResult {
	w.t.Helper()
	res, err := w.run.Merge(w.ctx, MergeSpec{Onto: onto, Commit: work.Commit, Task: "task-" + agent, Agent: agent})
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

func (w *world) release(agent string, known ...string) string {
	w.t.Helper()
	rescue, err := w.run.Release(w.ctx, agent, w.run.AgentDir(agent), known)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := os.Lstat(w.run.AgentDir(agent)); err == nil {
		w.t.Fatalf("%s's workspace is still there", agent)
	}
	return rescue
}

// git runs git in the user's repository.
func (w *world) git(args ...string) string {
	w.t.Helper()
	return runGit(w.t, w.dir, args...)
}

// files lists the files of a commit.
func (w *world) files(commit string) []string {
	w.t.Helper()
	out := w.git("-c", "core.quotePath=false", "ls-tree", "-r", "-z", "--name-only", commit)
	return strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
}

// restartWith is restart with a change to the new Run.
func (w *world) restartWith(change func(*Run)) {
	w.t.Helper()
	w.restart()
	change(w.run)
}
