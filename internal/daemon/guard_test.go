package daemon

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"popkit/internal/api"
	"popkit/internal/config"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/notify"
)

// keyCanary: a runtime that says it has a hook, which never proves that it answers.
func keyCanary(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script.yaml")
	writeFile(t, script, "- guard: skip\n- hang\n")
	mute := objective.Task{ID: "mute", Role: "implementer", Title: "mute", Prompt: "mute", Runtime: "scripted:" + script}
	run := configured(t, newRepo(t), `{"guardrails":{"canary_seconds":0.2},"decisions":{"park_unattended":false}}`, onePhase(nil, mute), config.Flags{})
	began := time.Now()
	l := start(t, run)
	l.until("agent.breached", 1)
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("it was stopped after %s", took)
	}
	l.until("agent.exited", 1)
	l.until("question.asked", 1)
	l.call(l.person(), api.OpAnswer, api.AnswerArgs{ID: "q-1", Answer: "skip", By: "ada"}, nil)
	s := l.wait()
	wantOutcome(t, s, event.OutcomeDone)
	if b := s.Agents["implementer-1"].Breach; b == nil || b.Kind != event.BreachNoCanary || !strings.Contains(b.Reason, "200ms") {
		t.Errorf("%+v", b)
	}
	// Without a limit it is left alone.
	run = configured(t, newRepo(t), `{"guardrails":{"canary_seconds":0},"limits":{"agent_timeout_minutes":0.005,"max_attempts":1}}`, onePhase(nil, mute), config.Flags{})
	s = start(t, run).wait()
	if a := s.Agents["implementer-1"]; a.Breach != nil || !a.Guard.Hook || s.Questions["q-1"].Kind != event.AskAttempts {
		t.Errorf("%+v, %+v", a.Breach, s.Questions["q-1"])
	}
}

// keyNotify: a person hears of a question, though it parks the run, and of none
// that the policy has answered; what fails is a problem and no more.
func keyNotify(t *testing.T) {
	var mu sync.Mutex
	var posted []string
	web := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var q notify.Question
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		posted = append(posted, q.Kind+" "+q.Task+" "+q.Phase)
	}))
	defer web.Close()
	out := filepath.Join(t.TempDir(), "out")
	plan := onePhase(nil, task("a", "exit 1"), task("b", "exit 2"))
	const more = `"limits":{"max_attempts":1},"decisions":{"auto":[{"kind":"attempts","match":"exit status 2","answer":"skip"}]}`
	_, s := result(t, `{"notify":{"command":"cat >> `+out+`; pwd >> `+out+`","webhook":"`+web.URL+`"},`+more+`}`, plan)
	wantOutcome(t, s, event.OutcomeNeedsHuman)
	if want := []string{"attempts a work"}; !slices.Equal(posted, want) {
		t.Errorf("posted: %v, want %v", posted, want)
	}
	if text := readFile(t, out); strings.Count(text, "\n") != 2 || !strings.Contains(text, `"task":"a"`) || !strings.Contains(text, s.Created.Repo+"\n") {
		t.Errorf("the command got %s", text)
	}
	began := time.Now()
	_, s = result(t, `{"notify":{"command":"exec sleep 100","timeout_seconds":0.1},`+more+`}`, plan)
	wantOutcome(t, s, event.OutcomeNeedsHuman)
	if took := time.Since(began); took > 50*time.Second {
		t.Errorf("it took %s", took)
	}
	if !slices.ContainsFunc(s.Problems, func(p state.ProblemAt) bool {
		return p.Source == "notify" && strings.Contains(p.Text, "longer than 100ms")
	}) {
		t.Errorf("%+v", s.Problems)
	}
}

