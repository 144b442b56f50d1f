package decide

import (
	"fmt"
	"slices"
	"strings"

	"popkit/internal/core/audit"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
)

// BoundsOf returns where an attempt's work has to stay. Resolving a conflict or
// fixing a check may need any file that the boundaries allow.
func BoundsOf(s *state.State, a *state.Agent) objective.Bounds {
	b := objective.Bounds{Protected: s.Settings.ProtectedPaths, Boundaries: s.Boundaries.FilePatterns}
	if s.Settings.AuditScope && a.Purpose == event.PurposeWork {
		b.Scope = s.Tasks[a.Task].Scope
	}
	return b
}

// judgeFindings asks a person about what the audit found in an attempt's work, and
// does what they answer. clear: nothing is in the way of accepting the work.
func judgeFindings(s *state.State, a *state.Agent, t *state.Task) (out []event.Data, clear bool) {
	if !audited(s, a, t) {
		return nil, true
	}
	found := OpenFindings(s, a)
	switch answered(a) {
	case state.AnswerAccept:
		return nil, true
	case state.AnswerSkip:
		return []event.Data{event.TaskSkipped{Task: t.ID, By: a.Audit.By, Reason: "its work was not accepted" + about(found)}}, false
	case state.AnswerRetry:
		return []event.Data{event.AgentRejected{Agent: a.Agent, Reason: whose(a) + " did not accept its work" + about(found)}}, false
	case state.AnswerDrop:
		files := a.Audit.Files
		if len(files) == 0 {
			files = filesOf(found)
		}
		return want(s, event.EffectRequested{
			Key: a.TrimKey(), Kind: event.EffectTrim, Agent: a.Agent, Task: t.ID, Phase: t.Phase, Commit: a.Work.Commit, Files: files,
		}), false
	}
	if len(found) == 0 {
		return nil, true
	}
	if t.Question != "" {
		return nil, false
	}
	return []event.Data{askAudit(s, a, t, found)}, false
}

// audited reports whether findings are in the way of an attempt's work: not in
// tier free, and not where there is nothing to merge.
func audited(s *state.State, a *state.Agent, t *state.Task) bool {
	return s.Settings.PhaseAware && a.Work.Commit != a.Base && !t.NoCode
}

func answered(a *state.Agent) string {
	if a.Audit == nil {
		return ""
	}
	return a.Audit.Answer
}

// whose is who answered about an attempt's work.
func whose(a *state.Agent) string {
	if a.Audit.By == event.ByPolicy {
		return "the policy"
	}
	return "a person"
}

func askAudit(s *state.State, a *state.Agent, t *state.Task, found []event.Finding) event.QuestionAsked {
	options := []string{state.AnswerAccept, state.AnswerDrop, state.AnswerRetry, state.AnswerSkip, state.AnswerStop}
	if len(filesOf(found)) == 0 {
		options = slices.DeleteFunc(options, func(o string) bool { return o == state.AnswerDrop })
	}
	text := fmt.Sprintf("the audit found, in the work of %s:", a.Agent)
	for i, f := range found {
		if i == 10 {
			text += fmt.Sprintf("\n  and %d more: popkit power audit %s", len(found)-i, a.Agent)
			break
		}
		text += "\n  " + f.Text
	}
	return event.QuestionAsked{
		ID: questionID(s), Kind: event.AskAudit, Agent: a.Agent, Task: t.ID, Phase: t.Phase, Text: text, Options: options,
	}
}

// about names the first finding.
func about(found []event.Finding) string {
	switch len(found) {
	case 0:
		return ""
	case 1:
		return ": " + found[0].Text
	}
	return fmt.Sprintf(": %s, and %d more", found[0].Text, len(found)-1)
}

func filesOf(found []event.Finding) []string {
	var files []string
	for _, f := range found {
		if f.Path != "" && !slices.Contains(files, f.Path) {
			files = append(files, f.Path)
		}
	}
	return files
}

