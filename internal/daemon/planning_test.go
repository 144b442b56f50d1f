package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"popkit/internal/config"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/planner"
)

// planWith is an answer whose checks are these commands.
func planWith(checks ...string) string {
	for i, c := range checks {
		checks[i] = fmt.Sprintf(`{"run": %q}`, c)
	}
	return `{"summary": "s", "power_mode": {"worth_it": true, "why": "w"}, "phases": [{"name": "build", "checks": [` + strings.Join(checks, ",") + `],
		"tasks": [{"id": "a", "role": "implementer", "title": "A", "prompt": "Do a.", "scope": ["a/**"], "tags": ["a"]},
			{"id": "b", "role": "tester", "title": "B", "prompt": "Do b.", "scope": ["b/**"], "tags": ["b"]}]}]}`
}

// planning makes a plan in a repository by a command, and sees to it that nothing
// is left of it.
func planning(t *testing.T, repo, command string) (planner.Made, error) {
	t.Helper()
	return planningFor(t, t.Context(), repo, command, nil)
}

func planningFor(t *testing.T, ctx context.Context, repo, command string, say func(string)) (planner.Made, error) {
	t.Helper()
	before := userView(t, repo) + git(t, repo, "for-each-ref")
	if say == nil {
		say = func(string) {}
	}
	made, err := MakePlan(ctx, PlanOrder{Repo: repo, Runtime: "exec:" + command, Objective: objective.Objective{Description: "build it"}}, say)
	if after := userView(t, repo) + git(t, repo, "for-each-ref"); after != before {
		t.Errorf("the repository was\n%s\nand is\n%s", before, after)
	}
	left, rerr := os.ReadDir(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "popkit", "workspaces"))
	if rerr != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, rerr)
	}
	return made, err
}

// answers writes answers where a planning command of the test finds them, one for
// each time that it is asked, and returns the command; what it is asked is kept.
func answers(t *testing.T, list ...string) (command, dir string) {
	t.Helper()
	dir = t.TempDir()
	for i, a := range list {
		writeFile(t, filepath.Join(dir, fmt.Sprintf("answer%d", i+1)), a)
	}
	return fmt.Sprintf(`n=$(ls %[1]s | grep -c asked); n=$((n+1)); cat > %[1]s/asked$n; cat %[1]s/answer$n`, dir), dir
}

func TestMakePlan(t *testing.T) {
	repo := newRepo(t)
	writeFile(t, filepath.Join(repo, "README"), "changed, and not committed\n")
	command, dir := answers(t, planWith("grep -q hello README", "test -d .git -a ! -e .claude", "test -e new"))
	var said []string
	made, err := planningFor(t, t.Context(), repo, command, func(text string) { said = append(said, text) })
	if err != nil {
		t.Fatal(err)
	}
	var states []planner.State
	for _, c := range made.Checks {
		states = append(states, c.State)
	}
	if fmt.Sprint(states) != "[green green red]" {
		t.Errorf("checks %+v", made.Checks)
	}
	if made.Planning.Took <= 0 || !made.Worth.Power || len(said) < 5 {
		t.Errorf("%+v, said %q", made, said)
	}
	asked := readFile(t, filepath.Join(dir, "asked1"))
	for _, want := range []string{"build it", "main (" + git(t, repo, "rev-parse", "HEAD")[:12] + ")", "> README", "- explorer: ", ".env*, **/secrets/**"} {
		if !strings.Contains(asked, want) {
			t.Errorf("it was not asked %q:\n%s", want, asked)
		}
	}
	if strings.Contains(asked, repo) {
		t.Errorf("it was told of the user's own checkout:\n%s", asked)
	}
}

