package state

import (
	"fmt"
	"slices"

	"popkit/internal/core/event"
	"popkit/internal/core/insight"
)

// applyAgent takes in the events about one agent.
func (s *State) applyAgent(e event.Event) error {
	switch d := e.Data.(type) {
	case event.AgentRequested:
		return s.agentRequested(e, d)
	case event.AgentPrepared:
		return s.step(d.Agent, AgentPrepared, d.Effect, func(a *Agent) { a.Workspace = d.Workspace }, AgentRequested)
	case event.AgentStarted:
		return s.step(d.Agent, AgentRunning, "", func(a *Agent) {
			a.Process, a.StartedAt, a.LastSeen = d, e.Time, e.Time
			a.Guard.Hook = a.Guard.Hook || d.Hook
			a.Track.Began(e.Time)
			if s.Still() {
				a.hold(e.Time)
			}
		}, AgentPrepared)
	case event.AgentResumed:
		return s.step(d.Agent, AgentRunning, "", func(a *Agent) {
			a.Process.PID, a.Process.StartTime, a.Process.Boot, a.LastSeen = d.PID, d.StartTime, d.Boot, e.Time
		}, AgentRunning)
	case event.AgentExited:
		return s.step(d.Agent, AgentExited, d.Effect, func(a *Agent) {
			a.Exit, a.ExitedAt = &d, e.Time
			a.StoppedWithRun = a.StoppedWithRun || s.Stop != nil && d.Reason == event.ExitNotStarted
			if d.Report != nil {
				a.Report = d.Report
				s.usedBy(a, d.Report)
			}
			s.awaitNoMore(a)
			s.Tasks[a.Task].Spent.Time += a.Ran(e.Time)
		}, AgentPrepared, AgentRunning)
	case event.AgentCollected:
		return s.step(d.Agent, AgentCollected, d.Effect, func(a *Agent) { a.Work = &d }, AgentExited)
	case event.AgentTrimmed:
		return s.step(d.Agent, AgentCollected, d.Effect, func(a *Agent) {
			s.Tasks[a.Task].clear(a, d.Dropped) // the rest was accepted as it is
			a.trimmed(d)
		}, AgentCollected)
	case event.AgentRejected:
		return s.agentRejected(e, d)
	case event.AgentReleased:
		return s.agentReleased(d)
	case event.AgentStopRequested:
		a, err := s.agent(d.Agent)
		if err != nil {
			return err
		}
		a.StopAsked = &d
		a.StoppedWithRun = a.StoppedWithRun || s.Stop != nil || d.Uncounted
	case event.ToolCalled, event.CheckedIn, event.Reported, event.AgentSeen:
		return s.agentSaid(e)
	default:
		return fmt.Errorf("no rule for this event")
	}
	return nil
}

func (s *State) agent(id string) (*Agent, error) {
	if a, ok := s.Agents[id]; ok {
		return a, nil
	}
	return nil, fmt.Errorf("no agent %q", id)
}

// step moves an agent forward, ending the effect (if any) that did it.
func (s *State) step(id string, to AgentStatus, effect string, set func(*Agent), from ...AgentStatus) error {
	a, err := s.agent(id)
	if err != nil {
		return err
	}
	if !slices.Contains(from, a.Status) {
		return fmt.Errorf("agent %q is %s, it can't become %s", id, a.Status, to)
	}
	a.Status = to
	set(a)
	if effect == "" {
		return nil
	}
	return s.endEffect(effect)
}

func (s *State) agentRequested(e event.Event, d event.AgentRequested) error {
	if s.Agents[d.Agent] != nil {
		return fmt.Errorf("agent %q is there already", d.Agent)
	}
	t, err := s.task(d.Task)
	if err != nil {
		return err
	}
	if t.Status != TaskPending || d.Attempt != t.Attempts+1 {
		return fmt.Errorf("task %q is %s after %d attempts", d.Task, t.Status, t.Attempts)
	}
	a := &Agent{AgentRequested: d, Status: AgentRequested, Phase: t.Phase, Requested: e.Time, Seen: map[string]bool{}}
	for _, id := range d.Insights {
		a.Seen[id] = true
	}
	if t.Plan.Approved() {
		a.Plan = t.Plan
	}
	s.Agents[d.Agent] = a
	s.Order, s.Live = append(s.Order, d.Agent), append(s.Live, d.Agent)
	s.roles[d.Role]++
	s.Started++
	s.count(a, 0, 1)
	t.Status, t.Agent, t.Last, t.Attempts = TaskRunning, d.Agent, d.Agent, d.Attempt
	return nil
}

