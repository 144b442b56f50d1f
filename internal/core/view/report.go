package view

import (
	"fmt"
	"strings"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/state"
)

// Report returns the report on a run, as Markdown: what was asked for, what is
// proven of it, what was done by whom, what was left out, and how to merge it.
func Report(s *state.State) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", oneLine(s.Created.Plan.Objective.Description))
	outcome := "not ended"
	if s.Ended != nil {
		outcome = string(s.Ended.Outcome) + ": " + s.Ended.Reason
	}
	fmt.Fprintf(&b, "- run %s, %s\n- base %s (%.12s)\n- time %s, %s started\n", s.Created.Run, outcome,
		s.Created.BaseRef, s.Created.Base, s.Active.Round(time.Second), count(s.Started, "agent"))
	reportResult(&b, s)
	reportCriteria(&b, s)
	for _, p := range s.Phases {
		reportPhase(&b, s, p)
	}
	reportInsights(&b, s)
	reportLoose(&b, s)
	return b.String()
}

func reportResult(b *strings.Builder, s *state.State) {
	p := s.Published
	if p == nil {
		fmt.Fprintf(b, "- merged so far: %.12s (refs/popkit/%s/head)\n\n", s.Head, s.Created.Run)
		return
	}
	fmt.Fprintf(b, "- result %.12s on branch %s\n", p.Commit, p.Branch)
	if p.Note != "" {
		fmt.Fprintf(b, "- %s\n", p.Note)
	}
	if p.BaseMoved != "" {
		fmt.Fprintf(b, "- %s has moved on since the run began, to %.12s\n", s.Created.BaseRef, p.BaseMoved)
	}
	fmt.Fprintf(b, "\nTo merge it:\n\n    git merge --no-ff %s\n\n", p.Branch)
}

func reportCriteria(b *strings.Builder, s *state.State) {
	criteria := s.Created.Plan.Objective.SuccessCriteria
	if len(criteria) == 0 {
		return
	}
	b.WriteString("## Success criteria\n\n")
	last := s.Phases[len(s.Phases)-1]
	for _, c := range criteria {
		verdict := "for a person to judge"
		if c.Check != nil {
			verdict = "not checked"
			for i := range last.Checks {
				if k := &last.Checks[i]; k.Criterion == c.Text && k.Run == c.Check.Run {
					verdict = fmt.Sprintf("%s: `%s`", checkVerdict(k), k.Run)
				}
			}
		}
		fmt.Fprintf(b, "- %s: %s\n", oneLine(c.Text), verdict)
	}
	b.WriteByte('\n')
}

func checkVerdict(c *state.Check) string {
	switch {
	case c.Waived != "":
		return "not green, let pass by " + c.Waived
	case c.Last == nil:
		return "not run"
	case c.Last.Status == event.CheckPassed:
		return fmt.Sprintf("passed at %.12s", c.Last.Commit)
	}
	return "not green: " + c.Last.Reason
}

