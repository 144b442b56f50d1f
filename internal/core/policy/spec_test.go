package policy_test

import (
	"strings"
	"testing"

	"popkit/internal/core/policy"
)

// TestHumanRequired: a rule whose name is misspelt is no command that nobody types;
// what may be a command is taken as one.
func TestHumanRequired(t *testing.T) {
	for entry, want := range map[string]string{
		"push_to_main":       "",
		"push_to_mian":       `human_required: unknown rule "push_to_mian" (did you mean "push_to_main"?)`,
		"security_config":    `human_required: unknown rule "security_config" (did you mean "security_configuration"?)`,
		"docker compose up":  "",
		"make":               "",
		"our_tool":           "",
		"bin/push_to_mian":   "",
		"push_to_mian --all": "",
	} {
		var got []string
		for _, err := range (policy.Spec{HumanRequired: []string{entry}}).Check() {
			got = append(got, err.Error())
		}
		if all := strings.Join(got, "\n"); all != want {
			t.Errorf("%s: %q, want %q", entry, all, want)
		}
	}
}
