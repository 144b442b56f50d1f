package decide

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"popkit/internal/core/approval"
	"popkit/internal/core/budget"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/watch"
)

// advanceAgents moves each attempt on: prepare → run (when a slot is free) →
// collect.
func advanceAgents(s *state.State, _ time.Time) []event.Data {
	free := slots(s) - occupied(s)
	held := watch.Held(s) != ""
	var out []event.Data
	for _, id := range s.Live {
		a := s.Agents[id]
		e := event.EffectRequested{Agent: id, Task: a.Task, Phase: a.Phase}
		switch a.Status {
		case state.AgentRequested:
			if s.Stop != nil || held || !Wanted(s, a) {
				continue
			}
			e.Key, e.Kind = "prepare:"+id, event.EffectPrepare
		case state.AgentPrepared:
			if free <= 0 || held || s.Stop != nil || !Wanted(s, a) {
				continue
			}
			e.Key, e.Kind = state.RunKey(id), event.EffectRun
		case state.AgentExited:
			e.Key, e.Kind = "collect:"+id, event.EffectCollect
		default:
			continue
		}
		asks := want(s, e)
		if len(asks) > 0 && e.Kind == event.EffectRun {
			free--
		}
		out = append(out, asks...)
	}
	return out
}

// slots is how many agents may run at once.
func slots(s *state.State) int {
	if s.Settings.Sequential {
		return 1
	}
	return max(1, s.Settings.MaxAgents)
}

func occupied(s *state.State) int {
	n := 0
	for _, id := range s.Live {
		if s.Agents[id].Occupies(s) {
			n++
		}
	}
	return n
}

// Wanted reports whether the task still waits for this attempt.
func Wanted(s *state.State, a *state.Agent) bool { return s.Wanted(a) }

// stopAgents asks for the end of attempts that have no task left, ran or were
// silent for too long, used up a budget, or whose run is being stopped.
func stopAgents(s *state.State, now time.Time) []event.Data {
	for _, id := range s.Live {
		a := s.Agents[id]
		if a.Status != state.AgentRunning {
			continue
		}
		reason, hard := whyStop(s, a, now)
		l, over := budget.Line{}, false
		if reason == "" {
			if l, over = watch.Passed(s, a, now); over {
				reason = "a budget is used up: " + l.String()
			} else if reason = approval.Overdue(s, a, now); reason != "" {
				over = true
			}
		}
		if reason == "" || a.StopAsked != nil && (!hard || a.StopAsked.Now) {
			continue
		}
		return []event.Data{event.AgentStopRequested{Agent: id, Reason: reason, Now: hard, Uncounted: over}}
	}
	return nil
}

func whyStop(s *state.State, a *state.Agent, now time.Time) (reason string, hard bool) {
	if s.Stop != nil {
		return "the run is being stopped: " + s.Stop.Reason, s.Stop.Now
	}
	if a.Breach != nil {
		return "it got around the guard: " + a.Breach.Reason, true
	}
	if !Wanted(s, a) {
		return fmt.Sprintf("task %s goes on without this attempt", a.Task), false
	}
	if why := approval.Rejected(a); why != "" {
		return why, false
	}
	if at, ok := agentDeadline(s, a); !ok || now.Before(at) {
		return "", false
	}
	if d := s.Settings.AgentTimeout; d > 0 && !now.Before(a.StartedAt.Add(d+a.Waited)) {
		return fmt.Sprintf("it ran longer than %s (limits.agent_timeout_minutes)", d), false
	}
	return fmt.Sprintf("no sign of life for %s (limits.silence_minutes)", s.Settings.SilenceTimeout), false
}

// abandonUnstarted ends, in a run that is being stopped, attempts that have not
// begun.
func abandonUnstarted(s *state.State, _ time.Time) []event.Data {
	for _, id := range s.Live {
		a := s.Agents[id]
		if a.Status != state.AgentRequested && a.Status != state.AgentPrepared || underWay(s, id) {
			continue
		}
		return []event.Data{event.AgentRejected{Agent: id, Reason: "the run was stopped before it began", Interrupted: true}}
	}
	return nil
}

