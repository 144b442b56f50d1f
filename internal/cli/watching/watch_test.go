package watching

import (
	"strings"
	"testing"

	"popkit/internal/core/event"
	"popkit/internal/core/view"
	"popkit/internal/show"
)

// What was said and what happened is shown by time.
func TestPast(t *testing.T) {
	w := newWorld(t, "claude")
	w.add(event.AgentStarted{Effect: "run:implementer-1", Agent: "implementer-1", PID: 7}) // 10:00:07
	w.says(7, text("I begin."))
	w.says(8, `{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t1","name":"Write","input":{"file_path":"/ws/implementer-1/.env","content":"A=1"}}]}}`)
	w.add(event.CheckedIn{Agent: "implementer-1", Auto: true},
		event.GuardJudged{Agent: "implementer-1", Call: "t1", Tool: "Write", On: "/ws/implementer-1/.env", Verdict: event.VerdictDeny, Rule: "protected_path", Reason: ".env is protected"},
		event.InsightShared{ID: "i-1", Agent: "implementer-1", Task: "api", Phase: "implement", Kind: "pattern", Content: "routes are a table"})
	w.says(9, `{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":"popkit denies this call"}]}}`)
	w.says(10, text("I end."))
	w.prints("half a line")
	w.add(event.AgentExited{Effect: "run:implementer-1", Agent: "implementer-1", Reason: event.ExitExited})
	got := w.show(Options{Follow: true})
	want := strings.TrimPrefix(`
implementer-1, task api: Write the API
10:00:07  started      process 7
10:00:07  says         I begin.
10:00:08  Write        .env (+1 -0)
10:00:09  denied       Write .env
                       protected_path: .env is protected
10:00:10  shares       i-1, pattern: routes are a table
10:00:10  says         I end.
10:00:10  ·            half a line
10:00:11  ended        exit code 0
implementer-1: exited, 4s, 0 tool calls, 1 denied
`, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestLive: each thing is shown when it happens, until the agent ends.
func TestLive(t *testing.T) {
	w := newWorld(t, "claude")
	w.begin()
	line, done := w.following(Options{})
	expect := func(part string) {
		t.Helper()
		if got := line(); !strings.Contains(got, part) {
			t.Errorf("got %q, want %q", got, part)
		}
	}
	tell := func(data ...event.Data) {
		for _, ev := range w.add(data...) {
			w.live <- ev
		}
	}
	expect("implementer-1, task api: Write the API")
	// Its transcript is there before the event that says that it runs.
	w.says(7, text("I begin."))
	tell(event.AgentStarted{Effect: "run:implementer-1", Agent: "implementer-1", PID: 7})
	first, second := line(), line()
	if !strings.Contains(first+second, "process 7") || !strings.Contains(first+second, "I begin.") {
		t.Errorf("got %q, %q", first, second)
	}
	w.says(8, text("I look."))
	expect("says         I look.")
	w.prints(`{"from":"agent","line":`) // a part of a line is none
	tell(event.QuestionAsked{ID: "q-1", Kind: event.AskAgent, Agent: "implementer-1", Task: "api", Text: "keep it?"})
	expect("asks         q-1 (agent): keep it?")
	w.prints(text("all of it") + "}\n")
	expect("all of it")
	w.says(12, text("Bye."))
	tell(event.AgentExited{Effect: "run:implementer-1", Agent: "implementer-1", Reason: event.ExitKilled, Signal: "SIGKILL"})
	expect("Bye.")
	expect("was killed (SIGKILL)")
	expect("implementer-1: exited, 2s")
	if err := done(); err != nil {
		t.Error(err)
	}
}

// An agent that ends while it is looked for is not waited for.
func TestEndsJustNow(t *testing.T) {
	w := newWorld(t, "claude")
	w.begin()
	w.add(event.AgentStarted{Effect: "run:implementer-1", Agent: "implementer-1", PID: 7})
	v := view.Make(w.state, start, &view.Engine{PID: 100})
	w.stale = &v
	w.add(event.AgentExited{Effect: "run:implementer-1", Agent: "implementer-1", Reason: event.ExitExited})
	if got := w.show(Options{Follow: true}); !strings.Contains(got, "ended        exit code 0") {
		t.Errorf("got %q", got)
	}
}

// An engine that dies takes its agents with it; what it had logged is shown.
func TestEngineDies(t *testing.T) {
	w := newWorld(t, "claude")
	w.begin()
	line, done := w.following(Options{})
	line()
	w.says(7, text("Bye."))
	w.add(event.AgentStarted{Effect: "run:implementer-1", Agent: "implementer-1", PID: 7}) // it is in the log only
	close(w.live)
	got := []string{line(), line(), line()}
	all := strings.Join(got, "\n")
	for _, part := range []string{"process 7", "Bye.", "implementer-1: running"} {
		if !strings.Contains(all, part) {
			t.Errorf("%q is not in %q", part, all)
		}
	}
	if err := done(); err != nil {
		t.Error(err)
	}
}

// Of other agents what they printed is shown, and nothing that steers a terminal.
func TestPlain(t *testing.T) {
	w := newWorld(t, "exec:./agent.sh")
	w.width, w.colours = 80, true
	w.prints("building\r\n\x1b[31mred\x1b[0m \x1b]0;owned\x07{\"from\":\"note\",\"text\":\"x\"}\n\x9b2Jend\n")
	if got, want := w.show(Options{}), "building\nred {\"from\":\"note\",\"text\":\"x\"}\n\uFFFD2Jend\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// --json is what is kept, a line each, in characters that steer nothing.
func TestJSON(t *testing.T) {
	w := newWorld(t, "claude")
	w.says(7, "{\"a\":\"b\u009b\u202e\"}")
	w.prints("no JSON \x1b[2J\n")
	got := w.show(Options{JSON: true})
	want := `{"at":"2026-11-22T10:00:07.001Z","from":"agent","line":{"a":"b\u009b\u202e"}}` + "\n" +
		`{"from":"agent","text":"no JSON \u001b[2J"}` + "\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestNothingYet(t *testing.T) {
	w := newWorld(t, "exec:x")
	if got := w.show(Options{}); got != "" || w.err.String() != "implementer-1 has printed nothing yet\n" {
		t.Errorf("got %q, %q", got, w.err.String())
	}
}

// Colours are for terminals, and for people who want them; lines fit into the width.
func TestTerminal(t *testing.T) {
	for _, c := range []struct {
		terminal bool
		vars     map[string]string
		want     bool
	}{{true, nil, true}, {false, nil, false}, {true, map[string]string{"NO_COLOR": "1"}, false}} {
		w := newWorld(t, "claude")
		w.says(7, text(strings.Repeat("a word and ", 30)))
		w.width, w.colours, w.vars = 70, c.terminal, c.vars
		got := w.show(Options{})
		if strings.Contains(got, "\x1b[") != c.want {
			t.Errorf("terminal %v, %v: %q", c.terminal, c.vars, got)
		}
		for line := range strings.Lines(got) {
			if n := show.Width(show.Line(line)); n > 70 {
				t.Errorf("%d columns: %q", n, line)
			}
		}
	}
}
