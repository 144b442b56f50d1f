package talk

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"popkit/internal/core/event"
	"popkit/internal/core/transcript"
	"popkit/internal/show"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) {
	time.Local = time.UTC // what is shown holds times
	os.Exit(m.Run())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs (go test ./internal/show/talk -update writes it):\n%s", path, got)
	}
}

// tell renders all lines of a transcript.
func tell(raw string, s Style) string {
	var teller transcript.Teller
	var b strings.Builder
	for line := range strings.Lines(raw) {
		for _, e := range teller.Tell(transcript.Read([]byte(line))) {
			b.WriteString(Render(e, s))
		}
	}
	return b.String()
}

// TestTranscript shows a transcript as a terminal of 80 columns has it, a narrow one,
// a file, and in full.
func TestTranscript(t *testing.T) {
	raw, err := os.ReadFile("testdata/claude.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "claude-80.txt", tell(string(raw), Style{Width: 80}))
	golden(t, "claude-40.txt", tell(string(raw), Style{Width: 40}))
	golden(t, "claude-full.txt", tell(string(raw), Style{Full: true}))
	golden(t, "claude-colour.txt", strings.ReplaceAll(tell(string(raw), Style{Width: 100, Colour: true}), "\x1b", "^"))
}

// TestEvents shows what the run's events say of an agent.
func TestEvents(t *testing.T) {
	half := 0.5
	teller := NewEvents("implementer-1")
	var b strings.Builder
	for i, d := range []event.Data{
		event.AgentStarted{Agent: "implementer-1", PID: 12, Sandbox: "mounts+landlock"},
		event.AgentStarted{Agent: "other-1", PID: 13},
		event.InsightShared{ID: "i-1", Agent: "explorer-1", Kind: "blocker", Content: "sessions are in \x1b[31mredis\x1b[0m,\nnot in files", Tags: []string{"auth"}},
		event.AgentRequested{Agent: "implementer-1", Insights: []string{"i-1"}},
		event.InsightDelivered{Agent: "implementer-1", IDs: []string{"i-1", "i-99"}, Via: "tool"},
		event.InsightDelivered{Agent: "other-1", IDs: []string{"i-1"}},
		event.InsightShared{ID: "i-2", Agent: "implementer-1", Kind: "pattern", Content: "routes are a table"},
		event.InsightConfirmed{ID: "i-1", Agent: "implementer-1"},
		event.GuardJudged{Agent: "implementer-1", Tool: "popkit_canary", Verdict: event.VerdictDeny, Canary: true},
		event.GuardJudged{Agent: "implementer-1", Tool: "Write", On: "/ws/.env", Verdict: event.VerdictDeny, Rule: "protected_path", Reason: ".env is protected", Hint: "ask for it"},
		event.GuardJudged{Agent: "implementer-1", Tool: "Bash", On: "git push", Verdict: event.VerdictAsk, Question: "q-1"},
		event.QuestionAsked{ID: "q-1", Kind: event.AskGuard, Agent: "implementer-1", Text: "push to main", Options: []string{"allow", "deny"}},
		event.QuestionAnswered{ID: "q-1", Answer: "allow", By: "Ada", Always: true, Note: "fine"},
		event.QuestionAnswered{ID: "q-7", Answer: "allow", By: "Ada"},
		event.MessageSent{ID: "m-1", To: "implementer-1", From: "Ada", Text: "mind the tests", Urgent: true},
		event.MessageDelivered{Agent: "implementer-1", IDs: []string{"m-1"}},
		event.CheckedIn{Agent: "implementer-1", Progress: &half, Doing: "writing", Need: "where is the model", Known: []string{"i-1"}},
		event.CheckedIn{Agent: "implementer-1", Auto: true},
		event.AgentResumed{Agent: "implementer-1", PID: 14, Why: "killed (SIGKILL)"},
		event.AgentDrifted{Agent: "implementer-1", Kind: event.DriftScope, Evidence: "writes docs/x.md"},
		event.Reported{Agent: "implementer-1", Report: event.Report{Status: event.ReportDone, Summary: "the route is there", FollowUps: []string{"rate limits"}}},
		event.AgentStopRequested{Agent: "implementer-1", Reason: "the budget is used up"},
		event.AgentExited{Agent: "implementer-1", Reason: event.ExitExited},
		event.AgentCollected{Agent: "implementer-1", Changed: 2, Added: 9, Removed: 1, Ref: "refs/popkit/r/api.1"},
		event.TaskAccepted{Agent: "implementer-1", Task: "api"},
		event.TaskMerged{Agent: "implementer-1", Task: "api", Commit: "0123456789abcdef"},
		event.AgentRejected{Agent: "implementer-1", Reason: "claimed without work"},
	} {
		at := time.Date(2026, 11, 22, 10, 0, i, 0, time.UTC)
		for _, e := range teller.Tell(event.Event{Seq: int64(i + 1), Time: at, Data: d}) {
			b.WriteString(Render(e, Style{Width: 80}))
		}
	}
	golden(t, "events-80.txt", b.String())
	for text, want := range map[string]bool{
		"Message m-1 from Ada:\nmind the tests":                                                     true,
		"What others found:\n> [i-1 blocker] sessions are in \x1b[31mredis\x1b[0m,\n> not in files": true,
		"i-2: routes are a table":                                                                   false, // its own
		"Go on.":                                                                                    false,
		"m-1":                                                                                       false,
	} {
		if got := teller.Knows(text); got != want {
			t.Errorf("%q is known: %v", text, got)
		}
	}
}

// What events tell is left to them.
func TestBesides(t *testing.T) {
	for _, c := range []struct {
		e    transcript.Entry
		want bool
	}{
		{transcript.Entry{Kind: transcript.Said}, true},
		{transcript.Entry{Kind: transcript.Denied}, false},
		{transcript.Entry{Kind: transcript.Given}, false},
		{transcript.Entry{Kind: transcript.Call, Tool: "Bash"}, true},
		{transcript.Entry{Kind: transcript.Call, Tool: "mcp__popkit__report"}, false},
		{transcript.Entry{Kind: transcript.Result, Tool: "mcp__popkit__report"}, false},
		{transcript.Entry{Kind: transcript.Result, Tool: "mcp__popkit__report", Bad: true}, true},
		{transcript.Entry{Kind: transcript.Call, Tool: "mcp__popkitty__report"}, true},
	} {
		if got := Besides(c.e); got != c.want {
			t.Errorf("%+v: %v", c.e, got)
		}
	}
}

// FuzzRender: whatever a transcript holds, it is shown without a panic, steers no
// terminal, and stays within its width.
func FuzzRender(f *testing.F) {
	raw, err := os.ReadFile("testdata/claude.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		f.Add(line, 80, false)
	}
	f.Add(`{"type":"assistant","message":{"content":[{"type":"text","text":"`+"\u2028\u009b\u202e"+strings.Repeat("宽", 50)+`"}]}}`, 30, false)
	f.Fuzz(func(t *testing.T, line string, width int, full bool) {
		width = max(0, width%300)
		out := tell(line, Style{Width: width, Full: full})
		for _, r := range out {
			if r != '\n' && r != '\u200c' && r != '\u200d' && unicode.Is(unicode.C, r) && !unicode.Is(unicode.Co, r) {
				t.Fatalf("%q lets %U through: %q", line, r, out)
			}
		}
		for l := range strings.Lines(out) {
			if n := show.Width(strings.TrimSuffix(l, "\n")); width >= 2*(labelWidth+leastText) && n > width {
				t.Fatalf("%d columns of %d: %q", n, width, l)
			}
		}
	})
}

// A word of a megabyte is shown at once.
func TestLongWord(t *testing.T) {
	e := transcript.Entry{Kind: transcript.Said, Text: strings.Repeat("x", 1<<20)}
	out := Render(e, Style{Width: 60, Full: true})
	if got := strings.Count(out, "x"); got != 1<<20 {
		t.Errorf("%d of %d letters", got, 1<<20)
	}
	for l := range strings.Lines(out) {
		if n := show.Width(strings.TrimSpace(l)); n > 60 {
			t.Fatalf("%d columns", n)
		}
	}
}
