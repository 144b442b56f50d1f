package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"popkit/internal/api"
	"popkit/internal/config"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/runs"
	"popkit/internal/workspace"
)

// TestRepositories: each kind of place works, or gets one clear error and is left
// as it was.
func TestRepositories(t *testing.T) {
	type outcome struct{ fails, note string }
	for name, c := range map[string]struct {
		make func(t *testing.T) string
		want outcome
	}{
		"dirty tree": {func(t *testing.T) string {
			repo := newRepo(t)
			writeFile(t, filepath.Join(repo, "README"), "changed\n")
			writeFile(t, filepath.Join(repo, "staged"), "staged\n")
			writeFile(t, filepath.Join(repo, "untracked"), "untracked\n")
			git(t, repo, "add", "staged")
			return repo
		}, outcome{}},
		"subfolder": {func(t *testing.T) string {
			repo := newRepo(t)
			writeFile(t, filepath.Join(repo, "a", "b", "file"), "x")
			return filepath.Join(repo, "a", "b")
		}, outcome{}},
		"spaces and more": {func(t *testing.T) string {
			repo := filepath.Join(t.TempDir(), "größe  'und' \"mehr\" $HOME 目录")
			if err := os.Rename(newRepo(t), repo); err != nil {
				t.Fatal(err)
			}
			return repo
		}, outcome{}},
		"bare": {func(t *testing.T) string {
			repo, bare := newRepo(t), filepath.Join(t.TempDir(), "bare.git")
			git(t, repo, "clone", "-q", "--bare", repo, bare)
			git(t, bare, "config", "user.name", "Ada")
			git(t, bare, "config", "user.email", "ada@example.org")
			return bare
		}, outcome{}},
		"detached": {func(t *testing.T) string {
			repo := newRepo(t)
			git(t, repo, "checkout", "-q", "--detach")
			return repo
		}, outcome{}},
		"branch popkit": {func(t *testing.T) string {
			repo := newRepo(t)
			git(t, repo, "branch", "popkit")
			return repo
		}, outcome{note: "a branch called popkit is in the way"}},
		"base gone": {func(t *testing.T) string {
			repo := newRepo(t)
			git(t, repo, "branch", "other")
			return repo
		}, outcome{note: "refs/heads/other is gone"}},
		"no commits": {func(t *testing.T) string {
			newRepo(t)
			dir := t.TempDir()
			git(t, dir, "init", "-q")
			return dir
		}, outcome{fails: "git commit --allow-empty"}},
		"no repository": {func(t *testing.T) string { newRepo(t); return t.TempDir() }, outcome{fails: "git init"}},
		"nowhere":       {func(t *testing.T) string { return filepath.Join(newRepo(t), "nowhere") }, outcome{fails: "is no directory"}},
		"a file in the way": {func(t *testing.T) string {
			repo := newRepo(t)
			writeFile(t, filepath.Join(repo, ".claude"), "not a folder\n")
			return repo
		}, outcome{fails: ".claude"}},
		"workspaces inside": {func(t *testing.T) string {
			repo := newRepo(t)
			t.Setenv("XDG_CACHE_HOME", filepath.Join(repo, "cache"))
			return repo
		}, outcome{fails: "workspace.root"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := c.make(t)
			n := NewRun{Repo: dir, Plan: onePhase(nil, task("a", "echo a > 'a ä'")), Settings: settings()}
			if name == "base gone" {
				n.BaseRef = "other"
				unheld(t)
				n.Plan.Phases[0].Tasks[0].Runtime = "exec:git -C '" + dir + "' branch -q -D other; echo a > 'a ä'"
			}
			run, err := Create(t.Context(), n)
			if c.want.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.want.fails) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%v", err)
				}
				if left, err := (runs.Place{Repo: dir}).List(); err == nil && len(left) > 0 {
					t.Errorf("left behind: %v", left)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			before := userView(t, dir)
			s := start(t, run).wait()
			wantOutcome(t, s, event.OutcomeDone)
			if after := userView(t, dir); after != before {
				t.Errorf("the user's view was\n%s\nis\n%s", before, after)
			}
			if s.Published == nil || !strings.Contains(s.Published.Note, c.want.note) || (c.want.note == "") != (s.Published.Note == "") {
				t.Errorf("published %+v", s.Published)
			}
			if got := git(t, dir, "show", s.Published.Commit+":a ä"); got != "a" {
				t.Errorf("the result holds %q", got)
			}
		})
	}
}

