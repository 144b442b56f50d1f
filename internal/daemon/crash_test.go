package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/proc"
	"popkit/internal/runs"
)

// crashingEngine serves a run in this process and kills the process, as kill -9
// does, right after event number at was appended; 0 is never. A batch that goes
// past that event is in the log whole, so every batch end is a crash point.
func crashingEngine(repo, id, at string) int {
	last, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return 2
	}
	outcome, err := Serve(context.Background(), ServeOptions{
		Run: runs.Place{Repo: repo}.Run(id), By: "ada", Ready: nopCloser{os.Stdout}, Log: os.Stderr,
		Observe: func(events []event.Event) {
			if last > 0 && events[len(events)-1].Seq >= last {
				if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
					panic(err)
				}
				select {}
			}
		},
	})
	if err != nil || outcome != event.OutcomeDone {
		fmt.Fprintln(os.Stderr, outcome, err)
		return 1
	}
	return 0
}

// engineProcess runs crashingEngine in a process of its own.
func engineProcess(t *testing.T, r runs.Run, at int64) error {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "__engine", r.Place.Repo, r.ID, strconv.FormatInt(at, 10))
	cmd.Stderr = t.Output()
	return cmd.Run()
}

// crashPlan has what an engine does in it: agents at once, agents that need one
// another, a conflict, left-over processes, a check, two phases, work of which a
// file is left out.
func crashPlan() objective.Plan {
	both := task("one", `echo "$POPKIT_TASK" > shared; setsid sleep 300 & echo "$POPKIT_TASK" > "$POPKIT_TASK"`)
	other := both
	other.ID, other.Title = "two", "task two"
	return objective.Plan{
		Objective:  objective.Objective{Description: "survive"},
		OnConflict: objective.ConflictFirstWins,
		Phases: []objective.Phase{
			{Name: "first", Tasks: []objective.Task{both, other}, Checks: []objective.Check{{Run: "test -f one -a -f two"}}},
			{Name: "second", Tasks: []objective.Task{task("x", `echo x > x; printf "\\0" > bin`), withNeeds(task("y", "cat x > y"), "x")}},
		},
	}
}

func withNeeds(t objective.Task, needs ...string) objective.Task {
	t.Needs = needs
	return t
}

// TestKilledAtEveryEvent kills the engine after each event of a whole run,
// resumes, and wants the same result as without the crash. The events are dealt
// out to a few repositories, which go on at the same time.
func TestKilledAtEveryEvent(t *testing.T) {
	repos := []string{newRepo(t)}
	for len(repos) < 3 {
		copied := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(copied, os.DirFS(repos[0])); err != nil {
			t.Fatal(err)
		}
		repos = append(repos, copied)
	}
	whole := crashRun(t, repos[0])
	if err := engineProcess(t, whole, 0); err != nil {
		t.Fatal(err)
	}
	want := fold(t, whole)
	if left := git(t, repos[0], "ls-tree", "--name-only", "popkit/"+whole.ID, "--", "bin", "x"); left != "x" {
		t.Fatalf("of the work of x there is %q", left)
	}
	share := (want.Seq + int64(len(repos)) - 1) / int64(len(repos))
	t.Run("events", func(t *testing.T) {
		for i, repo := range repos {
			first := max(2, int64(i)*share+1)
			last := min(want.Seq, int64(i+1)*share)
			t.Run(fmt.Sprintf("%d-%d", first, last), func(t *testing.T) {
				t.Parallel()
				for at := first; at <= last; {
					at = crash(t, repo, at, want)
				}
			})
		}
	})
}

func crashRun(t *testing.T, repo string) runs.Run {
	t.Helper()
	set := settings()
	set.AutoAnswers = append(set.AutoAnswers, event.AutoAnswer{Kind: event.AskAudit, Answer: state.AnswerDrop})
	run, err := Create(t.Context(), NewRun{Repo: repo, Plan: crashPlan(), Settings: set})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// crash kills the engine of a new run after event at, resumes it, and returns the
// next event to try.
func crash(t *testing.T, repo string, at int64, want *state.State) (next int64) {
	t.Helper()
	run := crashRun(t, repo)
	err := engineProcess(t, run, at)
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL) {
		t.Fatalf("event %d: the engine was not killed: %v", at, err)
	}
	next = want.Seq + 1
	if err != nil { // else the run was shorter this time
		next = max(at, fold(t, run).Seq) + 1 // the rest of the batch is the same crash
		if err := engineProcess(t, run, 0); err != nil {
			t.Errorf("event %d: resume: %v", at, err)
		}
	}
	sameResult(t, at, repo, fold(t, run), want)
	return next
}

func fold(t *testing.T, run runs.Run) *state.State {
	t.Helper()
	s, err := run.Fold(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sameResult(t *testing.T, at int64, repo string, got, want *state.State) {
	t.Helper()
	if got.Ended == nil || got.Ended.Outcome != event.OutcomeDone {
		t.Errorf("event %d: ended %+v", at, got.Ended)
		return
	}
	list := func(s *state.State) string {
		return git(t, s.Created.Repo, "ls-tree", "-r", "--name-only", s.Published.Commit)
	}
	if g, w := list(got), list(want); g != w {
		t.Errorf("event %d: the result holds\n%s\nwant\n%s", at, g, w)
	}
	for id, task := range got.Tasks {
		if task.Status != state.TaskMerged {
			t.Errorf("event %d: task %s is %s", at, id, task.Status)
		}
	}
	if accepted := countAccepted(t, repo, got.Created.Run); len(accepted) != len(got.Tasks) {
		t.Errorf("event %d: accepted results %v, want one for each of %d tasks", at, accepted, len(got.Tasks))
	}
	for _, id := range got.Order {
		if pids := proc.Strays(got.Created.Run + "/" + id); len(pids) > 0 {
			t.Errorf("event %d: processes %v of %s are left", at, pids, id)
		}
	}
	agents := filepath.Join(os.Getenv("XDG_CACHE_HOME"), "popkit", "workspaces", got.Created.Run, "agents")
	if left, err := os.ReadDir(agents); err == nil && len(left) > 0 {
		t.Errorf("event %d: workspaces left: %v", at, left)
	}
}

// countAccepted counts task.accepted events by task, and fails on two for one.
func countAccepted(t *testing.T, repo, id string) map[string]int {
	t.Helper()
	log, err := runs.Place{Repo: repo}.Run(id).Open()
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	n := map[string]int{}
	for e, err := range log.Read(context.WithoutCancel(t.Context()), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if d, ok := e.Data.(event.TaskAccepted); ok {
			if n[d.Task]++; n[d.Task] > 1 {
				t.Errorf("run %s: two results of task %s were accepted", id, strings.ToLower(d.Task))
			}
		}
	}
	return n
}

// TestDead: a process that has ended, though nobody has asked for it yet, holds no
// locks; one that lives may.
func TestDead(t *testing.T) {
	if dead(os.Getpid()) {
		t.Error("this process is dead")
	}
	cmd := exec.Command("/bin/sh", "-c", "exit 0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for !dead(cmd.Process.Pid) { // in time it is a zombie
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Kill(cmd.Process.Pid, 0); err != nil {
		t.Errorf("it is gone: %v", err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if !dead(cmd.Process.Pid) {
		t.Error("it lives")
	}
}
