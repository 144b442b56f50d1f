package server

import (
	"strings"
	"testing"

	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
)

// TestRead: an agent that looks for insights sees what there is, its own and what it
// was given, too; and is not given again what it has seen.
func TestRead(t *testing.T) {
	w := newWorld(t)
	one, two := w.as("implementer-1"), w.as("implementer-2")
	w.must(two, api.OpShare, api.ShareArgs{Content: "the model is in src/models", Tags: []string{"auth"}}, nil)
	w.must(two, api.OpShare, api.ShareArgs{Content: "builds take a minute", Tags: []string{"CI"}}, nil)
	w.must(one, api.OpShare, api.ShareArgs{Content: "tokens are opaque", Tags: []string{"auth"}}, nil)
	ids := func(list []view.Insight) string {
		var out []string
		for _, i := range list {
			out = append(out, i.ID)
		}
		return strings.Join(out, " ")
	}
	var got api.Read
	w.must(one, api.OpRead, api.ReadArgs{Tags: []string{"AUTH"}}, &got)
	if ids(got.Insights) != "i-3 i-1" || got.Left != 0 {
		t.Errorf("about auth: %s, %d left", ids(got.Insights), got.Left)
	}
	var d view.Delivery
	w.must(one, api.OpMine, nil, &d)
	if ids(d.Insights) != "" && ids(d.Insights) != "i-2" {
		t.Errorf("given after it was read: %s", ids(d.Insights))
	}
	w.must(one, api.OpRead, nil, &got)
	if ids(got.Insights) != "i-3 i-2 i-1" {
		t.Errorf("all: %s", ids(got.Insights))
	}
	got = api.Read{}
	if w.must(one, api.OpRead, api.ReadArgs{Tags: []string{"moon"}}, &got); len(got.Insights) != 0 {
		t.Errorf("about nothing: %+v", got)
	}
	for n := range api.MaxRead {
		w.must(two, api.OpShare, api.ShareArgs{Content: strings.Repeat("x", n+1) + " marks a spot", Tags: []string{"spots"}}, nil)
	}
	if w.must(one, api.OpRead, nil, &got); len(got.Insights) != api.MaxRead || got.Left != 3 || got.Insights[0].ID != "i-53" {
		t.Errorf("%d are shown, %d left", len(got.Insights), got.Left)
	}
}

// TestHelp: what others have shared answers at once; else those whom it touches are
// asked, and what they share while it waits answers; else a person does.
func TestHelp(t *testing.T) {
	w := newWorld(t)
	one, two := w.as("implementer-1"), w.as("implementer-2")
	ask := func(about string, wait float64) <-chan api.Help {
		out := make(chan api.Help, 1)
		go func() {
			var h api.Help
			w.must(one, api.OpHelp, api.HelpArgs{About: about, WaitSeconds: wait}, &h)
			out <- h
		}()
		return out
	}
	w.must(two, api.OpShare, api.ShareArgs{Content: "the user model is in src/models/user.go", Tags: []string{"auth"}}, nil)
	if h := <-ask("where is the user model", 3600); len(h.Known) != 1 || h.Known[0].ID != "i-1" || h.Question != "" {
		t.Errorf("known already: %+v", h)
	}
	if h := <-ask("where is the user model", 3600); len(h.Known) != 1 {
		t.Errorf("asked again: %+v", h)
	}

	got := ask("which port does the database listen on", 3600)
	var d view.Delivery
	for len(d.Insights) == 0 { // the others get the question as an insight
		w.until(func(s *state.State) bool { return s.Insights.Len() == 2 })
		w.must(two, api.OpTool, api.ToolArgs{Tool: "Read"}, &d)
	}
	if d.Insights[0].Type != event.InsightQuestion || !strings.Contains(d.Insights[0].Content, "which port") {
		t.Errorf("the others are asked: %+v", d)
	}
	w.must(two, api.OpShare, api.ShareArgs{Type: event.InsightAnswer, Content: "the database listens on port 5433"}, nil)
	if h := <-got; len(h.Known) != 1 || h.Known[0].Content != "the database listens on port 5433" || h.Question != "" {
		t.Errorf("answered by another: %+v", h)
	}
	if w.must(one, api.OpMine, nil, &d); len(d.Insights) != 0 {
		t.Errorf("given again: %+v", d)
	}

	got = ask("who signs the release", 0.001)
	var q state.Question
	w.until(func(s *state.State) bool {
		if len(s.Open) == 0 {
			return false
		}
		q = *s.Questions[s.Open[0]]
		return true
	})
	if q.Kind != event.AskAgent || q.Agent != "implementer-1" || !strings.Contains(q.Text, "no other agent has an answer: who signs the release") {
		t.Errorf("a person is asked: %+v", q)
	}
	w.must(w.person(), api.OpAnswer, api.AnswerArgs{ID: q.ID, Answer: "Grace does", By: "ada", Note: "on Fridays"}, nil)
	if h := <-got; len(h.Known) != 0 || h.Question != q.ID || h.Answer != "Grace does" || h.By != "ada" || h.Note != "on Fridays" {
		t.Errorf("answered by a person: %+v", h)
	}
	if err := one.Call(t.Context(), api.OpHelp, api.HelpArgs{About: "  "}, nil); kindOf(err) != api.KindUsage {
		t.Errorf("about nothing: %v", err)
	}
}

// TestHelpAlone: where nobody else is at work nobody is waited for.
func TestHelpAlone(t *testing.T) {
	w := newWorld(t)
	one := w.as("implementer-1")
	w.hands.finish("implementer-2")
	w.until(func(s *state.State) bool { return s.Agents["implementer-2"].Exit != nil })
	asked := make(chan error, 1)
	go func() {
		asked <- one.Call(t.Context(), api.OpHelp, api.HelpArgs{About: "who signs the release", WaitSeconds: 3600}, nil)
	}()
	w.until(func(s *state.State) bool { return len(s.Open) == 1 })
	w.must(w.person(), api.OpAnswer, api.AnswerArgs{ID: "q-1", Answer: "nobody", By: "ada"}, nil)
	if err := <-asked; err != nil {
		t.Error(err)
	}
}
