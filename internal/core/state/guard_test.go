package state

import (
	"fmt"
	"testing"

	"popkit/internal/core/event"
)

// TestCleared: which tool call a verdict is good for, once.
func TestCleared(t *testing.T) {
	allow := func(tool, id string) event.GuardJudged {
		return event.GuardJudged{Tool: tool, Call: id, Verdict: event.VerdictAllow}
	}
	for name, c := range map[string]struct {
		judged   event.GuardJudged
		tool, id string
		want     bool
	}{
		"the same":                {allow("Bash", "1"), "Bash", "1", true},
		"another call":            {allow("Bash", "1"), "Bash", "2", false},
		"another tool":            {allow("Read", "1"), "Bash", "1", false},
		"reported without a name": {allow("Bash", "1"), "Bash", "", true},
		"judged without a name":   {allow("Bash", ""), "Bash", "1", true},
		"neither has one":         {allow("Bash", ""), "Bash", "", true},
		"another, without names":  {allow("Read", ""), "Bash", "", false},
		"denied":                  {event.GuardJudged{Tool: "Bash", Call: "1", Verdict: event.VerdictDeny}, "Bash", "1", false},
		"asked":                   {event.GuardJudged{Tool: "Bash", Call: "1", Verdict: event.VerdictAsk, Question: "q-1"}, "Bash", "1", false},
		"what nobody knows":       {event.GuardJudged{Tool: "Bash", Call: "1", Verdict: "yes"}, "Bash", "1", false},
	} {
		var g Guarded
		g.judged(c.judged)
		if got := g.Cleared(c.tool, c.id); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
		g.use(c.tool, c.id)
		if g.Cleared(c.tool, c.id) {
			t.Errorf("%s: it is good for two calls", name)
		}
	}
}

// TestClearedIsBounded: an agent that asks and never acts is not remembered for ever,
// and the newest call is.
func TestClearedIsBounded(t *testing.T) {
	var g Guarded
	for i := range maxCleared + 10 {
		g.judged(event.GuardJudged{Tool: "Bash", Call: fmt.Sprint(i), Verdict: event.VerdictAllow, Flags: []event.GuardFlag{{Rule: "x"}}})
	}
	if len(g.cleared) != maxCleared || !g.Cleared("Bash", fmt.Sprint(maxCleared+9)) || g.Cleared("Bash", "0") || len(g.Flags) != maxFlags {
		t.Errorf("%d calls, %d flags", len(g.cleared), len(g.Flags))
	}
}
