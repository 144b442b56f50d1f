package account

import (
	"fmt"
	"slices"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
)

// Report says what came of the run by now. engine is nil where no process owns it.
func (b *Book) Report(now time.Time, engine *view.Engine) Report {
	s := b.State
	v := view.Make(s, now, engine)
	until := now
	if s.Ended != nil || engine == nil {
		until = s.Time
	}
	r := Report{
		Run: v.Run, State: v.State, Reason: v.Reason, Objective: oneLine(v.Objective), BaseRef: v.BaseRef, Base: v.Base,
		Head: v.Head, Branch: v.Branch, Begun: v.Begun, Until: until, Merge: []string{}, Criteria: []Proof{}, Phases: []Phase{},
		Agents: []Attempt{}, Insights: []Insight{}, Decisions: b.decisions(until), Besides: besides(s),
	}
	if p := s.Published; p != nil {
		r.Published, r.Head, r.Note, r.BaseMoved = true, p.Commit, p.Note, p.BaseMoved
		r.Merge = []string{"popkit power merge " + r.Run, "git merge --no-ff " + p.Branch}
	}
	for _, id := range s.Order {
		r.Agents = append(r.Agents, b.attempt(s.Agents[id], until))
	}
	for _, c := range s.Created.Plan.Objective.SuccessCriteria {
		r.Criteria = append(r.Criteria, criterion(s, c.Text, c.Check != nil))
	}
	for _, p := range s.Phases {
		r.Phases = append(r.Phases, b.phase(p, r))
	}
	for _, in := range view.Insights(s) {
		r.Insights = append(r.Insights, Insight{Insight: in, Given: list(b.given[in.ID])})
	}
	r.Time, r.Totals = timeline(r, s.ActiveAt(until)), totals(r, v)
	r.Totals.Planning = used(s.Settings.Planning)
	return r
}

// list is a copy that is no null in JSON.
func list(s []string) []string { return append([]string{}, s...) }

func used(u event.Usage) Used {
	return Used{
		InputTokens: u.InputTokens, CachedTokens: u.CachedTokens, OutputTokens: u.OutputTokens, Turns: u.Turns, CostUSD: u.CostUSD,
	}
}

func totals(r Report, v view.Status) Totals {
	t := Totals{
		Tasks: len(v.Tasks), Agents: len(r.Agents), ToolCalls: v.Budget.ToolCalls, Insights: len(r.Insights), Questions: len(r.Decisions),
		Used: Used{
			InputTokens: v.Budget.InputTokens, CachedTokens: v.Budget.CachedTokens, OutputTokens: v.Budget.OutputTokens,
			Turns: v.Budget.Turns, CostUSD: v.Budget.CostUSD,
		},
	}
	for _, task := range v.Tasks {
		switch task.State {
		case string(state.TaskMerged):
			t.Merged++
		case string(state.TaskSkipped):
			t.Skipped++
		}
	}
	for _, a := range r.Agents {
		t.Denied += a.Denials
		t.DeniedByPeople += a.DeniedByPeople
	}
	for _, in := range r.Insights {
		t.Given += len(in.Given)
	}
	for _, d := range r.Decisions {
		if d.Person {
			t.ByPeople++
		}
	}
	return t
}

func (b *Book) attempt(a *state.Agent, until time.Time) Attempt {
	t := b.of(a.Agent)
	out := Attempt{
		Agent: a.Agent, Task: a.Task, Attempt: a.Attempt, Role: a.Role, Purpose: string(a.Purpose), Runtime: a.Runtime,
		State: string(a.Status), Started: a.StartedAt, Ended: a.ExitedAt, Waited: a.Waited.Seconds(), ToolCalls: a.Tools, Used: used(a.Used),
		Given: list(t.given.list), Shared: list(t.shared.list), Confirmed: list(t.confirmed.list), Messages: t.messages, Resumed: list(t.resumed.list),
		Denied: append([]Denied{}, t.denied...), Denials: t.denials, DeniedByPeople: t.byPeople, Flagged: len(a.Guard.Flags), Rescue: a.Rescue,
	}
	if !a.StartedAt.IsZero() {
		end := a.ExitedAt
		if end.IsZero() {
			end = until
		}
		out.Seconds = max(0, end.Sub(a.StartedAt).Seconds())
	}
	if a.Work != nil {
		out.Ref = a.Work.Ref
	}
	switch {
	case a.Accepted:
		out.State = "accepted"
	case a.Rejected != nil:
		out.State, out.Reason = "rejected", oneLine(a.Rejected.Reason)
	}
	return out
}

