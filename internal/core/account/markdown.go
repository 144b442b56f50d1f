package account

import (
	"fmt"
	"strings"
)

// Markdown returns the report as it is kept beside the log.
func (r Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", r.Objective)
	fmt.Fprintf(&b, "- run %s, %s\n- base %s (%.10s)\n- %s\n- %s\n", r.Run, r.Title(), r.BaseRef, r.Base, r.Took(), r.Totals.Headline())
	if cost := r.Totals.Cost(); cost != "" {
		fmt.Fprintf(&b, "- %s\n", cost)
	}
	fmt.Fprintf(&b, "- %s\n", r.Totals.Talk())
	for _, line := range r.Result() {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	if len(r.Merge) > 0 {
		b.WriteString("\nTo merge it:\n\n    " + strings.Join(r.Merge, "\n\nor\n\n    ") + "\n")
	}
	b.WriteByte('\n')
	section(&b, "Success criteria", proofs(r.Criteria))
	decided := r.Decided()
	for _, p := range r.Phases {
		phase(&b, p, decided)
	}
	agents(&b, r.Agents)
	var lines []string
	list, before := r.Newest()
	if before > 0 {
		lines = append(lines, fmt.Sprintf("%s before these: `popkit insight list --run %s`", count(before, "insight"), r.Run))
	}
	for _, in := range list {
		lines = append(lines, in.String())
	}
	section(&b, "Insights", lines)
	lines = nil
	for _, d := range r.General() {
		lines = append(lines, d.String())
	}
	section(&b, "Decisions about the run", lines)
	section(&b, "Besides", r.Besides)
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func section(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "## %s\n\n", title)
	for _, l := range lines {
		fmt.Fprintf(b, "- %s\n", l)
	}
	b.WriteByte('\n')
}

func proofs(list []Proof) []string {
	var out []string
	for _, p := range list {
		text := p.Text + ": " + p.Verdict
		if p.Check != "" {
			text += ": `" + oneLine(p.Check) + "`"
		}
		out = append(out, text)
	}
	return out
}

func phase(b *strings.Builder, p Phase, decided map[string]Decision) {
	fmt.Fprintf(b, "## Phase %s: %s\n\n", p.Name, p.State)
	for _, t := range p.Tasks {
		fmt.Fprintf(b, "- task %s (%s), %s: %s\n", t.ID, t.Role, t.Title, t.Outcome())
		for _, f := range t.Fields(decided) {
			fmt.Fprintf(b, "  - %s: %s\n", f[0], f[1])
		}
	}
	for _, c := range p.Checks {
		fmt.Fprintf(b, "- check `%s`: %s\n", oneLine(c.Check), c.Verdict)
	}
	if p.Ref != "" {
		fmt.Fprintf(b, "- %s\n", p.Barrier())
	}
	b.WriteByte('\n')
}

// Barrier says with what a phase ended, and how long it took.
func (p Phase) Barrier() string {
	text := fmt.Sprintf("barrier open at %.10s (%s)", p.Commit, p.Ref)
	if p.Partial {
		text += ", released in part"
	}
	if d := p.Opened.Sub(p.Begun); d > 0 && !p.Begun.IsZero() {
		text += ", after " + Took(d.Seconds())
	}
	return text
}

// agents is a table of what each agent took and used.
func agents(b *strings.Builder, list []Attempt) {
	if len(list) == 0 {
		return
	}
	b.WriteString("## Agents\n\n| agent | task | outcome | time | tool calls | denied | turns | tokens | cost |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, a := range list {
		row := a.Row()
		for i := range row {
			row[i] = strings.ReplaceAll(row[i], "|", "\\|")
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
	b.WriteByte('\n')
}
