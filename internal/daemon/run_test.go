package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
)

// onePhase is a plan of one phase.
func onePhase(checks []objective.Check, tasks ...objective.Task) objective.Plan {
	return objective.Plan{
		Objective: objective.Objective{Description: "a test"},
		Phases:    []objective.Phase{{Name: "work", Tasks: tasks, Checks: checks}},
	}
}

func task(id, command string) objective.Task {
	return objective.Task{ID: id, Role: "implementer", Title: "task " + id, Prompt: "do " + id, Runtime: "exec:" + command}
}

func wantOutcome(t *testing.T, s *state.State, want event.Outcome) {
	t.Helper()
	if s.Ended == nil || s.Ended.Outcome != want {
		t.Errorf("ended %+v, want %s", s.Ended, want)
		for _, p := range s.Problems {
			t.Logf("problem: %s: %s", p.Source, p.Text)
		}
		for _, id := range s.Open {
			t.Logf("open: %s", s.Questions[id].Text)
		}
	}
}

func TestClaimedWithoutWork(t *testing.T) {
	repo := newRepo(t)
	_, s := serve(t, repo, onePhase(nil, task("idle", "true")))
	wantOutcome(t, s, event.OutcomeNeedsHuman)
	a := s.Agents["implementer-1"]
	if a.Rejected == nil || !strings.Contains(a.Rejected.Reason, "without work") {
		t.Errorf("the first attempt: %+v", a.Rejected)
	}
	if n := len(s.Order); n != 2 {
		t.Errorf("%d attempts, want 2", n)
	}
}

// conflicting is a plan whose two tasks both write line 1 of f.
func conflicting(policy objective.ConflictPolicy) objective.Plan {
	plan := onePhase(nil,
		task("one", "echo one > f"),
		task("two", `if [ "$POPKIT_ROLE" = resolver ]; then printf 'one\ntwo\n' > f; else echo two > f; fi`))
	plan.Phases[0].Tasks[1].Needs = nil
	plan.OnConflict = policy
	return plan
}

func TestConflictPolicies(t *testing.T) {
	for policy, outcome := range map[objective.ConflictPolicy]event.Outcome{
		objective.ConflictFirstWins: event.OutcomeDone,
		objective.ConflictHuman:     event.OutcomeNeedsHuman,
		objective.ConflictAgent:     event.OutcomeDone,
	} {
		t.Run(string(policy), func(t *testing.T) {
			repo := newRepo(t)
			plan := conflicting(policy)
			if policy == objective.ConflictAgent {
				both := `exec:if [ "$POPKIT_ROLE" = resolver ]; then printf 'one\ntwo\n' > f; else echo $POPKIT_TASK > f; fi`
				plan.Phases[0].Tasks[0].Runtime, plan.Phases[0].Tasks[1].Runtime = both, both
			}
			run, s := serve(t, repo, plan)
			wantOutcome(t, s, outcome)
			kept := git(t, repo, "for-each-ref", "--format=%(refname)", "refs/popkit/"+run.ID)
			for _, ref := range []string{"one.1", "two.1"} {
				if !strings.Contains(kept, ref) {
					t.Errorf("no ref %s in\n%s", ref, kept)
				}
			}
			if outcome != event.OutcomeDone {
				return
			}
			got := git(t, repo, "show", "popkit/"+run.ID+":f")
			if policy == objective.ConflictAgent && got != "one\ntwo" || policy == objective.ConflictFirstWins && got != "one" && got != "two" {
				t.Errorf("f holds %q", got)
			}
		})
	}
}

