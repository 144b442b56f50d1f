package cli

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/runs"

	"os"
	"path/filepath"
)

// The fixtures' run.
const (
	runID = "01M81000000000000000000001"
	base  = "1111111111111111111111111111111111111111"
	mid   = "2222222222222222222222222222222222222222"
	head  = "3333333333333333333333333333333333333333"
)

// start is when the fixtures' run was created; each event comes a second later.
var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func fixturePlan() objective.Plan {
	return objective.Plan{
		Objective: objective.Objective{
			Description:     "Build user authentication",
			SuccessCriteria: []objective.Criterion{{Text: "all tests pass", Check: &objective.Check{Run: "make test"}}, {Text: "docs updated"}},
			Boundaries:      objective.Boundaries{FilePatterns: []string{"src/**", "tests/**"}},
		},
		Phases: []objective.Phase{
			{Name: "explore", Tasks: []objective.Task{{ID: "map", Role: "explorer", Title: "Map the code", Prompt: "map it", NoCode: true}}},
			{Name: "implement", Checks: []objective.Check{{Run: "go vet ./..."}}, Tasks: []objective.Task{
				{ID: "api", Role: "implementer", Title: "Write the API", Prompt: "write it", Scope: []string{"src/api/**"}, Tags: []string{"auth"}},
				{ID: "tests", Role: "tester", Title: "Test the API", Prompt: "test it", Scope: []string{"tests/**"}},
			}},
		},
	}
}

func created(repo string) event.RunCreated {
	return event.RunCreated{
		Run: runID, Plan: fixturePlan(), PlanSource: "plan.yaml", Repo: repo, BaseRef: "refs/heads/main", Base: base,
		Branch: "popkit/" + runID, Popkit: "v0-test",
		Settings: event.Settings{
			Mode: "native", ModeReason: "a runtime is given", Tier: "pro", PhaseAware: true, FullRouting: true, MaxAgents: 2,
			MaxAgentsSource: "flag --agents", MaxStarted: 100, MaxAttempts: 3, MaxRuntime: 30 * time.Minute, Runtime: "exec:./agent.sh",
		},
	}
}

// attempt is what happens until an agent's process runs.
func attempt(agent, task, role, base string, pid int) []event.Data {
	return []event.Data{
		event.AgentRequested{Agent: agent, Task: task, Attempt: 1, Role: role, Runtime: "exec:./agent.sh", Purpose: event.PurposeWork, Base: base},
		event.EffectRequested{Key: "prepare:" + agent, Kind: event.EffectPrepare, Agent: agent},
		event.AgentPrepared{Effect: "prepare:" + agent, Agent: agent, Workspace: "/ws/" + agent, Base: base},
		event.EffectRequested{Key: "run:" + agent, Kind: event.EffectRun, Agent: agent},
		event.AgentStarted{Effect: "run:" + agent, Agent: agent, PID: pid},
	}
}

// result is what happens from the end of its process until it is merged.
func resultEvents(agent, task, onto, commit string, files ...string) []event.Data {
	ref := "refs/popkit/" + runID + "/" + task + ".1"
	return []event.Data{
		event.AgentExited{Effect: "run:" + agent, Agent: agent, Reason: event.ExitExited},
		event.EffectRequested{Key: "collect:" + agent, Kind: event.EffectCollect, Agent: agent},
		event.AgentCollected{Effect: "collect:" + agent, Agent: agent, Commit: commit, Ref: ref, Files: files, Changed: len(files), Added: 9, Removed: 2},
		event.TaskAccepted{Task: task, Agent: agent, Purpose: event.PurposeWork, Commit: commit, Summary: task + " is done", Files: files},
		event.EffectRequested{Key: "release:" + agent, Kind: event.EffectRelease, Agent: agent},
		event.AgentReleased{Effect: "release:" + agent, Agent: agent},
		event.TaskMerged{Task: task, Agent: agent, Onto: onto, Commit: commit},
	}
}

