package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"popkit/internal/core/approval"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/insight"
	"popkit/internal/core/state"
	"popkit/internal/core/watch"
)

// Make returns the status at now. engine is nil where no process owns the run;
// a run without an engine that has not ended was interrupted.
func Make(s *state.State, now time.Time, engine *Engine) Status {
	v := Status{
		Run: s.Created.Run, Objective: s.Created.Plan.Objective.Description, Engine: engine,
		Mode: s.Settings.Mode, ModeReason: s.Settings.ModeReason, Tier: s.Settings.Tier,
		Begun: s.BegunAt, Updated: s.Time, Seq: s.Seq, Branch: s.Created.Branch, BaseRef: s.Created.BaseRef,
		Base: s.Created.Base, Head: s.Head, Insights: s.Insights.Len(), Budget: budget(s, now),
		Phases: []Phase{}, Tasks: []Task{}, Agents: []Agent{}, Decisions: []Decision{}, Errors: []Error{},
		Rules: rules(s),
	}
	v.State, v.Reason = runState(s, engine)
	v.Pause, v.Quota = stands(s)
	for _, c := range s.Created.Plan.Objective.SuccessCriteria {
		if c.Check == nil {
			v.Unproved = append(v.Unproved, c.Text)
		}
	}
	for _, p := range s.Phases {
		v.Phases = append(v.Phases, phase(s, p))
	}
	for _, id := range s.TaskOrder {
		v.Tasks = append(v.Tasks, task(s, s.Tasks[id], now))
	}
	for _, id := range s.Order {
		v.Agents = append(v.Agents, agent(s, s.Agents[id]))
	}
	for _, id := range s.Open {
		v.Decisions = append(v.Decisions, decision(s, s.Questions[id]))
	}
	for _, p := range s.Problems {
		v.Errors = append(v.Errors, Error{Time: p.Time, Source: p.Source, Text: p.Text})
	}
	return v
}

func runState(s *state.State, engine *Engine) (name, reason string) {
	switch {
	case toResume(s):
		return string(s.Ended.Outcome), "all questions are answered; popkit power resume goes on"
	case s.Ended != nil && s.Ended.Outcome == event.OutcomeNeedsHuman: // some may be answered by now
		return string(s.Ended.Outcome), "waiting for an answer to " + strings.Join(s.Open, ", ")
	case s.Ended != nil:
		return string(s.Ended.Outcome), s.Ended.Reason
	case engine == nil:
		return "interrupted", "no engine runs; popkit power resume goes on"
	case s.Stop != nil:
		return "stopping", s.Stop.Reason
	case s.Still():
		return "paused", "by " + s.Pause.Paused.By + "; popkit power unpause goes on"
	case s.Quota != nil:
		return "quota", fmt.Sprintf("no agent is started before %s: %s", s.Quota.Until.Format(time.RFC3339), s.Quota.Text)
	}
	return "running", ""
}

// stands says how a run stands still, and what it waits for.
func stands(s *state.State) (*Pause, *Quota) {
	var p *Pause
	if s.Still() {
		p = &Pause{By: s.Pause.Paused.By, Reason: s.Pause.Paused.Reason, Since: s.Pause.Since}
		if f := s.Pause.Frozen; f != nil {
			p.How, p.Processes, p.Left = f.How, f.Processes, f.Left
		}
	}
	if s.Quota == nil {
		return p, nil
	}
	return p, &Quota{Agent: s.Quota.Agent, Text: s.Quota.Text, Until: s.Quota.Until, Told: s.Quota.Told}
}

// lines are the budgets that are worth showing.
func lines(s *state.State, now time.Time) []BudgetLine {
	all := s.Budgets(now)
	for _, id := range s.Live {
		if t := s.Tasks[s.Agents[id].Task]; t.Agent == id {
			all = append(all, s.TaskBudget(t, now)...)
		}
	}
	out := []BudgetLine{}
	for _, l := range all {
		if l.Used == 0 {
			continue
		}
		v := BudgetLine{Of: l.Of, Name: l.Name, What: l.What, Used: l.Used, Limit: l.Limit, State: "ok"}
		switch {
		case l.Passed():
			v.State = "passed"
		case l.Low():
			v.State = "low"
		}
		out = append(out, v)
	}
	return out
}

