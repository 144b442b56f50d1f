package daemon

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"popkit/internal/agent/scripted"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/proc"
	"popkit/internal/runs"
	"popkit/internal/sandbox"
)

func TestMain(m *testing.M) {
	proc.MaybeInit(sandbox.Enter)
	if len(os.Args) == 5 && os.Args[1] == "__engine" {
		os.Exit(crashingEngine(os.Args[2], os.Args[3], os.Args[4]))
	}
	if len(os.Args) >= 3 && os.Args[1] == bareMachine {
		do := exhaustLandlock
		if len(os.Args) == 4 {
			do = func() error { return onBareMachine(os.Args[2]) }
		}
		if err := do(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) == 4 && os.Args[1] == fullDisk {
		if err := inFullDisk(os.Args[2], os.Args[3]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) == 3 && os.Args[1] == scripted.Arg { // a script that is not played: its agent does nothing
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM)
		<-signals
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// newRepo makes a repository with one commit.
func newRepo(t *testing.T) string {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("XDG_RUNTIME_DIR", shortDir(t))
	openTmp(t)
	dir := t.TempDir()
	git(t, dir, "init", "-q", "-b", "main")
	git(t, dir, "config", "user.name", "Ada")
	git(t, dir, "config", "user.email", "ada@example.org")
	if err := os.WriteFile(filepath.Join(dir, "README"), []byte("hello\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-q", "-m", "first")
	return dir
}

// openTmp lets agents write in the system's temporary folder, where tests look for
// what they did. What is hidden below it stays so.
func openTmp(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	writeFile(t, filepath.Join(dir, "popkit", "config.json"), fmt.Sprintf(`{"sandbox_write": [%q]}`, os.TempDir()))
}

// unheld lets agents reach the user's repository, for tests of what follows when
// somebody changes it meanwhile.
func unheld(t *testing.T) {
	t.Helper()
	writeFile(t, filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "popkit", "config.json"), `{"sandbox": "off"}`)
}

// shortDir is a folder for sockets: their paths are bounded.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pk")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func settings() event.Settings {
	return event.Settings{
		Mode: "native", Tier: "pro", PhaseAware: true, FullRouting: true, MaxAgents: 4, MaxStarted: 50, MaxAttempts: 2,
		MaxFixes: 2, MaxInsights: 100, CheckinEvery: 5, MaxRuntime: time.Minute, AgentTimeout: time.Minute,
		CheckTimeout: time.Minute, DecisionTimeout: time.Minute, MaxInsightsPerPull: 3, ContextLimit: 32 << 10,
		CloseWhenUnattended: true,
	}
}

// serve runs a plan to its end in this process.
func serve(t *testing.T, repo string, plan objective.Plan) (runs.Run, *state.State) {
	t.Helper()
	ctx := t.Context()
	run, err := Create(ctx, NewRun{Repo: repo, Plan: plan, Settings: settings()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Serve(ctx, ServeOptions{Run: run, By: "ada", Ready: nopCloser{io.Discard}, Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	s, err := run.Fold(context.WithoutCancel(ctx))
	if err != nil {
		t.Fatal(err)
	}
	return run, s
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func TestTwoAgentsOneBranch(t *testing.T) {
	repo := newRepo(t)
	plan := objective.Plan{
		Objective: objective.Objective{Description: "two files"},
		Phases: []objective.Phase{{
			Name: "implement",
			Tasks: []objective.Task{
				{ID: "a", Role: "implementer", Title: "a", Prompt: "write a", Runtime: "exec:cat > a.txt"},
				{ID: "b", Role: "implementer", Title: "b", Prompt: "write b", Runtime: "exec:cat > b.txt"},
			},
			Checks: []objective.Check{{Run: "test -s a.txt && test -s b.txt"}},
		}},
	}
	run, s := serve(t, repo, plan)
	if s.Ended == nil || s.Ended.Outcome != event.OutcomeDone {
		t.Fatalf("ended %+v, problems %+v", s.Ended, s.Problems)
	}
	if got := git(t, repo, "show", "popkit/"+run.ID+":a.txt"); !strings.Contains(got, "write a") {
		t.Errorf("a.txt holds %q", got)
	}
	if got := git(t, repo, "status", "--porcelain"); got != "" {
		t.Errorf("the user's checkout changed: %s", got)
	}
	if left, err := os.ReadDir(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "popkit", "workspaces", run.ID, "agents")); err == nil && len(left) > 0 {
		t.Errorf("workspaces left: %v", left)
	}
}