// userView is what is the user's: checkout, index, branches, stash, configuration.
func userView(t *testing.T, dir string) string {
	t.Helper()
	see := []string{git(t, dir, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/main", "refs/stash", "refs/tags"), git(t, dir, "config", "--list", "--local"), git(t, dir, "rev-parse", "--symbolic-full-name", "HEAD")}
	if git(t, dir, "rev-parse", "--is-bare-repository") == "false" {
		see = append(see, git(t, dir, "status", "--porcelain"), git(t, dir, "diff", "HEAD"))
	}
	return strings.Join(see, "\n")
}

// TestBaseMoved: the report says so.
func TestBaseMoved(t *testing.T) {
	repo := newRepo(t)
	unheld(t)
	run, s := serve(t, repo, onePhase(nil, task("a", "echo a > a; git -C '"+repo+"' commit -q --allow-empty -m meanwhile")))
	wantOutcome(t, s, event.OutcomeDone)
	if now := git(t, repo, "rev-parse", "main"); s.Published.BaseMoved != now {
		t.Errorf("%+v, main is %s", s.Published, now)
	}
	if report := readFile(t, run.ReportPath()); !strings.Contains(report, "moved") {
		t.Errorf("the report does not say it:\n%s", report)
	}
}

// TestGC: what it says it would do is what it does; the work stays.
func TestGC(t *testing.T) {
	repo := newRepo(t)
	run := configured(t, repo, "", onePhase(nil, task("a", "echo precious > a; exec sleep 20")), cfgFlags())
	if err := engineProcess(t, run, 8); err == nil {
		t.Fatal("the engine was not killed")
	}
	would, err := GC(t.Context(), repo, true)
	if err != nil || len(would) == 0 {
		t.Fatalf("%v %v", would, err)
	}
	again, err := GC(t.Context(), repo, true)
	if err != nil || !reflect.DeepEqual(would, again) {
		t.Errorf("looking changes it: %v, then %v, %v", would, again, err)
	}
	did, err := GC(t.Context(), repo, false)
	if err != nil || !reflect.DeepEqual(did, would) {
		t.Errorf("would\n%v\ndid\n%v\n%v", would, did, err)
	}
	if none, err := GC(t.Context(), repo, false); err != nil || len(none) != 0 {
		t.Errorf("once more: %v %v", none, err)
	}
	if entries, err := os.ReadDir(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "popkit", "workspaces")); err == nil && len(entries) > 0 {
		t.Errorf("left: %v", entries)
	}
	lock, err := (runs.Place{Repo: repo}).Acquire(runs.Holder{})
	if err != nil {
		t.Fatal(err)
	}
	var busy *runs.BusyError
	if _, err := GC(t.Context(), repo, false); !errors.As(err, &busy) {
		t.Errorf("while a run is about to begin: %v", err)
	}
	if err := lock.Close(); err != nil {
		t.Error(err)
	}
}

// TestScripts are found beside the plan, else in the base commit, and their
// mistakes said before there is a run.
func TestScripts(t *testing.T) {
	repo := newRepo(t)
	writeFile(t, filepath.Join(repo, "committed.yaml"), "- say: hello\n")
	writeFile(t, filepath.Join(repo, "wrong.yaml"), "- sai: hello\n- fail: x\n")
	git(t, repo, "add", ".")
	git(t, repo, "commit", "-q", "-m", "scripts")
	plans := t.TempDir()
	writeFile(t, filepath.Join(plans, "demo", "beside.yaml"), "- say: hello\n")
	writeFile(t, filepath.Join(plans, "bad.yaml"), "- sai: hello\n")
	source := filepath.Join(plans, "plan.yaml")
	writeFile(t, source, "")
	with := func(runtimes ...string) NewRun {
		n := NewRun{Repo: repo, PlanSource: source, Plan: onePhase(nil), Settings: settings()}
		for i, r := range runtimes {
			a := task(fmt.Sprint("t", i), "")
			a.Runtime = r
			n.Plan.Phases[0].Tasks = append(n.Plan.Phases[0].Tasks, a)
		}
		return n
	}
	n := with("scripted:demo/beside.yaml", "scripted:committed.yaml", "scripted:made-later.yaml", "exec:true", "")
	n.Settings.Runtime, n.Settings.Resolver = "scripted:demo/beside.yaml", "scripted:demo/beside.yaml"
	n.Settings.RoleRuntimes = map[string]string{"tester": "scripted:demo/beside.yaml"}
	given := n.Plan.Phases[0].Tasks[0].Runtime
	run, err := Create(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	s := fold(t, run)
	found := "scripted:" + filepath.Join(plans, "demo", "beside.yaml")
	for id, want := range map[string]string{"t0": found, "t1": "scripted:committed.yaml", "t2": "scripted:made-later.yaml", "t3": "exec:true", "t4": ""} {
		if got := s.Tasks[id].Runtime; got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	if s.Settings.Runtime != found || s.Settings.Resolver != found || s.Settings.RoleRuntimes["tester"] != found {
		t.Errorf("%+v", s.Settings)
	}
	if n.Plan.Phases[0].Tasks[0].Runtime != given {
		t.Error("the caller's plan was changed")
	}
	before, err := run.Place.List()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Create(t.Context(), with("scripted:bad.yaml", "scripted:wrong.yaml", "scripted:/no/such/file.yaml", "scripted:bad.yaml"))
	if err == nil {
		t.Fatal("mistakes are taken")
	}
	for _, want := range []string{filepath.Join(plans, "bad.yaml") + ":1:3", "wrong.yaml:1:3", "wrong.yaml:2:", "/no/such/file.yaml"} {
		if strings.Count(err.Error(), want) != 1 {
			t.Errorf("%q is not in it once:\n%v", want, err)
		}
	}
	if after, err := run.Place.List(); err != nil || len(after) != len(before) {
		t.Errorf("a run was made all the same: %v %v", after, err)
	}
}

const fullDisk = "__full-disk"

// TestFullDisk fills the disk that the log, or the workspaces, are on, in a mount
// namespace of its own: one clear error, and with room again the run goes on.
func TestFullDisk(t *testing.T) {
	for _, what := range []string{"log", "workspaces"} {
		t.Run(what, func(t *testing.T) {
			repo := newRepo(t)
			user := t.TempDir()
			t.Setenv("XDG_CONFIG_HOME", user)
			writeFile(t, filepath.Join(user, "popkit", "config.json"), `{"sandbox": "off", `+quick[1:]) // the agent fills what it could not reach
			cmd := exec.Command(os.Args[0], fullDisk, what, repo)
			cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
			if os.Geteuid() != 0 {
				cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
				cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
				cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
			}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// inFullDisk is the test itself, in its mount namespace.
func inFullDisk(what, repo string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	disk := filepath.Join(repo, ".claude")
	if what == "workspaces" {
		disk = os.Getenv("XDG_CACHE_HOME")
	}
	if err := os.MkdirAll(disk, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=300k"); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	cfg, err := loadConfig(repo)
	if err != nil {
		return err
	}
	// The agent fills the disk; what it writes in its workspace is work, too.
	fill := task("a", "head -c 80000 /dev/urandom | od -An -tx1 > big; head -c 400000 /dev/zero > '"+filepath.Join(disk, "filler")+"'; echo done > a")
	plan := cfg.Complete(onePhase(nil, fill, withNeeds(task("b", "echo b > b"), "a")))
	plan.Limits.MaxAttempts = 1
	s, err := cfg.Settings(plan, config.Flags{})
	if err != nil {
		return err
	}
	s.RetryDelay = 1
	ctx := context.Background()
	run, err := Create(ctx, NewRun{Repo: repo, Plan: plan, Settings: s})
	if err != nil {
		return err
	}
	var said strings.Builder
	outcome, err := Serve(ctx, ServeOptions{Run: run, By: "ada", Ready: nopCloser{io.Discard}, Log: &said})
	if outcome == event.OutcomeDone {
		return errors.New("done on a full disk")
	}
	if what == "log" && !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("the engine ended with %q, %w; it said %s", outcome, err, said.String())
	}
	st, err := run.Fold(ctx)
	if err != nil {
		return fmt.Errorf("the log can't be read: %w", err)
	}
	if what == "workspaces" && !strings.Contains(fmt.Sprintf("%+v %+v", st.Problems, st.Questions), workspace.ErrDiskFull.Error()) && !strings.Contains(fmt.Sprintf("%+v", st.Agents["implementer-1"].Rejected), "No space left") {
		return fmt.Errorf("nobody is told: %+v", st.Ended)
	}
	if err := os.Remove(filepath.Join(disk, "filler")); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=50m"); err != nil {
		return err
	}
	return goesOn(ctx, run)
}

// goesOn resumes a run with room on its disk, has all tried again that was given
// up, and wants it done.
func goesOn(ctx context.Context, run runs.Run) error {
	c, err := Offline(ctx, run)
	if err != nil {
		return err
	}
	for range 3 { // the agent's work can be kept now; that it failed is asked next
		st, err := run.Fold(ctx)
		if err != nil {
			return err
		}
		for _, id := range st.Open {
			if err := c.Call(ctx, api.OpAnswer, api.AnswerArgs{ID: id, Answer: "retry", By: "ada"}, nil); err != nil {
				return err
			}
		}
		var said strings.Builder
		outcome, err := Serve(ctx, ServeOptions{Run: run, By: "ada", Ready: nopCloser{io.Discard}, Log: &said})
		if err != nil {
			return fmt.Errorf("resumed: %w; it said %s", err, said.String())
		}
		if outcome == event.OutcomeDone {
			return nil
		}
	}
	st, err := run.Fold(ctx)
	if err != nil {
		return err
	}
	return fmt.Errorf("it is not done: %+v %q", st.Ended, questions(st))
}

// questions are the texts of a run's questions.
func questions(s *state.State) (out []string) {
	for _, q := range s.Questions {
		out = append(out, q.Text)
	}
	return out
}
