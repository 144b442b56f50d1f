package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"popkit/internal/workspace/store"
)

func TestSetupAndCopy(t *testing.T) {
	dir := newRepo(t)
	write(t, dir, ".env.local", "secret\n")
	write(t, dir, "deps/[x]/y", "y\n")
	runGit(t, dir, "config", "core.excludesFile", filepath.Join(t.TempDir(), "ignore"))
	write(t, filepath.Dir(runGit(t, dir, "config", "core.excludesFile")), "ignore", "*.global\n")
	write(t, dir, ".git/info/exclude", "*.own")
	var ran []string
	w := newWorld(t, dir, func(o *Options) {
		o.Copy = []string{".env.local", "deps/[x]", "a.txt", "nowhere"}
		o.Setup = "make deps"
		o.Exec = func(ctx context.Context, dir, command string, out io.Writer) (int, error) {
			ran = append(ran, dir+": "+command)
			fmt.Fprintln(out, "out of luck")
			if strings.Contains(dir, "bad") {
				return 3, nil
			}
			return 0, os.WriteFile(filepath.Join(dir, "set.up.own"), nil, 0o644)
		}
	})
	path := w.prepare("a-1")
	if want := []string{path + ": make deps"}; !slices.Equal(ran, want) {
		t.Errorf("ran %q, want %q", ran, want)
	}
	if read(t, path+"/.env.local") != "secret\n" || read(t, path+"/deps/[x]/y") != "y\n" {
		t.Error("not copied")
	}
	if len(w.reports) != 2 || !strings.HasPrefix(w.reports[0], "a.txt is not copied") || !strings.HasPrefix(w.reports[1], "nowhere is not copied") {
		t.Errorf("reports %q", w.reports)
	}
	if got := runGit(t, path, "status", "--porcelain"); got != "" {
		t.Errorf("dirty: %s", got)
	}
	write(t, path, "x.global", "ignored by the user's own rules")
	write(t, path, "deps/x/y", "not the copied one")
	if work := w.collect("a-1"); !slices.Equal(work.Files, []string{"deps/x/y"}) {
		t.Errorf("work %+v", work)
	}
	_, err := w.run.Prepare(w.ctx, PrepareSpec{Agent: "bad", Base: w.base})
	if err == nil || !strings.Contains(err.Error(), `setup command "make deps" ended with exit status 3: out of luck`) {
		t.Errorf("setup failed: %v", err)
	}
	for _, bad := range []string{"../x", "/etc/passwd", ".git/config", "."} {
		w.run.opts.Copy = []string{bad}
		if _, err := w.run.Prepare(w.ctx, PrepareSpec{Agent: "c", Base: w.base}); err == nil || !strings.Contains(err.Error(), "not a path inside") {
			t.Errorf("copy %q: %v", bad, err)
		}
	}
}

// TestPrepareAgain: a workspace that was left by a killed popkit is rescued.
func TestPrepareAgain(t *testing.T) {
	w := newWorld(t, newRepo(t))
	path := w.prepare("a-1")
	write(t, path, "first.txt", "first\n")
	w.restart()
	w.prepare("a-1")
	if _, err := os.Lstat(filepath.Join(path, "first.txt")); err == nil {
		t.Error("the workspace is not new")
	}
	const ref = "refs/popkit/R1/rescue/a-1"
	if got := w.git("show", ref+":first.txt"); got != "first" {
		t.Errorf("rescued %q", got)
	}
	write(t, path, "second.txt", "second\n")
	if got := w.release("a-1"); got != ref {
		t.Errorf("rescued %q", got)
	}
	if got := w.git("show", ref+":second.txt"); got != "second" {
		t.Errorf("rescued %q", got)
	}
	if got := w.git("show", ref+"^2:first.txt"); got != "first" {
		t.Errorf("the first rescue is %q", got)
	}
	// Nothing known of the workspace, or nonsense: all of it is rescued.
	for i, record := range []string{"", "{"} {
		agent := fmt.Sprintf("b-%d", i)
		write(t, w.prepare(agent), "kept.txt", "kept\n")
		if err := os.RemoveAll(w.run.keepDir(agent)); err != nil {
			t.Fatal(err)
		}
		if record != "" {
			write(t, w.run.keepDir(agent), "record.json", record)
		}
		if got := w.git("show", w.release(agent)+":kept.txt"); got != "kept" {
			t.Errorf("rescued %q", got)
		}
	}
}

