package decide

import (
	"fmt"
	"slices"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/policy"
	"popkit/internal/core/state"
)

// maxSubject bounds a verdict's words in the log, in bytes.
const maxSubject = 1000

// Spec is what the guard judges by, now: as the run was configured, with the
// objective's boundaries, and what people answered "always" since.
func Spec(s *state.State) policy.Spec {
	spec, g := policy.DefaultSpec(), s.Settings.Guard
	spec.ProtectedPaths = s.Settings.ProtectedPaths
	spec.Boundaries = s.Boundaries.FilePatterns
	for _, list := range []struct {
		to   *[]string
		from []string
	}{
		{&spec.ProtectedReads, g.ProtectedReads}, {&spec.SensitivePaths, g.SensitivePaths},
		{&spec.HumanRequired, g.HumanRequired}, {&spec.ProtectedBranches, g.ProtectedBranches},
	} {
		if list.from != nil {
			*list.to = list.from
		}
	}
	spec.RestrictedTools = slices.Concat(g.RestrictedTools, s.Boundaries.RestrictedTools)
	spec.Rules = g.Rules
	if g.Unconventional != "" {
		spec.Unconventional = g.Unconventional
	}
	if g.BulkFiles > 0 {
		spec.BulkFiles = g.BulkFiles
	}
	for _, r := range s.Rules {
		if now, ok := s.RuleFor(r.Rule, r.Subject); ok && now.Answer == state.AnswerAllow {
			spec.Grants = append(spec.Grants, policy.Grant{Rule: r.Rule, Subject: r.Subject})
		}
	}
	return spec
}

// judgeCall records a verdict. What the rules ask about becomes a question, once:
// not where a person has answered for good, or is being asked about this very call.
func judgeCall(s *state.State, a *state.Agent, in Judge) []event.Data {
	v := in.Judged
	v.Agent, v.Tool, v.Call, v.On = a.Agent, clip(v.Tool, 200), clip(v.Call, 200), clip(v.On, maxSubject)
	v.Reason, v.Hint = clip(v.Reason, maxSubject), clip(v.Hint, maxSubject)
	long := len(v.Subject) > maxSubject
	v.Subject = clip(v.Subject, maxSubject)
	switch {
	case a.Breach != nil:
		return []event.Data{overruled(v, event.VerdictDeny, "the agent got around the guard before: "+a.Breach.Reason)}
	case v.Verdict == event.VerdictAllow, v.Verdict == event.VerdictDeny:
		return []event.Data{v}
	case v.Verdict != event.VerdictAsk:
		return []event.Data{overruled(v, event.VerdictDeny, fmt.Sprintf("the verdict %q is not known", v.Verdict))}
	case long: // cut off it would stand for other things, too
		return []event.Data{overruled(v, event.VerdictDeny, v.Reason+"; what it is about is too long to be asked about")}
	}
	if r, ok := s.RuleFor(v.Rule, v.Subject); ok {
		return []event.Data{overruled(v, event.Verdict(r.Answer), fmt.Sprintf("%s answered %s, always (%s)", r.By, r.Answer, r.Question))}
	}
	if id := openAsk(s, a.Agent, v.Digest); id != "" {
		v.Question = id
		return []event.Data{v}
	}
	if id := a.Guard.DeniedBefore(v.Digest); id != "" {
		return []event.Data{overruled(v, event.VerdictDeny, "the answer to this very call was no before ("+id+")")}
	}
	if n := s.Settings.MaxQuestions; n > 0 && a.Questions >= n {
		return []event.Data{overruled(v, event.VerdictDeny,
			fmt.Sprintf("%s; %s has asked %d questions already (limits.max_questions_per_agent)", v.Reason, a.Agent, n))}
	}
	v.Question = questionID(s)
	return []event.Data{v, event.QuestionAsked{
		ID: v.Question, Kind: event.AskGuard, Text: clip(guardText(a, v, in.Deed), MaxText), Options: []string{state.AnswerAllow, state.AnswerDeny},
		Default: state.AnswerDeny, Timeout: s.Settings.DecisionTimeout, Agent: a.Agent, Task: a.Task, Phase: a.Phase,
		Rule: v.Rule, Subject: v.Subject, Digest: v.Digest,
	}}
}

func overruled(v event.GuardJudged, verdict event.Verdict, reason string) event.GuardJudged {
	v.Verdict, v.Reason = verdict, reason
	return v
}

