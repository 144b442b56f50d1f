package config

import (
	"slices"
	"testing"

	"popkit/internal/core/event"
)

// TestRolesOverFiles: the configuration goes before a role's file, under any of its
// names, and only in what it says.
func TestRolesOverFiles(t *testing.T) {
	c := mustLoad(t, map[string]string{"repo/" + RepoFile: `
roles:
  code-explorer: {model: haiku, plan_required: true, runtime: "exec:c"}
  explorer: {tools: [Read]}
  reviewer: {model: inherit, plan_required: false, runtime: "exec:r"}
  dba: {plan_required: true}
`})
	files := map[string]event.Role{
		"explorer": {Names: []string{"code-explorer"}, Prompt: "Look.", Tools: []string{"Read", "Bash"}, Model: "opus", Runtime: "exec:f", Origin: "f"},
		"reviewer": {Names: []string{"code-reviewer"}, Prompt: "Judge.", Model: "opus", PlanRequired: true, Runtime: "exec:f", Reviews: true},
	}
	s, err := c.Settings(plan(), Flags{Roles: files})
	if err != nil {
		t.Fatal(err)
	}
	e := s.RoleOf("code-explorer")
	if e.Model != "haiku" || !e.PlanRequired || !slices.Equal(e.Tools, []string{"Read"}) || e.Prompt != "Look." || e.Origin != "f" {
		t.Errorf("explorer: %+v", e)
	}
	r := s.RoleOf("reviewer")
	if r.Model != "" || r.PlanRequired || r.Tools != nil || !r.Reviews {
		t.Errorf("reviewer: %+v", r)
	}
	if d := s.RoleOf("dba"); !d.PlanRequired || d.Origin != "the configuration" {
		t.Errorf("dba: %+v", d)
	}
	for name, want := range map[string]string{"code-explorer": "exec:c", "explorer": "exec:c", "reviewer": "exec:r", "code-reviewer": "exec:r", "dba": "claude"} {
		if got := s.RuntimeOf(name); got != want {
			t.Errorf("runtime of %s: %s, want %s", name, got, want)
		}
	}
	if files["explorer"].Model != "opus" {
		t.Error("what was read is changed")
	}
	if s, err = c.Settings(plan(), Flags{Roles: files, Runtime: "exec:flag"}); err != nil || s.RuntimeOf("explorer") != "exec:flag" || s.RuntimeOf("reviewer") != "exec:flag" {
		t.Errorf("--runtime: %s, %s, %v", s.RuntimeOf("explorer"), s.RuntimeOf("reviewer"), err)
	}
}
