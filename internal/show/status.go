package show

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"popkit/internal/core/budget"
	"popkit/internal/core/event"
	"popkit/internal/core/view"
)

func sortedList(names []string) string {
	slices.Sort(names)
	return list(names, len(names))
}

// Outcome is a run's state in words.
func Outcome(state string) string {
	switch state {
	case "done":
		return "done and verified"
	case "needs_human":
		return "needs a human"
	case "quota":
		return "waits for a quota"
	}
	return words(state)
}

// Verdict is how a run stands, in words. A run of a tier without phase-aware
// barriers can be done with checks that nobody ran: that is not verified.
func Verdict(v view.Status) string {
	unproved := 0
	for _, p := range v.Phases {
		for _, c := range p.Checks {
			if c.State != "passed" && c.State != "waived" {
				unproved++
			}
		}
	}
	if v.State != "done" || unproved == 0 {
		return Outcome(v.State)
	}
	return fmt.Sprintf("done, not verified: %s not run in tier %s", Count(unproved, "check"), v.Tier)
}

// Status writes all that is worth knowing of a run. width 0 cuts nothing.
func Status(v view.Status, now time.Time, width int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "run %s: %s%s\n", v.Run, Verdict(v), because(v.Reason))
	fmt.Fprintf(&b, "objective  %s\n", Line(v.Objective))
	fmt.Fprintf(&b, "mode       %s%s; tier %s\n", v.Mode, note(v.ModeReason), v.Tier)
	fmt.Fprintf(&b, "engine     %s\n", engine(v.Engine, now))
	fmt.Fprintf(&b, "branch     %s from %s at %s\n", v.Branch, or(v.BaseRef, "HEAD"), Commit(v.Base))
	b.WriteString(standstill(v))
	fmt.Fprintf(&b, "budget     %s\n%s", Budget(v.Budget), used(v.Budget))
	fmt.Fprintf(&b, "insights   %d\n", v.Insights)
	b.WriteString("\n" + phases(v, width) + "\n" + tasks(v, width))
	if t := agents(v, now, width); t != "" {
		b.WriteString("\n" + t + layers(v) + plans(v))
	}
	b.WriteString(drifts(v))
	if t := Rules(v.Rules); t != "" {
		b.WriteString("\n" + t)
	}
	if len(v.Decisions) > 0 {
		b.WriteString("\n" + Decisions(v.Decisions))
	}
	if len(v.Errors) > 0 {
		b.WriteString("\nproblems\n")
		for _, e := range v.Errors {
			fmt.Fprintf(&b, "  %s %s: %s\n", e.Time.Local().Format(time.TimeOnly), e.Source, Line(e.Text))
		}
	}
	return b.String()
}

func engine(e *view.Engine, now time.Time) string {
	if e == nil {
		return "none"
	}
	text := fmt.Sprintf("process %d", e.PID)
	if e.Host != "" {
		text += " on " + e.Host
	}
	if !e.Since.IsZero() {
		text += ", since " + Took(now.Sub(e.Since))
	}
	if e.Sandbox != "" {
		text += ", agents held by " + e.Sandbox
	}
	if e.Claude != "" {
		text += "; " + e.Claude
	}
	return text
}

// Budget says what was used of what is allowed.
func Budget(b view.Budget) string {
	text := fmt.Sprintf("%d of %d agents at work", b.Agents, b.MaxAgents)
	if b.MaxSource != "" {
		text += " (limit from " + b.MaxSource + ")"
	}
	if b.Sequential {
		text += ", one after the other"
	}
	text += ", " + Count(b.Started, "agent") + " started"
	if b.MaxStarted > 0 {
		text += fmt.Sprintf(" of %d", b.MaxStarted)
	}
	text += ", " + active(b)
	if b.MaxMinutes > 0 {
		text += " of " + Took(time.Duration(b.MaxMinutes*float64(time.Minute)))
	}
	return text
}

func phases(v view.Status, width int) string {
	rows := [][]string{{"PHASE", "STATE", "COMMIT", "WAITS"}}
	for _, p := range v.Phases {
		state := p.State
		if p.Partial {
			state += " (in part)"
		}
		rows = append(rows, []string{p.Name, state, Commit(p.Commit), Line(p.Waits)})
		for _, c := range p.Checks {
			rows = append(rows, []string{"  check", words(c.State), Commit(c.Commit), Line(c.Run) + because(c.Reason)})
		}
	}
	return Table(rows, width)
}