func underWay(s *state.State, agent string) bool {
	for _, key := range []string{"prepare:" + agent, state.RunKey(agent)} {
		if ef, ok := s.Effects[key]; ok && ef.Status != state.EffectFailed {
			return true
		}
	}
	return false
}

// judge decides what an attempt's work is worth: the first result with proof is
// accepted, everything else is kept and rejected with the reason.
func judge(s *state.State, _ time.Time) []event.Data {
	for _, id := range s.Live {
		a := s.Agents[id]
		begun := a.Status != state.AgentRequested && a.Status != state.AgentPrepared
		if !begun && !Wanted(s, a) && !underWay(s, id) {
			return []event.Data{event.AgentRejected{Agent: id, Reason: "the task goes on without this attempt", Stale: true}}
		}
		if a.Status != state.AgentCollected || trimming(s, a) {
			continue
		}
		if out := verdict(s, a); len(out) > 0 {
			return out
		}
	}
	return nil
}

// trimming reports whether files are being left out of the attempt's work: until
// that has ended there is nothing to judge.
func trimming(s *state.State, a *state.Agent) bool {
	ef, ok := s.Effects[a.TrimKey()]
	return ok && !failed(ef)
}

func verdict(s *state.State, a *state.Agent) []event.Data {
	t := s.Tasks[a.Task]
	if t.Agent != a.Agent {
		return []event.Data{event.AgentRejected{Agent: a.Agent, Stale: true, Reason: staleReason(t)}}
	}
	if a.Breach != nil && a.Forgiven != state.AnswerAccept {
		return breachOf(s, a, t)
	}
	reason, interrupted := approval.Unanswered(s, a)
	if reason == "" {
		reason, interrupted = disproof(a, t)
	}
	if reason == "" {
		reason = approval.Unplanned(s, a)
	}
	if reason != "" {
		return []event.Data{event.AgentRejected{Agent: a.Agent, Reason: reason, Interrupted: interrupted}}
	}
	if out, clear := judgeFindings(s, a, t); !clear {
		return out
	}
	accepted := event.TaskAccepted{
		Task: t.ID, Agent: a.Agent, Purpose: a.Purpose, Commit: a.Work.Commit, Summary: summary(a), Files: a.Work.Files,
	}
	if !t.NoCode {
		return []event.Data{accepted}
	}
	accepted.Commit, accepted.Files = a.Base, nil
	if a.Work.Changed == 0 {
		return []event.Data{accepted}
	}
	return []event.Data{accepted, event.Problem{
		Source: "agent " + a.Agent, Agent: a.Agent, Task: t.ID,
		Text: fmt.Sprintf("the plan says that task %s changes no code; its %d changed files are kept at %s and not merged", t.ID, a.Work.Changed, a.Work.Ref),
	}}
}

func staleReason(t *state.Task) string {
	switch {
	case t.Status == state.TaskSkipped:
		return "the task was skipped"
	case t.Accepted != nil:
		return "the task has a result already, from " + t.Accepted.Agent
	}
	return "another attempt has taken over"
}

func summary(a *state.Agent) string {
	text := a.Work.Summary
	if w := a.Work; len(a.Dropped) > 0 { // what was said of the whole does not hold for the rest
		text = fmt.Sprintf("%s changed (+%d -%d): %s", files(w.Changed), w.Added, w.Removed, some(w.Files, 5))
	}
	if a.Report != nil && a.Report.Summary != "" {
		text = a.Report.Summary
	}
	if n := len(a.Dropped); n > 0 {
		text += fmt.Sprintf(" (a person left out %s)", some(a.Dropped, 5))
	}
	return text
}

func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}

