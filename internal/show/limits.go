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

// Frozen says how processes stand still.
func Frozen(processes int, how string) string {
	if processes == 0 {
		return "nothing runs"
	}
	text := fmt.Sprintf("%d processes stand still", processes)
	if processes == 1 {
		text = "1 process stands still"
	}
	return text + note("by "+how)
}

// standstill says why a run that goes on does not: it is paused, or waits for a quota.
func standstill(v view.Status) string {
	var b strings.Builder
	if p := v.Pause; p != nil {
		text := "being frozen"
		if p.How != "" || p.Processes > 0 {
			text = Frozen(p.Processes, p.How)
		}
		fmt.Fprintf(&b, "paused     since %s by %s%s: %s\n", p.Since.Local().Format(time.TimeOnly), p.By, note(p.Reason), text)
		if p.Left != "" {
			fmt.Fprintf(&b, "           not all stands still: %s\n", Line(p.Left))
		}
	}
	if q := v.Quota; q != nil {
		from := "as it said"
		if !q.Told {
			from = "it named no time: popkit backs off"
		}
		fmt.Fprintf(&b, "quota      used up, as %s found: %s\n           no agent is started before %s (%s); popkit power unpause does not wait\n",
			q.Agent, Line(q.Text), q.Until.Local().Format(time.DateTime), from)
	}
	return b.String()
}

// used says what the agents' models used, and which budgets are low.
func used(b view.Budget) string {
	if b.InputTokens+b.OutputTokens == 0 && b.CostUSD == 0 && b.ToolCalls == 0 &&
		!slices.ContainsFunc(b.Lines, func(l view.BudgetLine) bool { return l.State != "ok" }) {
		return ""
	}
	text := fmt.Sprintf("used       %s tokens, $%.2f, %s", budget.Grouped(b.InputTokens+b.OutputTokens), b.CostUSD, Count(b.ToolCalls, "tool call"))
	if b.PlanningTokens > 0 || b.PlanningCostUSD > 0 {
		text += fmt.Sprintf("; planning took %s tokens, $%.2f of it", budget.Grouped(b.PlanningTokens), b.PlanningCostUSD)
	}
	text += "\n"
	for _, l := range b.Lines {
		if l.State == "ok" {
			continue
		}
		line := budget.Line{Of: l.Of, Name: l.Name, What: l.What, Used: l.Used, Limit: l.Limit}
		text += fmt.Sprintf("           %s: %s\n", l.State, line)
	}
	return text
}

// drifts lists the agents at work that are off their track.
func drifts(v view.Status) string {
	var b strings.Builder
	for _, a := range v.Agents {
		if a.Drift == nil || !a.Ended.IsZero() {
			continue
		}
		fmt.Fprintf(&b, "  %s (task %s): %s: %s%s\n", a.ID, a.Task, words(a.Drift.Kind), Line(a.Drift.Evidence), remedy(a))
	}
	if b.Len() == 0 {
		return ""
	}
	return "\ndrift\n" + b.String()
}

// remedy is what can be typed about an agent that is off its track.
func remedy(a view.Agent) string {
	if a.Drift.Kind == string(event.DriftScope) {
		return fmt.Sprintf("\n    popkit power boundary add GLOB --task %s, or popkit power reassign %s --role ROLE", a.Task, a.Task)
	}
	return fmt.Sprintf("\n    popkit power tell %s \"…\", or popkit power reassign %s --role ROLE", a.ID, a.Task)
}

func sayLimits(d event.Data) string {
	switch d := d.(type) {
	case event.RunPaused:
		return "run paused by " + d.By + because(d.Reason)
	case event.RunUnpaused:
		return "run unpaused by " + d.By
	case event.RunFrozen:
		text := Frozen(d.Processes, d.How)
		if d.Left != "" {
			text += "; not all: " + Line(d.Left)
		}
		return text
	case event.RunThawed:
		return "all processes go on"
	case event.QuotaHit:
		text := fmt.Sprintf("quota used up, found by %s: %s; no agent is started before %s", d.Agent, Line(d.Text), d.Until.Local().Format(time.DateTime))
		if !d.Told {
			text += " (no time was named)"
		}
		return text
	case event.QuotaOver:
		if d.By == "time" {
			return "the quota is filled up; agents are started again"
		}
		return d.By + " does not wait for the quota; agents are started again"
	case event.BudgetWarned:
		return "most of a budget is used: " + budget.Line{Of: d.Of, Name: d.Name, What: d.What, Used: d.Used, Limit: d.Limit}.String()
	case event.AgentUsed:
		return fmt.Sprintf("%s used %s tokens, $%.2f", d.Agent, budget.Grouped(d.Used.Tokens()), d.Used.CostUSD)
	case event.AgentDrifted:
		return fmt.Sprintf("%s (task %s) is off its track, %s: %s", d.Agent, d.Task, words(string(d.Kind)), Line(d.Evidence))
	case event.AgentChanged:
		return fmt.Sprintf("%s has changed %s so far", d.Agent, Count(d.Changed, "file"))
	case event.BoundaryAdded:
		if d.Task != "" {
			return fmt.Sprintf("scope of task %s widened by %s: %s", d.Task, d.By, d.Glob)
		}
		return fmt.Sprintf("boundaries widened by %s: %s", d.By, d.Glob)
	case event.TaskReassigned:
		text := fmt.Sprintf("task %s reassigned by %s", d.Task, d.By)
		if d.Role != "" {
			text += " to role " + d.Role
		}
		if d.Runtime != "" {
			text += ", runtime " + d.Runtime
		}
		return text + because(d.Reason)
	}
	return ""
}