// exploring is the run up to the barrier of its first phase.
func exploring(repo string) []event.Data {
	half := 0.5
	out := []event.Data{
		created(repo),
		event.EngineStarted{Epoch: 1, PID: 100, Host: "box", Popkit: "v0-test", Sandbox: "pid-namespace"},
		event.PhaseStarted{Phase: 0, Name: "explore", Base: base},
	}
	out = append(out, attempt("explorer-1", "map", "explorer", base, 101)...)
	out = append(out,
		event.CheckedIn{Agent: "explorer-1", Progress: &half, Doing: "reading src"},
		event.InsightShared{ID: "i-1", Agent: "explorer-1", Task: "map", Phase: "explore", Kind: "discovery",
			Content: "Found existing User model at src/models", Tags: []string{"model", "database"}, Confidence: 0.9})
	out = append(out, resultEvents("explorer-1", "map", base, base)...)
	return append(out,
		event.EffectRequested{Key: "publish:0", Kind: event.EffectPublish, Phase: 0, Commit: base},
		event.BarrierOpened{Effect: "publish:0", Phase: 0, Commit: base, Ref: "refs/popkit/" + runID + "/barrier/1", Merged: []string{"map"}},
		event.PhaseStarted{Phase: 1, Name: "implement", Base: base})
}

// implementing is the run with two agents at work, one of which asks.
func implementing(repo string) []event.Data {
	out := append(exploring(repo), attempt("implementer-1", "api", "implementer", base, 102)...)
	out = append(out, attempt("tester-1", "tests", "tester", base, 103)...)
	return append(out, event.QuestionAsked{ID: "q-1", Kind: event.AskAgent, Text: "Keep the old route?\nIt is used by \x1b[31mnobody\x1b[0m.",
		Options: []string{"yes", "no"}, Agent: "tester-1", Task: "tests", Phase: 1})
}

// presented is the run while an agent waits for the answer to its plan, and another
// has yet to present its own.
func presented(repo string) []event.Data {
	out := implementing(repo)
	first := out[0].(event.RunCreated)
	first.Settings.Roles = map[string]event.Role{"tester": {PlanRequired: true}, "implementer": {PlanRequired: true}}
	out[0] = first
	out[len(out)-1] = event.QuestionAsked{ID: "q-1", Kind: event.AskPlan, Text: "tester-1 presents its plan for task tests:\n1. the edges\n2. the errors",
		Options: []string{"approve", "revise", "reject", "skip", "stop"}, Timeout: 10 * time.Minute, Agent: "tester-1", Task: "tests", Phase: 1,
		Rule: "plan_required", Subject: "tester"}
	return out
}

// done is the whole run.
func done(repo string) []event.Data {
	out := append(implementing(repo), event.QuestionAnswered{ID: "q-1", Answer: "no", By: "Ada"})
	out = append(out, resultEvents("implementer-1", "api", base, mid, "src/api/login.go", "src/api/user.go")...)
	out = append(out, resultEvents("tester-1", "tests", mid, head, "tests/login_test.go")...)
	for i := range 2 {
		key := "check:1:" + string(rune('0'+i))
		out = append(out, event.EffectRequested{Key: key, Kind: event.EffectCheck, Phase: 1, Check: i, Commit: head},
			event.CheckEnded{Effect: key, Phase: 1, Check: i, Commit: head, Status: event.CheckPassed})
	}
	return append(out,
		event.EffectRequested{Key: "publish:1", Kind: event.EffectPublish, Phase: 1, Commit: head},
		event.BarrierOpened{Effect: "publish:1", Phase: 1, Commit: head, Ref: "refs/popkit/" + runID + "/barrier/2", Merged: []string{"api", "tests"}},
		event.EffectRequested{Key: "finish", Kind: event.EffectFinish},
		event.RunPublished{Effect: "finish", Branch: "popkit/" + runID, Commit: head},
		event.RunEnded{Outcome: event.OutcomeDone, Reason: "all barriers are open"})
}

