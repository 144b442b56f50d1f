package show

import (
	"fmt"
	"strconv"
	"strings"

	"popkit/internal/core/event"
)

// Event says in one line what happened, without its time.
func Event(d event.Data) string {
	for _, say := range []func(event.Data) string{sayRun, sayWork, sayAgent, sayTalk, sayGuard, sayLimits, sayEffect} {
		if text := say(d); text != "" {
			return Line(text)
		}
	}
	return d.Type()
}

// Notable reports whether the event is news to somebody who watches the run;
// the others are steps on the way, or come too often.
func Notable(d event.Data) bool {
	switch d := d.(type) {
	case event.EffectRequested, event.ToolCalled, event.InsightDelivered, event.MessageDelivered, event.PeopleChanged,
		event.AgentRequested, event.AgentPrepared, event.AgentSeen, event.AgentCollected, event.EffectUnknown, event.AgentStopRequested,
		event.AgentUsed, event.AgentChanged, event.RunThawed:
		return false
	case event.AgentReleased:
		return d.Rescue != ""
	case event.CheckedIn:
		return !d.Auto
	case event.GuardJudged: // an ask is a question, which is told
		return d.Verdict == event.VerdictDeny && !d.Canary
	}
	return true
}

func sayRun(d event.Data) string {
	switch d := d.(type) {
	case event.RunCreated:
		return fmt.Sprintf("run %s created: %s (%s, from %s at %s)", d.Run, Line(d.Plan.Objective.Description),
			Count(len(d.Plan.Phases), "phase"), or(d.BaseRef, "HEAD"), Commit(d.Base))
	case event.EngineStarted:
		text := fmt.Sprintf("engine started: process %d on %s, epoch %d", d.PID, d.Host, d.Epoch)
		if d.Sandbox != "" {
			text += ", agents held by " + d.Sandbox
		}
		return text
	case event.PeopleChanged:
		return Count(d.Attached, "terminal") + " attached"
	case event.StopRequested:
		text := "stop asked for by " + d.By
		if d.Now {
			text += ", at once"
		}
		return text + because(d.Reason)
	case event.RunEnded:
		text := Outcome(string(d.Outcome))
		if d.Outcome == event.OutcomeDone {
			text = "done" // what was verified says the status
		}
		return "run ended: " + text + because(d.Reason)
	case event.RunResumed:
		return "run resumed by " + d.By
	case event.RunPublished:
		text := fmt.Sprintf("result published: branch %s at %s", d.Branch, Commit(d.Commit))
		if d.BaseMoved != "" {
			text += "; the base branch has moved to " + Commit(d.BaseMoved)
		}
		return text + note(d.Note)
	case event.Problem:
		return fmt.Sprintf("problem (%s): %s", d.Source, d.Text)
	}
	return ""
}

func sayWork(d event.Data) string {
	switch d := d.(type) {
	case event.PhaseStarted:
		return fmt.Sprintf("phase %s started from %s", d.Name, Commit(d.Base))
	case event.BarrierTimedOut:
		return fmt.Sprintf("phase %d outlasted its limit, missing: %s; %s", d.Phase+1, or(list(d.Missing, 10), "nobody"), barrierPolicy(d.Policy))
	case event.BarrierOpened:
		return sayBarrier(d)
	case event.CheckEnded:
		text := fmt.Sprintf("check %d of phase %d at %s: %s", d.Check+1, d.Phase+1, Commit(d.Commit), words(string(d.Status)))
		return text + because(d.Reason)
	case event.CheckBlamed:
		if d.Task == "" {
			return fmt.Sprintf("check %d of phase %d was red before the phase%s", d.Check+1, d.Phase+1, because(d.Reason))
		}
		return fmt.Sprintf("check %d of phase %d was turned red by task %s%s", d.Check+1, d.Phase+1, d.Task, because(d.Reason))
	case event.TaskAccepted:
		return fmt.Sprintf("task %s: work of %s accepted (%s): %s", d.Task, d.Agent, Count(len(d.Files), "file"), Line(d.Summary))
	case event.TaskMerged:
		return fmt.Sprintf("task %s merged as %s%s", d.Task, Commit(d.Commit), note(words(d.Resolved)))
	case event.TaskConflicted:
		return fmt.Sprintf("task %s conflicts in %s", d.Task, list(d.Files, 5))
	case event.TaskSkipped:
		return fmt.Sprintf("task %s skipped by %s%s", d.Task, d.By, because(d.Reason))
	case event.TaskRetried:
		return fmt.Sprintf("task %s given another attempt by %s%s", d.Task, d.By, because(d.Reason))
	case event.TaskEdited:
		return fmt.Sprintf("task %s changed by %s: %s", d.Task, d.By, edited(d))
	}
	return ""
}