func (s *State) agentRejected(e event.Event, d event.AgentRejected) error {
	a, err := s.agent(d.Agent)
	if err != nil {
		return err
	}
	if a.Status == AgentDecided || a.Status == AgentReleased {
		return fmt.Errorf("agent %q is %s", d.Agent, a.Status)
	}
	a.Status, a.Rejected = AgentDecided, &d
	s.dropEffects("prepare:"+d.Agent, RunKey(d.Agent), a.TrimKey())
	if !d.Interrupted && !d.Stale {
		s.problem(e, event.Problem{Source: "agent " + d.Agent, Text: d.Reason, Agent: d.Agent, Task: a.Task})
	}
	t := s.Tasks[a.Task]
	if t.Agent != d.Agent || t.Status != TaskRunning {
		return nil
	}
	t.Status, t.Agent, t.Failed = TaskPending, "", e.Time
	if !d.Interrupted && !d.Stale && !a.sentBack() {
		t.Tries++
	}
	return nil
}

// trimmed makes what is left of the agent's work its work.
func (a *Agent) trimmed(d event.AgentTrimmed) {
	rest := *a.Work
	if a.Whole == nil {
		a.Whole = a.Work
	}
	rest.Commit, rest.Ref, rest.Files, rest.Audit = d.Commit, d.Ref, d.Files, d.Audit
	rest.Changed, rest.Added, rest.Removed = d.Changed, d.Added, d.Removed
	a.Work, a.Audit = &rest, nil
	a.Trims++
	a.Dropped = append(a.Dropped, d.Dropped...)
}

// sentBack reports whether a person asked for another attempt at the work: that one
// needs no leave of the limit of attempts. A policy's answer counts, or it could ask
// without end.
func (a *Agent) sentBack() bool {
	if p := a.Plan; p != nil && p.Answer.Answer == AnswerReject {
		return p.Answer.By != event.ByPolicy
	}
	return a.Audit != nil && a.Audit.Answer == AnswerRetry && a.Audit.By != event.ByPolicy
}

// dropEffects forgets failed effects that nobody needs any more.
func (s *State) dropEffects(keys ...string) {
	for _, key := range keys {
		if ef, ok := s.Effects[key]; ok && ef.Status == EffectFailed {
			if ef.Stuck() {
				s.stuck--
			}
			delete(s.Effects, key)
		}
	}
}

func (s *State) agentReleased(d event.AgentReleased) error {
	a, err := s.agent(d.Agent)
	if err != nil {
		return err
	}
	if a.Status != AgentDecided {
		return fmt.Errorf("agent %q is %s", d.Agent, a.Status)
	}
	a.Status, a.Rescue = AgentReleased, d.Rescue
	a.Seen, a.Inbox, a.Needs = nil, nil, nil
	a.Guard.cleared, a.Guard.asked, a.Guard.denied = nil, nil, nil
	s.Live = slices.DeleteFunc(s.Live, func(id string) bool { return id == d.Agent })
	return s.endEffect(d.Effect)
}

// agentSaid takes in what a running agent says of itself.
func (s *State) agentSaid(e event.Event) error {
	var id string
	switch d := e.Data.(type) {
	case event.AgentSeen:
		id = d.Agent
	case event.ToolCalled:
		id = d.Agent
	case event.CheckedIn:
		id = d.Agent
	case event.Reported:
		id = d.Agent
	}
	a, err := s.agent(id)
	if err != nil {
		return err
	}
	if a.Status == AgentReleased {
		return fmt.Errorf("agent %q is released", id)
	}
	a.LastSeen = e.Time
	switch d := e.Data.(type) {
	case event.ToolCalled:
		a.Tools++
		a.Guard.use(d.Tool, d.Call)
		s.count(a, 1, 0)
		if a.Guard.Hook && d.Subject == "" { // its verdict told the rest
			a.Track.Made()
		} else {
			a.Track.Call(d.Tool, d.Subject, a.Workspace)
		}
	case event.CheckedIn:
		a.CheckIns++
		if !d.Auto {
			a.CheckIn = &d
		}
		if d.Progress != nil {
			a.Progress = *d.Progress
			a.Track.Reached(*d.Progress, e.Time)
		}
		if d.Need != "" && len(d.Known) == 0 {
			a.needs(insight.Need{Text: d.Need, Tags: s.Tasks[a.Task].Tags})
		}
	case event.Reported:
		a.Report = &d.Report
		s.usedBy(a, a.Report)
	}
	return nil
}

// usedBy takes in the usage that a report names.
func (s *State) usedBy(a *Agent, r *event.Report) {
	if r.Usage != nil {
		s.used(a, *r.Usage)
	}
}

// MaxNeeds is how many open needs of one agent are looked for; a newer one
// pushes the oldest out.
const MaxNeeds = 10

// needs notes what the agent needs to know, once however often it says so.
func (a *Agent) needs(n insight.Need) {
	if slices.ContainsFunc(a.Needs, func(o insight.Need) bool { return o.Text == n.Text }) {
		return
	}
	if a.Needs = append(a.Needs, n); len(a.Needs) > MaxNeeds {
		a.Needs = slices.Clone(a.Needs[1:])
	}
}
