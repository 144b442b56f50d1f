package show

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"popkit/internal/core/event"
	"popkit/internal/core/view"
)

// TestEveryEventHasWords: a new type of event must be given some.
func TestEveryEventHasWords(t *testing.T) {
	for _, name := range event.Types() {
		ev, err := event.Decode(fmt.Appendf(nil, `{"v":1,"seq":1,"time":"2026-11-22T10:00:00Z","type":%q,"data":{}}`, name))
		if err != nil {
			t.Fatal(err)
		}
		if text := Event(ev.Data); text == name || text == "" {
			t.Errorf("%s is shown as %q", name, text)
		}
	}
}

func TestEvent(t *testing.T) {
	half := 0.5
	title := "x"
	for want, d := range map[string]event.Data{
		"a-1 ended with exit code 0":                                        event.AgentExited{Agent: "a-1", Reason: event.ExitExited, Detail: "fine"},
		"a-1 ended with exit code 7: no such file":                          event.AgentExited{Agent: "a-1", Reason: event.ExitExited, Code: 7, Detail: "compiling\nno such file\n"},
		"a-1 was killed (SIGKILL)":                                          event.AgentExited{Agent: "a-1", Reason: event.ExitKilled, Signal: "SIGKILL"},
		"a-1 was interrupted: its engine died":                              event.AgentExited{Agent: "a-1", Reason: event.ExitInterrupted},
		"a-1 could not be started: no space":                                event.AgentExited{Agent: "a-1", Reason: event.ExitNotStarted, Detail: "no space"},
		"a-1 checks in, 50 %: at it; needs: the model":                      event.CheckedIn{Agent: "a-1", Progress: &half, Doing: "at it", Need: "the model"},
		"Ada tells everyone, urgently: stop it":                             event.MessageSent{From: "Ada", Text: "stop\nit", Urgent: true},
		"task t changed by Ada: prompt, title":                              event.TaskEdited{Task: "t", By: "Ada", Title: &title, Prompt: &title},
		"check 2 of phase 1 at abc: could not run: exit 127":                event.CheckEnded{Check: 1, Commit: "abc", Status: event.CheckCouldNotRun, Reason: "exit 127"},
		"check 1 of phase 1 was red before the phase":                       event.CheckBlamed{},
		"barrier 1 opened at abc, without: a, let pass: make test":          event.BarrierOpened{Commit: "abc", Missing: []string{"a"}, Waived: []string{"make test"}},
		"run:a-1 failed: disk full (not tried again)":                       event.EffectFailed{Key: "run:a-1", Error: "disk full", Final: true},
		"phase 1 outlasted its limit, missing: a, b; going on without them": event.BarrierTimedOut{Missing: []string{"a", "b"}, Policy: "partial"},
		"result published: branch b at c; the base branch has moved to d (as a ref only)": event.RunPublished{
			Branch: "b", Commit: "c", BaseMoved: "d", Note: "as a ref only"},
	} {
		if got := Event(d); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestVerdict: what nobody checked is not called verified.
func TestVerdict(t *testing.T) {
	checked := func(state string) []view.Phase { return []view.Phase{{Checks: []view.Check{{State: state}}}} }
	for want, v := range map[string]view.Status{
		"done and verified": {State: "done", Phases: checked("passed")},
		"done, not verified: 1 check not run in tier free": {State: "done", Tier: "free", Phases: checked("pending")},
		"needs a human": {State: "needs_human", Phases: checked("pending")},
	} {
		if got := Verdict(v); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if text := Summary(view.Status{State: "done"}, nil); !strings.Contains(text, "\n  no checks: the plan has none") {
		t.Errorf("a run without checks is summed up as\n%s", text)
	}
	if text := Summary(view.Status{State: "done", Phases: checked("passed")}, nil); strings.Contains(text, "no checks") {
		t.Error(text)
	}
	v := view.Status{State: "done", Tier: "free", Phases: checked("pending")}
	for _, text := range []string{Status(v, time.Time{}, 0), Summary(v, nil), Block(v, time.Time{}, 80)[0]} {
		if strings.Contains(text, "and verified") {
			t.Error(text)
		}
	}
}

// TestLine: whatever an agent wrote, what is printed is one line that can't
// steer a terminal.
func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"a\nb":                              "a b",
		"\x1b[31mred\x1b[0m":                "red",
		"\x1b]0;title\x07shown":             "shown",
		"a\rb\x00c\u202ed":                  "a bcd",
		"  much   space ":                   "much space",
		"\xff\xfe":                          "\uFFFD",
		"family \U0001F468\u200d\U0001F469": "family \U0001F468\u200d\U0001F469",
	} {
		if got := Line(in); got != want {
			t.Errorf("Line(%q) = %q, want %q", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		safe(t, Line(rapid.String().Draw(t, "text")), "")
		quoted := Quote(rapid.String().Draw(t, "text"))
		for l := range strings.Lines(quoted) {
			if !strings.HasPrefix(l, ">") {
				t.Fatalf("line %q of a quotation is not quoted", l)
			}
		}
		safe(t, quoted, "\n\t")
	})
}

func safe(t *rapid.T, s, allowed string) {
	for _, r := range s {
		if unicode.IsControl(r) && !strings.ContainsRune(allowed, r) {
			t.Fatalf("control character %q in %q", r, s)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{
		{"hello", 5, "hello"}, {"hello", 4, "hel…"}, {"hello", 1, "…"}, {"hello", 0, ""},
		{"日本語", 6, "日本語"}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"}, {"e\u0301e\u0301", 2, "e\u0301e\u0301"},
	} {
		if got := Cut(c.in, c.width); got != c.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", c.in, c.width, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s, width := rapid.String().Draw(t, "s"), rapid.IntRange(0, 40).Draw(t, "width")
		if got := Width(Cut(s, width)); got > width {
			t.Fatalf("%d columns", got)
		}
	})
}

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", -time.Second: "0s", 7 * time.Second: "7s", 65 * time.Second: "1m05s", 20 * time.Minute: "20m",
		time.Hour: "1h", 130 * time.Minute: "2h10m", 1400 * time.Millisecond: "1s",
	} {
		if got := Took(d); got != want {
			t.Errorf("Took(%v) = %s, want %s", d, got, want)
		}
	}
}

// TestBlockFits: the lines of the block that is drawn again and again are never
// wider than the terminal, or moving the cursor up would miss.
func TestBlockFits(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		v := view.Status{Run: "R", State: "running", Objective: text.Draw(t, "objective"), Phases: []view.Phase{
			{Name: text.Draw(t, "phase"), State: "active", Waits: text.Draw(t, "waits")},
		}}
		for i := range rapid.IntRange(0, 5).Draw(t, "agents") {
			v.Agents = append(v.Agents, view.Agent{
				ID: fmt.Sprintf("implementer-%d", i), Task: text.Draw(t, "task"), State: "running", Started: now, Doing: text.Draw(t, "doing"),
			})
		}
		width := rapid.IntRange(1, 120).Draw(t, "width")
		lines := Block(v, now, width)
		if len(lines) != 2+len(v.Agents) {
			t.Fatalf("%d lines for %d agents: %q", len(lines), len(v.Agents), lines)
		}
		for _, l := range lines {
			if Width(l) > width || strings.ContainsAny(l, "\n\r\x1b") {
				t.Fatalf("%q does not fit into %d columns", l, width)
			}
		}
	})
}