// TestWorkspaceGone: an agent that removes its workspace, or all that it finds, has
// left nothing; others work on. Where even the root is missing, nobody knows.
func TestWorkspaceGone(t *testing.T) {
	w := newWorld(t, newRepo(t))
	gone := func(agent string) {
		t.Helper()
		if got := w.collect(agent); !got.Gone || got.Commit != w.base || got.Ref != "" || got.Changed != 0 {
			t.Errorf("%s: collected %+v", agent, got)
		}
	}
	for agent, remove := range map[string]string{"a-1": w.run.AgentDir("a-1"), "a-2": w.run.keepDir("a-2"), "a-3": filepath.Join(w.run.root, "*")} {
		write(t, w.prepare(agent), "a.txt", "changed\n")
		sh(t, w.dir, "rm -rf "+remove)
		gone(agent)
		rescue := w.release(agent)
		if kept := agent == "a-2"; kept != (rescue != "") {
			t.Errorf("%s: rescued %q", agent, rescue)
		}
		w.restart()
		gone(agent)
	}
	write(t, w.prepare("b-1"), "a.txt", "changed\n")
	if work := w.collect("b-1"); work.Gone || work.Changed != 1 {
		t.Errorf("collected %+v", work)
	}
	if err := os.RemoveAll(w.run.root); err != nil {
		t.Fatal(err)
	}
	if work, err := w.run.Collect(w.ctx, w.spec("c-1", w.base)); err == nil {
		t.Errorf("without a root it collects %+v", work)
	}
}

func TestStaleLocks(t *testing.T) {
	w := newWorld(t, newRepo(t))
	path := w.prepare("a-1")
	write(t, path, "a.txt", "changed\n")
	for _, lock := range []string{
		filepath.Join(w.dir, ".git/refs/popkit/R1/head.lock"), filepath.Join(w.dir, ".git/refs/popkit/R1/task-a-1.1.lock"),
		w.run.agentTree("a-1").Index + ".lock", filepath.Join(w.run.root, "store/.git/index.lock"),
	} {
		write(t, filepath.Dir(lock), filepath.Base(lock), "")
	}
	w.restart()
	work := w.collect("a-1")
	w.merge(w.base, work, "a-1")
	w.release("a-1", work.Commit)
}

