package view_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
)

var update = flag.Bool("update", false, "write the golden files anew")

// world plays a run by hand, a second an input.
type world struct {
	t   *testing.T
	s   *state.State
	now time.Time
}

func (w *world) do(in decide.Input) []event.Event {
	w.t.Helper()
	w.now = w.now.Add(time.Second)
	events, err := decide.Step(w.s, w.now, in)
	if err != nil {
		w.t.Fatalf("%T: %v", in, err)
	}
	return events
}

func (w *world) end(d event.Data) { w.t.Helper(); w.do(decide.EffectEnded{Data: d}) }

// begin starts an agent that was requested.
func (w *world) begin(agent string) {
	w.t.Helper()
	w.end(event.AgentPrepared{Effect: "prepare:" + agent, Agent: agent, Workspace: "/w/" + agent, Base: w.s.Agents[agent].Base})
	w.end(event.AgentStarted{Effect: "run:" + agent, Agent: agent, PID: 42})
}

// finish lets an agent end with the exit code, having changed the files.
func (w *world) finish(agent string, code int, files ...string) {
	w.t.Helper()
	w.end(event.AgentExited{Effect: "run:" + agent, Agent: agent, Reason: event.ExitExited, Code: code})
	commit := w.s.Agents[agent].Base
	if len(files) > 0 {
		commit = "work-" + agent
	}
	w.end(event.AgentCollected{
		Effect: "collect:" + agent, Agent: agent, Commit: commit, Ref: "refs/popkit/R/" + agent, Files: files, Changed: len(files),
		Summary: fmt.Sprintf("%d files changed", len(files)),
	})
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, s: state.New(), now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	plan := objective.Plan{
		Objective: objective.Objective{
			Description: "Build user\nauthentication",
			SuccessCriteria: []objective.Criterion{
				{Text: "all tests pass", Check: &objective.Check{Run: "make test"}}, {Text: "Documentation updated"},
			},
		},
		Phases: []objective.Phase{
			{Name: "implement", Tasks: []objective.Task{
				{ID: "api", Role: "implementer", Title: "the API", Prompt: "p", Scope: []string{"src/**"}},
				{ID: "more", Role: "implementer", Title: "more API", Prompt: "p", Scope: []string{"src/api/**"}},
				{ID: "tests", Role: "tester", Title: "tests", Prompt: "p", Needs: []string{"api"}},
			}},
			{Name: "review", Tasks: []objective.Task{{ID: "review", Role: "reviewer", Title: "review", Prompt: "p", NoCode: true}}},
		},
	}
	first := event.Event{Seq: 1, Time: w.now, Data: event.RunCreated{
		Run: "R", Plan: plan, BaseRef: "refs/heads/main", Base: "base", Branch: "popkit/R", Settings: event.Settings{
			Mode: "native", ModeReason: "a runtime is given", Tier: "pro", PhaseAware: true, FullRouting: true, MaxAgents: 2,
			MaxAgentsSource: "the plan", MaxAttempts: 2, MaxStarted: 50, MaxFixes: 1, MaxInsights: 100, MaxInsightsPerPull: 3,
			MaxRuntime: time.Hour, ContextLimit: 1 << 14, Runtime: "exec:agent",
		},
	}}
	if err := w.s.Apply(first); err != nil {
		t.Fatal(err)
	}
	w.do(decide.EngineStart{PID: 7, Host: "here"})
	return w
}

// why returns why each task is not running.
func (w *world) why() map[string]string {
	out := map[string]string{}
	for _, t := range view.Make(w.s, w.now, &view.Engine{}).Tasks {
		out[t.ID] = t.Waits
	}
	return out
}

func TestWhy(t *testing.T) {
	w := newWorld(t)
	expect := func(task, want string) {
		t.Helper()
		if got := w.why()[task]; got != want {
			t.Errorf("task %s waits for %q, want %q", task, got, want)
		}
	}
	expect("api", "its workspace")
	expect("more", "its scope overlaps with task api, which is at work (overlap: allow lets them run together)")
	expect("tests", "it needs task api, which is running")
	expect("review", "the barrier of phase implement")
	w.begin("implementer-1")
	expect("api", "")
	w.finish("implementer-1", 1)
	w.begin("implementer-2")
	w.finish("implementer-2", 1)
	expect("api", "a person's answer to q-1")
	expect("tests", "it needs task api, which waits for a person's answer to q-1")
	parked := *w.s
	parked.Ended = &event.RunEnded{Outcome: event.OutcomeNeedsHuman, Reason: "waiting for an answer to q-1"}
	if got := view.Why(&parked, parked.Tasks["tests"], w.now); got != "it needs task api, which waits for a person's answer to q-1" {
		t.Errorf("in a parked run task tests waits for %q", got)
	}
	w.do(decide.Skip{Task: "api", By: "ann"})
	w.do(decide.Skip{Task: "more", By: "ann"})
	answered := *w.s
	answered.Ended = parked.Ended
	if v := view.Make(&answered, w.now, nil); v.Reason != "all questions are answered; popkit power resume goes on" ||
		v.Phases[0].Waits != "the run to be resumed: popkit power resume" || view.Why(&answered, answered.Tasks["review"], w.now) != v.Phases[0].Waits {
		t.Errorf("parked, without a question: %q, phase waits for %q, tasks %+v", v.Reason, v.Phases[0].Waits, v.Tasks)
	}
	w.do(decide.Stop{By: "ann"})
	expect("review", "the run is being stopped")
}