// keyGuard: what the guard says to a call without and with the configuration.
func keyGuard(t *testing.T) {
	calls := []struct{ key, tool, input, rule string }{
		{"restricted_tools", "WebSearch", `{"query":"x"}`, "restricted_tool"},
		{"human_required", "Bash", `{"command":"docker compose up"}`, "human_required"},
		{"unconventional", "Write", `{"file_path":"a_test.go","content":"package a\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { t.Skip() }\n"}`, "unconventional"},
		{"protected_reads", "Read", `{"file_path":"notes/a"}`, "access_credentials"},
		{"sensitive_paths", "Write", `{"file_path":"conf/a","content":"x"}`, "protected_path"},
		{"protected_branches", "Bash", `{"command":"git push origin release/1"}`, "push_to_main"},
		{"bulk_files", "Bash", `{"command":"rm README other"}`, "bulk_delete_files"},
	}
	said := func(json string) map[string]api.Verdict {
		g := newGate(t)
		repo := newRepo(t)
		writeFile(t, filepath.Join(repo, "other"), "x\n")
		git(t, repo, "add", "-A")
		git(t, repo, "commit", "-qm", "other")
		run := configured(t, repo, `{"limits":{"decision_timeout_minutes":0.0005}`+json+`}`, onePhase(nil, task("a", g.pass()+"; echo a > a")), config.Flags{})
		l := start(t, run)
		l.until("agent.started", 1)
		judge := func(tool, input string) (v api.Verdict) {
			l.call(l.agent("implementer-1"), api.OpJudge, api.JudgeArgs{Tool: tool, Input: []byte(input)}, &v)
			return v
		}
		out := map[string]api.Verdict{"rules": judge("Bash", `{"command":"npm publish"}`)}
		for _, c := range calls {
			out[c.key] = judge(c.tool, c.input)
		}
		g.open(t)
		l.wait() // what was flagged parks the run
		return out
	}
	before := said("")
	asked := before["rules"]
	if asked.Verdict != event.VerdictDeny || asked.By != "timeout" || asked.Rule == "" {
		t.Errorf("rules: %+v", asked)
	}
	after := said(`,"guardrails":{"restricted_tools":["Web*"],"human_required":["docker compose up"],"unconventional":"deny",
		"protected_reads":["notes/**"],"sensitive_paths":["conf/**"],"protected_branches":["release/*"],"bulk_files":1,"rules":{"` + asked.Rule + `":"allow"}}`)
	if v := after["rules"]; v.Verdict != event.VerdictAllow {
		t.Errorf("rules: %+v", v)
	}
	for _, c := range calls {
		v, w := before[c.key], after[c.key]
		if v.Verdict != event.VerdictAllow || w.Verdict != event.VerdictDeny || w.Rule != c.rule {
			t.Errorf("%s: %+v, then %+v", c.key, v, w)
		}
	}
}

// TestGuardKnowsTheBoundariesOfNow: what a person allows while the run goes on is
// allowed from then on.
func TestGuardKnowsTheBoundariesOfNow(t *testing.T) {
	g := newGate(t)
	plan := onePhase(nil, task("a", g.pass()+"; mkdir docs; echo a > docs/a"))
	plan.Objective.Boundaries.FilePatterns = []string{"src/**"}
	l := start(t, configured(t, newRepo(t), `{"limits":{"decision_timeout_minutes":0.0005}}`, plan, config.Flags{}))
	l.until("agent.started", 1)
	judge := func() (v api.Verdict) {
		l.call(l.agent("implementer-1"), api.OpJudge, api.JudgeArgs{Tool: "Write", Input: []byte(`{"file_path":"docs/a","content":"a\n"}`)}, &v)
		return v
	}
	if v := judge(); v.Verdict != event.VerdictDeny || !strings.Contains(v.Rule, "boundar") {
		t.Errorf("before: %+v", v)
	}
	l.call(l.person(), api.OpBoundary, api.BoundaryArgs{Glob: "docs/**", By: "ada"}, nil)
	if v := judge(); v.Verdict != event.VerdictAllow {
		t.Errorf("after: %+v", v)
	}
	g.open(t)
	wantOutcome(t, l.wait(), event.OutcomeDone)
}