// toResume says that a parked run waits for nothing but its engine.
func toResume(s *state.State) bool {
	return s.Ended != nil && s.Ended.Outcome == event.OutcomeNeedsHuman && len(s.Open) == 0
}

const resumed = "the run to be resumed: popkit power resume"

func budget(s *state.State, now time.Time) Budget {
	set := s.Settings
	b := Budget{
		MaxAgents: set.MaxAgents, MaxSource: set.MaxAgentsSource, Started: s.Started, MaxStarted: set.MaxStarted,
		Minutes: s.ActiveAt(now).Minutes(), MaxMinutes: set.MaxRuntime.Minutes(), MaxAttempts: set.MaxAttempts,
		MaxInsights: set.MaxInsights, Sequential: set.Sequential,
		CachedTokens: s.Spent.Usage.CachedTokens, Turns: s.Spent.Usage.Turns,
		InputTokens: s.Spent.Usage.InputTokens, OutputTokens: s.Spent.Usage.OutputTokens, CostUSD: s.Spent.Usage.CostUSD,
		ToolCalls: s.Spent.ToolCalls, Lines: lines(s, now),
		PlanningTokens: set.Planning.Tokens(), PlanningCostUSD: set.Planning.CostUSD,
	}
	for _, id := range s.Live {
		if s.Agents[id].Occupies(s) {
			b.Agents++
		}
	}
	return b
}

func phase(s *state.State, p *state.Phase) Phase {
	v := Phase{
		Name: p.Name, State: string(p.Status), Base: p.Base, Partial: p.Partial, Begun: p.Begun, Opened: p.OpenedAt,
	}
	if p.Opened != nil {
		v.Commit, v.Ref, v.Missing = p.Opened.Commit, p.Opened.Ref, slices.Clone(p.Opened.Missing)
	}
	if p.Status == state.PhaseActive {
		v.Missing = decide.Missing(s, p)
		v.Waits = barrierWaits(s, p, v.Missing)
	}
	for i := range p.Checks {
		v.Checks = append(v.Checks, check(&p.Checks[i]))
	}
	return v
}

func barrierWaits(s *state.State, p *state.Phase, missing []string) string {
	if toResume(s) {
		return resumed
	}
	for _, id := range s.Open {
		if q := s.Questions[id]; q.Phase == p.Index && q.Kind.Parks() {
			return "a person's answer to " + id
		}
	}
	if len(missing) > 0 {
		if len(missing) == 1 {
			return "task " + missing[0]
		}
		return "tasks " + strings.Join(missing, ", ")
	}
	for i := range p.Checks {
		if c := &p.Checks[i]; !c.GreenAt(s.Head) {
			return fmt.Sprintf("check %q", c.Run)
		}
	}
	return "the last workspaces to be removed"
}

func check(c *state.Check) Check {
	v := Check{Run: c.Run, Criterion: c.Criterion, State: "pending", Fixes: c.Fixes}
	if c.Last != nil {
		v.State, v.Commit, v.Reason = string(c.Last.Status), c.Last.Commit, c.Last.Reason
	}
	if c.Waived != "" {
		v.State, v.Reason = "waived", "let pass by "+c.Waived
	}
	return v
}

func task(s *state.State, t *state.Task, now time.Time) Task {
	v := Task{
		ID: t.ID, Title: t.Title, Phase: s.Phases[t.Phase].Name, Role: t.Role, State: string(t.Status),
		Agent: t.Agent, Attempts: t.Attempts, Waits: Why(s, t, now),
	}
	if t.Accepted != nil {
		v.Summary, v.Files = t.Accepted.Summary, slices.Clone(t.Accepted.Files)
	}
	if t.Merged != nil {
		v.Commit = t.Merged.Commit
	}
	return v
}