// TestGolden shows a run at three moments: at work, waiting for a person, done.
func TestGolden(t *testing.T) {
	w := newWorld(t)
	w.begin("implementer-1")
	half := 0.5
	w.do(decide.CheckIn{Agent: "implementer-1", Progress: &half, Doing: "writing"})
	w.do(decide.ShareInsight{Agent: "implementer-1", Content: "found it", Tags: []string{"auth"}})
	w.do(decide.Ask{Agent: "implementer-1", Text: "which database?", Options: []string{"pg", "sqlite"}})
	w.golden("working")
	w.do(decide.Answer{ID: "q-1", Answer: "pg", By: "ann"})
	w.finish("implementer-1", 0, "src/api.go")
	w.end(event.TaskMerged{Effect: "merge:api.1", Task: "api", Agent: "implementer-1", Onto: "base", Commit: "m1"})
	for _, agent := range []string{"implementer-2", "implementer-3", "tester-1", "tester-2"} {
		if w.s.Agents[agent] != nil && w.s.Agents[agent].Status == state.AgentRequested {
			w.begin(agent)
			w.finish(agent, 3)
		}
	}
	w.golden("waiting")
	w.do(decide.Skip{Task: "more", By: "ann", Reason: "not needed"})
	w.do(decide.Skip{Task: "tests", By: "ann", Reason: "not needed"})
	w.settle()
	w.golden("done")
	if w.s.Ended == nil || w.s.Ended.Outcome != event.OutcomeDone {
		t.Errorf("ended %+v", w.s.Ended)
	}
}

// settle ends what is left of the run, with success.
func (w *world) settle() {
	w.t.Helper()
	for range 100 {
		if w.s.Ended != nil {
			return
		}
		for _, key := range slices.Sorted(maps.Keys(w.s.Effects)) {
			ef := w.s.Effects[key]
			switch ef.Kind {
			case event.EffectPrepare:
				w.begin(ef.Agent)
			case event.EffectRun:
				w.finish(ef.Agent, 0)
			case event.EffectRelease:
				w.end(event.AgentReleased{Effect: key, Agent: ef.Agent})
			case event.EffectCheck:
				w.end(event.CheckEnded{Effect: key, Phase: ef.Phase, Check: ef.Check, Commit: ef.Commit, Status: event.CheckPassed})
			case event.EffectPublish:
				w.end(event.BarrierOpened{Effect: key, Phase: ef.Phase, Commit: ef.Commit, Ref: fmt.Sprintf("refs/popkit/R/barrier/%d", ef.Phase+1)})
			case event.EffectFinish:
				w.end(event.RunPublished{Effect: key, Branch: "popkit/R", Commit: ef.Commit, BaseMoved: "other"})
			}
			break // the map has changed
		}
	}
	w.t.Fatal("the run does not end")
}

func (w *world) golden(name string) {
	w.t.Helper()
	status, err := json.MarshalIndent(view.Make(w.s, w.now, &view.Engine{PID: 7, Host: "here", Socket: "/s"}), "", "  ")
	if err != nil {
		w.t.Fatal(err)
	}
	for ext, got := range map[string]string{".json": string(status) + "\n"} {
		path := filepath.Join("testdata", name+ext)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				w.t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			w.t.Fatal(err)
		}
		if got != string(want) {
			w.t.Errorf("%s differs (-update writes it anew, git diff shows how)", path)
		}
	}
}

// TestSharesNothing changes a view and looks whether the state changed with it.
func TestSharesNothing(t *testing.T) {
	w := newWorld(t)
	w.do(decide.ShareInsight{Content: "found it", Tags: []string{"auth"}})
	v := view.Insights(w.s)
	v[0].Tags[0] = "changed"
	if got := view.Insights(w.s)[0].Tags[0]; got != "auth" {
		t.Errorf("the state's tag is %q now", got)
	}
}

// TestPermission: what the agent's host lets run by itself is a layer of its own.
func TestPermission(t *testing.T) {
	for said, want := range map[string]string{"": "none", "closed": "closed"} {
		w := newWorld(t)
		w.end(event.AgentPrepared{Effect: "prepare:implementer-1", Agent: "implementer-1", Workspace: "/w", Base: "b"})
		w.end(event.AgentStarted{Effect: "run:implementer-1", Agent: "implementer-1", PID: 42, Permission: said})
		a := view.Make(w.s, w.now, nil).Agents[0]
		if a.ID != "implementer-1" || a.Layers.Permission != want {
			t.Errorf("it began with %q: %s has the permission layer %s, want %s", said, a.ID, a.Layers.Permission, want)
		}
	}
}
