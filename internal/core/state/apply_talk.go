package state

import (
	"fmt"
	"slices"
	"strconv"

	"popkit/internal/core/event"
	"popkit/internal/core/insight"
)

// applyTalk takes in insights and messages.
func (s *State) applyTalk(e event.Event) error {
	switch d := e.Data.(type) {
	case event.InsightShared:
		at := e.Time
		if !d.Found.IsZero() {
			at = d.Found
		}
		added := s.Insights.Add(insight.Insight{
			ID: d.ID, Agent: d.Agent, Task: d.Task, Phase: d.Phase, Kind: d.Kind, Content: d.Content,
			Tags: d.Tags, Confidence: d.Confidence, Source: d.Source, Seq: e.Seq, Time: at, Similar: d.Similar,
		})
		if !added {
			return fmt.Errorf("insight %q is there already", d.ID)
		}
		s.sawInsight(e, d.Agent, d.ID)
	case event.InsightConfirmed:
		if !s.Insights.Confirm(d.ID, d.Agent) {
			return fmt.Errorf("no insight %q", d.ID)
		}
		s.sawInsight(e, d.Agent, d.ID)
	case event.InsightDelivered:
		a, err := s.agent(d.Agent)
		if err != nil {
			return err
		}
		for _, id := range d.IDs {
			a.saw(id)
			a.dropNeeds(s.Insights.Get(id))
		}
	case event.MessageSent:
		s.Messages[d.ID] = d
		s.Sent++
		if a := s.Agents[d.To]; a != nil && d.Drift != "" {
			a.answered(d.Drift)
		}
		for _, id := range s.Live {
			if a := s.Agents[id]; (d.To == "" || d.To == id) && a.Exit == nil {
				a.Inbox = append(a.Inbox, d.ID)
			}
		}
	case event.MessageDelivered:
		a, err := s.agent(d.Agent)
		if err != nil {
			return err
		}
		a.Inbox = slices.DeleteFunc(a.Inbox, func(id string) bool { return slices.Contains(d.IDs, id) })
	}
	return nil
}

// sawInsight marks an insight as known to the agent that shared it, if it is
// one of this run's.
func (s *State) sawInsight(e event.Event, agent, id string) {
	if a, ok := s.Agents[agent]; ok {
		a.saw(id)
		a.LastSeen = e.Time
		a.Track.Progress(e.Time)
	}
}

func (a *Agent) saw(id string) {
	if a.Seen != nil {
		a.Seen[id] = true
	}
}

// dropNeeds closes the needs that a delivered insight answers.
func (a *Agent) dropNeeds(in *insight.Insight) {
	if in == nil {
		return
	}
	a.Needs = slices.DeleteFunc(a.Needs, func(n insight.Need) bool { return insight.Answers(n, in) })
}

func (s *State) applyQuestion(e event.Event) error {
	switch d := e.Data.(type) {
	case event.QuestionAsked:
		return s.questionAsked(e, d)
	case event.QuestionAnswered:
		q, err := s.closing(d.ID)
		if err != nil {
			return err
		}
		q.Answer = &d
		s.closeQuestion(e, q)
		return s.applyAnswer(q, d)
	case event.QuestionWithdrawn:
		q, err := s.closing(d.ID)
		if err != nil {
			return err
		}
		q.Withdrawn = d.Reason
		s.closeQuestion(e, q)
	}
	return nil
}

func (s *State) questionAsked(e event.Event, d event.QuestionAsked) error {
	if s.Questions[d.ID] != nil {
		return fmt.Errorf("question %q is there already", d.ID)
	}
	s.Questions[d.ID] = &Question{QuestionAsked: d, Time: e.Time}
	s.Open = append(s.Open, d.ID)
	s.Asked++
	if d.Kind.Waited() {
		a, err := s.agent(d.Agent)
		if err != nil {
			return err
		}
		if a.Question == "" {
			a.hold(e.Time)
			s.waiting++
		}
		a.Question = d.ID
		a.Questions++
		a.LastSeen = e.Time
		if d.Kind != event.AskPlan {
			return nil
		}
		s.Tasks[a.Task].Plans++ // and it holds the task up
	}
	if a := s.Agents[d.Agent]; a != nil && d.Kind == event.AskDrift {
		a.answered(event.DriftKind(d.Subject))
		return nil // the agent goes on, and so does its task
	}
	if t, ok := s.Tasks[d.Task]; ok {
		t.Question = d.ID
	}
	return nil
}

func (s *State) closing(id string) (*Question, error) {
	q, ok := s.Questions[id]
	if !ok || !q.IsOpen() {
		return nil, fmt.Errorf("question %q is not open", id)
	}
	return q, nil
}

func (s *State) closeQuestion(e event.Event, q *Question) {
	s.Open = slices.DeleteFunc(s.Open, func(id string) bool { return id == q.ID })
	if a, ok := s.Agents[q.Agent]; ok && a.Question == q.ID {
		a.LastSeen = e.Time
		if a.Question = s.openOf(q.Agent); a.Question == "" {
			s.letGo(a, e.Time)
			s.waiting--
		}
	}
	if t, ok := s.Tasks[q.Task]; ok && t.Question == q.ID {
		t.Question = s.openAbout(q.Task)
	}
}

