package account

import (
	"fmt"
	"strings"
	"unicode"

	"popkit/internal/core/event"
	"popkit/internal/core/state"
)

// criterion says whether a success criterion holds, by the checks of the last phase.
func criterion(s *state.State, text string, checked bool) Proof {
	p := Proof{Text: oneLine(text), Verdict: "for a person to judge"}
	if !checked {
		return p
	}
	p.Verdict = "not checked"
	last := s.Phases[len(s.Phases)-1]
	for i := range last.Checks {
		if c := &last.Checks[i]; c.Criterion == text {
			p.Verdict, p.Check = checkVerdict(c), c.Run
		}
	}
	return p
}

func checkVerdict(c *state.Check) string {
	switch {
	case c.Waived != "":
		return "not green, let pass by " + c.Waived
	case c.Last == nil:
		return "not run"
	case c.Last.Status == event.CheckPassed:
		return fmt.Sprintf("passed at %.10s", c.Last.Commit)
	}
	return "not green: " + oneLine(c.Last.Reason)
}

// auditListed bounds the findings that a report repeats of one task.
const auditListed = 10

// audit says what of the accepted work the audit had found, and who let it pass.
func audit(s *state.State, t *state.Task) []string {
	a := s.Agents[t.Accepted.Agent]
	if !s.Settings.PhaseAware || a.Work == nil || a.Work.Audit == nil {
		return nil
	}
	var out []string
	for i, f := range a.Work.Audit.Findings {
		if i == auditListed {
			break
		}
		verdict := "a note"
		if f.Blocks() {
			verdict = "let pass by " + passedBy(s, t)
		}
		out = append(out, fmt.Sprintf("%s: %s", verdict, oneLine(f.Text)))
	}
	if more := a.Work.Audit.Blocking + a.Work.Audit.Notes - auditListed; more > 0 {
		out = append(out, fmt.Sprintf("%s: popkit power audit %s --run %s", count(more, "more finding"), a.Agent, s.Created.Run))
	}
	return out
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

// besides names what is not in the result: work that was kept and not taken, what
// agents left over, follow-ups, open questions.
func besides(s *state.State) []string {
	out := []string{}
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, id := range s.Order {
		a := s.Agents[id]
		if a.Rejected != nil && a.Work != nil && a.Work.Ref != "" {
			add("%s: not taken (%s), kept at %s", id, oneLine(a.Rejected.Reason), a.Work.Ref)
		}
		if a.Rescue != "" {
			add("%s: left over, kept at %s", id, a.Rescue)
		}
		if a.Accepted && a.Report != nil {
			for _, f := range a.Report.FollowUps {
				add("follow-up from %s: %s", id, oneLine(f))
			}
		}
	}
	for _, id := range s.Open {
		add("question %s is open: %s", id, oneLine(s.Questions[id].Text))
	}
	return out
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// oneLine makes text of others fit a line of the report, which steers no terminal.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.C, r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " "))
	const limit = 300
	if r := []rune(text); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return text
}

func firstLine(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	return oneLine(text)
}

func toValid(s string) string { return strings.ToValidUTF8(s, "") }