// TestPlanIsRepaired: what can't be run is told to the agent; so is what an agent
// would not be allowed to run, which is never run.
func TestPlanIsRepaired(t *testing.T) {
	repo := newRepo(t)
	ran := filepath.Join(t.TempDir(), "ran")
	command, dir := answers(t,
		planWith("./none.sh", "touch "+ran+"; git push origin main", "cat .env; touch "+ran),
		planWith("no-such-program --version", "grep -q hello README"),
		planWith("grep -q hello README"))
	made, err := planning(t, repo, command)
	if err != nil {
		t.Fatal(err)
	}
	if made.Planning.Repairs != 2 || len(made.Checks) != 1 || made.Checks[0].State != planner.Green {
		t.Errorf("%+v", made)
	}
	if _, err := os.Stat(ran); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what is not allowed was run: %v", err)
	}
	second, third := readFile(t, filepath.Join(dir, "asked2")), readFile(t, filepath.Join(dir, "asked3"))
	for _, want := range []string{`"./none.sh" can't be run here`, `git push origin main" is not allowed`, `cat .env`, "You answered:", "build it"} {
		if !strings.Contains(second, want) {
			t.Errorf("the first repair lacks %q:\n%s", want, second)
		}
	}
	if !strings.Contains(third, `"no-such-program --version" can't be run here`) {
		t.Errorf("the second repair:\n%s", third)
	}
}

func TestPlanningCommandFails(t *testing.T) {
	repo := newRepo(t)
	for command, want := range map[string]planner.Failure{
		"echo some words >&2; exit 4":    {Reason: planner.Broken, Text: "exit code 4: some words"},
		"no-such-program":                {Reason: planner.NoCLI, Text: "exit code 127"},
		"cat > /dev/null; echo no plan ": {Reason: planner.Unrepairable, Text: "there was no plan in the answer"},
		"kill -9 $$":                     {Reason: planner.Broken, Text: "exit code 137"},
	} {
		_, err := planning(t, repo, command)
		var f *planner.Failure
		if !errors.As(err, &f) || f.Reason != want.Reason || !strings.Contains(f.Text, want.Text) || f.Spent.Took <= 0 {
			t.Errorf("%s: %v (%+v)", command, err, f)
		}
	}
}

