package policy_test

import (
	"strings"
	"testing"

	"popkit/internal/core/policy"
)

// FuzzCommand: no command makes the guard panic or run on, and no verdict is
// without its reason.
func FuzzCommand(f *testing.F) {
	for _, c := range cases(f) {
		if !strings.HasPrefix(c.Text, "@") {
			f.Add(strings.ReplaceAll(c.Text, "⏎", "\n"))
		}
	}
	r := rules(f, nil)
	f.Fuzz(func(t *testing.T, command string) {
		v := policy.EvaluateBare(r, bash(t, command), facts(tracked))
		if v.Decision != policy.Allow && (v.Rule == "" || !strings.Contains(v.Reason, v.Rule) || strings.Contains(v.Reason, "\n")) {
			t.Errorf("%q: %+v", command, v)
		}
	})
}

// FuzzInput: no input of any tool makes the guard panic.
func FuzzInput(f *testing.F) {
	for _, c := range cases(f) {
		f.Add(c.Call.Tool, []byte(c.Call.Input), "src/a.go")
	}
	r := rules(f, nil)
	f.Fuzz(func(t *testing.T, tool string, input []byte, cwd string) {
		v := policy.EvaluateBare(r, policy.Call{Tool: tool, Input: input, Cwd: cwd}, facts(nil))
		if v.Decision != policy.Allow && v.Rule == "" {
			t.Errorf("%s %q: %+v", tool, input, v)
		}
	})
}
