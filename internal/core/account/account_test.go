package account

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/view"
)

var update = flag.Bool("update", false, "write the golden files")

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// begin is what happens until an agent's process runs, end what happens after it.
func begin(agent, task string, attempt int, insights ...string) []event.Data {
	return []event.Data{
		event.AgentRequested{Agent: agent, Task: task, Attempt: attempt, Role: "implementer", Runtime: "claude", Purpose: event.PurposeWork, Base: "b", Insights: insights},
		event.EffectRequested{Key: "prepare:" + agent, Kind: event.EffectPrepare, Agent: agent},
		event.AgentPrepared{Effect: "prepare:" + agent, Agent: agent, Workspace: "/ws/" + agent, Base: "b"},
		event.EffectRequested{Key: "run:" + agent, Kind: event.EffectRun, Agent: agent},
		event.AgentStarted{Effect: "run:" + agent, Agent: agent, PID: 7, Hook: true},
		event.GuardJudged{Agent: agent, Tool: "Write", Verdict: event.VerdictDeny, Canary: true},
	}
}

func end(agent, task string, attempt int, then event.Data) []event.Data {
	return []event.Data{
		event.AgentExited{Effect: "run:" + agent, Agent: agent, Reason: event.ExitExited},
		event.EffectRequested{Key: "collect:" + agent, Kind: event.EffectCollect, Agent: agent},
		event.AgentCollected{Effect: "collect:" + agent, Agent: agent, Commit: "c-" + agent, Ref: fmt.Sprintf("refs/popkit/R/%s.%d", task, attempt),
			Files: []string{"src/" + task + ".go"}, Changed: 2, Added: 9, Removed: 1},
		then,
		event.EffectRequested{Key: "release:" + agent, Kind: event.EffectRelease, Agent: agent},
		event.AgentReleased{Effect: "release:" + agent, Agent: agent},
	}
}

// story is a run with all that a report tells.
func story() []event.Data {
	out := []event.Data{
		event.RunCreated{
			Run: "R", BaseRef: "refs/heads/main", Base: "base0123456789", Branch: "popkit/R",
			Settings: event.Settings{Mode: "native", Tier: "pro", PhaseAware: true, MaxAgents: 2,
				Planning: event.Usage{InputTokens: 5000, OutputTokens: 200, CostUSD: 0.05, Turns: 3}},
			Plan: objective.Plan{
				Objective: objective.Objective{Description: "Build\n a login", SuccessCriteria: []objective.Criterion{
					{Text: "tests pass", Check: &objective.Check{Run: "make test"}}, {Text: "it is nice"}}},
				Phases: []objective.Phase{{Name: "implement", Checks: []objective.Check{{Run: "go vet ./..."}}, Tasks: []objective.Task{
					{ID: "api", Role: "implementer", Title: "Write the API", Prompt: "p"}, {ID: "docs", Role: "implementer", Title: "Write\x1b[2J of\u202e\u009b it", Prompt: "p"},
					{ID: "extra", Role: "implementer", Title: "More", Prompt: "p"}}}},
			},
		},
		event.EngineStarted{Epoch: 1, PID: 100, Host: "box"},
		event.PhaseStarted{Phase: 0, Name: "implement", Base: "b"},
	}
	out = append(out, begin("implementer-1", "api", 1)...)
	out = append(out, begin("implementer-2", "docs", 1)...)
	deny := func(on string) event.Data {
		return event.GuardJudged{Agent: "implementer-1", Tool: "Write", On: on, Verdict: event.VerdictDeny, Rule: "protected_path", Reason: "protected_path: it is protected"}
	}
	out = append(out,
		event.InsightShared{ID: "i-1", Agent: "implementer-2", Task: "docs", Phase: "implement", Kind: "blocker", Content: "sessions are\nin redis"},
		event.InsightDelivered{Agent: "implementer-1", IDs: []string{"i-1"}, Via: "tool"},
		event.InsightConfirmed{ID: "i-1", Agent: "implementer-1"},
		deny("/ws/implementer-1/.env"), deny("/ws/implementer-1/.env"), deny("/ws/implementer-1/.env.local"),
		event.GuardJudged{Agent: "implementer-1", Tool: "Bash", On: "curl x", Verdict: event.VerdictDeny, Rule: "network", Reason: "network: no"},
		event.QuestionAsked{ID: "q-1", Kind: event.AskGuard, Agent: "implementer-1", Task: "api", Rule: "push", Text: "push to main\nmore", Options: []string{"allow", "deny"}, Default: "deny"},
		event.GuardJudged{Agent: "implementer-1", Tool: "Bash", On: "git push origin main", Verdict: event.VerdictAsk, Rule: "push", Question: "q-1"},
		event.ToolCalled{Agent: "implementer-1", Tool: "Bash"},
		event.QuestionAnswered{ID: "q-1", Answer: "deny", By: "Ada", Note: "not now"},
		event.AgentUsed{Agent: "implementer-1", Used: event.Usage{InputTokens: 12000, CachedTokens: 9000, OutputTokens: 345, CostUSD: 0.42, Turns: 14}},
	)
	out = append(out, end("implementer-1", "api", 1, event.AgentRejected{Agent: "implementer-1", Reason: "claimed without work"})...)
	out = append(out, begin("implementer-3", "api", 2, "i-1")...)
	out = append(out, event.AgentResumed{Effect: "run:implementer-3", Agent: "implementer-3", PID: 9, Why: "it was killed"})
	out = append(out, event.InsightShared{ID: "i-2", Agent: "implementer-3", Task: "api", Phase: "implement", Kind: "pattern", Content: "routes are a table"},
		event.AgentUsed{Agent: "implementer-3", Used: event.Usage{InputTokens: 100, OutputTokens: 50, CostUSD: 0.01, Turns: 2}},
		event.Reported{Agent: "implementer-3", Report: event.Report{Status: event.ReportDone, Summary: "the route is there", FollowUps: []string{"rate limits"}}})
	out = append(out, end("implementer-3", "api", 2, event.TaskAccepted{Task: "api", Agent: "implementer-3", Purpose: event.PurposeWork, Commit: "c3", Summary: "the route is there", Files: []string{"src/api.go"}})...)
	out = append(out,
		event.TaskMerged{Task: "api", Agent: "implementer-3", Onto: "base0123456789", Commit: "m1"},
		event.QuestionAsked{ID: "q-2", Kind: event.AskDrift, Agent: "implementer-2", Task: "docs", Text: "off its track", Options: []string{"continue"}},
		event.QuestionAnswered{ID: "q-2", Answer: "continue", By: "policy"},
		event.QuestionAsked{ID: "q-3", Kind: event.AskBarrier, Text: "late", Options: []string{"wait"}},
		event.QuestionWithdrawn{ID: "q-3", Reason: "it opened"})
	out = append(out, end("implementer-2", "docs", 1, event.TaskAccepted{Task: "docs", Agent: "implementer-2", Purpose: event.PurposeWork, Commit: "c2", Summary: "written", Files: []string{"src/docs.go"}})...)
	out = append(out, event.TaskMerged{Task: "docs", Agent: "implementer-2", Onto: "m1", Commit: "m2", Resolved: "first_wins"},
		event.TaskSkipped{Task: "extra", By: "Ada", Reason: "not needed"})
	for i, status := range []event.CheckStatus{event.CheckPassed, event.CheckPassed} {
		key := fmt.Sprintf("check:0:%d", i)
		out = append(out, event.EffectRequested{Key: key, Kind: event.EffectCheck, Check: i, Commit: "m2"},
			event.CheckEnded{Effect: key, Check: i, Commit: "m2", Status: status})
	}
	return append(out,
		event.EffectRequested{Key: "publish:0", Kind: event.EffectPublish, Commit: "m2"},
		event.BarrierOpened{Effect: "publish:0", Commit: "m2", Ref: "refs/popkit/R/barrier/1", Merged: []string{"api", "docs"}},
		event.EffectRequested{Key: "finish", Kind: event.EffectFinish},
		event.RunPublished{Effect: "finish", Branch: "popkit/R", Commit: "m2", BaseMoved: "other"},
		event.RunEnded{Outcome: event.OutcomeDone, Reason: "all barriers are open"})
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs (go test ./internal/core/account -update writes it):\n%s", path, got)
	}
}

