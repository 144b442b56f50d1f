package policy_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"popkit/internal/core/policy"
)

var update = flag.Bool("update", false, "write the generated parts of docs/guardrails.md")

const page = "../../../docs/guardrails.md"

// tally counts what came of the cases of a rule.
type tally struct{ tried, allowed, otherwise, stopped int }

// TestGuardrailsPage holds the tables of docs/guardrails.md to the rules and to
// what all cases come to; -update writes them.
func TestGuardrailsPage(t *testing.T) {
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want := between(t, between(t, string(raw), "rules", rulesTable()), "measured", measured(t))
	if string(raw) == want {
		return
	}
	if !*update {
		t.Fatal("docs/guardrails.md is not up to date: go test ./internal/core/policy -run TestGuardrailsPage -update writes it")
	}
	if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// between puts a text between the marks of a part of the page.
func between(t *testing.T, text, part, body string) string {
	t.Helper()
	begin, end := "<!-- guard "+part+": made by go test -->\n", "<!-- guard "+part+": end -->\n"
	i, j := strings.Index(text, begin), strings.Index(text, end)
	if i < 0 || j < i {
		t.Fatalf("docs/guardrails.md has no part %q", part)
	}
	return text[:i+len(begin)] + "\n" + body + "\n" + text[j:]
}

func rulesTable() string {
	var b strings.Builder
	b.WriteString("| rule | does | stands against | configured by |\n|---|---|---|---|\n")
	for _, x := range policy.Explanations() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", x.Rule, x.Default, x.Meaning, x.Configure)
	}
	return b.String()
}

func measured(t *testing.T) string {
	byRule := map[string]*tally{}
	of := func(rule string) *tally {
		if byRule[rule] == nil {
			byRule[rule] = &tally{}
		}
		return byRule[rule]
	}
	all, harmless := tally{}, 0
	judge := func(want, rule string, v policy.Verdict) {
		if want == "allow" {
			harmless++
			if !meets(want, v) {
				of(v.Rule).stopped++
				all.stopped++
			}
			return
		}
		if rule == "" {
			rule = v.Rule // the case names none
		}
		c := of(rule)
		c.tried++
		all.tried++
		switch {
		case meets("allow", v):
			c.allowed++
			all.allowed++
		case !meets(want, v) || v.Rule != rule:
			c.otherwise++
			all.otherwise++
		}
	}
	r := rules(t, nil)
	for _, c := range cases(t) {
		judge(c.Want, c.Rule, verdictOf(t, c, r))
	}
	for _, c := range acceptances(t) {
		judge(c.Want, c.Rule, verdictOf(t, c, nil))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d calls that a rule stands against and %d that are everyday work:\n\n", all.tried, harmless)
	b.WriteString("| rule | calls | wrongly allowed | stopped, but otherwise than wanted | everyday calls wrongly stopped |\n|---|---|---|---|---|\n")
	for _, name := range policy.RuleNames() {
		if c := of(name); c.tried+c.stopped > 0 {
			fmt.Fprintf(&b, "| `%s` | %d | %d | %d | %d |\n", name, c.tried, c.allowed, c.otherwise, c.stopped)
		}
	}
	fmt.Fprintf(&b, "| all | %d | %d | %d | %d of %d |\n", all.tried, all.allowed, all.otherwise, all.stopped, harmless)
	return b.String()
}
