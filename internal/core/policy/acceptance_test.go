package policy_test

import (
	"strings"
	"testing"

	"popkit/internal/core/policy"
	"popkit/internal/policytest"
)

// acceptances reads guardrails.jsonl.
func acceptances(t testing.TB) []policytest.Case {
	t.Helper()
	list, err := policytest.Acceptances("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// facts are what is known in the tables: the workspace is /repo.
func facts(tracked []string) policy.Facts { return policytest.Facts(tracked) }

func rules(t testing.TB, change func(*policy.Spec)) *policy.Rules {
	t.Helper()
	s := policy.DefaultSpec()
	if change != nil {
		change(&s)
	}
	r, err := policy.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// meets says whether a verdict is what a case wants.
func meets(want string, v policy.Verdict) bool {
	switch want {
	case "allow":
		return v.Decision == policy.Allow && len(v.Flags) == 0
	case "flag":
		return v.Decision == policy.Allow && len(v.Flags) > 0
	case "stop":
		return v.Decision != policy.Allow
	}
	return v.Decision.String() == want
}

// TestAcceptance holds the verdict and the rule of each case of guardrails.jsonl.
func TestAcceptance(t *testing.T) {
	list := acceptances(t)
	for _, c := range list {
		v := verdictOf(t, c, nil)
		if !meets(c.Want, v) || c.Rule != "" && (v.Rule != c.Rule || !strings.Contains(v.Reason, c.Rule)) {
			t.Errorf("%s %s: %+v, want %s %s", c.Name, c.Text, v, c.Want, c.Rule)
		}
	}
	if len(list) < 100 {
		t.Errorf("only %d cases", len(list))
	}
}
