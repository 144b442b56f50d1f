package unguarded

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"popkit/internal/core/policy"
	"popkit/internal/policytest"
)

// tally counts what came of the cases of a rule.
type tally map[Outcome]int

func (t tally) line(name string) string {
	na := t[Absent] + t[Nothing] + t[NoDeed] + t[NoSyntax]
	return fmt.Sprintf("| %s | %d | %d | %d | %d |\n", name, t[Stopped]+t[Reached]+na, t[Stopped], t[Reached], na)
}

// Table is the part of docs/guardrails.md that says what the operating system alone
// stops, by rule.
func Table(cases []policytest.Case, outcomes []Outcome) string {
	byRule, all, everyday := map[string]tally{}, tally{}, tally{}
	for i, c := range cases {
		if c.Want == "allow" {
			everyday[outcomes[i]]++
			continue
		}
		if byRule[c.Rule] == nil {
			byRule[c.Rule] = tally{}
		}
		byRule[c.Rule][outcomes[i]]++
		all[outcomes[i]]++
	}
	var b strings.Builder
	b.WriteString("| rule | calls | stopped | reached | not applicable |\n|---|---|---|---|---|\n")
	for _, name := range policy.RuleNames() {
		if t := byRule[name]; t != nil {
			b.WriteString(t.line("`" + name + "`"))
		}
	}
	if t := byRule[""]; t != nil {
		b.WriteString(t.line("any"))
	}
	b.WriteString(all.line("all"))
	b.WriteString("\nNot applicable:\n\n")
	for _, o := range slices.Sorted(maps.Keys(why)) {
		if all[o] > 0 {
			fmt.Fprintf(&b, "- %d: %s.\n", all[o], why[o])
		}
	}
	fmt.Fprintf(&b, "\nOf %d everyday calls %d work in the sandbox, %d work without it only, and %d say nothing: ", everyday.sum(), everyday[Works], everyday[Fails],
		everyday.sum()-everyday[Works]-everyday[Fails])
	b.WriteString("their program is a twin or not there, or what they name is not.\n")
	return b.String()
}

func (t tally) sum() int {
	n := 0
	for _, c := range t {
		n += c
	}
	return n
}

// Golden is what came of each case, a line of letters for each table, to tell which
// one has changed.
func Golden(cases []policytest.Case, outcomes []Outcome) string {
	var b strings.Builder
	file := ""
	for i, c := range cases {
		if c.File != file {
			if file != "" {
				b.WriteString("\n")
			}
			file = c.File
			b.WriteString(file + " ")
		}
		b.WriteByte(byte(outcomes[i]))
	}
	return b.String() + "\n"
}
