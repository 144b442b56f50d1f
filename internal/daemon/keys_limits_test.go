package daemon

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"popkit/internal/api"
	"popkit/internal/config"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
)

// limitKeys are the tests of what bounds agents, by key.
func limitKeys() map[string]func(*testing.T) {
	out := map[string]func(*testing.T){"limits.max_task_minutes": keyTaskMinutes, "limits.quota_backoff_minutes": keyQuota}
	for _, of := range []string{"task", "phase", "run"} {
		for _, what := range []string{"tokens", "cost_usd"} {
			out["limits.max_"+of+"_"+what] = keyUsage
		}
		out["limits.max_"+of+"_tool_calls"] = keyToolCalls
	}
	for _, of := range []string{"task", "phase"} {
		out["limits.max_"+of+"_agents"] = keyAgentsStarted
	}
	for _, key := range []string{"enabled", "action", "actions.NAME", "repeated_calls", "no_progress_calls"} {
		out["guardrails.drift_detection."+key] = keyDrift
	}
	for _, key := range []string{"no_progress_minutes", "silent_minutes"} {
		out["guardrails.drift_detection."+key] = keyDriftTimes
	}
	return out
}

// keyUsage: what agents used, in all, against the budgets of task, phase and run.
func keyUsage(t *testing.T) {
	uses := task("a", `printf '{"status":"failed","summary":"x","usage":{"input_tokens":700,"output_tokens":500,"cost_usd":3}}' > $POPKIT_RESULT`)
	for key, subject := range map[string]string{
		`"max_task_tokens":2000`: "task/a/tokens", `"max_phase_tokens":2000`: "phase/work/tokens", `"max_run_tokens":2000`: "run//tokens",
		`"max_task_cost_usd":5`: "task/a/cost_usd", `"max_phase_cost_usd":5`: "phase/work/cost_usd", `"max_run_cost_usd":5`: "run//cost_usd",
	} {
		_, s := result(t, `{"limits":{"retry_delay_seconds":0,"max_attempts":9,`+key+`}}`, onePhase(nil, uses))
		wantOutcome(t, s, event.OutcomeNeedsHuman)
		if q := s.Questions["q-1"]; q == nil || q.Kind != event.AskBudget || q.Subject != subject || s.Started != 2 {
			t.Errorf("%s: %+v after %d agents", key, q, s.Started)
		}
	}
}

func keyAgentsStarted(t *testing.T) {
	for key, subject := range map[string]string{`"max_task_agents":2`: "task/a/agents", `"max_phase_agents":2`: "phase/work/agents"} {
		_, s := result(t, `{"limits":{"retry_delay_seconds":0,"max_attempts":9,`+key+`}}`, onePhase(nil, task("a", "exit 1")))
		wantOutcome(t, s, event.OutcomeNeedsHuman)
		if q := s.Questions["q-1"]; q == nil || q.Subject != subject || s.Started != 2 {
			t.Errorf("%s: %+v after %d agents", key, q, s.Started)
		}
	}
}

// keyToolCalls: an agent past the budget is ended, its work kept.
func keyToolCalls(t *testing.T) {
	for key, subject := range map[string]string{
		`"max_task_tool_calls":2`: "task/a/tool_calls", `"max_phase_tool_calls":2`: "phase/work/tool_calls", `"max_run_tool_calls":2`: "run//tool_calls",
	} {
		run := configured(t, newRepo(t), `{"limits":{`+key+`}}`, onePhase(nil, task("a", "echo half > half; exec sleep 60")), config.Flags{})
		l := start(t, run)
		l.until("agent.started", 1)
		for range 3 {
			l.call(l.agent("implementer-1"), api.OpTool, api.ToolArgs{Tool: "Read"}, nil)
		}
		s := l.wait()
		wantOutcome(t, s, event.OutcomeNeedsHuman)
		a := s.Agents["implementer-1"]
		if q := s.Questions["q-1"]; q == nil || q.Subject != subject || a.Rejected == nil || !strings.Contains(a.Rejected.Reason, "budget is used up") {
			t.Errorf("%s: %+v, %+v", key, q, a.Rejected)
		}
		if got := git(t, run.Place.Repo, "show", a.Work.Ref+":half"); got != "half" {
			t.Errorf("%s: its work is kept as %q", key, got)
		}
	}
}