// answerByRule answers what was being asked when a person answered the same for
// good: nobody is asked again what a rule of the run says.
func answerByRule(s *state.State, _ time.Time) []event.Data {
	if len(s.Rules) == 0 {
		return nil
	}
	for _, id := range s.Open {
		q := s.Questions[id]
		if q.Kind != event.AskGuard && q.Kind != event.AskPlan {
			continue
		}
		if r, ok := s.RuleFor(q.Rule, q.Subject); ok {
			return []event.Data{event.QuestionAnswered{ID: id, Answer: r.Answer, By: r.By, Note: "always, as " + r.Question}}
		}
	}
	return nil
}

// openAsk returns the open question about the agent's very call, or "".
func openAsk(s *state.State, agent, digest string) string {
	for _, id := range s.Open {
		if q := s.Questions[id]; q.Kind == event.AskGuard && q.Agent == agent && q.Digest == digest {
			return id
		}
	}
	return ""
}

func guardText(a *state.Agent, v event.GuardJudged, deed string) string {
	text := fmt.Sprintf("%s wants to call %s, for task %s: %s", a.Agent, v.Tool, a.Task, v.Reason)
	if deed != "" {
		text += "\n" + deed
	}
	return text
}

// unguarded finds that a tool ran that the guard was not asked about, in an agent
// that puts its calls to the guard.
func unguarded(a *state.Agent, in CallTool) []event.Data {
	if !a.Guard.Hook || a.Breach != nil || a.Guard.Cleared(in.Tool, in.Call) {
		return nil
	}
	return []event.Data{event.AgentBreached{
		Agent: a.Agent, Kind: event.BreachNoVerdict, Tool: in.Tool, Call: in.Call,
		Reason: fmt.Sprintf("%s was called without a verdict that allows it", in.Tool),
	}}
}

// breached takes in what was found at the edge, once, about an agent that has
// not been judged yet.
func breached(s *state.State, in Breach) []event.Data {
	a := s.Agents[in.Breached.Agent]
	if a == nil || a.Breach != nil || a.Accepted || a.Rejected != nil {
		return nil
	}
	return []event.Data{in.Breached}
}

// canaryDue returns when a running agent must have proved that its hook answers.
func canaryDue(s *state.State, a *state.Agent) (time.Time, bool) {
	d := s.Settings.Guard.CanaryTimeout
	if d <= 0 || a.Status != state.AgentRunning || !a.Process.Hook || a.Guard.Proved || a.Breach != nil || a.StopAsked != nil {
		return time.Time{}, false
	}
	return a.StartedAt.Add(d), true
}

// canaries finds agents whose hook has not proved in time that it answers: they
// are not left running, as nothing says that anybody judges what they do.
func canaries(s *state.State, now time.Time) []event.Data {
	for _, id := range s.Live {
		a := s.Agents[id]
		if at, due := canaryDue(s, a); due && !now.Before(at) {
			return []event.Data{event.AgentBreached{Agent: id, Kind: event.BreachNoCanary,
				Reason: fmt.Sprintf("its hook did not prove within %s that it answers (guardrails.canary_seconds)", s.Settings.Guard.CanaryTimeout)}}
		}
	}
	return nil
}

// askBreaches asks a person about a breach as soon as it is known.
func askBreaches(s *state.State, _ time.Time) []event.Data {
	for _, id := range s.Live {
		a := s.Agents[id]
		if t := s.Tasks[a.Task]; a.Breach != nil && a.Forgiven == "" && Wanted(s, a) && t.Question == "" {
			return []event.Data{askBreach(s, a, t)}
		}
	}
	return nil
}

// breachOf is what becomes of an attempt that got around the guard: what a person
// says.
func breachOf(s *state.State, a *state.Agent, t *state.Task) []event.Data {
	switch {
	case a.Forgiven == state.AnswerSkip:
		return []event.Data{event.TaskSkipped{Task: t.ID, By: "a person", Reason: a.Agent + " got around the guard: " + a.Breach.Reason}}
	case a.Forgiven != "":
		return []event.Data{event.AgentRejected{Agent: a.Agent, Reason: "it got around the guard: " + a.Breach.Reason}}
	case t.Question != "":
		return nil
	}
	return []event.Data{askBreach(s, a, t)}
}

func askBreach(s *state.State, a *state.Agent, t *state.Task) event.Data {
	return event.QuestionAsked{
		ID: questionID(s), Kind: event.AskBreach, Agent: a.Agent, Task: t.ID, Phase: t.Phase,
		Text: fmt.Sprintf("%s got around the guard and is stopped: %s; its work is kept. accept: judge it like any other; retry: a new attempt without it",
			a.Agent, a.Breach.Reason),
		Options: []string{state.AnswerAccept, state.AnswerRetry, state.AnswerSkip, state.AnswerStop},
	}
}