func tasks(v view.Status, width int) string {
	rows := [][]string{{"TASK", "PHASE", "ROLE", "STATE", "AGENT", "ABOUT"}}
	for _, t := range v.Tasks {
		about := Line(t.Title)
		switch {
		case t.Waits != "":
			about = "waits: " + Line(t.Waits)
		case t.Summary != "":
			about = Line(t.Summary)
		}
		rows = append(rows, []string{t.ID, t.Phase, t.Role, t.State, t.Agent, about})
	}
	return Table(rows, width)
}

func agents(v view.Status, now time.Time, width int) string {
	spent := slices.ContainsFunc(v.Agents, func(a view.Agent) bool { return a.Tokens > 0 || a.CostUSD > 0 })
	rows := [][]string{{"AGENT", "TASK", "STATE", "TIME", "TOOLS", "DOING"}}
	for _, a := range v.Agents {
		rows = append(rows, []string{a.ID, a.Task, a.State, agentTime(a, now), fmt.Sprint(a.ToolCalls), agentDoing(a)})
	}
	if spent {
		rows[0] = slices.Insert(rows[0], 5, "TOKENS", "COST")
		for i, a := range v.Agents {
			rows[i+1] = slices.Insert(rows[i+1], 5, budget.Grouped(a.Tokens), fmt.Sprintf("$%.2f", a.CostUSD))
		}
	}
	if len(rows) == 1 {
		return ""
	}
	return Table(rows, width)
}

func agentTime(a view.Agent, now time.Time) string {
	switch {
	case a.Started.IsZero():
		return ""
	case a.Ended.IsZero():
		return Took(now.Sub(a.Started))
	}
	return Took(a.Ended.Sub(a.Started))
}

func agentDoing(a view.Agent) string {
	switch {
	case a.Waits != "":
		return "waits: " + Line(a.Waits)
	case a.Reason != "":
		return Line(a.Reason)
	}
	doing := Line(a.Doing)
	if a.Progress > 0 {
		doing = strings.TrimSpace(fmt.Sprintf("%d %% %s", int(a.Progress*100), doing))
	}
	return doing
}

// Decisions writes the questions that wait for a person, with what to type.
func Decisions(list []view.Decision) string {
	var b strings.Builder
	for _, d := range list {
		b.WriteString(Decision(d))
	}
	return b.String()
}

// Decision writes one question, with what to type.
func Decision(d view.Decision) string {
	return decision(d, indent(Quote(d.Text)))
}

// WholeDecision is Decision with the hunks of what the audit found.
func WholeDecision(d view.Decision) string {
	if len(d.Findings) == 0 {
		return Decision(d)
	}
	head, _, _ := strings.Cut(d.Text, "\n")
	return decision(d, indent(Quote(head))+indent(Findings(d.Findings, 0)))
}

func decision(d view.Decision, text string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "question %s (%s)%s\n", d.ID, about(d), choices(d.Options))
	b.WriteString(text)
	if d.Waits != "" {
		fmt.Fprintf(&b, "  asked at %s; waits for it: %s\n", d.Asked.Local().Format(time.TimeOnly), d.Waits)
	}
	if d.Default != "" && !d.Expires.IsZero() {
		fmt.Fprintf(&b, "  without an answer by %s: %s\n", d.Expires.Local().Format(time.TimeOnly), Line(d.Default))
	}
	fmt.Fprintf(&b, "  popkit power decide %s %s\n", d.ID, AnswerHint(d))
	return b.String()
}

// AnswerHint is what stands for the answer in a command that is shown.
func AnswerHint(d view.Decision) string {
	if len(d.Options) == 0 {
		return `"ANSWER"`
	}
	hint := strings.Join(d.Options, "|")
	switch d.Kind {
	case event.AskGuard:
		hint += " [--always]"
	case event.AskPlan:
		hint = strings.Replace(hint, "approve", "approve [--always]", 1) + ` [--note "…"]`
	}
	return hint
}

func about(d view.Decision) string {
	text := string(d.Kind)
	if d.Agent != "" {
		return text + ", " + d.Agent
	}
	if d.Task != "" {
		text += ", task " + d.Task
	}
	return text
}

func indent(s string) string {
	if s == "" {
		return ""
	}
	return "  " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n  ") + "\n"
}
