package daemon

import (
	"context"
	"reflect"
	"strings"

	"popkit/internal/api"
	"popkit/internal/core/approval"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/policy"
	"popkit/internal/core/state"
	"popkit/internal/engine"
	"popkit/internal/guard"
)

// setRules makes the guard judge by the run's rules as they are in s, where they
// are not what they were.
func (d *daemon) setRules(s *state.State) {
	d.guard.SetApproved(approval.Approved(s))
	spec := decide.Spec(s)
	if d.spec != nil && reflect.DeepEqual(spec, *d.spec) {
		return
	}
	d.spec = &spec
	if err := d.guard.SetRules(spec); err != nil {
		d.note("guard", err.Error())
	}
}

// heedRules does so after events that are more than what agents say all the time.
// It is called by the engine's goroutine.
func (d *daemon) heedRules(s *state.State, events []event.Event) {
	for _, e := range events {
		switch e.Data.(type) {
		case event.ToolCalled, event.GuardJudged, event.CheckedIn, event.AgentSeen, event.InsightShared, event.InsightConfirmed,
			event.InsightDelivered, event.MessageDelivered:
		default:
			d.setRules(s)
			return
		}
	}
}

// seatGuard makes the guard know where an agent works; env is what it finds there.
func (d *daemon) seatGuard(o engine.Order, env []string) {
	seat := guard.Seat{
		Workspace: o.Workspace, PlanFirst: o.Role.PlanRequired, DefaultBranch: strings.TrimPrefix(o.BaseRef, "refs/heads/"),
		Tracked: func(ctx context.Context) ([]string, error) { return d.work.Files(ctx, o.Request.Base) },
	}
	for _, v := range env {
		switch name, value, _ := strings.Cut(v, "="); name {
		case "HOME":
			seat.Home = value
		case "TMPDIR":
			seat.Tmp = value
		}
	}
	d.guard.Seat(o.Agent, seat)
}

// leaveGuard says what the guard found in what an agent left, before it is said
// that the agent has ended.
func (d *daemon) leaveGuard(ctx context.Context, agent string) {
	breach := d.guard.Leave(agent)
	if breach == nil {
		return
	}
	if err := d.engine.Submit(ctx, decide.Breach{Breached: *breach}, nil); err != nil {
		d.log.Warn("a breach was not recorded", "agent", agent, "breach", breach.Reason, "err", err)
	}
}

// judge judges a tool call of an agent.
func (d *daemon) judge(ctx context.Context, agent string, a api.JudgeArgs) (decide.Judge, *event.AgentBreached) {
	j := d.guard.Judge(ctx, agent, guard.Call{Call: policy.Call{Tool: a.Tool, Input: a.Input, Cwd: a.Cwd}, ID: a.ID})
	return decide.Judge{Judged: j.Judged, Deed: j.Deed}, j.Breach
}
