package policy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"popkit/internal/core/policy"
)

// tried is one line of testdata/cases: what is wanted, and of which call.
type tried struct {
	file, want, rule, text string
	call                   policy.Call
}

// cases reads "WANT [RULE]: COMMAND" and "WANT [RULE]: @TOOL INPUT".
func cases(t testing.TB) []tried {
	t.Helper()
	files, err := filepath.Glob("testdata/cases/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases: ", err)
	}
	var out []tried
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(strings.TrimSpace(string(raw)), "\n") {
			if strings.HasPrefix(line, "#") {
				continue
			}
			head, text, ok := strings.Cut(line, ": ")
			if !ok {
				t.Fatalf("%s: %q is no case", f, line)
			}
			c := tried{file: filepath.Base(f), text: text}
			c.want, c.rule, _ = strings.Cut(head, " ")
			c.call = callOf(t, text)
			out = append(out, c)
		}
	}
	return out
}

func callOf(t testing.TB, text string) policy.Call {
	t.Helper()
	if rest, ok := strings.CutPrefix(text, "@"); ok {
		tool, input, _ := strings.Cut(rest, " ")
		return policy.Call{Tool: tool, Input: json.RawMessage(input)}
	}
	return bash(t, strings.ReplaceAll(text, "⏎", "\n"))
}

func bash(t testing.TB, command string) policy.Call {
	t.Helper()
	input, err := json.Marshal(map[string]string{"command": command})
	if err != nil {
		t.Fatal(err)
	}
	return policy.Call{Tool: "Bash", Input: input}
}

// tracked is what git tracks in the cases.
var tracked = []string{"src/**", "**/*.go", "tests/**"}

func TestCases(t *testing.T) {
	r, f := rules(t, nil), facts(tracked)
	list := cases(t)
	for _, c := range list {
		v := policy.Evaluate(r, c.call, f)
		if !meets(c.want, v) || v.Rule != c.rule {
			t.Errorf("%s: %s\n\t got %s %s %v (%s)\n\twant %s %s", c.file, c.text, v.Decision, v.Rule, v.Flags, v.Reason, c.want, c.rule)
		}
	}
	if len(list) < 400 {
		t.Errorf("only %d cases", len(list))
	}
}