// some names at most n of the files.
func some(files []string, n int) string {
	if len(files) <= n {
		return strings.Join(files, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(files[:n], ", "), len(files)-n)
}

// disproof says why an attempt's work is no result, or "". Done needs proof:
// changes that are there, or the plan's word that the task changes none.
func disproof(a *state.Agent, t *state.Task) (reason string, interrupted bool) {
	x := a.Exit
	// Stopped for a breach that a person has forgiven: what it had done by then counts.
	forgiven := a.Breach != nil && x.Reason == event.ExitStopped
	if x.Reason == event.ExitInterrupted {
		return "popkit was interrupted while it ran", true
	}
	if why := watch.EndedByQuota(a, t); why != "" {
		return why, true
	}
	if !forgiven && a.StopAsked != nil && x.Reason == event.ExitStopped {
		return "stopped: " + a.StopAsked.Reason, a.StoppedWithRun
	}
	switch bad := badEnd(x); {
	case x.Reason == event.ExitNotStarted && a.StoppedWithRun:
		return "the run was stopped before it began", true
	case x.Reason == event.ExitNotStarted:
		return "it could not be started" + tail(x.Detail), false
	case a.Report != nil && a.Report.Status != event.ReportDone:
		return fmt.Sprintf("it reported %s: %s", a.Report.Status, a.Report.Summary), false
	case a.Work.Gone:
		return "its workspace was removed while it ran, and what was in it", false
	case bad != "" && !forgiven:
		return bad + tail(x.Detail), false
	case len(a.Work.Unresolved) > 0:
		return fmt.Sprintf("the conflict is not resolved in %v", a.Work.Unresolved), false
	case a.Work.Changed == 0 && a.Trims > 0:
		return "nothing is left of its work without what a person left out: " + some(a.Dropped, 5), false
	case a.Work.Changed == 0 && !t.NoCode && a.Purpose != event.PurposeResolve:
		return "it claims to be done without work: no file is changed", false
	}
	return "", false
}

// badEnd says what is wrong with how a process ended, or "".
func badEnd(x *event.AgentExited) string {
	switch {
	case x.Reason != event.ExitExited:
		return fmt.Sprintf("its process was %s (%s)", x.Reason, x.Signal)
	case x.Code == 127: // the shell's word for it; a script that was not committed is the usual cause
		return "it ended with exit status 127, which says that a command was not found (agents see what is committed)"
	case x.Code == 126:
		return "it ended with exit status 126, which says that a command may not be executed (chmod +x, and commit it)"
	case x.Code != 0:
		return fmt.Sprintf("it ended with exit status %d", x.Code)
	}
	return ""
}

func tail(detail string) string {
	if detail == "" {
		return ""
	}
	return ": " + detail
}

// release asks for the removal of workspaces whose work is judged.
func release(s *state.State, _ time.Time) []event.Data {
	var out []event.Data
	for _, id := range s.Live {
		if a := s.Agents[id]; a.Status == state.AgentDecided {
			out = append(out, want(s, event.EffectRequested{
				Key: "release:" + id, Kind: event.EffectRelease, Agent: id, Task: a.Task, Phase: a.Phase,
			})...)
		}
	}
	return out
}

// merging reports whether a merge of the task's work is asked for and not ended.
func merging(s *state.State, task string) bool {
	for _, ef := range s.Effects {
		if ef.Kind == event.EffectMerge && ef.Task == task {
			return true
		}
	}
	return false
}

// skipLeftOut settles what a partial barrier leaves out.
func skipLeftOut(s *state.State, _ time.Time) []event.Data {
	p := s.Current()
	if p == nil || !p.Partial {
		return nil
	}
	keep := []state.TaskStatus{state.TaskAccepted, state.TaskMerged, state.TaskSkipped}
	for _, id := range p.Tasks {
		if t := s.Tasks[id]; !slices.Contains(keep, t.Status) && !merging(s, id) {
			return []event.Data{event.TaskSkipped{Task: id, By: "popkit", Reason: "left out: the barrier was released in part"}}
		}
	}
	return nil
}