// Why says in words why a task is not running; "" when it is, or is settled.
func Why(s *state.State, t *state.Task, now time.Time) string {
	if t.Question != "" {
		return "a person's answer to " + t.Question + foundIn(s, t)
	}
	switch t.Status {
	case state.TaskMerged, state.TaskSkipped:
		return ""
	case state.TaskAccepted:
		return "its work to be merged"
	case state.TaskConflicted:
		return "its conflict to be resolved"
	case state.TaskRunning:
		a := s.Agents[t.Agent]
		if a.Status == state.AgentRunning && !s.Still() {
			return ""
		}
		return agentWaits(s, a)
	}
	switch {
	// A parked run says what each task waits for, as one that is at work does.
	case s.Ended != nil && s.Ended.Outcome != event.OutcomeNeedsHuman:
		return "the run has ended: " + s.Ended.Reason
	case s.Stop != nil:
		return "the run is being stopped"
	case toResume(s):
		return resumed
	case t.Phase > s.Phase:
		return "the barrier of phase " + s.Phases[t.Phase-1].Name
	case s.Phase < len(s.Phases) && s.Phases[s.Phase].Status == state.PhasePending:
		return "its phase to begin"
	}
	if why := decide.Waiting(s, t, now); why != "" {
		return why
	}
	if s.Ended != nil {
		return "the run has ended: " + s.Ended.Reason
	}
	return fmt.Sprintf("a free slot (%d agents at once, set by %s)", s.Settings.MaxAgents, s.Settings.MaxAgentsSource)
}

// foundIn says what the audit found where that is what the task's question is about.
func foundIn(s *state.State, t *state.Task) string {
	q := s.Questions[t.Question]
	if q.Kind != event.AskAudit {
		return ""
	}
	found := decide.OpenFindings(s, s.Agents[q.Agent])
	if len(found) == 0 {
		return ""
	}
	text := ": " + found[0].Text
	if more := len(found) - 1; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text + " (popkit power audit " + t.ID + ")"
}

func agent(s *state.State, a *state.Agent) Agent {
	v := Agent{
		ID: a.Agent, Task: a.Task, Role: a.Role, Runtime: a.Runtime, Attempt: a.Attempt, Purpose: string(a.Purpose),
		State: string(a.Status), Waits: agentWaits(s, a), Progress: a.Progress, ToolCalls: a.Tools, CheckIns: a.CheckIns,
		Started: a.StartedAt, Ended: a.ExitedAt, Rescue: a.Rescue, Tokens: a.Used.Tokens(), CostUSD: a.Used.CostUSD, Turns: a.Used.Turns,
		Layers: layers(s, a), Verdicts: verdicts(a), Plan: approval.About(s, a),
	}
	if d := a.Drifted; d != nil && !within(s, a, d) {
		v.Drift = &Drift{Kind: string(d.Kind), Evidence: d.Evidence, Times: a.Drifts}
	}
	if a.Status == state.AgentRunning {
		v.PID = a.Process.PID
	}
	if a.Status != state.AgentReleased {
		v.Workspace = a.Workspace
	}
	if a.CheckIn != nil {
		v.Doing = a.CheckIn.Doing
	}
	if a.Work != nil {
		v.Ref = a.Work.Ref
		if f := a.Work.Audit; f != nil && s.Settings.PhaseAware {
			v.Findings = f.Blocking
		}
	}
	v.Dropped = slices.Clone(a.Dropped)
	switch {
	case a.Accepted:
		v.State = "accepted"
	case a.Rejected != nil:
		v.State, v.Reason = "rejected", a.Rejected.Reason
	}
	return v
}

