package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const head = `# Claude Code versions

What works on which version of the Claude Code CLI: each line is an end-to-end case in
` + "`e2e/testdata/claude`" + `, run with the real CLI of that version and a scripted model. Made by
` + "`make compat`" + `; do not edit it. popkit drives versions from %s on; its tests run %s, and
this page says what of them holds elsewhere. A case that failed
was run a second time. Times are seconds of one run.

`

// page is the whole page.
func page(results []result, about map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, head, results[0].version, results[min(1, len(results)-1)].version)
	b.WriteString("| case |")
	for _, r := range results {
		fmt.Fprintf(&b, " %s |", r.version)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(results)) + "\n")
	for _, name := range slices.Sorted(maps.Keys(about)) {
		fmt.Fprintf(&b, "| `%s`: %s |", name, cell(about[name]))
		for _, r := range results {
			b.WriteString(" " + r.cases[name].word() + " |")
		}
		b.WriteString("\n")
	}
	b.WriteString("| all |")
	for _, r := range results {
		fmt.Fprintf(&b, " %d of %d |", r.passed(), len(about))
	}
	b.WriteString("\n")
	for _, r := range results {
		b.WriteString(r.notes())
	}
	return b.String()
}

func (o outcome) word() string {
	switch {
	case o.passed:
		return fmt.Sprintf("%.1f", o.seconds)
	case o.seconds > 0:
		return "**no**"
	}
	return "not run"
}

// notes is why cases failed on a version, and what else was seen.
func (r result) notes() string {
	var lines []string
	var strays []string
	for _, name := range slices.Sorted(maps.Keys(r.cases)) {
		o := r.cases[name]
		if !o.passed {
			lines = append(lines, fmt.Sprintf("- `%s`: line %s", name, o.why))
		}
		strays = append(strays, o.strays...)
	}
	slices.Sort(strays)
	if strays = slices.Compact(strays); len(strays) > 0 {
		lines = append(lines, "- It calls others than its model, although it is told not to by its variables (in the tests a proxy refuses that): "+
			strings.Join(strays, ", "))
	}
	if lines == nil {
		return ""
	}
	return "\n## " + r.version + "\n\n" + strings.Join(lines, "\n") + "\n"
}

// cell is text that does not end a table's cell.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