func TestRedCheckIsFixed(t *testing.T) {
	repo := newRepo(t)
	if err := os.WriteFile(filepath.Join(repo, "test.sh"), []byte("true\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	git(t, repo, "add", ".")
	git(t, repo, "commit", "-q", "-m", "a test")
	plan := onePhase([]objective.Check{{Run: "sh test.sh"}},
		task("good", "echo ok > good"),
		task("bad", `if [ "$POPKIT_ROLE" = fixer ]; then cat > /dev/null; echo 'test -f good' > test.sh; else echo 'echo broken; exit 1' > test.sh; fi`))
	_, s := serve(t, repo, plan)
	wantOutcome(t, s, event.OutcomeDone)
	c := s.Phases[0].Checks[0]
	if c.Fixes != 1 {
		t.Errorf("%d fixes, want 1; blame %+v", c.Fixes, c.Blame)
	}
	if a := s.Agents["fixer-1"]; a == nil || !strings.Contains(a.Prompt, "broken") {
		t.Errorf("the fixer was not told the failing output")
	}
}

func TestCheckThatCannotRunIsNoPass(t *testing.T) {
	repo := newRepo(t)
	_, s := serve(t, repo, onePhase([]objective.Check{{Run: "no-such-command-here"}}, task("a", "echo a > a")))
	wantOutcome(t, s, event.OutcomeNeedsHuman)
	if got := s.Phases[0].Checks[0].Last.Status; got != event.CheckCouldNotRun {
		t.Errorf("the check %s", got)
	}
}

func TestNeedsSeeWorkTheyNeed(t *testing.T) {
	repo := newRepo(t)
	second := task("second", "cp first second")
	second.Needs = []string{"first"}
	run, s := serve(t, repo, onePhase(nil, second, task("first", "echo 1 > first")))
	wantOutcome(t, s, event.OutcomeDone)
	if got := git(t, repo, "show", "popkit/"+run.ID+":second"); got != "1" {
		t.Errorf("second holds %q", got)
	}
}

func TestWorkOutsideBoundsAsks(t *testing.T) {
	repo := newRepo(t)
	plan := onePhase(nil, task("a", "echo a > outside"))
	plan.Objective.Boundaries.FilePatterns = []string{"src/**"}
	_, s := serve(t, repo, plan)
	wantOutcome(t, s, event.OutcomeNeedsHuman)
	if len(s.Open) != 1 || s.Questions[s.Open[0]].Kind != event.AskAudit {
		t.Errorf("open questions: %v", s.Open)
	}
}

// TestFileInsight shows that an entry an agent writes into its insights.json by
// hand becomes an insight, and is not committed.
func TestFileInsight(t *testing.T) {
	repo := newRepo(t)
	entry := `{"insights":[{"agent":"me","content":"found by hand","tags":["x"],"phase":"work"}]}`
	run, s := serve(t, repo, onePhase(nil, task("a", fmt.Sprintf("echo '%s' > .claude/popkit/insights.json; echo a > a", entry))))
	wantOutcome(t, s, event.OutcomeDone)
	if _, ok := s.Insights.Find("discovery", "found by hand"); !ok {
		t.Errorf("not taken in; %d insights", s.Insights.Len())
	}
	if got := git(t, repo, "ls-tree", "-r", "--name-only", "popkit/"+run.ID); strings.Contains(got, ".claude") {
		t.Errorf("committed:\n%s", got)
	}
	raw, err := os.ReadFile(filepath.Join(repo, ".claude/popkit/insights.json"))
	if err != nil || !strings.Contains(string(raw), "found by hand") {
		t.Errorf("insights.json: %v\n%s", err, raw)
	}
}

func TestReport(t *testing.T) {
	repo := newRepo(t)
	plan := onePhase(nil, task("a", "echo a > a"))
	plan.Objective.SuccessCriteria = []objective.Criterion{{Text: "a is there", Check: &objective.Check{Run: "test -f a"}}, {Text: "it is nice"}}
	run, s := serve(t, repo, plan)
	wantOutcome(t, s, event.OutcomeDone)
	raw, err := os.ReadFile(run.ReportPath())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a is there: passed", "it is nice: for a person to judge", "git merge --no-ff popkit/" + run.ID} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no %q in\n%s", want, raw)
		}
	}
	if _, err := os.Stat(filepath.Join(repo, ".claude/popkit/power-state.json")); !os.IsNotExist(err) {
		t.Errorf("power-state.json is still there: %v", err)
	}
}
