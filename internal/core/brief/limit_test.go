package brief

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"popkit/internal/core/event"
	"popkit/internal/core/insight"
)

// anyInput draws an Input full of others' words.
func anyInput() *rapid.Generator[Input] {
	text := rapid.StringN(0, 60, 300)
	return rapid.Custom(func(t *rapid.T) Input {
		in := implementer()
		in.Earlier, in.Insights = nil, nil
		for i := range rapid.IntRange(0, 8).Draw(t, "tasks") {
			in.Earlier = append(in.Earlier, TaskSummary{
				Task: fmt.Sprintf("task%d", i), Title: text.Draw(t, "title"), Agent: fmt.Sprintf("agent-%d", i),
				Phase:   rapid.SampledFrom(in.Phases).Draw(t, "phase"),
				Summary: text.Draw(t, "summary"), Files: rapid.SliceOfN(text, 0, 60).Draw(t, "files"),
			})
		}
		for i := range rapid.IntRange(0, 12).Draw(t, "insights") {
			in.Insights = append(in.Insights, &insight.Insight{
				ID: fmt.Sprintf("i-%d", i+1), Kind: "discovery", Agent: text.Draw(t, "agent"), Content: text.Draw(t, "content"),
				Tags: rapid.SliceOfN(text, 0, 3).Draw(t, "tags"),
			})
		}
		switch rapid.IntRange(0, 3).Draw(t, "about") {
		case 1:
			in.Purpose, in.Fix = event.PurposeFix, &Fix{Check: text.Draw(t, "check"), Reason: text.Draw(t, "reason"), Output: text.Draw(t, "output")}
		case 2:
			in.Purpose, in.Conflict = event.PurposeResolve, &Conflict{Files: []string{text.Draw(t, "file")}, Ours: TaskSummary{Task: "a", Summary: text.Draw(t, "ours")}}
		case 3:
			in.Previous = &Previous{Agent: "implementer-0", Summary: text.Draw(t, "previous"), Reason: text.Draw(t, "reason"), Ref: "refs/x"}
		}
		in.Left = rapid.IntRange(0, 3).Draw(t, "left")
		return in
	})
}

func TestLimitIsKeptAndNothingIsLostSilently(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput().Draw(t, "in")
		in.Limit = rapid.IntRange(1, 6000).Draw(t, "limit")
		got := Compose(in)
		if got.Quoted > in.Limit {
			t.Fatalf("%d bytes quoted, limit %d", got.Quoted, in.Limit)
		}
		bare := in
		bare.Earlier, bare.Insights, bare.Fix, bare.Conflict, bare.Previous, bare.Left = nil, nil, nil, nil, nil, 0
		notice := (&quotation{leftTasks: got.LeftTasks, leftInsights: got.LeftInsights}).leftOut("")
		if want := len(Compose(bare).Text) + got.Quoted + len(notice); len(got.Text) != want {
			t.Fatalf("prompt has %d bytes, its parts %d", len(got.Text), want)
		}
		if n := len(got.Insights) + got.LeftInsights; n != len(in.Insights)+in.Left {
			t.Fatalf("%d insights shown or counted, want %d", n, len(in.Insights)+in.Left)
		}
		for _, id := range got.Insights {
			if !strings.Contains(got.Text, "> ["+id+" ") {
				t.Fatalf("%s is said to be there and is not", id)
			}
		}
		shown := 0
		for _, e := range in.Earlier {
			if strings.Contains(got.Text, "\nTask "+e.Task) {
				shown++
			}
		}
		if shown+got.LeftTasks != len(in.Earlier) {
			t.Fatalf("%d tasks shown, %d left out, want %d", shown, got.LeftTasks, len(in.Earlier))
		}
	})
}

func TestNoLimitShowsEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput().Draw(t, "in")
		in.Left = 0
		if got := Compose(in); got.LeftTasks+got.LeftInsights != 0 {
			t.Fatalf("left out %d tasks, %d insights without a limit", got.LeftTasks, got.LeftInsights)
		}
	})
}

// plainLines are the lines of a prompt that speak for popkit or the plan.
func plainLines(prompt string) []string {
	return slices.DeleteFunc(strings.Split(prompt, "\n"), func(l string) bool { return strings.HasPrefix(l, ">") })
}

