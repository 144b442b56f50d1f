package server

import (
	"context"
	"errors"
	"strings"
	"testing"

	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
)

// TestWhoMayCallWhat asks every call over both kinds of sockets. What is not for
// a socket is refused whatever its arguments say.
func TestWhoMayCallWhat(t *testing.T) {
	w := newWorld(t)
	people := []api.Op{api.OpStatus, api.OpFollow, api.OpAttend, api.OpInsights, api.OpDecisions, api.OpAnswer,
		api.OpStop, api.OpRetry, api.OpSkip, api.OpEdit, api.OpTell, api.OpPause, api.OpUnpause, api.OpBoundary, api.OpReassign, api.OpShare}
	agents := []api.Op{api.OpUrgent, api.OpRead, api.OpHelp, api.OpMine, api.OpList, api.OpCheckIn, api.OpTool, api.OpAsk, api.OpPlan, api.OpJudge, api.OpReport, api.OpUsage, api.OpWhoAmI, api.OpShare}
	if len(ops) != len(people)+len(agents)-1 {
		t.Errorf("%d calls, and this test knows %d", len(ops), len(people)+len(agents)-1)
	}
	claims := map[string]any{"agent": "implementer-2", "by": "ada", "id": "q-1", "answer": "yes", "task": "a", "to": "implementer-2"}
	forbidden := func(c api.Caller, op api.Op) bool {
		return kindOf(c.Call(t.Context(), op, claims, nil)) == api.KindForbidden
	}
	for _, op := range people {
		for _, agent := range []api.Caller{w.as("implementer-1"), w.server.Agent("implementer-1")} {
			if op != api.OpShare && !forbidden(agent, op) {
				t.Errorf("an agent may call %s", op)
			}
		}
		if !forbidden(w.server.Agent(""), op) {
			t.Errorf("an agent without a name may call %s", op)
		}
	}
	for _, op := range agents {
		if op != api.OpShare && !forbidden(w.person(), op) {
			t.Errorf("a person may call %s", op)
		}
	}
	err := w.person().Call(t.Context(), "no.such.call", nil, nil)
	if kindOf(err) != api.KindUsage || !strings.Contains(err.Error(), "no.such.call") {
		t.Errorf("an unknown call: %v", err)
	}
	w.query(func(s *state.State) {
		if s.Stop != nil || s.Pause.Paused != nil || s.Tasks["a"].Agent != "implementer-1" {
			t.Errorf("an agent changed the run")
		}
	})
}

// TestAnAgentSpeaksForItself: no argument makes one agent speak as another, neither
// over its socket nor from within this process.
func TestAnAgentSpeaksForItself(t *testing.T) {
	t.Run("socket", func(t *testing.T) { w := newWorld(t); w.speaksForItself(w.as("implementer-1")) })
	t.Run("process", func(t *testing.T) { w := newWorld(t); w.speaksForItself(w.server.Agent("implementer-1")) })
}

func (w *world) speaksForItself(one api.Caller) {
	t := w.t
	t.Helper()
	as2 := map[string]any{"agent": "implementer-2", "Agent": "implementer-2", "author": "implementer-2",
		"content": "the model is in src/models", "text": "x", "doing": "reading", "tool": "Read", "status": "done", "summary": "s"}
	var who api.Identity
	w.must(one, api.OpWhoAmI, as2, &who)
	if want := (api.Identity{Run: "01RUN", Agent: "implementer-1", Task: "a", Phase: "work", Role: "implementer"}); who != want {
		t.Errorf("it is %+v", who)
	}
	for _, op := range []api.Op{api.OpShare, api.OpCheckIn, api.OpTool, api.OpReport} {
		w.must(one, op, as2, nil)
	}
	w.query(func(s *state.State) {
		first, second := s.Agents["implementer-1"], s.Agents["implementer-2"]
		if second.Report != nil || second.CheckIns != 0 || second.Tools != 0 {
			t.Errorf("implementer-2 has said %+v", second)
		}
		if first.Report == nil || first.CheckIns != 1 || first.Tools != 1 || s.Insights.Get("i-1").Agent != "implementer-1" {
			t.Errorf("implementer-1 has said %+v", first)
		}
	})
}

