package policy_test

import (
	"encoding/json"
	"testing"

	"popkit/internal/core/policy"
	"popkit/internal/policytest"
)

// tracked is what git tracks in the cases.
var tracked = policytest.Tracked

func cases(t testing.TB) []policytest.Case {
	t.Helper()
	list, err := policytest.Tables("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// verdictOf judges a case by its own rules and facts.
func verdictOf(t testing.TB, c policytest.Case, plain *policy.Rules) policy.Verdict {
	t.Helper()
	if c.Plain {
		return policy.EvaluateBare(plain, c.Call, c.Facts)
	}
	return policy.EvaluateBare(rules(t, func(s *policy.Spec) { *s = c.Spec }), c.Call, c.Facts)
}

func bash(t testing.TB, command string) policy.Call {
	t.Helper()
	input, err := json.Marshal(map[string]string{"command": command})
	if err != nil {
		t.Fatal(err)
	}
	return policy.Call{Tool: "Bash", Input: input}
}

func TestCases(t *testing.T) {
	r := rules(t, nil)
	list := cases(t)
	for _, c := range list {
		v := verdictOf(t, c, r)
		if !meets(c.Want, v) || v.Rule != c.Rule {
			t.Errorf("%s:%s: %s\n\t got %s %s %v (%s)\n\twant %s %s", c.File, c.Name, c.Text, v.Decision, v.Rule, v.Flags, v.Reason, c.Want, c.Rule)
		}
	}
	if len(list) < 400 {
		t.Errorf("only %d cases", len(list))
	}
}
