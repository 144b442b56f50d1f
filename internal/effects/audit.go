package effects

import (
	"context"
	"fmt"
	"slices"

	"popkit/internal/core/audit"
	"popkit/internal/core/event"
	"popkit/internal/engine"
	"popkit/internal/workspace"
)

// maxHunks bounds the hunks that the log keeps of one diff, in bytes.
const maxHunks = 32 << 10

// audit judges an agent's work, writes all findings where a person can read them,
// and returns what the log keeps.
func (e *Effects) audit(ctx context.Context, o engine.Order, w workspace.Work) (*event.Audit, error) {
	if w.Changed == 0 && !w.Own {
		return &event.Audit{}, nil
	}
	found, err := e.judge(ctx, o, w)
	if err != nil {
		return nil, fmt.Errorf("audit the work of %s: %w", o.Agent, err)
	}
	if e.cfg.Findings != nil {
		if err := e.cfg.Findings(o.Agent, w.Commit, found); err != nil {
			return nil, fmt.Errorf("write down the audit of %s: %w", o.Agent, err)
		}
	}
	return bounded(found), nil
}

// judge reads a diff and judges it. One at a time: each may take memory up to the
// limit of what is read.
func (e *Effects) judge(ctx context.Context, o engine.Order, w workspace.Work) ([]event.Finding, error) {
	e.auditing.Lock()
	defer e.auditing.Unlock()
	d, err := e.cfg.Work.Examine(ctx, o.Request.Base, o.Request.Merge, w, o.AuditRules)
	if err != nil {
		return nil, err
	}
	return audit.Judge(audit.Rules{
		Bounds: o.Bounds, Sensitive: o.Sensitive, BulkFiles: o.BulkFiles, AuditRules: o.AuditRules, Redact: e.cfg.Redactor.String,
	}, d), nil
}

// bounded is what an event holds of the findings.
func bounded(found []event.Finding) *event.Audit {
	a := &event.Audit{Findings: slices.Clone(found[:min(len(found), event.MaxFindings)])}
	for _, f := range found {
		if f.Blocks() {
			a.Blocking++
		} else {
			a.Notes++
		}
	}
	room := maxHunks
	for _, lines := range []bool{true, false} { // what is about a line says little without it
		for i := range a.Findings {
			f := &a.Findings[i]
			if f.Line > 0 != lines {
				continue
			}
			if len(f.Hunk) > room {
				f.Hunk = ""
			}
			room -= len(f.Hunk)
		}
	}
	return a
}

// trim leaves files out of an agent's work.
func (e *Effects) trim(ctx context.Context, o engine.Order) (event.Data, error) {
	rest, dropped, err := e.cfg.Work.Trim(ctx, workspace.TrimSpec{
		Agent: o.Agent, Task: o.Task, Attempt: o.Request.Attempt, Base: o.Request.Base, Merge: o.Request.Merge,
		Commit: o.Commit, Files: o.Files, Message: commitMessage(o),
	})
	if err != nil {
		return nil, err
	}
	found, err := e.audit(ctx, o, rest)
	if err != nil {
		return nil, err
	}
	return event.AgentTrimmed{
		Effect: o.Key, Agent: o.Agent, Commit: rest.Commit, Ref: rest.Ref, Dropped: dropped[:min(len(dropped), event.MaxFiles)],
		Files: shown(rest.Files), Changed: rest.Changed, Added: rest.Added, Removed: rest.Removed, Audit: found,
	}, nil
}

// shown are the names of files as an event lists them.
func shown(files []string) []string {
	out := make([]string, 0, min(len(files), event.MaxFiles))
	for _, f := range files[:cap(out)] {
		out = append(out, audit.ShowPath(f))
	}
	return out
}