// openAbout returns an open question that holds the task up, or "".
func (s *State) openAbout(task string) string {
	for _, id := range s.Open {
		if q := s.Questions[id]; q.Task == task && q.Kind.Parks() {
			return id
		}
	}
	return ""
}

// openOf returns a question whose answer the agent waits for, or "". The one about
// its plan outlives it.
func (s *State) openOf(agent string) string {
	gone := s.Agents[agent].Exit != nil
	for _, id := range s.Open {
		if q := s.Questions[id]; q.Kind.Waited() && q.Agent == agent && !(gone && q.Kind == event.AskPlan) {
			return id
		}
	}
	return ""
}

// The answers that popkit's own questions know.
const (
	AnswerRetry     = "retry"
	AnswerSkip      = "skip"
	AnswerStop      = "stop"
	AnswerAgent     = "agent"
	AnswerFirstWins = "first_wins"
	AnswerAccept    = "accept"
	AnswerDrop      = "drop"
	AnswerWaive     = "waive"
	AnswerWait      = "wait"
	AnswerPartial   = "partial"
	AnswerAllow     = "allow"
	AnswerDeny      = "deny"
	AnswerRaise     = "raise"
	AnswerContinue  = "continue"
	AnswerWiden     = "widen"
	AnswerReassign  = "reassign" // or reassign:ROLE
)

// applyAnswer makes an answer's consequence for the subject of the question part
// of the fact.
func (s *State) applyAnswer(q *Question, d event.QuestionAnswered) error {
	if d.Answer == AnswerStop && (!q.Kind.Waited() || q.Kind == event.AskPlan) {
		stop := event.StopRequested{By: d.By, Reason: answerReason(q, d)}
		if q.Kind == event.AskBudget { // it can't be finished with what it may use
			stop.Outcome = event.OutcomeFailed
		}
		s.stopRequested(stop)
		return nil
	}
	switch q.Kind {
	case event.AskAttempts, event.AskConflict:
		return s.answerTask(q, d)
	case event.AskBudget:
		return s.answerBudget(q, d)
	case event.AskDrift:
		return s.answerDrift(q, d)
	case event.AskAudit:
		return s.answerAudit(q, d)
	case event.AskBreach:
		a, err := s.agent(q.Agent)
		if err != nil {
			return err
		}
		a.Forgiven = d.Answer
	case event.AskGuard:
		return s.answerGuard(q, d)
	case event.AskPlan:
		return s.answerPlan(q, d)
	case event.AskCheck:
		i, err := strconv.Atoi(q.Subject)
		if err != nil {
			return err
		}
		c, err := s.check(q.Phase, i)
		if err != nil {
			return err
		}
		s.dropProofs(q.Phase, i)
		if d.Answer == AnswerWaive {
			c.Waived = d.By
		} else {
			c.Last, c.Runs, c.Blame, c.Fixes = nil, 0, nil, 0
		}
	case event.AskBarrier:
		p, err := s.phaseAt(q.Phase)
		if err != nil {
			return err
		}
		p.TimedOut, p.Clock, p.Partial = false, s.Active, d.Answer == AnswerPartial
	case event.AskEffect:
		if ef, ok := s.Effects[q.Subject]; ok {
			if ef.Stuck() {
				s.stuck--
			}
			ef.Failures, ef.Final = 0, false
		}
	}
	return nil
}

// answerAudit: who accepts the work lets the findings pass that were there to be
// seen.
func (s *State) answerAudit(q *Question, d event.QuestionAnswered) error {
	a, err := s.agent(q.Agent)
	if err != nil {
		return err
	}
	a.Audit = &d
	if d.Answer == AnswerAccept && a.Work != nil {
		s.Tasks[a.Task].clear(a, nil)
	}
	return nil
}

// clear lets the findings in an attempt's work pass, but for those in some files,
// and what was flagged of its calls.
func (t *Task) clear(a *Agent, but []string) {
	if t.Cleared == nil {
		t.Cleared = map[string]bool{}
	}
	for _, f := range a.Guard.Flags {
		t.Cleared[f.Finding().Key] = true
	}
	if a.Work.Audit == nil {
		return
	}
	for _, f := range a.Work.Audit.Findings {
		if !slices.Contains(but, f.Path) {
			t.Cleared[f.Key] = true
		}
	}
}

// answerReason is why something was done: the question, and what the person added.
func answerReason(q *Question, d event.QuestionAnswered) string {
	if d.Note == "" {
		return "answer to " + q.ID
	}
	return "answer to " + q.ID + ": " + d.Note
}

func (s *State) answerTask(q *Question, d event.QuestionAnswered) error {
	t, err := s.task(q.Task)
	if err != nil {
		return err
	}
	if t.Settled() {
		return nil
	}
	switch d.Answer {
	case AnswerSkip:
		t.Status, t.Agent = TaskSkipped, ""
		t.Skipped = &event.TaskSkipped{Task: t.ID, By: d.By, Reason: answerReason(q, d)}
	case AnswerAgent:
		t.again(event.PurposeResolve)
	case AnswerFirstWins:
		t.Status, t.PreferOurs = TaskAccepted, true
	default:
		if q.Kind == event.AskConflict {
			t.again(event.PurposeWork)
			t.Conflict = nil
			return nil
		}
		t.again(t.Purpose)
	}
	return nil
}