func TestGC(t *testing.T) {
	dir := newRepo(t)
	w := newWorld(t, dir)
	kept, lost := w.prepare("kept"), w.prepare("lost")
	write(t, kept, "a.txt", "kept\n")
	write(t, lost, "a.txt", "lost\n")
	w.collect("kept")
	sh(t, lost, `git init -q inner`)
	_, give, err := w.run.CheckTree(w.ctx, w.base)
	if err != nil {
		t.Fatal(err)
	}
	give()
	root := filepath.Dir(w.run.root)
	other := newWorld(t, newRepo(t))
	if err := os.Rename(other.run.root, filepath.Join(root, "R2")); err != nil {
		t.Fatal(err)
	}
	if runs, err := Runs(w.repo, root); err != nil || !slices.Equal(runs, []string{"R1"}) {
		t.Errorf("runs %v, %v", runs, err)
	}
	w.restart()
	plan, err := w.run.GC(w.ctx, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{kept, lost} {
		if _, err := os.Lstat(path); err != nil {
			t.Error("the dry run removed something")
		}
	}
	if agents, err := w.run.Abandoned(w.ctx); err != nil || !slices.Equal(agents, []string{"kept", "lost"}) {
		t.Errorf("abandoned %v, %v", agents, err)
	}
	done, err := w.run.GC(w.ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(plan, done) {
		t.Errorf("gc did %v, the dry run said %v", done, plan)
	}
	if got := w.git("show", "refs/popkit/R1/rescue/lost:a.txt"); got != "lost" {
		t.Errorf("rescued %q", got)
	}
	if got, err := tryGit(dir, "rev-parse", "-q", "--verify", "refs/popkit/R1/rescue/kept"); err == nil {
		t.Errorf("rescued what is kept: %s", got)
	}
	for _, a := range done {
		t.Log(a)
	}
	entries, err := os.ReadDir(w.run.root)
	if err != nil || len(entries) != 2 || !store.IsDir(filepath.Join(w.run.root, "rescued/lost/inner")) {
		t.Errorf("left %v, %v", entries, err)
	}
}

// TestTogether runs agents at once.
func TestTogether(t *testing.T) {
	w := newWorld(t, newRepo(t))
	const n = 6
	works := make([]Work, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			agent := fmt.Sprintf("a-%d", i)
			path, err := w.run.Prepare(w.ctx, PrepareSpec{Agent: agent, Base: w.base})
			if err == nil {
				err = os.WriteFile(filepath.Join(path, agent), []byte(agent), 0o644)
			}
			if err == nil {
				works[i], err = w.run.Collect(w.ctx, w.spec(agent, w.base))
			}
			if err == nil {
				_, err = w.run.Release(w.ctx, agent, path, nil)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	onto := w.base
	for i, work := range works {
		onto = w.merge(onto, work, fmt.Sprintf("a-%d", i)).Commit
	}
	if got := len(w.files(onto)); got != 3+n {
		t.Errorf("%d files", got)
	}
}

const diskFullEnv = "POPKIT_TEST_FULL_DISK"

// TestDiskFull runs in a mount namespace of its own with a small disk.
func TestDiskFull(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), diskFullEnv+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// insideFullDisk is the test itself; it returns the exit code.
func insideFullDisk(dir string) int {
	err := testFullDisk(dir)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func testFullDisk(dir string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	user, root := filepath.Join(dir, "user"), filepath.Join(dir, "root")
	for path, size := range map[string]string{user: "1m", root: "2m"} {
		if err := os.Mkdir(path, 0o755); err != nil {
			return err
		}
		if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "size="+size); err != nil {
			return fmt.Errorf("mount %s: %w", path, err)
		}
	}
	script := `git init -q -b main .; git config user.name A; git config user.email a@a; seq 1 60000 > big; git add .; git commit -qm big
		git rm -q big; echo x > a.txt; git add a.txt; git commit -qm small`
	if out, err := shell(user, script); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	repo, err := Find(ctx, user)
	if err != nil {
		return err
	}
	head, err := repo.Resolve(ctx, "HEAD")
	if err != nil {
		return err
	}
	run, err := NewRun(repo, "R1", root, Options{Identity: Identity{Name: "A", Email: "a@a"}})
	if err != nil {
		return err
	}
	filler := filepath.Join(root, "filler")
	if err := os.WriteFile(filler, make([]byte, 1740<<10), 0o644); err != nil {
		return err
	}
	big, err := repo.Resolve(ctx, "HEAD~1")
	if err != nil {
		return err
	}
	_, err = run.Prepare(ctx, PrepareSpec{Agent: "a-1", Base: big.Commit})
	if !errors.Is(err, ErrDiskFull) || !strings.Contains(err.Error(), root) || strings.Contains(err.Error(), "\n") {
		return fmt.Errorf("prepare on a full disk: %w", err)
	}
	if err := os.Remove(filler); err != nil {
		return err
	}
	path, err := run.Prepare(ctx, PrepareSpec{Agent: "a-1", Base: head.Commit})
	if err != nil {
		return fmt.Errorf("prepare with room again: %w", err)
	}
	return testFullCollect(ctx, run, path, head.Commit, user)
}

func testFullCollect(ctx context.Context, run *Run, path, base, user string) error {
	if out, err := shell(path, "head -c 900000 /dev/urandom > noise"); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	spec := CollectSpec{Agent: "a-1", Task: "t", Attempt: 1, Path: path, Base: base}
	_, err := run.Collect(ctx, spec)
	if !errors.Is(err, ErrDiskFull) || !strings.Contains(err.Error(), user) || strings.Contains(err.Error(), "\n") {
		return fmt.Errorf("collect on a full disk: %w", err)
	}
	if _, err := run.Release(ctx, "a-1", path, nil); !errors.Is(err, ErrDiskFull) {
		return fmt.Errorf("release on a full disk: %w", err)
	}
	if _, err := os.Lstat(filepath.Join(path, "noise")); err != nil {
		return fmt.Errorf("lost on a full disk: %w", err)
	}
	if err := syscall.Mount("tmpfs", user, "tmpfs", syscall.MS_REMOUNT, "size=9m"); err != nil {
		return err
	}
	work, err := run.Collect(ctx, spec)
	if err != nil || !slices.Equal(work.Files, []string{"noise"}) {
		return fmt.Errorf("collect with room again: %+v, %w", work, err)
	}
	return nil
}