func TestTable(t *testing.T) {
	got := Table([][]string{{"A", "LONG", "LAST"}, {"日本", "x", "a long text at the end"}, {"b", "y"}}, 24)
	want := "A     LONG  LAST\n日本  x     a long text…\nb     y\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestEngineSaysWhatDrives names the Claude Code of a run.
func TestEngineSaysWhatDrives(t *testing.T) {
	text := Status(view.Status{Engine: &view.Engine{PID: 7, Sandbox: "mounts", Claude: "Claude Code 2.1.197, /bin/claude, settings isolated"}}, time.Time{}, 0)
	if want := "process 7, agents held by mounts; Claude Code 2.1.197, /bin/claude, settings isolated"; !strings.Contains(text, want) {
		t.Errorf("no %q in\n%s", want, text)
	}
}

// TestUsedByPlanning: status says what planning took of all that was used.
func TestUsedByPlanning(t *testing.T) {
	b := view.Budget{InputTokens: 12000, OutputTokens: 500, CostUSD: 0.5, ToolCalls: 2}
	if got := used(b); got != "used       12,500 tokens, $0.50, 2 tool calls\n" {
		t.Error(got)
	}
	b.PlanningTokens, b.PlanningCostUSD = 2500, 0.04
	if got := used(b); got != "used       12,500 tokens, $0.50, 2 tool calls; planning took 2,500 tokens, $0.04 of it\n" {
		t.Error(got)
	}
}