// OpenFindings returns what is in the way of an attempt's work: what the audit
// found and nobody has let pass, as far as it holds by the bounds of now.
func OpenFindings(s *state.State, a *state.Agent) []event.Finding {
	if a.Work == nil {
		return nil
	}
	bounds, cleared := BoundsOf(s, a), s.Tasks[a.Task].Cleared
	out := slices.DeleteFunc(CallFindings(s, a), func(f event.Finding) bool { return cleared[f.Key] || !f.Blocks() })
	if a.Work.Audit == nil {
		return append(byName(a.Work, bounds), out...)
	}
	listed := 0
	for _, f := range a.Work.Audit.Findings {
		if !f.Blocks() {
			continue
		}
		if listed++; !cleared[f.Key] && !within(f, bounds) && !granted(s, f) {
			out = append(out, f)
		}
	}
	if more := a.Work.Audit.Blocking - listed; more > 0 {
		out = append(out, event.Finding{Rule: audit.Unread, Severity: event.SeverityBlock,
			Text: fmt.Sprintf("%d more findings are not listed here: popkit power audit %s", more, a.Agent)})
	}
	return out
}

// CallFindings returns what was flagged of an attempt's calls and no diff can show:
// what was flagged of a file is judged by what became of the file.
func CallFindings(s *state.State, a *state.Agent) []event.Finding {
	var out []event.Finding
	seen := map[string]bool{}
	for _, flag := range a.Guard.Flags {
		f := flag.Finding()
		f.Severity = audit.SeverityOf(s.Settings.Audit, f.Rule)
		if flag.Path != "" || f.Severity == "" || seen[f.Key] {
			continue
		}
		seen[f.Key] = true
		out = append(out, f)
	}
	if a.Guard.MoreFlags() {
		out = append(out, event.Finding{Key: "calls", Rule: audit.Unread, Severity: event.SeverityBlock,
			Text: "more of its tool calls were flagged than are remembered: popkit power log"})
	}
	return out
}

// within reports whether the finding was about a bound that has been widened
// since.
func within(f event.Finding, b objective.Bounds) bool {
	if f.Rule != audit.OutOfBoundary && f.Rule != audit.OutOfScope || strings.HasPrefix(f.Path, `"`) {
		return false
	}
	return len(objective.Audit([]string{f.Path}, b)) == 0
}

// granted reports whether a person has answered "always" to the same rule about the
// same file: they are not asked again.
func granted(s *state.State, f event.Finding) bool {
	r, ok := s.RuleFor(f.Rule, f.Path)
	return ok && f.Path != "" && r.Answer == state.AnswerAllow
}

// byName judges work of which only the files' names are known: an older popkit
// collected it.
func byName(w *event.AgentCollected, b objective.Bounds) []event.Finding {
	var out []event.Finding
	for _, f := range objective.Audit(w.Files, b) {
		out = append(out, event.Finding{Rule: f.Rule, Path: f.File, Text: f.Text, Severity: event.SeverityBlock})
	}
	bounded := len(b.Protected) > 0 || len(b.Boundaries) > 0 || len(b.Scope) > 0
	if more := w.Changed - len(w.Files); more > 0 && bounded {
		out = append(out, event.Finding{Rule: audit.Unread, Severity: event.SeverityBlock,
			Text: fmt.Sprintf("%d more files are changed than are listed here; they were not looked at", more)})
	}
	return out
}

// checkDrop says what is wrong with the files that an answer names.
func checkDrop(s *state.State, q *state.Question, in Answer) error {
	if len(in.Files) == 0 {
		return nil
	}
	if q.Kind != event.AskAudit || in.Answer != state.AnswerDrop {
		return refuse(fmt.Sprintf("popkit power decide %s drop --files …", in.ID), "only the answer drop leaves files out")
	}
	a := s.Agents[q.Agent]
	whole := len(a.Work.Files) == a.Work.Changed
	for _, f := range in.Files {
		found := a.Work.Audit != nil && slices.ContainsFunc(a.Work.Audit.Findings, func(g event.Finding) bool { return g.Path == f })
		if whole && !found && !slices.Contains(a.Work.Files, f) {
			return refuse("popkit power audit "+q.Agent, "%s is not among the files that %s changed", f, q.Agent)
		}
	}
	return nil
}