func agentWaits(s *state.State, a *state.Agent) string {
	if ef := s.Effects["prepare:"+a.Agent]; ef != nil && ef.Status == state.EffectFailed {
		return "its workspace, which could not be prepared: " + ef.Error
	}
	switch a.Status {
	case state.AgentRequested:
		return "its workspace"
	case state.AgentPrepared:
		if why := watch.Held(s); why != "" {
			return why
		}
		if _, ok := s.Effects[state.RunKey(a.Agent)]; ok {
			return "its process to start"
		}
		return fmt.Sprintf("a free slot (%d agents at once, set by %s)", s.Settings.MaxAgents, s.Settings.MaxAgentsSource)
	case state.AgentRunning:
		if a.Question != "" {
			return "an answer to " + a.Question
		}
		if s.Still() {
			return watch.Held(s)
		}
	case state.AgentExited:
		return "its work to be kept"
	case state.AgentCollected:
		if _, ok := s.Effects[a.TrimKey()]; ok {
			return "files to be left out of its work"
		}
		if t := s.Tasks[a.Task]; t.Question != "" && t.Agent == a.Agent {
			return "a person's answer to " + t.Question
		}
		return "its work to be judged"
	}
	return ""
}

func decision(s *state.State, q *state.Question) Decision {
	v := Decision{
		ID: q.ID, Kind: q.Kind, Text: q.Text, Options: slices.Clone(q.Options), Default: q.Default, Agent: q.Agent,
		Task: q.Task, Asked: q.Time, Closed: q.Withdrawn, Rule: q.Rule,
	}
	if q.Kind == event.AskGuard {
		v.Subject = q.Subject
	}
	if q.IsOpen() {
		v.Waits = waitsFor(s, q)
	}
	if q.Timeout > 0 && q.Default != "" {
		v.Expires, _ = q.Expires()
	}
	if q.Answer != nil {
		v.Answer, v.By, v.Note, v.Always = q.Answer.Answer, q.Answer.By, q.Answer.Note, q.Answer.Always
	}
	if q.Kind == event.AskAudit && q.IsOpen() {
		v.Findings = decide.OpenFindings(s, s.Agents[q.Agent])
	}
	return v
}

// Decisions returns all questions of the run, oldest first.
func Decisions(s *state.State) []Decision {
	out := make([]Decision, 0, s.Asked)
	for i := range s.Asked {
		if q := s.Questions[fmt.Sprintf("q-%d", i+1)]; q != nil {
			out = append(out, decision(s, q))
		}
	}
	return out
}

// Insights returns all insights, oldest first.
func Insights(s *state.State) []Insight {
	out := make([]Insight, 0, s.Insights.Len())
	for in := range s.Insights.All() {
		out = append(out, one(in))
	}
	return out
}

// InsightByID returns the insight, or nothing.
func InsightByID(s *state.State, id string) []Insight {
	if in := s.Insights.Get(id); in != nil {
		return []Insight{one(in)}
	}
	return nil
}

func one(in *insight.Insight) Insight {
	tags := slices.Clone(in.Tags)
	if tags == nil {
		tags = []string{}
	}
	return Insight{
		ID: in.ID, Agent: in.Agent, Phase: in.Phase, Type: in.Kind, Content: in.Content, Tags: tags,
		Confidence: in.Confidence, Confirmed: slices.Clone(in.Confirmed), Similar: slices.Clone(in.Similar), Timestamp: in.Time,
	}
}

// Delivered returns what the events hand to an agent.
func Delivered(s *state.State, events []event.Event) Delivery {
	d := Delivery{Insights: []Insight{}, Messages: []Message{}}
	for _, e := range events {
		switch ev := e.Data.(type) {
		case event.CheckedIn:
			for _, id := range ev.Known {
				d.Insights = append(d.Insights, InsightByID(s, id)...)
			}
		case event.InsightDelivered:
			for _, id := range ev.IDs {
				d.Insights = append(d.Insights, InsightByID(s, id)...)
			}
		case event.MessageDelivered:
			for _, id := range ev.IDs {
				m := s.Messages[id]
				d.Messages = append(d.Messages, Message{ID: m.ID, From: m.From, Text: m.Text, Urgent: m.Urgent})
			}
		}
	}
	return d
}