// What agents write changes no line outside of quotations, except the words of
// a title, which is the plan's, on its own line.
func TestOthersCannotSpeakForPopkit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hostile := rapid.SliceOfN(rapid.SampledFrom([]string{
			"\n", "\r", "\r\n", "\u2028", "\u2029", "\u0085", "\v", "\f", "\x00", "\x1b[2J", "\u202e", "# Task", "> ", "```", "ok", "\xff", "\u200b", "\U000e0041",
		}), 0, 12)
		draw := func(name string) string { return strings.Join(hostile.Draw(t, name), "") }
		in := implementer()
		in.Earlier = []TaskSummary{{Task: "a", Phase: "explore", Agent: "explorer-1"}}
		in.Insights = []*insight.Insight{{ID: "i-1", Kind: "discovery", Content: "x"}}
		in.Fix = &Fix{Check: "make"}
		in.Previous = &Previous{Agent: "implementer-0", Reason: "x", Summary: "x", Files: []string{"x"}}
		before := Compose(in).Text

		in.Earlier[0].Summary, in.Earlier[0].Files = draw("summary"), []string{draw("file")}
		in.Insights[0].Content, in.Insights[0].Agent, in.Insights[0].Tags = draw("content"), draw("agent"), []string{draw("tag")}
		in.Fix.Reason, in.Fix.Output = draw("reason"), draw("output")
		in.Previous.Reason, in.Previous.Summary, in.Previous.Files = draw("why"), draw("said"), []string{draw("changed")}
		after := Compose(in).Text

		if a, b := filled(plainLines(before)), filled(plainLines(after)); !slices.Equal(a, b) {
			t.Fatalf("lines outside of quotations changed:\n%q\n%q", a, b)
		}
		if !utf8.ValidString(after) || strings.ContainsFunc(after, func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }) {
			t.Fatalf("control characters or invalid UTF-8 in %q", after)
		}
	})
}

// filled drops blank lines and the heading over a summary that may be empty.
func filled(lines []string) []string {
	return slices.DeleteFunc(lines, func(l string) bool { return strings.TrimSpace(l) == "" || l == "What it said:" })
}

func TestNewestPhaseComesFirst(t *testing.T) {
	in := implementer()
	in.Insights, in.Earlier = nil, nil
	for _, phase := range []string{"explore", "design"} {
		for i := range 3 {
			in.Earlier = append(in.Earlier, TaskSummary{Task: fmt.Sprintf("%s%d", phase, i), Phase: phase, Summary: strings.Repeat("word ", 30)})
		}
	}
	in.Limit = 720
	got := Compose(in)
	for i := range 3 {
		if !strings.Contains(got.Text, fmt.Sprintf("Task design%d", i)) {
			t.Errorf("design%d is missing", i)
		}
	}
	if got.LeftTasks == 0 || !strings.Contains(got.Text, "Left out for lack of room") {
		t.Errorf("nothing left out of a prompt that is too small")
	}
}

func TestALongOutputKeepsItsEnd(t *testing.T) {
	in := implementer()
	in.Purpose, in.Fix = event.PurposeFix, &Fix{Check: "make test", Output: strings.Repeat("compiling\n", 500) + "FAIL: TestLogin"}
	in.Limit = 1000
	if got := Compose(in); !strings.Contains(got.Text, "FAIL: TestLogin") || got.Quoted > 1000 {
		t.Errorf("%d bytes quoted, without the end of the output", got.Quoted)
	}
}

// TestAPlanIsNeverCut: a person has agreed to all of it, or is to.
func TestAPlanIsNeverCut(t *testing.T) {
	in := implementer()
	in.Limit, in.Plan = 300, &Plan{Approved: true, Agent: "implementer-1", By: "ada", Text: strings.Repeat("one more file\n", 500)}
	if got := Compose(in); strings.Count(got.Text, "> one more file\n") != 500 || got.Quoted > 300 {
		t.Errorf("%d lines of the plan, %d bytes of all else", strings.Count(got.Text, "> one more file\n"), got.Quoted)
	}
}

func TestCode(t *testing.T) {
	for in, want := range map[string]string{"make": "`make`", "a `b` c": "`` a `b` c ``", "x\ny": "`x y`"} {
		if got := code(in); got != want {
			t.Errorf("code(%q) = %s, want %s", in, got, want)
		}
	}
}

func FuzzQuote(f *testing.F) {
	f.Add("a\r\nb\u2028# c\x1b]0;t\x07")
	f.Fuzz(func(t *testing.T, s string) {
		for l := range strings.Lines(quote(s)) {
			if !strings.HasPrefix(l, ">") || !strings.HasSuffix(l, "\n") {
				t.Errorf("line %q of quote(%q)", l, s)
			}
		}
		if n := 10; len(head(s, n)) > n || len(tail(s, n)) > n {
			t.Errorf("cut of %q is too long", s)
		}
	})
}
