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
	change                 func(*policy.Spec, *policy.Facts) // nil: the defaults
}

// verdict judges a case by its own rules and facts.
func (c tried) verdict(t testing.TB, plain *policy.Rules) policy.Verdict {
	t.Helper()
	f := facts(tracked)
	if c.change == nil {
		return policy.EvaluateBare(plain, c.call, f)
	}
	return policy.EvaluateBare(rules(t, func(s *policy.Spec) { c.change(s, &f) }), c.call, f)
}

// with reads a line "!KEY VALUE …", which holds for the lines below it.
func with(t testing.TB, line string) func(*policy.Spec, *policy.Facts) {
	t.Helper()
	words := strings.Fields(line[1:])
	return func(s *policy.Spec, f *policy.Facts) {
		for _, w := range words {
			key, value, _ := strings.Cut(w, "=")
			list := strings.Split(value, ",")
			switch key {
			case "boundaries":
				s.Boundaries = list
			case "restricted":
				s.RestrictedTools = list
			case "human":
				s.HumanRequired = append(s.HumanRequired, strings.ReplaceAll(value, "+", " "))
			case "branch":
				f.Branch = value
			case "default":
				f.DefaultBranch = value
			case "protected":
				s.ProtectedPaths = append(s.ProtectedPaths, list...)
			case "link":
				f.Resolve = func(abs string) string {
					if rest, ok := strings.CutPrefix(abs, list[0]); ok && (rest == "" || rest[0] == '/') {
						return list[1] + rest
					}
					return abs
				}
			case "below":
				f.Below = func(rel string) []string { return list }
			case "fold":
				f.FoldCase = true
			case "file":
				name, text, _ := strings.Cut(value, ":")
				f.Content = func(rel string) (string, bool) {
					return strings.NewReplacer("·", " ", "⏎", "\n").Replace(text), rel == name
				}
			case "rule":
				s.Rules = map[string]string{list[0]: list[1]}
			case "grant":
				s.Grants = append(s.Grants, policy.Grant{Rule: list[0], Subject: strings.ReplaceAll(list[1], "+", " ")})
			}
		}
	}
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
		var change func(*policy.Spec, *policy.Facts)
		for line := range strings.SplitSeq(strings.TrimSpace(string(raw)), "\n") {
			if strings.HasPrefix(line, "!") {
				change = with(t, line)
				continue
			}
			if strings.HasPrefix(line, "#") {
				continue
			}
			head, text, ok := strings.Cut(line, ": ")
			if !ok {
				t.Fatalf("%s: %q is no case", f, line)
			}
			c := tried{file: filepath.Base(f), text: text, change: change}
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
	r := rules(t, nil)
	list := cases(t)
	for _, c := range list {
		v := c.verdict(t, r)
		if !meets(c.want, v) || v.Rule != c.rule {
			t.Errorf("%s: %s\n\t got %s %s %v (%s)\n\twant %s %s", c.file, c.text, v.Decision, v.Rule, v.Flags, v.Reason, c.want, c.rule)
		}
	}
	if len(list) < 400 {
		t.Errorf("only %d cases", len(list))
	}
}
