package effects

import (
	"context"
	"fmt"
	"strings"
	"time"

	"popkit/internal/agent"
	"popkit/internal/core/event"
	"popkit/internal/core/quota"
	"popkit/internal/engine"
	"popkit/internal/proc"
	"popkit/internal/workspace"
)

func (e *Effects) prepare(ctx context.Context, o engine.Order) (event.Data, error) {
	path, err := e.cfg.Work.Prepare(ctx, workspace.PrepareSpec{
		Agent: o.Agent, Base: o.Request.Base, MergeCommit: o.Request.Merge,
	})
	if ctx.Err() != nil {
		return nil, fmt.Errorf("preparing the workspace was broken off: %w", ctx.Err())
	}
	if err != nil {
		return nil, err
	}
	o.Workspace = path
	e.standBy(ctx, o)
	return event.AgentPrepared{Effect: o.Key, Agent: o.Agent, Workspace: path, Base: o.Request.Base}, nil
}

// run runs an agent's process to its end. It always ends in AgentExited: what
// kept it from starting is one way of not running.
func (e *Effects) run(ctx context.Context, o engine.Order, tell func(event.Data)) event.AgentExited {
	exit := event.AgentExited{Effect: o.Key, Agent: o.Agent, Reason: event.ExitNotStarted}
	if o.Unknown {
		return e.interrupted(ctx, o, exit)
	}
	out, err := e.attempt(ctx, o, tell)
	if err != nil {
		exit.Detail = e.cfg.Redactor.String(err.Error())
		if ctx.Err() != nil {
			exit.Detail = "its start was broken off"
		}
		return exit
	}
	exit.Reason, exit.Code, exit.Signal, exit.Detail, exit.Report = out.Reason, out.Code, out.Signal, e.cfg.Redactor.String(out.Detail), out.Report
	exit.Quota = quotaSaid(exit)
	return exit
}

// quotaSaid looks in the last words of an agent that failed, or that reported nothing,
// for a quota that is used up. A time of the day that it names is meant in this machine's zone.
func quotaSaid(x event.AgentExited) *event.QuotaSaid {
	if x.Reason == event.ExitStopped || x.Reason == event.ExitExited && x.Code == 0 && x.Report != nil {
		return nil
	}
	a, ok := quota.Find(x.Detail, time.Now(), time.LoadLocation)
	if !ok {
		return nil
	}
	return &event.QuotaSaid{Text: a.Text, Until: a.Until}
}

// interrupted ends what is left of an agent whose engine died: normally
// nothing, since agents die with their engine.
func (e *Effects) interrupted(ctx context.Context, o engine.Order, exit event.AgentExited) event.AgentExited {
	exit.Reason = event.ExitInterrupted
	id := proc.Ident{PID: o.Process.PID, StartTime: o.Process.StartTime, Boot: o.Process.Boot}
	killed, err := proc.Settle(ctx, id, agent.Spec{Run: o.Run, Agent: o.Agent}.Mark())
	switch {
	case err != nil:
		exit.Detail = "its left-over processes could not be ended: " + err.Error()
	case len(killed) > 0:
		exit.Detail = fmt.Sprintf("%d left-over processes were ended", len(killed))
	}
	return exit
}

func (e *Effects) attempt(ctx context.Context, o engine.Order, tell func(event.Data)) (out agent.Outcome, err error) {
	l, err := e.ready(ctx, o)
	if err != nil {
		return out, err
	}
	defer l.cancel()
	defer func() {
		// What went wrong in clearing up does not undo what the agent did.
		if left := l.seat.Leave(); left != nil {
			out.Detail = strings.TrimSpace(out.Detail + "\nits place could not be cleared up: " + left.Error())
		}
	}()
	defer context.AfterFunc(ctx, l.cancel)()
	e.mu.Lock()
	e.sessions[o.Agent] = l.session
	e.mu.Unlock()
	defer l.session.Stop(true) // it has ended, but for a panic
	began := time.Now()
	id := l.session.Ident()
	l.seat.Begun(id.PID)
	started := event.AgentStarted{Effect: o.Key, Agent: o.Agent, PID: id.PID, StartTime: id.StartTime, Boot: id.Boot, Sandbox: l.seat.Sandbox}
	if s, ok := l.session.(agent.Hooked); ok {
		started.Hook = s.Hooked()
	}
	if s, ok := l.session.(agent.Permitted); ok {
		started.Permission = s.Permission()
	}
	tell(started)
	l.begin(o.Key, tell)
	stopLooking, stopStocking := look(o, l.session.Ident, l.seat.Transcript, e.changes(ctx, o, began), tell), e.stock(ctx, o)
	out = l.session.Wait()
	stopStocking()
	stopLooking()
	e.mu.Lock()
	delete(e.sessions, o.Agent)
	e.mu.Unlock()
	return out, nil
}