func sayBarrier(d event.BarrierOpened) string {
	text := fmt.Sprintf("barrier %d opened at %s", d.Phase+1, Commit(d.Commit))
	if len(d.Merged) > 0 {
		text += ", merged: " + list(d.Merged, 10)
	}
	if len(d.Missing) > 0 {
		text += ", without: " + list(d.Missing, 10)
	}
	if len(d.Waived) > 0 {
		text += ", let pass: " + list(d.Waived, 5)
	}
	return text
}

func edited(d event.TaskEdited) string {
	var what []string
	for name, set := range map[string]bool{"title": d.Title != nil, "prompt": d.Prompt != nil, "scope": d.Scope != nil, "role": d.Role != nil} {
		if set {
			what = append(what, name)
		}
	}
	return sortedList(what)
}

func sayAgent(d event.Data) string {
	switch d := d.(type) {
	case event.AgentRequested:
		return fmt.Sprintf("%s asked for: task %s, attempt %d (%s), runtime %s", d.Agent, d.Task, d.Attempt, d.Purpose, d.Runtime)
	case event.AgentPrepared:
		return fmt.Sprintf("%s has its workspace at %s", d.Agent, Commit(d.Base))
	case event.AgentStarted:
		return fmt.Sprintf("%s started (process %d%s)", d.Agent, d.PID, sandbox(d.Sandbox))
	case event.AgentResumed:
		return fmt.Sprintf("%s goes on in process %d: %s", d.Agent, d.PID, Line(d.Why))
	case event.AgentSeen:
		return d.Agent + " is at work"
	case event.ToolCalled:
		return fmt.Sprintf("%s used %s", d.Agent, d.Tool)
	case event.CheckedIn:
		return sayCheckIn(d)
	case event.Reported:
		return fmt.Sprintf("%s reports %s: %s", d.Agent, d.Report.Status, Line(d.Report.Summary))
	case event.AgentStopRequested:
		return fmt.Sprintf("%s is told to stop%s", d.Agent, because(d.Reason))
	case event.AgentExited:
		return sayExit(d)
	case event.AgentCollected:
		return fmt.Sprintf("%s left %s, +%d -%d, kept at %s%s", d.Agent, Count(d.Changed, "changed file"), d.Added, d.Removed, or(d.Ref, Commit(d.Commit)), found(d.Audit))
	case event.AgentTrimmed:
		return fmt.Sprintf("%s left out of the work of %s; the rest is %s, +%d -%d, kept at %s", list(d.Dropped, 5), d.Agent,
			Count(d.Changed, "changed file"), d.Added, d.Removed, or(d.Ref, Commit(d.Commit)))
	case event.AgentRejected:
		text := fmt.Sprintf("%s's work not taken: %s", d.Agent, Line(d.Reason))
		if d.Stale {
			text += " (too late; kept)"
		}
		return text
	case event.AgentReleased:
		if d.Rescue == "" {
			return d.Agent + "'s workspace removed"
		}
		return fmt.Sprintf("%s's workspace removed; what was left in it is kept at %s", d.Agent, d.Rescue)
	}
	return ""
}

// found says how much the audit found.
func found(a *event.Audit) string {
	if a == nil || a.Blocking == 0 {
		return ""
	}
	return "; the audit found " + Count(a.Blocking, "thing") + " for a person to decide"
}

