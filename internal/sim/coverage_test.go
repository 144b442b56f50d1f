package sim

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"popkit/internal/core/event"
)

// coverage counts what happened in simulated runs: a simulation in which
// something never happens proves nothing about it.
type coverage map[string]int

func (c coverage) add(events []event.Event) {
	asked := map[string]event.QuestionKind{}
	kinds := map[string]event.EffectKind{}
	for _, e := range events {
		c[e.Data.Type()]++
		switch d := e.Data.(type) {
		case event.EffectRequested:
			kinds[d.Key] = d.Kind
			c["effect "+string(d.Kind)]++
		case event.EffectUnknown:
			c["unknown "+string(kinds[d.Key])]++
		case event.EffectFailed:
			c["failed "+string(kinds[d.Key])]++
		case event.QuestionAsked:
			asked[d.ID] = d.Kind
		case event.QuestionAnswered:
			answer := d.Answer
			if d.Always {
				c["always "+answer]++
			}
			if asked[d.ID] == event.AskGuard && d.By == "timeout" {
				c["guard by timeout"]++
			}
			if asked[d.ID] == event.AskAgent {
				answer = "by " + d.By
			}
			answer, _, _ = strings.Cut(answer, ":") // reassign:ROLE
			c["answer "+string(asked[d.ID])+" "+answer]++
		case event.GuardJudged:
			c["verdict "+string(d.Verdict)]++
		case event.AgentDrifted:
			c["drift "+string(d.Kind)]++
		case event.AgentBreached:
			c["breach "+string(d.Kind)]++
		case event.AgentRequested:
			c["attempt to "+string(d.Purpose)]++
		case event.AgentExited:
			c["exit "+string(d.Reason)]++
		case event.AgentRejected:
			switch {
			case d.Stale:
				c["rejected stale"]++
			case d.Interrupted:
				c["rejected interrupted"]++
			}
		case event.BarrierOpened:
			if d.Partial && len(d.Missing) > 0 {
				c["partial barrier"]++
			}
			if len(d.Waived) > 0 {
				c["waived check"]++
			}
		case event.RunEnded:
			c["ended "+string(d.Outcome)]++
		case event.CheckEnded:
			c["check "+string(d.Status)]++
		case event.TaskConflicted:
			if strings.HasSuffix(d.Effect, ":ours") {
				c["stubborn conflict"]++
			}
		case event.TaskMerged:
			if d.Resolved != "" {
				c["first wins"]++
			}
		}
	}
}

// check fails for what never happened.
func (c coverage) check(t *testing.T) {
	t.Helper()
	want := event.Types()
	for _, k := range []event.EffectKind{
		event.EffectPrepare, event.EffectRun, event.EffectCollect, event.EffectTrim, event.EffectRelease, event.EffectMerge, event.EffectCheck,
		event.EffectBlame, event.EffectPublish, event.EffectFinish, event.EffectFreeze, event.EffectThaw,
	} {
		want = append(want, "effect "+string(k), "unknown "+string(k), "failed "+string(k))
	}
	for kind, answers := range map[string]string{
		"agent": "by ann,by policy,by timeout", "attempts": "retry,skip,stop", "conflict": "retry,agent,first_wins,skip,stop",
		"audit": "accept,drop,retry,skip,stop", "check": "retry,waive,stop", "barrier": "wait,partial,stop", "effect": "retry,stop",
		"guard": "allow,deny", "budget": "raise,skip,stop", "drift": "continue,widen,reassign,skip,stop", "breach": "accept,retry,skip,stop",
		"plan": "approve,revise,reject,skip,stop",
	} {
		for a := range strings.SplitSeq(answers, ",") {
			want = append(want, "answer "+kind+" "+a)
		}
	}
	want = append(want, "verdict allow", "verdict ask", "verdict deny", "always allow", "always deny", "always approve", "guard by timeout",
		"breach no_verdict", "breach canary", "breach no_canary")
	want = append(want, "drift outside_scope", "drift others_task", "drift repeating", "drift no_progress", "drift silent")
	want = append(want, "attempt to work", "attempt to fix", "attempt to resolve", "rejected stale", "rejected interrupted",
		"partial barrier", "waived check", "first wins", "stubborn conflict", "check passed", "check failed", "check could_not_run",
		"exit exited", "exit killed", "exit stopped", "exit interrupted", "exit not_started",
		"ended done", "ended failed", "ended stopped", "ended needs_human")
	for _, name := range want {
		if c[name] == 0 {
			t.Errorf("it never happened: %s", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c)) {
		t.Logf("%7d %s", c[name], name)
	}
}
