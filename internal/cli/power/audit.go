package power

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
	"popkit/internal/runs"
	"popkit/internal/show"
)

type auditOptions struct {
	Run, Of string
	JSON    bool
}

// Audited is what the audit found in one agent's work, in `popkit power audit
// --json`.
type Audited struct {
	Run      string          `json:"run"`
	Agent    string          `json:"agent"`
	Task     string          `json:"task"`
	Commit   string          `json:"commit"`            // the work
	Answer   string          `json:"answer,omitempty"`  // what a person decided last
	By       string          `json:"by,omitempty"`      // who that was
	Dropped  []string        `json:"dropped,omitempty"` // files that were left out of the work
	Findings []event.Finding `json:"findings"`
	Left     int             `json:"left"` // how many findings are not listed
	// Plan is what the agent went by, where its role has to present one.
	Plan *AuditedPlan `json:"plan,omitempty"`
}

// AuditedPlan is an agent's plan, as a person approved it.
type AuditedPlan struct {
	Question string `json:"question"`
	Agent    string `json:"agent"` // who presented it: this one, or one before it
	Text     string `json:"text"`
	By       string `json:"by"`
	Note     string `json:"note,omitempty"`
}

func newAudit(e *command.Env) *cobra.Command {
	var o auditOptions
	agents, tasks := command.CompleteAgents(e), command.CompleteTasks(e)
	cmd := &cobra.Command{
		Use:   "audit AGENT|TASK",
		Short: "Show what the audit found in an agent's work, with the hunks",
		Long: `Show all that the audit found in an agent's work, or in that of each attempt at a
task: one line for each finding, and the part of the diff that shows it; before them
the plan that a person approved, where the agent had to present one.`,
		Example: `  popkit power audit implementer-1
  popkit power audit api --json`,
		Args: command.Takes(1, 1),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
			a, _ := agents(cmd, args, word)
			t, directive := tasks(cmd, args, word)
			return append(a, t...), directive
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Of = args[0]
			return runAudit(cmd.Context(), e, o)
		},
	}
	command.RunFlag(e, cmd, &o.Run)
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runAudit(ctx context.Context, e *command.Env, o auditOptions) error {
	r, v, err := e.FindStatus(ctx, o.Run)
	if err != nil {
		return err
	}
	s, err := r.Fold(ctx)
	if err != nil {
		return command.Environment(err)
	}
	if s.Agents[o.Of] == nil && s.Tasks[o.Of] == nil {
		return command.Usage("popkit power status "+v.Run, "no agent and no task %q in this run", o.Of)
	}
	list := []Audited{}
	for _, id := range s.Order {
		a := s.Agents[id]
		if id != o.Of && a.Task != o.Of || a.Work == nil {
			continue
		}
		found, err := audited(r, s, a)
		if err != nil {
			return command.Environment(err)
		}
		list = append(list, found)
	}
	if o.JSON {
		return e.PrintJSON(list)
	}
	if len(list) == 0 {
		e.Say("there is no work of %s yet", o.Of)
		return nil
	}
	var b strings.Builder
	for _, a := range list {
		b.WriteString(sayAudited(a, s.Agents[a.Agent].Work.Audit != nil))
	}
	return e.Print(b.String())
}

// audited is what was found in an agent's work: all of it where that is kept beside
// the log, else what the log lists.
func audited(r runs.Run, s *state.State, a *state.Agent) (Audited, error) {
	out := Audited{Run: r.ID, Agent: a.Agent, Task: a.Task, Commit: a.Work.Commit, Dropped: a.Dropped, Findings: []event.Finding{}}
	for i := range s.Asked {
		q := s.Questions[fmt.Sprintf("q-%d", i+1)]
		if q != nil && q.Kind == event.AskAudit && q.Agent == a.Agent && q.Answer != nil {
			out.Answer, out.By = q.Answer.Answer, q.Answer.By
		}
	}
	if p := a.Plan; p.Approved() {
		out.Plan = &AuditedPlan{Question: p.Question, Agent: p.Agent, Text: p.Text, By: p.Answer.By, Note: p.Answer.Note}
	}
	calls := view.CallFindings(s, a)
	if a.Work.Audit == nil {
		out.Findings = append(out.Findings, calls...)
		return out, nil
	}
	if a.Work.Audit.Findings != nil {
		out.Findings = a.Work.Audit.Findings
	}
	data, err := os.ReadFile(r.AuditPath(a.Agent))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return out, err
	}
	var kept view.Audited
	if len(data) > 0 {
		if err := json.Unmarshal(data, &kept); err != nil {
			return out, fmt.Errorf("%s: %w", r.AuditPath(a.Agent), err)
		}
	}
	if kept.Commit == a.Work.Commit {
		out.Findings = complete(out.Findings, kept.Findings)
	}
	out.Left = max(0, a.Work.Audit.Blocking+a.Work.Audit.Notes-len(out.Findings))
	out.Findings = append(out.Findings, calls...)
	return out, nil
}

// complete adds to the findings that the log lists what is kept beside it: the
// others, and hunks that it had no room for. What the log says goes before.
func complete(logged, kept []event.Finding) []event.Finding {
	out := slices.Clone(logged)
	at := map[string]int{}
	for i, f := range out {
		at[f.Key] = i
	}
	for _, f := range kept {
		if i, ok := at[f.Key]; !ok {
			out = append(out, f)
		} else if out[i].Hunk == "" {
			out[i].Hunk = f.Hunk
		}
	}
	return out
}

func sayAudited(a Audited, done bool) string {
	var b strings.Builder
	head := fmt.Sprintf("%s, task %s, at %s: ", a.Agent, a.Task, show.Commit(a.Commit))
	if p := a.Plan; p != nil {
		fmt.Fprintf(&b, "%sby the plan that %s approved (%s)\n%s", head, show.Line(p.By), p.Question, show.Quote(p.Text))
		head = "its work: "
	}
	b.WriteString(head)
	switch n := len(a.Findings) + a.Left; {
	case !done:
		b.WriteString("not audited\n")
	case n == 0:
		b.WriteString("nothing was found\n")
	default:
		b.WriteString(show.Count(n, "finding") + "\n" + show.Findings(a.Findings, a.Left))
	}
	if len(a.Dropped) > 0 {
		fmt.Fprintf(&b, "left out: %s\n", show.Line(strings.Join(a.Dropped, ", ")))
	}
	if a.Answer != "" {
		fmt.Fprintf(&b, "%s answered %s\n", show.Line(a.By), show.Line(a.Answer))
	}
	return b.String()
}