// TestAgentCalls: what agents share, pull, report.
func TestAgentCalls(t *testing.T) {
	w := newWorld(t)
	one, two := w.as("implementer-1"), w.as("implementer-2")
	var shared api.Shared
	share := api.ShareArgs{Content: "the model is in src/models", Tags: []string{"auth"}}
	w.must(one, api.OpShare, share, &shared)
	if shared.ID != "i-1" || shared.Confirmed || shared.Known {
		t.Errorf("shared: %+v", shared)
	}
	shared = api.Shared{}
	w.must(one, api.OpShare, share, &shared)
	if !shared.Known {
		t.Errorf("shared again: %+v", shared)
	}
	var d view.Delivery
	w.must(two, api.OpMine, api.PullArgs{}, &d)
	if len(d.Insights) != 1 || d.Insights[0].ID != "i-1" {
		t.Errorf("delivered: %+v", d)
	}
	w.must(two, api.OpMine, api.PullArgs{Max: -5}, &d)
	if len(d.Insights) != 0 {
		t.Errorf("delivered twice: %+v", d)
	}
	w.must(one, api.OpMine, api.PullArgs{}, &d)
	if len(d.Insights) != 0 {
		t.Errorf("its own: %+v", d)
	}
	shared = api.Shared{}
	w.must(two, api.OpShare, share, &shared)
	if !shared.Confirmed || shared.ID != "i-1" {
		t.Errorf("confirmed: %+v", shared)
	}
	var list []view.Insight
	w.must(two, api.OpList, nil, &list)
	if len(list) != 1 || len(list[0].Confirmed) != 1 {
		t.Errorf("list: %+v", list)
	}
	for _, bad := range []api.ShareArgs{{}, {Content: "x", Confidence: 7}, {Content: "x", Type: "No Type"}} {
		if err := one.Call(t.Context(), api.OpShare, bad, nil); kindOf(err) != api.KindRefused {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	progress := 1.5
	if err := one.Call(t.Context(), api.OpCheckIn, api.CheckInArgs{Progress: &progress}, nil); kindOf(err) != api.KindRefused {
		t.Errorf("progress 1.5: %v", err)
	}
	if err := one.Call(t.Context(), api.OpReport, api.ReportArgs{Report: event.Report{Status: "splendid"}}, nil); kindOf(err) != api.KindRefused {
		t.Errorf("report: %v", err)
	}
	w.hands.finish("implementer-1")
	w.until(func(s *state.State) bool { return s.Agents["implementer-1"].Exit != nil })
	if err := one.Call(t.Context(), api.OpCheckIn, api.CheckInArgs{Doing: "too late"}, nil); kindOf(err) != api.KindRefused {
		t.Errorf("an agent that has ended: %v", err)
	}
}

// TestPeopleCalls: what people ask for and change.
func TestPeopleCalls(t *testing.T) {
	w := newWorld(t)
	p := w.person()
	var v view.Status
	w.must(p, api.OpStatus, nil, &v)
	if v.Run != "01RUN" || v.State != "running" || v.Engine == nil || v.Engine.PID != 42 || len(v.Agents) != 2 {
		t.Errorf("status: %+v", v)
	}
	w.must(p, api.OpTell, api.TellArgs{To: "implementer-2", By: "ada", Text: "hurry"}, nil)
	var d view.Delivery
	w.must(w.as("implementer-2"), api.OpTool, api.ToolArgs{Tool: "Read"}, &d)
	if len(d.Messages) != 1 || d.Messages[0].Text != "hurry" || d.Messages[0].From != "ada" {
		t.Errorf("messages: %+v", d)
	}
	var shared api.Shared
	w.must(p, api.OpShare, api.ShareArgs{Content: "by a person"}, &shared)
	var list []view.Insight
	w.must(p, api.OpInsights, nil, &list)
	if len(list) != 1 || list[0].Agent != "person" {
		t.Errorf("insights: %+v", list)
	}
	prompt := "do it well"
	w.must(p, api.OpEdit, api.EditArgs{TaskEdited: event.TaskEdited{Task: "a", By: "ada", Prompt: &prompt}}, nil)
	w.must(p, api.OpRetry, api.TaskArgs{Task: "a", By: "ada"}, nil)
	w.must(p, api.OpSkip, api.TaskArgs{Task: "b", By: "ada", Reason: "no need"}, nil)
	w.until(func(s *state.State) bool { return s.Tasks["a"].Agent == "implementer-3" })
	w.query(func(s *state.State) {
		if s.Tasks["b"].Status != state.TaskSkipped || !strings.Contains(s.Agents["implementer-3"].Prompt, prompt) {
			t.Errorf("b is %s, the new prompt %q", s.Tasks["b"].Status, s.Agents["implementer-3"].Prompt)
		}
	})
	for op, args := range map[api.Op]any{
		api.OpRetry: api.TaskArgs{Task: "zz"}, api.OpSkip: api.TaskArgs{Task: "zz"}, api.OpAnswer: api.AnswerArgs{ID: "q-9", Answer: "x"},
		api.OpTell: api.TellArgs{To: "nobody", Text: "x"}, api.OpEdit: api.EditArgs{TaskEdited: event.TaskEdited{Task: "zz"}},
	} {
		if err := p.Call(t.Context(), op, args, nil); kindOf(err) != api.KindRefused {
			t.Errorf("%s: %v", op, err)
		}
	}
}

// TestAskAndAnswer: an agent waits for the answer, which only a person gives.
func TestAskAndAnswer(t *testing.T) {
	w := newWorld(t)
	got := make(chan error, 1)
	var a api.AskAnswer
	go func() {
		got <- w.as("implementer-1").Call(t.Context(), api.OpAsk, api.AskArgs{Question: "which?", Options: []string{"x", "y"}}, &a)
	}()
	w.until(func(s *state.State) bool { return len(s.Open) == 1 })
	if err := w.as("implementer-2").Call(t.Context(), api.OpAnswer, api.AnswerArgs{ID: "q-1", Answer: "x"}, nil); kindOf(err) != api.KindForbidden {
		t.Errorf("an agent answers: %v", err)
	}
	if err := w.person().Call(t.Context(), api.OpAnswer, api.AnswerArgs{ID: "q-1", Answer: "z", By: "ada"}, nil); kindOf(err) != api.KindRefused {
		t.Errorf("an answer that is none: %v", err)
	}
	var all []view.Decision
	w.must(w.person(), api.OpDecisions, nil, &all)
	w.must(w.person(), api.OpAnswer, api.AnswerArgs{ID: "q-1", Answer: "y", By: "ada", Note: "because"}, nil)
	if err := <-got; err != nil || a != (api.AskAnswer{ID: "q-1", Answer: "y", By: "ada", Note: "because"}) {
		t.Errorf("answered %+v, %v", a, err)
	}
	if len(all) != 1 || all[0].Text != "which?" {
		t.Errorf("decisions: %+v", all)
	}
}

// TestPlan: an agent presents a plan, and hears what only a person says to it.
func TestPlan(t *testing.T) {
	w := newWorld(t, func(s *event.Settings) { s.Roles = map[string]event.Role{"implementer": {PlanRequired: true}} })
	one := w.as("implementer-1")
	present := func(plan, answer, note string) (api.PlanAnswer, error) {
		t.Helper()
		var a api.PlanAnswer
		got := make(chan error, 1)
		go func() { got <- one.Call(t.Context(), api.OpPlan, api.PlanArgs{Plan: plan}, &a) }()
		var id string
		w.until(func(s *state.State) bool {
			if len(s.Open) == 1 {
				id = s.Open[0]
			}
			return id != ""
		})
		w.must(w.person(), api.OpAnswer, api.AnswerArgs{ID: id, Answer: answer, By: "ada", Note: note}, nil)
		err := <-got
		return a, err
	}
	if err := one.Call(t.Context(), api.OpPlan, api.PlanArgs{Plan: " "}, nil); kindOf(err) != api.KindRefused {
		t.Errorf("an empty plan: %v", err)
	}
	if err := w.person().Call(t.Context(), api.OpPlan, api.PlanArgs{Plan: "x"}, nil); kindOf(err) != api.KindForbidden {
		t.Errorf("a person's plan: %v", err)
	}
	a, err := present("the route", "revise", "tests first")
	if want := (api.PlanAnswer{ID: "q-1", Answer: "revise", By: "ada", Note: "tests first"}); err != nil || a != want {
		t.Errorf("got %+v, %v", a, err)
	}
	w.must(one, api.OpPlan, api.PlanArgs{Plan: "the route"}, &a) // again, as it hears nobody: no other question
	if a.ID != "q-1" {
		t.Errorf("the same plan: %+v", a)
	}
	a, err = present("tests, the route", "approve", "")
	if want := (api.PlanAnswer{ID: "q-2", Answer: "approve", By: "ada"}); err != nil || a != want {
		t.Errorf("got %+v, %v", a, err)
	}
	w.must(one, api.OpPlan, api.PlanArgs{Plan: "tests, the route"}, &a)
	if err := one.Call(t.Context(), api.OpPlan, api.PlanArgs{Plan: "all else"}, nil); kindOf(err) != api.KindRefused || !strings.Contains(err.Error(), "approved") {
		t.Errorf("another plan: %v", err)
	}
}

// TestHangUpWhileAsking: the question stays for whoever answers it, and nothing
// waits for the caller that went.
func TestHangUpWhileAsking(t *testing.T) {
	w := newWorld(t)
	ctx, hangUp := context.WithCancel(t.Context())
	got := make(chan error, 1)
	go func() {
		got <- w.as("implementer-1").Call(ctx, api.OpAsk, api.AskArgs{Question: "which?"}, nil)
	}()
	w.until(func(s *state.State) bool { return len(s.Open) == 1 })
	hangUp()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller got %v", err)
	}
	w.must(w.person(), api.OpAnswer, api.AnswerArgs{ID: "q-1", Answer: "y", By: "ada"}, nil)
	w.server.Close() // returns although the engine goes on: the call has ended
}

// TestAgentEndsWhileAsking: its question is withdrawn, and the call says so.
func TestAgentEndsWhileAsking(t *testing.T) {
	w := newWorld(t)
	got := make(chan error, 1)
	go func() {
		got <- w.as("implementer-1").Call(t.Context(), api.OpAsk, api.AskArgs{Question: "which?"}, nil)
	}()
	w.until(func(s *state.State) bool { return len(s.Open) == 1 })
	w.hands.finish("implementer-1")
	if err := <-got; kindOf(err) != api.KindRefused || !strings.Contains(err.Error(), "withdrawn") {
		t.Errorf("it got %v", err)
	}
}

// TestEngineEndsWhileAsking: a stop ends the run, and with it every call that
// waits, none of them with an error that nobody understands.
func TestEngineEndsWhileAsking(t *testing.T) {
	w := newWorld(t)
	got := make(chan error, 1)
	go func() {
		got <- w.as("implementer-1").Call(t.Context(), api.OpAsk, api.AskArgs{Question: "which?"}, nil)
	}()
	w.until(func(s *state.State) bool { return len(s.Open) == 1 })
	w.must(w.person(), api.OpStop, api.StopArgs{By: "ada", Reason: "enough", Now: true}, nil)
	if err := <-w.ended; err != nil {
		t.Fatal(err)
	}
	if err := <-got; kindOf(err) != api.KindEnded && kindOf(err) != api.KindRefused {
		t.Errorf("asking: %v", err)
	}
	for op, c := range map[api.Op]api.Caller{api.OpStatus: w.person(), api.OpTool: w.as("implementer-2"), api.OpAttend: w.person()} {
		if err := c.Call(t.Context(), op, nil, nil); kindOf(err) != api.KindEnded {
			t.Errorf("%s after the end: %v", op, err)
		}
	}
	w.server.Close()
	if err := w.person().Call(t.Context(), api.OpStatus, nil, nil); !errors.Is(err, api.ErrNoEngine) {
		t.Errorf("after the server's end: %v", err)
	}
}
