package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

// crashCases are plans in which everything that popkit does happens, without
// faults: what an agent leaves depends on its task and on the tree alone.
func crashCases() map[string]Config {
	task := func(id string, edit ...func(*objective.Task)) objective.Task {
		t := objective.Task{ID: id, Role: "implementer", Title: "do " + id, Prompt: "do it", Scope: []string{"src/" + id + "/**"}}
		for _, e := range edit {
			e(&t)
		}
		return t
	}
	noCode := func(t *objective.Task) { t.NoCode = true }
	needs := func(ids ...string) func(*objective.Task) { return func(t *objective.Task) { t.Needs = ids } }
	all := func(t *objective.Task) { t.Scope = nil }
	phase := func(name string, checks []string, tasks ...objective.Task) objective.Phase {
		p := objective.Phase{Name: name, Tasks: tasks}
		for _, c := range checks {
			p.Checks = append(p.Checks, objective.Check{Run: c})
		}
		return p
	}
	cases := map[string]Config{}
	add := func(name string, edit func(*Config), phases ...objective.Phase) {
		c := Config{Nature: map[string]Nature{}, Created: event.RunCreated{
			Run: "R", Base: "base00000000", Branch: "popkit/R", Settings: plainSettings(),
			Plan: objective.Plan{Phases: phases, OnConflict: objective.ConflictAgent},
		}}
		if edit != nil {
			edit(&c)
		}
		cases[name] = c
	}
	add("two phases", nil,
		phase("explore", nil, task("map", noCode)),
		phase("implement", []string{"no bug0"}, task("api"), task("ui", needs("api")), task("tests")))
	add("empty phase", nil, phase("nothing", nil), phase("something", nil, task("a")))
	add("conflict, an agent resolves", func(c *Config) {
		c.Nature["a"], c.Nature["b"], c.Nature["c"] = Nature{Shared: true}, Nature{Shared: true}, Nature{Shared: true}
	}, phase("one", []string{"no bug0"}, task("a", all), task("b", all), task("c", all)), phase("two", nil, task("d")))
	add("conflict, a person sends an agent", func(c *Config) {
		c.Nature["a"], c.Nature["b"] = Nature{Shared: true}, Nature{Shared: true}
		c.Created.Plan.OnConflict = objective.ConflictHuman
		c.Odds.Answers = map[event.QuestionKind]string{event.AskConflict: "agent"}
	}, phase("one", nil, task("a", all), task("b", all)))
	add("red check and fix", func(c *Config) {
		c.Nature["b"], c.Nature["c"] = Nature{Bug: "bug0"}, Nature{Bug: "bug1"}
	}, phase("one", []string{"no bug0", "no bug1"}, task("a"), task("b"), task("c")))
	add("retry, then a person skips", func(c *Config) {
		c.Nature["a"], c.Nature["b"] = Nature{FailFirst: 1}, Nature{FailFirst: 99}
	}, phase("one", nil, task("a"), task("b")), phase("two", nil, task("c")))
	add("question", func(c *Config) {
		c.Nature["a"] = Nature{Asks: true}
	}, phase("one", nil, task("a"), task("b", needs("a"))))
	add("one after the other", func(c *Config) {
		c.Created.Settings.Sequential = true
	}, phase("one", nil, task("a", all), task("b", all), task("c")), phase("two", nil, task("d")))
	return cases
}

func plainSettings() event.Settings {
	return event.Settings{
		Mode: "native", Tier: "pro", PhaseAware: true, FullRouting: true, MaxAgents: 2, MaxAttempts: 3, MaxFixes: 2, MaxQuestions: 5,
		CheckinEvery: 5, MaxInsightsPerPull: 3, AgentTimeout: time.Hour, RetryDelay: time.Second, Runtime: "exec:true",
	}
}

// outcome is what must not depend on crashes: how the run ended, what is merged,
// which tasks have a result.
func outcome(r Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", r.State.Ended.Outcome)
	for _, id := range r.State.TaskOrder {
		fmt.Fprintf(&b, "task %s is %s\n", id, r.State.Tasks[id].Status)
	}
	for _, f := range slices.Sorted(maps.Keys(r.Content)) {
		fmt.Fprintf(&b, "%s: %q\n", f, r.Content[f])
	}
	return b.String()
}

// TestKilledAgainAndAgain: whenever and however often the engine is killed, and
// whatever of what it had under way happened, was told late or not at all, the
// run ends as if nothing had happened.
func TestKilledAgainAndAgain(t *testing.T) {
	for name, cfg := range crashCases() {
		t.Run(name, func(t *testing.T) {
			cfg.Seed = 1
			whole, err := runSeed(t, cfg)
			if err != nil {
				t.Fatal(err)
			}
			want, kills := outcome(whole), 0
			cfg.Calm, cfg.Odds.Sensible = 12*time.Hour, true
			cfg.Odds.Kill, cfg.Odds.KillBeforeAct, cfg.Odds.LateEnd, cfg.Odds.WallJump, cfg.Odds.Append = 1, 0.02, 0.5, 0.3, 0.02
			for range 15 {
				cfg.Seed++
				r, err := runSeed(t, cfg)
				if err != nil {
					t.Errorf("seed %d: %v", cfg.Seed, err)
					continue
				}
				if got := outcome(r); got != want {
					t.Errorf("seed %d, %d kills:\n%swithout:\n%s", cfg.Seed, r.Kills, got, want)
				}
				kills += r.Kills
			}
			if kills < 15 {
				t.Errorf("%d kills in 15 runs", kills)
			}
		})
	}
}

// TestCutAtEveryEvent kills the engine at every event of whole runs: what is
// resumed from the log's prefix ends as if nothing had happened.
func TestCutAtEveryEvent(t *testing.T) {
	happened := map[string]bool{}
	for name, cfg := range crashCases() {
		t.Run(name, func(t *testing.T) {
			cfg.Seed = 1
			whole, err := runSeed(t, cfg)
			if err != nil {
				t.Fatal(err)
			}
			want := outcome(whole)
			for _, e := range whole.Events {
				happened[e.Data.Type()] = true
			}
			if whole.State.Ended.Outcome != event.OutcomeDone || whole.Kills != 0 {
				t.Fatalf("without a crash:\n%s", want)
			}
			for at := int64(2); at <= whole.State.Seq; at++ {
				cfg.KillAt = at
				r, err := runSeed(t, cfg)
				if err != nil {
					t.Errorf("killed at event %d: %v", at, err)
					continue
				}
				if r.Kills != 1 && at < whole.State.Seq {
					t.Errorf("killed at event %d: %d kills", at, r.Kills)
				}
				if got := outcome(r); got != want {
					t.Errorf("killed at event %d (%s):\n%swithout:\n%s", at, event.Line(whole.Events[at-1].Data), got, want)
				}
			}
		})
	}
	for _, d := range []event.Data{
		event.TaskConflicted{}, event.CheckBlamed{}, event.AgentRejected{}, event.QuestionAnswered{}, event.TaskMerged{},
	} {
		if !happened[d.Type()] {
			t.Errorf("no plan has a %s: the test has lost a case", d.Type())
		}
	}
}
