package decide

import (
	"fmt"

	"popkit/internal/core/brief"
	"popkit/internal/core/event"
	"popkit/internal/core/insight"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
)

// prompt composes what a new attempt is told, and returns the insights in it.
func prompt(s *state.State, t *state.Task, role, runtime string) (text string, insights []string) {
	attempt := t.Attempts + 1
	name := fmt.Sprintf("%s-%d", role, s.RoleCount(role)+1)
	r := insight.Reader{
		Agent: name, Task: t.ID, Role: role, Tags: t.Tags, Scope: t.Scope,
		FullRouting: s.Settings.FullRouting, Seen: func(string) bool { return false },
	}
	ranked, left := s.Insights.Rank(r, s.Settings.ContextLimit)
	def := s.Settings.RoleOf(role)
	in := brief.Input{
		Objective: objectiveNow(s), Phases: phaseNames(s), Phase: t.Phase, Task: t.Task, Agent: name, Role: role, RoleDef: def, Runtime: runtime,
		Plan: planOf(t, def), Purpose: t.Purpose, Attempt: attempt, Protected: s.Settings.ProtectedPaths,
		Earlier: earlier(s, t), Insights: ranked, Left: left, LeftCommand: "popkit insight list",
		Limit: s.Settings.ContextLimit,
	}
	switch t.Purpose {
	case event.PurposeFix:
		c := s.Phases[t.Phase].Checks[t.FixCheck]
		in.Fix = &brief.Fix{Check: c.Run}
		if c.Last != nil {
			in.Fix.Reason, in.Fix.Output = c.Last.Reason, c.Last.Output
		}
	case event.PurposeResolve:
		in.Conflict = conflict(s, t)
	}
	if def.Reviews && s.Head != s.Created.Base {
		in.DiffRange = reviewRange(s, t)
	}
	if a := s.Agents[t.Last]; a != nil && a.Rejected != nil {
		in.Previous = previous(s, a)
	}
	out := brief.Compose(in)
	return out.Text, out.Insights
}

// planOf is what stands about the plan that an attempt of the role has to present.
func planOf(t *state.Task, role event.Role) *brief.Plan {
	if !role.PlanRequired {
		return nil
	}
	if t.Plan == nil {
		return &brief.Plan{}
	}
	return &brief.Plan{
		Approved: t.Plan.Approved(), Agent: t.Plan.Agent, Text: t.Plan.Text, By: t.Plan.Answer.By, Note: t.Plan.Answer.Note,
	}
}

// objectiveNow is the objective with its boundaries as they are now.
func objectiveNow(s *state.State) objective.Objective {
	o := s.Created.Plan.Objective
	o.Boundaries = s.Boundaries
	return o
}

func phaseNames(s *state.State) []string {
	names := make([]string, len(s.Phases))
	for i, p := range s.Phases {
		names[i] = p.Name
	}
	return names
}

// earlier returns the accepted work that a new attempt at t builds on: all
// phases before, and in its own phase what is merged.
func earlier(s *state.State, t *state.Task) []brief.TaskSummary {
	var out []brief.TaskSummary
	for _, id := range s.TaskOrder {
		if o := s.Tasks[id]; o.Status == state.TaskMerged && o.Phase <= t.Phase && id != t.ID {
			out = append(out, summaryOf(s, o))
		}
	}
	return out
}

func summaryOf(s *state.State, t *state.Task) brief.TaskSummary {
	sum := brief.TaskSummary{Task: t.ID, Title: t.Title, Prompt: t.Prompt, Role: t.Role, Phase: s.Phases[t.Phase].Name}
	if t.Accepted != nil {
		sum.Agent, sum.Summary, sum.Files, sum.Commit = t.Accepted.Agent, t.Accepted.Summary, t.Accepted.Files, t.Accepted.Commit
	}
	return sum
}

// conflict tells a resolver both sides: the task's own work and, of what was
// merged before it, the work that changed the same files last.
func conflict(s *state.State, t *state.Task) *brief.Conflict {
	c := &brief.Conflict{Ours: summaryOf(s, t)}
	if t.Conflict == nil {
		return c
	}
	c.Files = t.Conflict.Files
	touched := map[string]bool{}
	for _, f := range c.Files {
		touched[f] = true
	}
	for _, id := range s.TaskOrder {
		o := s.Tasks[id]
		if o.Status != state.TaskMerged || o.Accepted == nil {
			continue
		}
		for _, f := range o.Accepted.Files {
			if touched[f] {
				c.Theirs = summaryOf(s, o)
			}
		}
	}
	return c
}

// reviewRange is what a reviewer looks at: what the phase before it changed, or
// the whole run when that changed nothing.
func reviewRange(s *state.State, t *state.Task) string {
	for i := t.Phase - 1; i >= 0; i-- {
		if p := s.Phases[i]; p.Opened != nil && p.Opened.Commit != p.Base {
			return p.Base + ".." + p.Opened.Commit
		}
	}
	return s.Created.Base + ".." + s.Head
}

// maxTold bounds the findings that the next attempt is told.
const maxTold = 20

func previous(s *state.State, a *state.Agent) *brief.Previous {
	p := &brief.Previous{Agent: a.Agent, Reason: a.Rejected.Reason, Progress: a.Progress}
	if a.CheckIn != nil {
		p.Summary = a.CheckIn.Doing
	}
	if a.Report != nil && a.Report.Summary != "" {
		p.Summary = a.Report.Summary
	}
	if answered(a) == state.AnswerRetry {
		p.Said = a.Audit.Note
		for i, f := range OpenFindings(s, a) {
			if i == maxTold {
				break
			}
			p.Findings = append(p.Findings, f.Text)
		}
	}
	if a.Work != nil && a.Work.Changed > 0 {
		p.Files, p.Ref, p.Commit = a.Work.Files, a.Work.Ref, a.Work.Commit
	}
	return p
}
