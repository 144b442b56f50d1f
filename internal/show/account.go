package show

import (
	"strings"

	"popkit/internal/core/account"
)

// Account writes the report on a run. width 0 wraps nothing.
func Account(r account.Report, width int) string {
	p := page{width: width}
	p.line("", Line(r.Objective))
	p.line("  ", "run "+r.Run+": "+r.Title())
	p.line("  ", r.Took())
	p.line("  ", r.Totals.Headline())
	p.line("  ", r.Totals.Cost())
	p.line("  ", r.Totals.Talk())
	for _, l := range r.Result() {
		p.line("  ", l)
	}
	for i, l := range r.Merge {
		p.line([]string{"  to merge it: ", "           or: "}[min(i, 1)], l)
	}
	p.list("success criteria", proofs(r.Criteria))
	decided := r.Decided()
	for _, ph := range r.Phases {
		p.phase(ph, decided)
	}
	p.agents(r.Agents)
	var lines []string
	list, before := r.Newest()
	if before > 0 {
		lines = append(lines, Count(before, "insight")+" before these: popkit insight list --run "+r.Run)
	}
	for _, in := range list {
		lines = append(lines, in.String())
	}
	p.list("insights", lines)
	lines = nil
	for _, d := range r.General() {
		lines = append(lines, d.String())
	}
	p.list("decisions about the run", lines)
	p.list("besides", r.Besides)
	return p.String()
}

// page is a text that is written from top to bottom.
type page struct {
	strings.Builder
	width int
}

// line writes a text after a head; where it is long it goes on below its beginning.
func (p *page) line(head, text string) {
	if text = Line(text); text == "" {
		return
	}
	if p.width <= 0 {
		p.WriteString(head + text + "\n")
		return
	}
	room := max(20, p.width-1-Width(head))
	for i, l := range Wrap(text, room) {
		if i > 0 {
			head = strings.Repeat(" ", Width(head))
		}
		p.WriteString(head + l + "\n")
	}
}

func (p *page) list(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	p.WriteString("\n" + title + "\n")
	for _, l := range lines {
		p.line("  ", l)
	}
}

func proofs(list []account.Proof) []string {
	var out []string
	for _, c := range list {
		text := c.Text + ": " + c.Verdict
		if c.Check != "" {
			text += ": " + c.Check
		}
		out = append(out, text)
	}
	return out
}

// fieldWidth is the column of what is said of a task.
const fieldWidth = 10

func (p *page) phase(ph account.Phase, decided map[string]account.Decision) {
	p.WriteString("\nphase " + Line(ph.Name) + ": " + ph.State + "\n")
	for _, t := range ph.Tasks {
		p.line("  ", t.ID+" ("+t.Role+"), "+t.Title+": "+t.Outcome())
		last := ""
		for _, f := range t.Fields(decided) {
			name := f[0]
			if name == last {
				name = ""
			}
			last = f[0]
			p.line("      "+pad(name, fieldWidth), f[1])
		}
	}
	for _, c := range ph.Checks {
		p.line("  ", "check "+c.Check+": "+c.Verdict)
	}
	if ph.Ref != "" {
		p.line("  ", ph.Barrier())
	}
}

func (p *page) agents(list []account.Attempt) {
	if len(list) == 0 {
		return
	}
	rows := [][]string{account.Columns()}
	for _, a := range list {
		rows = append(rows, a.Row())
	}
	p.WriteString("\n" + Table(rows, p.width))
}