func (b *Book) phase(p *state.Phase, r Report) Phase {
	out := Phase{
		Name: p.Name, State: string(p.Status), Partial: p.Partial, Begun: p.Begun, Opened: p.OpenedAt, Checks: []Proof{}, Tasks: []Task{},
	}
	if p.Opened != nil {
		out.Commit, out.Ref, out.Partial = p.Opened.Commit, p.Opened.Ref, p.Opened.Partial
	}
	for i := range p.Checks {
		if c := &p.Checks[i]; c.Criterion == "" {
			out.Checks = append(out.Checks, Proof{Verdict: checkVerdict(c), Check: c.Run})
		}
	}
	for _, id := range p.Tasks {
		out.Tasks = append(out.Tasks, b.task(b.State.Tasks[id], r))
	}
	return out
}

func (b *Book) task(t *state.Task, r Report) Task {
	out := Task{
		ID: t.ID, Title: oneLine(t.Title), Role: t.Role, State: string(t.Status), Files: []string{}, Audit: []string{}, Attempts: []Attempt{},
		Decisions: []string{}, ToolCalls: t.Spent.ToolCalls, Used: used(t.Spent.Usage),
	}
	switch {
	case t.Skipped != nil:
		out.By, out.Why = t.Skipped.By, oneLine(t.Skipped.Reason)
	case t.Accepted != nil:
		out.By, out.Summary, out.Files = t.Accepted.Agent, oneLine(t.Accepted.Summary), list(t.Accepted.Files)
		if w := b.State.Agents[t.Accepted.Agent].Work; w != nil {
			out.Ref, out.Changed, out.Added, out.Removed = w.Ref, w.Changed, w.Added, w.Removed
		}
		out.Audit = append(out.Audit, audit(b.State, t)...)
	}
	if t.Merged != nil {
		out.Commit, out.Resolved = t.Merged.Commit, t.Merged.Resolved
	}
	var work []span
	for _, a := range r.Agents {
		if a.Task != t.ID {
			continue
		}
		out.Attempts = append(out.Attempts, a)
		if !a.Started.IsZero() {
			work = append(work, span{a.Started, a.Started.Add(seconds(a.Seconds))})
		}
	}
	out.Seconds, _ = covered(work) // a run that was stopped in between did nothing for it
	for _, d := range r.Decisions {
		if d.Task == t.ID || slices.ContainsFunc(out.Attempts, func(a Attempt) bool { return a.Agent == d.Agent }) {
			out.Decisions = append(out.Decisions, d.ID)
		}
	}
	return out
}

func (b *Book) decisions(until time.Time) []Decision {
	out := []Decision{}
	for i := range b.State.Asked {
		q := b.State.Questions[fmt.Sprintf("q-%d", i+1)]
		if q == nil {
			continue
		}
		d := Decision{
			ID: q.ID, Kind: q.Kind, Text: firstLine(q.Text), Agent: q.Agent, Task: q.Task, Rule: q.Rule, Asked: q.Time, Closed: oneLine(q.Withdrawn),
		}
		end, ok := b.closed[q.ID]
		if !ok {
			end = until
		}
		d.Seconds = max(0, end.Sub(q.Time).Seconds())
		if a := q.Answer; a != nil {
			d.Answer, d.By, d.Note, d.Always = oneLine(a.Answer), a.By, oneLine(a.Note), a.Always
			d.Person = event.ByPerson(a.By)
		}
		out = append(out, d)
	}
	return out
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