func keyTaskMinutes(t *testing.T) {
	_, s := result(t, `{"limits":{"max_task_minutes":0.005}}`, onePhase(nil, task("a", "exec sleep 60")))
	wantOutcome(t, s, event.OutcomeNeedsHuman)
	if q := s.Questions["q-1"]; q == nil || q.Subject != "task/a/minutes" {
		t.Errorf("%+v", q)
	}
}

// keyQuota: nothing is started until the pause that is configured is over.
func keyQuota(t *testing.T) {
	a := task("a", `if [ $POPKIT_ATTEMPT = 1 ]; then echo "error: rate limit exceeded"; exit 1; fi; echo a > a`)
	_, s := result(t, `{"limits":{"quota_backoff_minutes":0.005,"max_attempts":1}}`, onePhase(nil, a))
	wantOutcome(t, s, event.OutcomeDone)
	one, two := s.Agents["implementer-1"], s.Agents["implementer-2"]
	if one.Exit.Quota == nil || two.StartedAt.Sub(one.ExitedAt) < 300*time.Millisecond {
		t.Errorf("%+v, and the next began %s later", one.Exit, two.StartedAt.Sub(one.ExitedAt))
	}
}

// drifted is a run in which an agent works outside of its scope and repeats itself.
func drifted(t *testing.T, json string) (string, *state.State) {
	t.Helper()
	g := newGate(t)
	a := task("a", g.pass()+"; mkdir -p src && echo a > src/a")
	a.Scope = []string{"src/**"}
	l := start(t, configured(t, newRepo(t), json, onePhase(nil, a), config.Flags{}))
	l.until("agent.started", 1)
	told := ""
	for _, c := range []api.ToolArgs{{Tool: "Write", Subject: "docs/x"}, {Tool: "Bash", Subject: "make"}, {Tool: "Bash", Subject: "make"}, {Tool: "Read"}} {
		var d view.Delivery
		l.call(l.agent("implementer-1"), api.OpTool, c, &d)
		for _, m := range d.Messages {
			told += m.From + ": " + m.Text + "\n"
		}
	}
	g.open(t)
	s := l.wait()
	wantOutcome(t, s, event.OutcomeDone)
	return told, s
}

func keyDrift(t *testing.T) {
	kinds := func(json string) string {
		t.Helper()
		_, s := drifted(t, json)
		found := map[string]bool{}
		for _, p := range s.Problems {
			if strings.HasPrefix(p.Source, "drift of") {
				found[p.Text] = true
			}
		}
		return fmt.Sprint(len(found))
	}
	for json, want := range map[string]string{
		``: "1", `{"guardrails":{"drift_detection":{"enabled":false}}}`: "0",
		`{"guardrails":{"drift_detection":{"repeated_calls":2}}}`:                            "2",
		`{"guardrails":{"drift_detection":{"repeated_calls":2,"no_progress_calls":3}}}`:      "3",
		`{"guardrails":{"drift_detection":{"action":"off"}}}`:                                "0",
		`{"guardrails":{"drift_detection":{"actions":{"outside_scope":"off"}}}}`:             "0",
		`{"guardrails":{"drift_detection":{"action":"off","actions":{"repeating":"warn"}}}}`: "0",
	} {
		if got := kinds(json); got != want {
			t.Errorf("%s: %s findings, want %s", json, got, want)
		}
	}
	if told, _ := drifted(t, `{"guardrails":{"drift_detection":{"action":"steer"}}}`); !strings.Contains(told, "popkit: You seem to be off your track: it touches docs/x") {
		t.Errorf("the agent was told %q", told)
	}
	_, s := drifted(t, `{"guardrails":{"drift_detection":{"actions":{"outside_scope":"escalate"}}}}`)
	if q := s.Questions["q-1"]; q == nil || q.Kind != event.AskDrift || q.Withdrawn == "" {
		t.Errorf("asked %+v", q)
	}
}

