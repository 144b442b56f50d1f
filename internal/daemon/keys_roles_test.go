package daemon

import (
	"slices"
	"strings"
	"testing"

	"popkit/internal/core/event"
)

// keyRoles: what a role's agents work with is in the run's first event, from where
// each attempt has it (effects.TestHandedOver); and who has to present a
// plan first has no result without one.
func keyRoles(t *testing.T) {
	a := task("a", "echo a > a")
	a.Role = "test-writer"
	_, s := result(t, `{"roles":{"tester":{"model":"opus","tools":["Read"]}}}`, onePhase(nil, a))
	wantOutcome(t, s, event.OutcomeDone)
	r := s.Settings.RoleOf("test-writer")
	if r.Model != "opus" || !slices.Equal(r.Tools, []string{"Read"}) || r.Prompt == "" || r.PlanRequired {
		t.Errorf("%+v", r)
	}
	_, s = result(t, `{"roles":{"tester":{"plan_required":true}},"limits":{"max_attempts":1}}`, onePhase(nil, a))
	wantOutcome(t, s, event.OutcomeNeedsHuman)
	if q := s.Questions["q-1"]; q == nil || !strings.Contains(q.Text, "no plan of it was approved") {
		t.Errorf("asked: %+v", q)
	}
	if prompt := s.Agents["test-writer-1"].Prompt; !strings.Contains(prompt, "## First a plan") || !strings.Contains(prompt, "popkit plan present") {
		t.Errorf("it is told:\n%s", prompt)
	}
}