// parked is the run that waits for a person.
func parked(repo string) []event.Data {
	out := append(exploring(repo), attempt("implementer-1", "api", "implementer", base, 102)...)
	return append(out,
		event.AgentExited{Effect: "run:implementer-1", Agent: "implementer-1", Reason: event.ExitExited, Code: 7, Detail: "compiling\nno such file"},
		event.EffectRequested{Key: "collect:implementer-1", Kind: event.EffectCollect, Agent: "implementer-1"},
		event.AgentCollected{Effect: "collect:implementer-1", Agent: "implementer-1", Commit: mid, Ref: "refs/popkit/" + runID + "/api.1"},
		event.AgentRejected{Agent: "implementer-1", Reason: "it ended with exit code 7"},
		event.EffectRequested{Key: "release:implementer-1", Kind: event.EffectRelease, Agent: "implementer-1"},
		event.AgentReleased{Effect: "release:implementer-1", Agent: "implementer-1", Rescue: "refs/popkit/" + runID + "/rescue/implementer-1"},
		event.QuestionAsked{ID: "q-1", Kind: event.AskAttempts, Text: "task api failed 3 times", Options: []string{"retry", "skip", "stop"}, Task: "api", Phase: 1},
		event.Problem{Source: "insights.json", Text: "an entry without content was left out"},
		event.RunEnded{Outcome: event.OutcomeNeedsHuman, Reason: "waiting for an answer to q-1"})
}

// found is the run that waits for somebody to look at what the audit found, after
// one attempt that was not accepted for it.
func found(repo string) []event.Data {
	const hunk = "@@ -1,2 +1,3 @@\n a\n+token = 'sk-…'\n+\x1b[2Kx<U+202E>\n b\n"
	list := []event.Finding{
		{Key: "k1", Rule: "hardcoded_secret", Path: "src/api/login.go", Line: 2, Text: "src/api/login.go:2: hard-coded secret: token is set to a literal", Hunk: hunk, Severity: event.SeverityBlock},
		{Key: "k2", Rule: "out_of_scope", Path: "src/x.go", Text: "src/x.go is outside the task's scope", Severity: event.SeverityBlock},
		{Key: "k3", Rule: "mode_change", Path: "src/api/run.sh", Text: "src/api/run.sh is new and executable", Severity: event.SeverityNote},
	}
	left := func(agent string, attempt int) []event.Data {
		return []event.Data{
			event.AgentExited{Effect: "run:" + agent, Agent: agent, Reason: event.ExitExited},
			event.EffectRequested{Key: "collect:" + agent, Kind: event.EffectCollect, Agent: agent},
			event.AgentCollected{Effect: "collect:" + agent, Agent: agent, Commit: mid, Ref: fmt.Sprintf("refs/popkit/%s/api.%d", runID, attempt),
				Files: []string{"src/api/login.go", "src/api/run.sh", "src/x.go"}, Changed: 3, Added: 9, Removed: 2,
				Audit: &event.Audit{Findings: list, Blocking: 4, Notes: 1}},
			event.QuestionAsked{ID: fmt.Sprintf("q-%d", attempt), Kind: event.AskAudit, Agent: agent, Task: "api", Phase: 1,
				Text:    "the audit found, in the work of " + agent + ":\n  " + list[0].Text + "\n  " + list[1].Text,
				Options: []string{"accept", "drop", "retry", "skip", "stop"}},
		}
	}
	out := append(exploring(repo), attempt("implementer-1", "api", "implementer", base, 102)...)
	out = append(out, left("implementer-1", 1)...)
	out = append(out, event.QuestionAnswered{ID: "q-1", Answer: "retry", By: "Ada"},
		event.AgentRejected{Agent: "implementer-1", Reason: "a person did not accept its work: " + list[0].Text + ", and 3 more"})
	again := attempt("implementer-2", "api", "implementer", base, 103)
	first := again[0].(event.AgentRequested)
	first.Attempt = 2
	again[0] = first
	return append(append(out, again...), left("implementer-2", 2)...)
}

func stopped(repo string) []event.Data {
	return append(exploring(repo), event.StopRequested{By: "Ada", Reason: "Ctrl-C"}, event.RunEnded{Outcome: event.OutcomeStopped, Reason: "Ctrl-C"})
}

// writeLog makes a run of the events.
func writeLog(t *testing.T, repo, id string, events []event.Data) runs.Run {
	t.Helper()
	r := runs.Place{Repo: repo}.Run(id)
	var log bytes.Buffer
	for i, d := range events {
		line, err := event.Encode(event.Event{Seq: int64(i + 1), Time: start.Add(time.Duration(i) * time.Second), Data: d})
		if err != nil {
			t.Fatal(err)
		}
		log.Write(append(line, '\n'))
	}
	write(t, r.LogPath(), log.String())
	return r
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
