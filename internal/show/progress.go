package show

import (
	"fmt"
	"strings"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/view"
)

// PlainEvent is an event as a line of progress where no terminal is: with its
// time.
func PlainEvent(e event.Event) string {
	return e.Time.Local().Format(time.TimeOnly) + " " + Event(e.Data)
}

// Lasting reports whether notable news stay on a terminal, where a live block
// shows the rest.
func Lasting(d event.Data) bool {
	switch d.(type) {
	case event.CheckedIn, event.AgentStarted, event.AgentExited, event.PhaseStarted, event.Reported:
		return false
	}
	return true
}

// LogLine is an event as `popkit power log` shows it.
func LogLine(e event.Event) string {
	return fmt.Sprintf("%6d  %s  %s", e.Seq, e.Time.Local().Format(time.DateTime), Event(e.Data))
}

// Block is the live picture of a run: one line for the run, one for the current
// phase, one an agent at work, each at most width columns.
func Block(v view.Status, now time.Time, width int) []string {
	settled := 0
	for _, t := range v.Tasks {
		if t.State == "merged" || t.State == "skipped" {
			settled++
		}
	}
	lines := []string{fmt.Sprintf("%s  %d/%d tasks  %s  %s", Verdict(v), settled, len(v.Tasks),
		active(v.Budget), Line(v.Objective))}
	for i, p := range v.Phases {
		if p.State == "active" {
			text := fmt.Sprintf("phase %s (%d of %d)", p.Name, i+1, len(v.Phases))
			if p.Waits != "" {
				text += ", waits: " + Line(p.Waits)
			}
			lines = append(lines, text)
		}
	}
	lines = append(lines, agentLines(v, now)...)
	for i := range lines {
		lines[i] = Cut(flat(lines[i]), width)
	}
	return lines
}

func agentLines(v view.Status, now time.Time) []string {
	var rows [][]string
	for _, a := range v.Agents {
		if !a.Ended.IsZero() || a.State == "accepted" || a.State == "rejected" {
			continue
		}
		rows = append(rows, []string{"  " + a.ID, a.Task, agentTime(a, now), or(agentDoing(a), a.State)})
	}
	if len(rows) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(Table(rows, 0), "\n"), "\n")
}

// Summary is what is said at the end of a run: how it ended, what is in it, and
// the one command that goes on. published is what was said of the result, where
// it is known.
func Summary(v view.Status, published *event.RunPublished) string {
	var b strings.Builder
	fmt.Fprintf(&b, "run %s: %s%s\n", v.Run, Verdict(v), because(v.Reason))
	merged, skipped := 0, []string{}
	for _, t := range v.Tasks {
		switch t.State {
		case "merged":
			merged++
		case "skipped":
			skipped = append(skipped, t.ID)
		}
	}
	fmt.Fprintf(&b, "  %d of %s merged", merged, Count(len(v.Tasks), "task"))
	if len(skipped) > 0 {
		fmt.Fprintf(&b, ", skipped: %s", list(skipped, 10))
	}
	fmt.Fprintf(&b, "; %s, %s, %s\n", Count(v.Budget.Started, "agent"), Count(v.Insights, "insight"), active(v.Budget))
	b.WriteString(summaryChecks(v))
	b.WriteString(next(v, published))
	return b.String()
}

// active is the run's own time.
func active(b view.Budget) string { return Took(time.Duration(b.Minutes * float64(time.Minute))) }

func summaryChecks(v view.Status) string {
	var b strings.Builder
	checks := 0
	for _, p := range v.Phases {
		checks += len(p.Checks)
		for _, c := range p.Checks {
			name := "check"
			if c.Criterion != "" {
				name = Line(c.Criterion)
			}
			fmt.Fprintf(&b, "  %s: %s (%s)%s\n", words(c.State), name, Line(c.Run), because(c.Reason))
		}
	}
	if v.State == "done" && checks == 0 {
		b.WriteString("  no checks: the plan has none, so nothing was verified but that the work can be merged\n")
	}
	if v.State == "done" {
		for _, text := range v.Unproved {
			fmt.Fprintf(&b, "  for you to judge: %s\n", Line(text))
		}
	}
	return b.String()
}

func next(v view.Status, p *event.RunPublished) string {
	switch v.State {
	case "done":
		if p == nil {
			p = &event.RunPublished{}
		}
		text := fmt.Sprintf("branch %s holds the result", v.Branch)
		if p.Note != "" {
			text = Line(p.Note)
		}
		if p.BaseMoved != "" {
			text += fmt.Sprintf("; %s has moved to %s meanwhile", strings.TrimPrefix(v.BaseRef, "refs/heads/"), Commit(p.BaseMoved))
		}
		return fmt.Sprintf("%s\nto merge it: popkit power merge %s\n", text, v.Run)
	case "needs_human":
		return Decisions(v.Decisions) + fmt.Sprintf("then: popkit power resume %s\n", v.Run)
	case "stopped", "failed", "interrupted":
		return fmt.Sprintf("all work is kept; to go on: popkit power resume %s\n", v.Run)
	}
	return ""
}
