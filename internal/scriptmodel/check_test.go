package scriptmodel_test

import (
	"strings"
	"testing"

	"popkit/internal/scriptmodel"
)

// TestExpectations plays two agents, of which b hears what a found, and checks
// that each expectation can be met, and can be missed.
func TestExpectations(t *testing.T) {
	for _, c := range []struct{ expect, want string }{
		{"{rule: b, found: cache is off}", ""},
		{"{rule: b, step: 2, found: cache is off}", ""},
		{"{rule: b, once: cache is off}", ""},
		{"{rule: b, after: a.2, found: cache is off}", ""},
		{"{rule: a, never: cache is off}", ""},
		{"{rule: a, system: 'Be b...f', model: ^m$, tools: [Bash], without: [Write], requests: 2, sessions: 1}", ""},
		{"{rule: c, requests: 0}", ""},
		{"{rule: b, step: 1, found: cache is off}", `b.1: "cache is off" was not heard; the last request brought: @@b@@`},
		{"{rule: b, never: cache is off}", `rule b: "cache is off" was heard in request 4, and never should be`},
		{"{rule: b, once: nothing}", `rule b: "nothing" was heard 0 times in session session-…, not once`},
		{"{rule: b, once: twice}", `rule b: "twice" was heard 2 times`},
		{"{rule: b, after: b.2, found: cache}", `rule b, first request after b.2: was never asked`},
		{"{rule: c, found: anything}", "rule c: was never asked"},
		{"{rule: a, system: nothing}", `"nothing" is not in the system prompt of request 1`},
		{"{rule: a, model: other}", `request 1 asks the model "m", not "other"`},
		{"{rule: a, tools: [Write]}", "request 1 does not offer Write, but: Bash"},
		{"{rule: a, without: [Bash]}", "request 1 offers Bash"},
		{"{rule: a, requests: 3}", "rule a: 2 requests, not 3"},
		{"{rule: a, sessions: 2}", "rule a: 1 sessions, not 2"},
	} {
		srv := start(t, `
rules:
  - {name: a, steps: [{tool: share, input: {text: cache is off}}, {text: done}]}
  - {name: b, steps: [{tool: Bash}, {text: done, never: [never]}]}
  - {name: c, steps: [{text: unused}]}
expect: [`+c.expect+"]\n")
		ask(t, srv, true, said("@@a@@"))
		ask(t, srv, true, said("@@b@@"))
		ask(t, srv, true, said("@@a@@", "cache is off", result("shared")))
		ask(t, srv, true, said("@@b@@", "x", result("twice, twice: the cache is off")))
		err := srv.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.expect, err, c.want)
		}
	}
}

// TestFailureIsReadable shows what somebody gets who was not there.
func TestFailureIsReadable(t *testing.T) {
	srv := start(t, "rules: [{name: a, steps: [{text: hello, expect: [insight], never: ['@@a@@']}]}]")
	ask(t, srv, false, said("work on @@a@@"))
	err := srv.Check()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`a.1: "insight" was not heard; request 1 brought: work on @@a@@`,
		`a.1: "@@a@@" was heard, and never should be`,
		"  1 ", "a.1", "◀ work on @@a@@ ▶ hello",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
}

func TestMistakesInScripts(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{"rules: []", "no rules"},
		{"rulez: []", `unknown key "rulez"`},
		{"rules: [{name: a}]", "rule a has no steps"},
		{"rules: [{steps: [{text: x}]}]", "a name of its own"},
		{"rules: [{name: a, steps: [{text: x}]}, {name: a, steps: [{text: x}]}]", "a name of its own"},
		{"rules: [{name: a, steps: [{}]}]", "needs a text or a tool"},
		{"rules: [{name: a, steps: [{txt: x}]}]", `unknown key "txt"`},
		{"rules: [{name: a, when: '(', steps: [{text: x}]}]", "missing closing"},
		{"rules: [{name: a, steps: [{text: x, delay: -1s}]}]", "negative"},
		{"rules: [{name: a, steps: [{text: x, input: {}}]}]", "input without its tool"},
		{"rules: [{name: a, steps: [{tools: [{input: {}}]}]}]", "a call without its tool"},
		{"rules: [{name: a, steps: [{text: x, after: [b.1]}]}]", `no rule "b"`},
		{"rules: [{name: a, steps: [{text: x, after: [a]}]}]", "not RULE.STEP"},
		{"rules: [{name: a, steps: [{text: x, after: [a.2]}]}]", "rule a has 1 steps, not 2"},
		{"rules: [{name: a, steps: [{fail: {}}]}]", "one of status, broken and hang"},
		{"rules: [{name: a, steps: [{fail: {status: 200}}]}]", "not the status of an error"},
		{"rules: [{name: a, steps: [{fail: {broken: x}}]}]", "error or cut"},
		{"rules: [{name: a, steps: [{fail: {hang: x}}]}]", "start or middle"},
		{"rules: [{name: a, steps: [{text: x}]}]\nexpect: [{rule: a}]", "expects nothing"},
		{"rules: [{name: a, steps: [{text: x}]}]\nexpect: [{rule: b, found: x}]", `no rule "b"`},
	} {
		_, err := scriptmodel.Parse("m.yaml", []byte(c.script))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "m.yaml:") {
			t.Errorf("%s: %v, want %q", c.script, err, c.want)
		}
	}
}