// TestPlanningIsStopped: the end of the context ends agents and checks, whatever
// they do, and what was cloned is gone.
func TestPlanningIsStopped(t *testing.T) {
	repo := newRepo(t)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "answer"), planWith("trap '' TERM INT; sleep 1000"))
	for name, x := range map[string]struct{ command, at string }{
		"agent": {"trap '' TERM INT; sleep 1000 & sleep 1000; true", "the planning agent works"},
		"check": {"cat " + dir + "/answer", "check 1 of 1"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			_, err := planningFor(t, ctx, repo, x.command, func(text string) {
				if strings.HasPrefix(text, x.at) {
					cancel()
				}
			})
			if err != context.Canceled { //nolint:errorlint // and nothing else
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestGCAndPlans: what a plan is made in is not cleared away from under it, and is
// where whoever made it was killed.
func TestGCAndPlans(t *testing.T) {
	repo := newRepo(t)
	command, _ := answers(t, planWith("grep -q hello README"))
	looked := 0
	made, err := planningFor(t, t.Context(), repo, command, func(string) {
		removed, err := GC(t.Context(), repo, false)
		if looked++; err != nil || len(removed) > 0 {
			t.Errorf("gc while a plan is made: %v %v", removed, err)
		}
	})
	if err != nil || made.Checks[0].State != planner.Green || looked != 3 {
		t.Errorf("%+v %v, looked %d times", made, err, looked)
	}

	b, err := openBench(t.Context(), repo, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Try(t.Context(), "true"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.survey(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.held.Close(); err != nil { // as the end of its process does
		t.Fatal(err)
	}
	removed, err := GC(t.Context(), repo, false)
	if err != nil || len(removed) != 2 {
		t.Errorf("gc of what is left: %v %v", removed, err)
	}
	if left, err := os.ReadDir(b.root); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

// spender is a planning agent that takes time and money.
type spender struct {
	took time.Duration
	cost float64
}

func (s spender) Ask(ctx context.Context, _ string) (planner.Answer, error) {
	select {
	case <-time.After(s.took):
		return planner.Answer{Usage: event.Usage{CostUSD: s.cost}}, nil
	case <-ctx.Done():
		return planner.Answer{}, ctx.Err()
	}
}

// TestPlanningLimits: the limits hold for all answers taken together.
func TestPlanningLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, x := range []struct {
			limits config.Planner
			want   string
		}{
			{config.Planner{MaxMinutes: 2.5}, "planning took longer than 2m30s (planner.max_minutes)"},
			{config.Planner{MaxCostUSD: 1}, "planning has cost $1.00, of $1.00 that it may (planner.max_cost_usd)"},
		} {
			m := &metered{agent: spender{time.Minute, 0.5}, limits: x.limits}
			for range 2 {
				if _, err := m.Ask(t.Context(), ""); err != nil {
					t.Fatal(err)
				}
			}
			_, err := m.Ask(t.Context(), "")
			var f *planner.Failure
			if !errors.As(err, &f) || f.Reason != planner.Exhausted || f.Text != x.want {
				t.Errorf("%v, want %s", err, x.want)
			}
		}
		m := &metered{agent: spender{took: time.Hour, cost: 1000}}
		for range 3 {
			if _, err := m.Ask(t.Context(), ""); err != nil {
				t.Errorf("without limits: %v", err)
			}
		}
	})
}

// keyPlanner: who plans, and for how long.
func keyPlanner(t *testing.T) {
	c := config.Default()
	for runtime, want := range map[string][2]string{"auto": {"", "claude"}, "off": {"", ""}, "claude": {"claude", "claude"}, "exec:x": {"exec:x", "exec:x"}} {
		c.Planner.Runtime = runtime
		if got := [2]string{c.PlannerFor("exec:agent"), c.PlannerFor("claude")}; got != want {
			t.Errorf("%s: %q, want %q", runtime, got, want)
		}
	}
	repo := newRepo(t)
	writeFile(t, filepath.Join(repo, ".claude/popkit/config.json"), `{"planner":{"max_minutes":0.001},"limits":{"check_timeout_minutes":0.05}}`)
	_, err := planning(t, repo, "sleep 1000")
	var f *planner.Failure
	if !errors.As(err, &f) || f.Reason != planner.Exhausted {
		t.Errorf("error %v", err)
	}
	trials, err := TryChecks(t.Context(), PlanOrder{Repo: repo}, onePhase([]objective.Check{{Run: "sleep 1000"}, {Run: "true"}}), func(string) {})
	if err != nil || len(trials) != 2 || trials[0].State != planner.Late || trials[1].State != planner.Green {
		t.Errorf("trials %+v %v", trials, err)
	}
}

// TestPlanOutlivesItsEnd: what can't be cleared up after planning is said, and the plan is
// there all the same.
func TestPlanOutlivesItsEnd(t *testing.T) {
	ends := 0
	left, err := onBench(t.Context(), PlanOrder{Repo: newRepo(t)}, func(b *bench) error {
		ends++
		return b.held.Close() // so that it can't be closed again
	})
	if err != nil || ends != 1 || left == nil || !strings.Contains(left.Error(), "clear up after planning") {
		t.Fatalf("the work: %v, clearing up: %v", err, left)
	}
	made, err := planner.Made{Summary: "s"}.With(left, nil)
	if made, err = made.With(left, err); err != nil || made.Summary != "s" || strings.Count(made.Problem, left.Error()) != 2 {
		t.Errorf("%+v, %v", made, err)
	}
	failure := &planner.Failure{Text: "no"}
	if _, err := (planner.Made{}).With(left, failure); !errors.Is(err, left) || !errors.Is(err, failure) {
		t.Errorf("a failure and what is left of it: %v", err)
	}
	if _, err := (planner.Made{}).With(nil, context.Canceled); err != context.Canceled { //nolint:errorlint // alone
		t.Errorf("it was stopped: %v", err)
	}
}
