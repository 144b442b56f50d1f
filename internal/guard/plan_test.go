package guard

import (
	"strings"
	"testing"

	"popkit/internal/core/event"
	"popkit/internal/core/policy"
)

// TestPlanFirst: until its plan is approved an agent may only read; what the rules deny
// or ask about stays what it is, and other agents are not concerned.
func TestPlanFirst(t *testing.T) {
	dir := place(t, "a.go")
	g := New(nil)
	if err := g.SetRules(policy.DefaultSpec()); err != nil {
		t.Fatal(err)
	}
	g.Seat("a-1", Seat{Workspace: dir, Tracked: tracks(), PlanFirst: true})
	g.Seat("a-2", Seat{Workspace: dir, Tracked: tracks()})
	judge := func(agent string, c Call) (event.Verdict, string) {
		j := g.Judge(t.Context(), agent, c).Judged
		if j.Rule == policy.PlanRequired && (!strings.Contains(j.Hint, "present_plan") || j.Subject == "") {
			t.Errorf("it does not say what to do: %+v", j)
		}
		return j.Verdict, j.Rule
	}
	read, look := call("Read", `{"file_path":"a.go"}`), call("Bash", `{"command":"git log | head"}`)
	write, run := call("Edit", `{"file_path":"a.go","old_string":"","new_string":"x"}`), call("Bash", `{"command":"go test ./..."}`)
	secret, git := call("Read", `{"file_path":".env"}`), call("Write", `{"file_path":".git/config","content":"x"}`)
	push, nothing := call("Bash", `{"command":"git push origin main"}`), call("Bash", `{}`)
	present := call("mcp__popkit__present_plan", `{"plan":"x"}`)
	expect := func(when, agent string, c Call, verdict event.Verdict, rule string) {
		t.Helper()
		if v, r := judge(agent, c); v != verdict || r != rule {
			t.Errorf("%s: %s %s: %s by %q", when, agent, c.Input, v, r)
		}
	}
	for _, when := range []string{"nothing is known", "nobody is approved", "another is"} {
		expect(when, "a-1", read, "allow", "")
		expect(when, "a-1", look, "allow", "")
		expect(when, "a-1", present, "allow", "")
		expect(when, "a-1", write, "deny", policy.PlanRequired)
		expect(when, "a-1", run, "deny", policy.PlanRequired)
		expect(when, "a-1", push, "deny", policy.PlanRequired) // a person is not asked about what can't be yet
		expect(when, "a-1", secret, "ask", "access_credentials")
		expect(when, "a-1", git, "deny", "protected_path")
		expect(when, "a-1", nothing, "deny", "unparsable")
		expect(when, "a-2", write, "allow", "")
		g.SetApproved(map[string][]string{"nothing is known": nil, "nobody is approved": {"a-2", "a-3"}}[when])
	}
	g.SetApproved([]string{"a-1"})
	expect("approved", "a-1", write, "allow", "")
	expect("approved", "a-1", run, "allow", "")
	expect("approved", "a-1", push, "ask", "push_to_main")
}
