package server

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"popkit/internal/api"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
)

// judge is a guard that does what the tool is called.
func (w *world) judge(_ context.Context, agent string, a api.JudgeArgs) (decide.Judge, *event.AgentBreached) {
	j := decide.Judge{Deed: "  " + string(a.Input), Judged: event.GuardJudged{
		Agent: agent, Tool: a.Tool, Call: a.ID, Verdict: event.Verdict(a.Tool), Rule: "rule", Subject: a.Cwd, Digest: string(a.Input), Reason: "because",
	}}
	switch a.Tool {
	case "flag":
		j.Judged.Verdict = event.VerdictAllow
		j.Judged.Flags = []event.GuardFlag{{Rule: "skipped_test"}}
	case "breach":
		return j, &event.AgentBreached{Agent: agent, Kind: event.BreachCanary, Reason: "it is there"}
	}
	return j, nil
}

func (w *world) verdict(agent, tool, input string) api.Verdict {
	w.t.Helper()
	var v api.Verdict
	w.must(w.as(agent), api.OpJudge, api.JudgeArgs{Tool: tool, Input: json.RawMessage(input), ID: input, Cwd: "/ws"}, &v)
	return v
}

// TestJudge: what is allowed and denied at once is in the log, a call that was
// allowed before the tool call that follows it.
func TestJudge(t *testing.T) {
	w := newWorld(t)
	if v := w.verdict("implementer-1", "allow", `1`); v.Verdict != event.VerdictAllow || v.Question != "" {
		t.Errorf("%+v", v)
	}
	w.must(w.as("implementer-1"), api.OpTool, api.ToolArgs{Tool: "allow", ID: "1"}, nil)
	if v := w.verdict("implementer-1", "deny", `2`); v.Verdict != event.VerdictDeny || v.Reason != "because" || v.Rule != "rule" {
		t.Errorf("%+v", v)
	}
	if v := w.verdict("implementer-1", "flag", `3`); v.Verdict != event.VerdictAllow || !strings.Contains(v.Note, "skipped_test") {
		t.Errorf("%+v", v)
	}
	if v := w.verdict("implementer-1", "perhaps", `4`); v.Verdict != event.VerdictDeny {
		t.Errorf("%+v", v)
	}
	w.query(func(s *state.State) {
		a := s.Agents["implementer-1"]
		if a.Guard.Allowed != 2 || a.Guard.Denied != 2 || len(a.Guard.Flags) != 1 || a.Breach != nil {
			t.Errorf("%+v, breach %+v", a.Guard, a.Breach)
		}
	})
	w.must(w.as("implementer-1"), api.OpTool, api.ToolArgs{Tool: "deny", ID: "2"}, nil)
	w.query(func(s *state.State) {
		if b := s.Agents["implementer-1"].Breach; b == nil || b.Kind != event.BreachNoVerdict {
			t.Errorf("a call that was denied ran: %+v", b)
		}
	})
}

// TestJudgeAsks: an ask waits for a person, and the agent hears what they said.
func TestJudgeAsks(t *testing.T) {
	for answer, want := range map[string]event.Verdict{"allow": event.VerdictAllow, "deny": event.VerdictDeny} {
		t.Run(answer, func(t *testing.T) {
			w := newWorld(t)
			got := make(chan api.Verdict, 2)
			for range 2 { // the same call twice is one question
				go func() { got <- w.verdict("implementer-1", "ask", `{"command":"git push"}`) }()
			}
			w.until(func(s *state.State) bool { return s.Agents["implementer-1"].Guard.Asked == 2 })
			w.query(func(s *state.State) {
				if s.Asked != 1 || s.Questions["q-1"].Kind != event.AskGuard || !strings.Contains(s.Questions["q-1"].Text, "git push") {
					t.Errorf("%d questions: %+v", s.Asked, s.Questions["q-1"])
				}
			})
			w.must(w.person(), api.OpAnswer, api.AnswerArgs{ID: "q-1", Answer: answer, By: "ada", Note: "on Mondays"}, nil)
			for range 2 {
				if v := <-got; v.Verdict != want || v.By != "ada" || v.Question != "q-1" || v.Note != "on Mondays" || !strings.Contains(v.Reason, "ada answered "+answer) {
					t.Errorf("%+v", v)
				}
			}
		})
	}
}

// TestJudgeWithdrawn: a question that nobody can answer any more is no permission.
func TestJudgeWithdrawn(t *testing.T) {
	w := newWorld(t)
	got := make(chan api.Verdict, 1)
	go func() { got <- w.verdict("implementer-1", "ask", `1`) }()
	w.until(func(s *state.State) bool { return len(s.Open) == 1 })
	w.hands.finish("implementer-1")
	if v := <-got; v.Verdict != event.VerdictDeny || !strings.Contains(v.Reason, "has ended") {
		t.Errorf("%+v", v)
	}
}

// TestJudgeBreach: what the guard finds out about an agent is recorded before its
// call is judged.
func TestJudgeBreach(t *testing.T) {
	w := newWorld(t)
	if v := w.verdict("implementer-1", "breach", `1`); v.Verdict != event.VerdictDeny || !strings.Contains(v.Reason, "it is there") {
		t.Errorf("%+v", v)
	}
	w.until(func(s *state.State) bool { return len(s.Open) == 1 && s.Questions[s.Open[0]].Kind == event.AskBreach })
}

// TestNoGuard: without a guard nothing is allowed.
func TestNoGuard(t *testing.T) {
	w := newWorld(t)
	w.server.Guard(Guard{})
	if v := w.verdict("implementer-1", "allow", `1`); v.Verdict != event.VerdictDeny {
		t.Errorf("%+v", v)
	}
}
