package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"popkit/internal/core/policy"
)

// acceptance is one line of guardrails.jsonl.
type acceptance struct {
	ID         string          `json:"id"`
	Tool       string          `json:"tool"`
	Input      json.RawMessage `json:"input"`
	Want       string          `json:"want"`
	Rule       string          `json:"rule"`
	Tracked    []string        `json:"tracked"`
	Boundaries struct {
		FilePatterns    []string `json:"file_patterns"`
		RestrictedTools []string `json:"restricted_tools"`
	} `json:"boundaries"`
}

// facts are what is known in the tables: the workspace is /repo.
func facts(tracked []string) policy.Facts {
	f := policy.Facts{Workspace: "/repo", Home: "/home/u", Tmp: "/tmp/agent-1"}
	if len(tracked) > 0 {
		f.Tracked = policy.TrackedGlobs(tracked)
	}
	return f
}

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
		v := c.verdict(t)
		if !meets(c.Want, v) || c.Rule != "" && (v.Rule != c.Rule || !strings.Contains(v.Reason, c.Rule)) {
			t.Errorf("%s %s %s: %+v, want %s %s", c.ID, c.Tool, c.Input, v, c.Want, c.Rule)
		}
	}
	if len(list) < 100 {
		t.Errorf("only %d cases", len(list))
	}
}