// TestReport holds the report on a run to what it was, at its end and on the way;
// one can be made after each event, and has no null where a list belongs.
func TestReport(t *testing.T) {
	b := New()
	events := story()
	for i, d := range events {
		at := start.Add(time.Duration(i) * time.Second)
		if err := b.Add(event.Event{Seq: int64(i + 1), Time: at, Data: d}); err != nil {
			t.Fatalf("event %d, %s: %v", i, d.Type(), err)
		}
		engine := &view.Engine{PID: 100}
		if b.State.Ended != nil {
			engine = nil
		}
		r := b.Report(at.Add(time.Second/2), engine)
		raw, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), ": null") {
			t.Fatalf("after event %d: null in %s", i, raw)
		}
		switch d := d.(type) {
		case event.RunEnded:
			golden(t, "done.json", string(raw)+"\n")
			golden(t, "done.md", r.Markdown())
		case event.QuestionAsked:
			if d.ID == "q-1" {
				golden(t, "asking.md", r.Markdown())
			}
		}
	}
}

func TestCovered(t *testing.T) {
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	secs, peak := covered([]span{{at(0), at(4)}, {at(2), at(6)}, {at(6), at(7)}, {at(9), at(10)}, {at(3), at(3)}})
	if secs != 8 || peak != 2 {
		t.Errorf("%v seconds, %d at once", secs, peak)
	}
}

// However much an agent is given and denied, a book keeps little of it.
func TestBounded(t *testing.T) {
	var talk talk
	for i := range 10_000 {
		talk.given.add(fmt.Sprint(i))
		talk.deny(event.GuardJudged{Tool: "Write", On: strings.Repeat("x", 5000) + fmt.Sprint(i), Rule: fmt.Sprint("r", i%50)}, "", 1, "/ws")
	}
	raw, err := json.Marshal(talk.denied)
	if err != nil {
		t.Fatal(err)
	}
	if len(talk.given.list) != maxIDs || talk.denials != 10_000 || len(raw) > 50_000 {
		t.Errorf("%d insights, %d denials, %d bytes of them", len(talk.given.list), talk.denials, len(raw))
	}
}
