package watch

import (
	"fmt"
	"strings"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/quota"
	"popkit/internal/core/state"
)

// How long is waited for a quota that names no time.
const (
	defaultBackoff = 5 * time.Minute
	maxBackoff     = time.Hour
)

// QuotaHit says from when on an agent may be started again. Of agents that run into
// one and the same quota the first one counts, or who names a later time.
func QuotaHit(s *state.State, now time.Time, agent, text string, until time.Time) []event.Data {
	hit := event.QuotaHit{Agent: agent, Text: clip(strings.TrimSpace(text)), Until: until.UTC(), Told: true, Streak: s.QuotaStreak + 1}
	if !until.After(now) || until.Sub(now) > quota.Longest {
		base := s.Settings.QuotaBackoff
		if base <= 0 {
			base = defaultBackoff
		}
		hit.Told, hit.Until = false, now.Add(min(base<<min(hit.Streak-1, 10), max(base, maxBackoff)))
	}
	if q := s.Quota; q != nil {
		if !hit.Told || !hit.Until.After(q.Until) {
			return nil
		}
		hit.Streak = q.Streak
	}
	return []event.Data{hit}
}

// QuotaAtExit says that the agent ended for want of quota, as it reported or as its
// last output says.
func QuotaAtExit(s *state.State, now time.Time, x event.AgentExited) []event.Data {
	a := s.Agents[x.Agent]
	r := x.Report
	if r == nil && a != nil {
		r = a.Report
	}
	switch {
	case x.Report != nil && x.Report.Status == event.ReportQuota:
		return QuotaHit(s, now, x.Agent, x.Report.Summary, x.Report.ResetsAt)
	case x.Quota != nil && failed(x) && (r == nil || r.Status == event.ReportFailed || r.Status == event.ReportBlocked):
		return QuotaHit(s, now, x.Agent, x.Quota.Text, x.Quota.Until)
	}
	return nil
}

// QuotaAtCollect says that an agent ended well by its own word, left nothing, and said
// last that a quota is used up: some programs exit with 0 then.
func QuotaAtCollect(s *state.State, now time.Time, c event.AgentCollected) []event.Data {
	a := s.Agents[c.Agent]
	if a == nil || a.Exit == nil || a.Exit.Quota == nil || failed(*a.Exit) || a.Report != nil || c.Changed > 0 || s.Tasks[a.Task].NoCode {
		return nil
	}
	return QuotaHit(s, now, c.Agent, a.Exit.Quota.Text, a.Exit.Quota.Until)
}

func failed(x event.AgentExited) bool { return x.Reason != event.ExitExited || x.Code != 0 }

// EndedByQuota says why an attempt that ran into a quota is no result, or "".
func EndedByQuota(a *state.Agent, t *state.Task) string {
	idle := a.Report == nil && a.Work != nil && a.Work.Changed == 0 && !t.NoCode
	switch r := a.Report; {
	case r != nil && r.Status == event.ReportQuota:
		return "its quota was used up" + because(r.Summary)
	case a.Exit.Quota != nil && (failed(*a.Exit) || idle) && (r == nil || r.Status != event.ReportDone):
		return "its quota was used up" + because(a.Exit.Quota.Text)
	}
	return ""
}

// QuotaOver lets agents be started again once the quota's time has come.
func QuotaOver(s *state.State, now time.Time) []event.Data {
	if s.Quota == nil || now.Before(s.Quota.Until) {
		return nil
	}
	return []event.Data{event.QuotaOver{By: "time"}}
}

// Held says in words why no agent is started at all just now; "" when some may be.
func Held(s *state.State) string {
	switch {
	case s.Still():
		return "the run to be unpaused (popkit power unpause)"
	case s.Quota != nil:
		return fmt.Sprintf("the quota, which is used up until %s (popkit power unpause does not wait)", s.Quota.Until.Format(time.RFC3339))
	}
	for _, id := range s.Open {
		if q := s.Questions[id]; q.Kind == event.AskBudget && q.Task == "" {
			return "a person's answer to " + id + ", since a budget is used up"
		}
	}
	return ""
}

func because(detail string) string {
	if detail == "" {
		return ""
	}
	return ": " + detail
}

// clip bounds what somebody else said, at a rune's end.
func clip(text string) string {
	const most = 500
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "")
	}
	return text
}
