package budget

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"popkit/internal/core/event"
)

func TestLines(t *testing.T) {
	used := Sum{Usage: event.Usage{InputTokens: 1_100_000, OutputTokens: 104_000, CostUSD: 3.999}, ToolCalls: 81, Agents: 3, Time: 90 * time.Second}
	may := event.Allowance{Tokens: 1_000_000, CostUSD: 4, Time: 2 * time.Minute, ToolCalls: 100, Agents: 3}
	want := []struct {
		text                string
		low, passed, closed bool
	}{
		{"task api used 1,204,000 of 1,000,000 tokens (limits.max_task_tokens)", true, true, true},
		{"task api used $4.00 of $4.00 (limits.max_task_cost_usd)", true, false, false},
		{"task api used 1.5 of 2 minutes (limits.max_task_minutes)", false, false, false},
		{"task api used 81 of 100 tool calls (limits.max_task_tool_calls)", true, false, false},
		{"task api used 3 of 3 agents (limits.max_task_agents)", false, false, true},
	}
	got := Lines(OfTask, "api", used, may, nil)
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i, w := range want {
		if l := got[i]; l.String() != w.text || l.Low() != w.low || l.Passed() != w.passed || l.Closed() != w.closed {
			t.Errorf("%s: low %t, passed %t, closed %t; want %+v", l, l.Low(), l.Passed(), l.Closed(), w)
		}
	}
	if got := Lines(OfRun, "", used, event.Allowance{}, nil); got != nil {
		t.Errorf("without limits: %v", got)
	}
	run := Lines(OfRun, "", Sum{Agents: 100}, event.Allowance{Agents: 100}, nil)
	if text := run[0].String(); text != "the run used 100 of 100 agents (limits.max_agents_started)" {
		t.Error(text)
	}
}

func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 1_000_000_000)
		used := Sum{Usage: event.Usage{InputTokens: int64(n.Draw(t, "in")), CostUSD: rapid.Float64Range(0, 1e6).Draw(t, "cost")},
			ToolCalls: n.Draw(t, "calls"), Agents: n.Draw(t, "agents"), Time: time.Duration(n.Draw(t, "time"))}
		may := event.Allowance{Tokens: n.Draw(t, "tokens"), CostUSD: rapid.Float64Range(0.01, 1e6).Draw(t, "dollars"),
			Time: time.Duration(n.Draw(t, "limit")), ToolCalls: n.Draw(t, "tools"), Agents: n.Draw(t, "most")}
		name := rapid.StringMatching(`[a-z0-9/._-]{1,12}`).Draw(t, "name")
		of := rapid.SampledFrom([]string{OfTask, OfPhase, OfRun}).Draw(t, "of")
		roomy := Roomy(used, may)
		for _, l := range Lines(of, name, used, may, nil) {
			if roomy && l.Low() {
				t.Fatalf("%s is low, and there is room", l)
			}
			if l.Passed() && !(l.Closed() && l.Low()) {
				t.Fatalf("%s: passed %t, closed %t, low %t", l, l.Passed(), l.Closed(), l.Low())
			}
			if a, b, c := Split(l.Key()); a != l.Of || b != l.Name || c != l.What {
				t.Fatalf("%q is split into %q, %q, %q", l.Key(), a, b, c)
			}
		}
		// What is raised often enough is not passed.
		for _, l := range Lines(of, name, used, may, func(string) int { return 2_000_000_000 }) {
			if l.Limit >= 1 && l.Passed() {
				t.Fatalf("%s after it was raised", l)
			}
		}
	})
}