func reportPhase(b *strings.Builder, s *state.State, p *state.Phase) {
	fmt.Fprintf(b, "## Phase %s: %s\n\n", p.Name, p.Status)
	for _, id := range p.Tasks {
		reportTask(b, s, s.Tasks[id])
	}
	for i := range p.Checks {
		if c := &p.Checks[i]; c.Criterion == "" {
			fmt.Fprintf(b, "- check `%s`: %s\n", c.Run, checkVerdict(c))
		}
	}
	if p.Opened != nil {
		fmt.Fprintf(b, "- barrier open at %.12s (%s)", p.Opened.Commit, p.Opened.Ref)
		if p.Opened.Partial {
			b.WriteString(", released in part")
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}

func reportTask(b *strings.Builder, s *state.State, t *state.Task) {
	fmt.Fprintf(b, "- task %s (%s): %s", t.ID, t.Role, t.Status)
	switch {
	case t.Skipped != nil:
		fmt.Fprintf(b, " by %s: %s", t.Skipped.By, oneLine(t.Skipped.Reason))
	case t.Accepted != nil:
		fmt.Fprintf(b, " by %s, %s, %s: %s", t.Accepted.Agent, count(t.Attempts, "attempt"), count(len(t.Accepted.Files), "file"), oneLine(t.Accepted.Summary))
	case t.Attempts > 0:
		fmt.Fprintf(b, " after %s", count(t.Attempts, "attempt"))
	}
	if t.Merged != nil && t.Merged.Resolved != "" {
		fmt.Fprintf(b, " (conflict resolved: %s)", t.Merged.Resolved)
	}
	b.WriteByte('\n')
	reportFindings(b, s, t)
}

// reportFindings says what of the accepted work the audit had found, and who let it
// pass.
func reportFindings(b *strings.Builder, s *state.State, t *state.Task) {
	if t.Accepted == nil || !s.Settings.PhaseAware {
		return
	}
	a := s.Agents[t.Accepted.Agent]
	if a.Work == nil || a.Work.Audit == nil || a.Work.Audit.Blocking+a.Work.Audit.Notes == 0 {
		return
	}
	const listed = 10
	for i, f := range a.Work.Audit.Findings {
		if i == listed {
			break
		}
		verdict := "a note"
		if f.Blocks() {
			verdict = "let pass by " + passedBy(s, t)
		}
		fmt.Fprintf(b, "  - audit, %s: %s\n", verdict, oneLine(f.Text))
	}
	if more := a.Work.Audit.Blocking + a.Work.Audit.Notes - listed; more > 0 {
		fmt.Fprintf(b, "  - audit: %s: `popkit power audit %s --run %s`\n", count(more, "more finding"), a.Agent, s.Created.Run)
	}
}

// passedBy is who answered the audit's questions about the task's work last.
func passedBy(s *state.State, t *state.Task) string {
	by := "nobody"
	for i := range s.Asked {
		q := s.Questions[fmt.Sprintf("q-%d", i+1)]
		if q != nil && q.Kind == event.AskAudit && q.Task == t.ID && q.Answer != nil {
			by = q.Answer.By
		}
	}
	return by
}

// reportedInsights bounds the insights that a report repeats.
const reportedInsights = 50

// reportInsights repeats what the agents found, the newest where there are too many.
func reportInsights(b *strings.Builder, s *state.State) {
	n := s.Insights.Len()
	if n == 0 {
		return
	}
	b.WriteString("## Insights\n\n")
	if left := n - reportedInsights; left > 0 {
		fmt.Fprintf(b, "- %s before these: `popkit insight list --run %s`\n", count(left, "insight"), s.Created.Run)
	}
	i := 0
	for in := range s.Insights.All() {
		if i++; i > n-reportedInsights {
			fmt.Fprintf(b, "- %s, %s in phase %s: %s\n", in.Kind, in.Agent, in.Phase, oneLine(in.Content))
		}
	}
	b.WriteByte('\n')
}

// reportLoose names what is not in the result: work that was kept and not
// taken, what agents left over, follow-ups, open questions.
func reportLoose(b *strings.Builder, s *state.State) {
	var lines []string
	for _, id := range s.Order {
		a := s.Agents[id]
		if a.Rejected != nil && a.Work != nil && a.Work.Ref != "" {
			lines = append(lines, fmt.Sprintf("%s: not taken (%s), kept at %s", id, oneLine(a.Rejected.Reason), a.Work.Ref))
		}
		if a.Rescue != "" {
			lines = append(lines, fmt.Sprintf("%s: left over, kept at %s", id, a.Rescue))
		}
		if a.Accepted && a.Report != nil {
			for _, f := range a.Report.FollowUps {
				lines = append(lines, fmt.Sprintf("follow-up from %s: %s", id, oneLine(f)))
			}
		}
	}
	for _, id := range s.Open {
		lines = append(lines, fmt.Sprintf("question %s is open: %s", id, oneLine(s.Questions[id].Text)))
	}
	if len(lines) == 0 {
		return
	}
	b.WriteString("## Besides\n\n")
	for _, l := range lines {
		fmt.Fprintf(b, "- %s\n", l)
	}
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// oneLine makes text of others fit a line of the report.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	const limit = 300
	if r := []rune(text); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return text
}