func sayCheckIn(d event.CheckedIn) string {
	text := d.Agent + " checks in"
	if d.Progress != nil {
		text += fmt.Sprintf(", %d %%", int(*d.Progress*100))
	}
	if d.Doing != "" {
		text += ": " + Line(d.Doing)
	}
	if d.Need != "" {
		text += "; needs: " + Line(d.Need)
	}
	return text
}

func sayExit(d event.AgentExited) string {
	switch d.Reason {
	case event.ExitExited:
		return fmt.Sprintf("%s ended with exit code %d%s", d.Agent, d.Code, because(lastLine(d.Code, d.Detail)))
	case event.ExitKilled:
		return fmt.Sprintf("%s was killed (%s)", d.Agent, or(d.Signal, "signal"))
	case event.ExitStopped:
		return d.Agent + " was stopped"
	case event.ExitInterrupted:
		return d.Agent + " was interrupted: its engine died"
	}
	return fmt.Sprintf("%s could not be started%s", d.Agent, because(d.Detail))
}

// lastLine is the end of a failed command's output.
func lastLine(code int, detail string) string {
	if code == 0 {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(detail), "\n")
	return Cut(Line(lines[len(lines)-1]), 120)
}

func sayTalk(d event.Data) string {
	switch d := d.(type) {
	case event.InsightShared:
		return fmt.Sprintf("%s shares %s (%s)%s: %s", d.Agent, d.ID, d.Kind, tags(d.Tags), Line(d.Content))
	case event.InsightConfirmed:
		return fmt.Sprintf("%s confirms %s", d.Agent, d.ID)
	case event.InsightDelivered:
		return fmt.Sprintf("%s is given %s by %s", d.Agent, list(d.IDs, 20), d.Via)
	case event.MessageSent:
		text := fmt.Sprintf("%s tells %s", d.From, or(d.To, "everyone"))
		if d.Urgent {
			text += ", urgently"
		}
		return text + ": " + Line(d.Text)
	case event.MessageDelivered:
		return fmt.Sprintf("%s is given %s", d.Agent, list(d.IDs, 20))
	case event.QuestionAsked:
		return fmt.Sprintf("question %s: %s%s", d.ID, Line(d.Text), choices(d.Options))
	case event.QuestionAnswered:
		text := fmt.Sprintf("question %s answered %s by %s%s", d.ID, strconv.Quote(Line(d.Answer)), d.By, always(d.Always)+note(d.Note))
		if len(d.Files) > 0 {
			text += ": " + list(d.Files, 5)
		}
		return text
	case event.QuestionWithdrawn:
		return fmt.Sprintf("question %s withdrawn%s", d.ID, because(d.Reason))
	}
	return ""
}

func sayEffect(d event.Data) string {
	switch d := d.(type) {
	case event.EffectRequested:
		return fmt.Sprintf("%s begins (%s)", d.Kind, d.Key)
	case event.EffectUnknown:
		return fmt.Sprintf("%s may or may not have happened; looking", d.Key)
	case event.EffectFailed:
		text := fmt.Sprintf("%s failed: %s", d.Key, Line(d.Error))
		if d.Final {
			text += " (not tried again)"
		}
		return text
	}
	return ""
}

func barrierPolicy(p string) string {
	if p == "partial" {
		return "going on without them"
	}
	return "a person decides"
}

func because(reason string) string {
	if reason = Line(reason); reason == "" {
		return ""
	}
	return ": " + reason
}

func note(text string) string {
	if text = Line(text); text == "" {
		return ""
	}
	return " (" + text + ")"
}

func tags(t []string) string {
	if len(t) == 0 {
		return ""
	}
	return " [" + list(t, 8) + "]"
}

func choices(options []string) string {
	if len(options) == 0 {
		return ""
	}
	return " [" + list(options, 10) + "]"
}

// words makes a status of the log readable: could_not_run is "could not run".
func words(s string) string { return strings.ReplaceAll(s, "_", " ") }

// sandbox says what holds an agent, as an addition to other words.
func sandbox(degree string) string {
	switch degree {
	case "":
		return ""
	case "none":
		return ", unsandboxed"
	case "off":
		return ", sandbox off"
	}
	return ", sandbox " + degree
}
