package account

import (
	"fmt"
	"strings"
	"time"

	"popkit/internal/core/budget"
)

// The lines below are the same in every form of a report.

// Took is a length of time as people say it.
func Took(secs float64) string {
	d := seconds(secs).Round(time.Second)
	switch {
	case d < time.Second && secs > 0:
		return fmt.Sprintf("%.1fs", secs)
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// Cost says what models used: turns, tokens, money; "" where nothing is known.
func (u Used) Cost() string {
	var parts []string
	if u.Turns > 0 {
		parts = append(parts, count(int(u.Turns), "turn"))
	}
	if u.Tokens() > 0 {
		text := budget.Grouped(u.Tokens()) + " tokens"
		if u.CachedTokens > 0 {
			text += " (" + budget.Grouped(u.CachedTokens) + " from caches)"
		}
		parts = append(parts, text)
	}
	if u.CostUSD > 0 || len(parts) > 0 {
		parts = append(parts, money(u.CostUSD))
	}
	return strings.Join(parts, ", ")
}

// Cost says what models used in all, and what planning did of it.
func (t Totals) Cost() string {
	text := t.Used.Cost()
	if planning := t.Planning.Cost(); planning != "" {
		text += "; of it planning " + planning
	}
	return text
}

// money is an amount in dollars; what is less than a cent is not nothing.
func money(usd float64) string {
	if usd > 0 && usd < 0.01 {
		return fmt.Sprintf("$%.4f", usd)
	}
	return fmt.Sprintf("$%.2f", usd)
}

// Headline says in a line what was done in all.
func (t Totals) Headline() string {
	text := fmt.Sprintf("%d of %s merged", t.Merged, count(t.Tasks, "task"))
	if t.Skipped > 0 {
		text += fmt.Sprintf(", %d skipped", t.Skipped)
	}
	return text + fmt.Sprintf("; %s, %s", count(t.Agents, "agent"), count(t.ToolCalls, "tool call"))
}

// Talk says in a line what was found, denied and decided in all.
func (t Totals) Talk() string {
	text := count(t.Insights, "insight")
	if t.Insights > 0 {
		text += fmt.Sprintf(", given %s", count(t.Given, "time"))
	}
	text += fmt.Sprintf("; %s denied", count(t.Denied, "tool call"))
	if t.DeniedByPeople > 0 {
		text += fmt.Sprintf(" (%d by people)", t.DeniedByPeople)
	}
	text += "; " + count(t.Questions, "question")
	if t.Questions > 0 {
		text += fmt.Sprintf(", %d answered by people", t.ByPeople)
	}
	return text
}

// Took says in a line where the time went.
func (r Report) Took() string {
	t := r.Time
	text := Took(t.Makespan) + " from begin to end"
	if r.State == "running" || r.State == "paused" || r.State == "stopping" || r.State == "quota" {
		text = Took(t.Makespan) + " so far"
	}
	if t.Makespan-t.Active >= 1 {
		text += fmt.Sprintf(" (%s of them by itself)", Took(t.Active))
	}
	if t.Work > 0 {
		text += fmt.Sprintf("; agents worked %s, %.1f at once on average, %d at most", Took(t.Work), t.Parallel, t.Peak)
	}
	if t.People > 0 {
		text += fmt.Sprintf("; a question was open for %s", Took(t.People))
	}
	return text
}

// Outcome says how a task ended, by whom, and how long it took.
func (t Task) Outcome() string {
	text := t.State
	if t.Commit != "" {
		text += " as " + fmt.Sprintf("%.10s", t.Commit)
	}
	if t.By != "" {
		text += " by " + t.By
	}
	if t.Why != "" {
		text += ": " + t.Why
	}
	if t.Seconds > 0 {
		text += ", " + map[bool]string{true: "for ", false: "in "}[t.State == "running"] + Took(t.Seconds)
	}
	if t.Resolved != "" {
		text += " (conflict resolved: " + strings.ReplaceAll(t.Resolved, "_", " ") + ")"
	}
	return text
}

// Fields are what is to be said of a task, each with its name, in order.
func (t Task) Fields(decided map[string]Decision) [][2]string {
	var out [][2]string
	add := func(name, text string) {
		if text != "" {
			out = append(out, [2]string{name, text})
		}
	}
	add("done", t.Summary)
	add("files", t.files())
	cost := t.Used.Cost()
	if t.ToolCalls > 0 {
		cost = strings.TrimPrefix(cost+", "+count(t.ToolCalls, "tool call"), ", ")
	}
	add("cost", cost)
	if len(t.Attempts) > 1 || len(t.Attempts) == 1 && (t.Attempts[0].Reason != "" || len(t.Attempts[0].Resumed) > 0) {
		for _, a := range t.Attempts {
			add("attempt", a.String())
		}
	}
	for _, a := range t.Attempts {
		add("insights", a.insights())
	}
	for _, a := range t.Attempts {
		for _, d := range a.Denied {
			add("denied", a.Agent+": "+d.String())
		}
	}
	for _, id := range t.Decisions {
		add("decided", decided[id].String())
	}
	for _, line := range t.Audit {
		add("audit", line)
	}
	add("kept", t.Ref)
	return out
}

// filesListed bounds the files that a report names of one task.
const filesListed = 12

func (t Task) files() string {
	if len(t.Files) == 0 {
		return ""
	}
	listed := t.Files[:min(len(t.Files), filesListed)]
	text := strings.Join(listed, ", ")
	if more := max(t.Changed, len(t.Files)) - len(listed); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return oneLine(text) + fmt.Sprintf(" (+%d -%d)", t.Added, t.Removed)
}

// String says in a line how an attempt went.
func (a Attempt) String() string {
	text := fmt.Sprintf("%d, %s (%s, %s): %s", a.Attempt, a.Agent, a.Purpose, a.Runtime, a.State)
	if a.Reason != "" {
		text += ": " + a.Reason
	}
	for _, why := range a.Resumed {
		text += ", resumed (" + why + ")"
	}
	if a.Seconds > 0 {
		text += ", " + Took(a.Seconds)
	}
	if cost := a.Used.Cost(); cost != "" {
		text += ", " + cost
	}
	return text
}

func (a Attempt) insights() string {
	var parts []string
	for _, l := range []struct {
		what string
		ids  []string
	}{{"was given", a.Given}, {"shared", a.Shared}, {"confirmed", a.Confirmed}} {
		if len(l.ids) > 0 {
			parts = append(parts, l.what+" "+some(l.ids))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return a.Agent + " " + strings.Join(parts, ", ")
}

// idsListed bounds the IDs in one line.
const idsListed = 20

func some(ids []string) string {
	if len(ids) > idsListed {
		return strings.Join(ids[:idsListed], ", ") + fmt.Sprintf(" and %d more", len(ids)-idsListed)
	}
	return strings.Join(ids, ", ")
}

// String says in a line what was denied.
func (d Denied) String() string {
	text := fmt.Sprintf("%s, %s: %s", d.Rule, count(d.Times, "time"), strings.Join(d.Calls, "; "))
	reason := strings.TrimPrefix(d.Reason, d.Rule+": ")
	if reason != "" {
		text += " (" + reason + ")"
	}
	return strings.TrimPrefix(text, ", ")
}

// String says in a line what was asked and what was answered.
func (d Decision) String() string {
	about := string(d.Kind)
	if d.Agent != "" {
		about += ", " + d.Agent
	}
	text := fmt.Sprintf("%s (%s): %s", d.ID, about, d.Text)
	switch {
	case d.Closed != "":
		return text + " → not needed any more: " + d.Closed
	case d.By == "":
		return text + " → open"
	}
	text += fmt.Sprintf(" → %s, by %s", d.Answer, d.By)
	if d.Always {
		text += ", always"
	}
	if d.Note != "" {
		text += ": " + d.Note
	}
	return text + " (after " + Took(d.Seconds) + ")"
}

// Decided are the decisions by their IDs.
func (r Report) Decided() map[string]Decision {
	out := map[string]Decision{}
	for _, d := range r.Decisions {
		out[d.ID] = d
	}
	return out
}

// General are the decisions that are about no task.
func (r Report) General() []Decision {
	about := map[string]bool{}
	for _, p := range r.Phases {
		for _, t := range p.Tasks {
			for _, id := range t.Decisions {
				about[id] = true
			}
		}
	}
	var out []Decision
	for _, d := range r.Decisions {
		if !about[d.ID] {
			out = append(out, d)
		}
	}
	return out
}

// String says in a line what an insight is, and who has it.
func (in Insight) String() string {
	text := fmt.Sprintf("%s, %s by %s in phase %s: %s", in.ID, in.Type, in.Agent, in.Phase, oneLine(in.Content))
	if len(in.Given) > 0 {
		text += "; given to " + some(in.Given)
	}
	if len(in.Confirmed) > 0 {
		text += "; confirmed by " + some(in.Confirmed)
	}
	return text
}

// Title says how the run stands, in a line.
func (r Report) Title() string {
	text := strings.ReplaceAll(r.State, "_", " ")
	if r.Reason != "" {
		text += ": " + oneLine(r.Reason)
	}
	return text
}

// Result says where the result is.
func (r Report) Result() []string {
	if !r.Published {
		return []string{fmt.Sprintf("merged so far: %.10s (refs/popkit/%s/head)", r.Head, r.Run)}
	}
	out := []string{fmt.Sprintf("result %.10s on branch %s", r.Head, r.Branch)}
	if r.Note != "" {
		out = append(out, oneLine(r.Note))
	}
	if r.BaseMoved != "" {
		out = append(out, fmt.Sprintf("%s has moved on since the run began, to %.10s", r.BaseRef, r.BaseMoved))
	}
	return out
}

// ReportedInsights bounds the insights that a report for people repeats.
const ReportedInsights = 50

// Newest are the insights that are repeated, and how many came before them.
func (r Report) Newest() (list []Insight, before int) {
	before = max(0, len(r.Insights)-ReportedInsights)
	return r.Insights[before:], before
}

// Columns name the cells of a Row.
func Columns() []string {
	return []string{"AGENT", "TASK", "OUTCOME", "TIME", "TOOLS", "DENIED", "TURNS", "TOKENS", "COST"}
}

// Row is an attempt in numbers; what is not known is left out.
func (a Attempt) Row() []string {
	row := []string{a.Agent, a.Task, a.State, Took(a.Seconds), fmt.Sprint(a.ToolCalls), fmt.Sprint(a.Denials), "", "", ""}
	if a.Used.Turns > 0 {
		row[6] = fmt.Sprint(a.Used.Turns)
	}
	if a.Used.Tokens() > 0 {
		row[7] = budget.Grouped(a.Used.Tokens())
	}
	if a.Used.CostUSD > 0 {
		row[8] = money(a.Used.CostUSD)
	}
	return row
}