func keyDriftTimes(t *testing.T) {
	for json, want := range map[string]event.DriftKind{
		`"no_progress_minutes":0.002`: event.DriftNoProgress, `"silent_minutes":0.002`: event.DriftSilent,
	} {
		l := start(t, configured(t, newRepo(t), `{"guardrails":{"drift_detection":{`+json+`}}}`, onePhase(nil, task("a", "exec sleep 60")), config.Flags{}))
		l.until("agent.drifted", 1)
		l.call(l.person(), api.OpStop, api.StopArgs{By: "ada", Now: true}, nil)
		if d := l.wait().Agents["implementer-1"].Drifted; d == nil || d.Kind != want {
			t.Errorf("%s: %+v", json, d)
		}
	}
}

// TestDriftOnDisk: what an agent changes is measured though it tells nobody.
func TestDriftOnDisk(t *testing.T) {
	a := task("a", "mkdir -p docs; while :; do echo more >> docs/x; echo working; sleep 0.02; done")
	a.Scope = []string{"src/**"}
	l := start(t, configured(t, newRepo(t), `{"intervals":{"heartbeat_seconds":0.02}}`, onePhase(nil, a), config.Flags{}))
	l.until("agent.drifted", 1)
	l.call(l.person(), api.OpStop, api.StopArgs{By: "ada", Now: true}, nil)
	d := l.wait().Agents["implementer-1"].Drifted
	if d == nil || d.Kind != event.DriftScope || strings.Join(d.Paths, " ") != "docs/x" {
		t.Errorf("%+v", d)
	}
}

// TestPauseAndStop: a paused run stands still, its children in other sessions too,
// and can be stopped at once.
func TestPauseAndStop(t *testing.T) {
	name := "paused-child-of-" + strings.ToLower(t.Name())
	plan := onePhase(nil, task("a", "setsid env -i /bin/sh -c 'while :; do /bin/sleep 0.01; done' "+name+" & echo up; while :; do sleep 0.01; done"), task("b", "echo b > b"))
	plan.Phases[0].Tasks[1].Needs = []string{"a"}
	run := configured(t, newRepo(t), `{"limits":{"silence_minutes":0.005}}`, plan, config.Flags{})
	l := start(t, run)
	l.until("agent.started", 1)
	var p api.Paused
	for p.Processes < 3 { // until its child is there
		if p.Paused {
			l.call(l.person(), api.OpUnpause, api.PauseArgs{By: "ada"}, nil)
		}
		l.call(l.person(), api.OpPause, api.PauseArgs{By: "ada", Reason: "lunch"}, &p)
	}
	if !p.Paused || p.How == "" || p.Left != "" {
		t.Errorf("%+v", p)
	}
	var v view.Status
	l.call(l.person(), api.OpStatus, nil, &v)
	if v.State != "paused" || v.Pause == nil || v.Pause.Processes != p.Processes {
		t.Errorf("%s, %+v", v.State, v.Pause)
	}
	l.call(l.person(), api.OpStop, api.StopArgs{By: "ada", Now: true}, nil)
	s := l.wait()
	wantOutcome(t, s, event.OutcomeStopped)
	if a := s.Agents["implementer-1"]; a.Rejected == nil || strings.Contains(a.Rejected.Reason, "silence") {
		t.Errorf("%+v", a.Rejected)
	}
	if out, err := exec.Command("pgrep", "-f", name).CombinedOutput(); err == nil {
		t.Errorf("processes are left: %s", out)
	}
}