// changes returns what tells how the agent's workspace differs from when it began;
// nil where nobody wants to know.
func (e *Effects) changes(ctx context.Context, o engine.Order, since time.Time) func() ([]string, string, error) {
	if !o.Watched {
		return nil
	}
	return func() ([]string, string, error) {
		l, err := e.cfg.Work.Look(ctx, o.Agent, since)
		return l.Files, l.Digest, err
	}
}

func (e *Effects) collect(ctx context.Context, o engine.Order) (event.Data, error) {
	w, err := e.cfg.Work.Collect(ctx, workspace.CollectSpec{
		Agent: o.Agent, Task: o.Task, Attempt: o.Request.Attempt, Path: o.Workspace, Base: o.Request.Base,
		Message: commitMessage(o),
	})
	if err != nil {
		return nil, err
	}
	found, err := e.audit(ctx, o, w)
	if err != nil {
		return nil, err
	}
	return event.AgentCollected{
		Effect: o.Key, Agent: o.Agent, Commit: w.Commit, Ref: w.Ref, Files: shown(w.Files), Changed: w.Changed,
		Added: w.Added, Removed: w.Removed, Unresolved: w.Unresolved, Summary: w.Summary, Gone: w.Gone, Audit: found,
	}, nil
}

// commitMessage describes what an agent left uncommitted.
func commitMessage(o engine.Order) string {
	title := o.Def.Title
	if title == "" {
		title = o.Def.ID
	}
	msg := fmt.Sprintf("%s\n", title)
	if o.Report != nil && o.Report.Summary != "" {
		msg += "\n" + o.Report.Summary + "\n"
	}
	return msg
}

func (e *Effects) release(ctx context.Context, o engine.Order) (event.Data, error) {
	if err := e.dismiss(o.Agent); err != nil {
		return nil, err
	}
	var known []string
	for _, w := range []*event.AgentCollected{o.Work, o.Whole} {
		if w != nil {
			known = append(known, w.Commit)
		}
	}
	rescue, err := e.cfg.Work.Release(ctx, o.Agent, o.Workspace, known)
	if err != nil {
		return nil, err
	}
	return event.AgentReleased{Effect: o.Key, Agent: o.Agent, Rescue: rescue}, nil
}

func (e *Effects) merge(ctx context.Context, o engine.Order) (event.Data, error) {
	title := o.Def.Title
	if title == "" {
		title = o.Def.ID
	}
	res, err := e.cfg.Work.Merge(ctx, workspace.MergeSpec{
		Onto: o.Onto, Commit: o.Commit, Task: o.Task, Agent: o.Agent, PreferOurs: o.Prefer == "ours",
		Message: fmt.Sprintf("Merge task %s: %s", o.Task, title),
	})
	if err != nil {
		return nil, err
	}
	if len(res.Conflicts) > 0 {
		return event.TaskConflicted{Effect: o.Key, Task: o.Task, Agent: o.Agent, Onto: o.Onto, Files: res.Conflicts}, nil
	}
	merged := event.TaskMerged{Effect: o.Key, Task: o.Task, Agent: o.Agent, Onto: o.Onto, Commit: res.Commit}
	switch {
	case o.Prefer == "ours":
		merged.Resolved = "first_wins"
	case o.Request.Purpose == event.PurposeResolve:
		merged.Resolved = "agent"
	}
	return merged, nil
}
