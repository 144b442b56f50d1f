package state

import (
	"strings"

	"popkit/internal/core/event"
)

// The answers to a plan, besides skip and stop.
const (
	AnswerApprove = "approve"
	AnswerRevise  = "revise"
	AnswerReject  = "reject"
)

// Plan is what an agent presented before it may change anything, and what was
// answered.
type Plan struct {
	Question, Agent string
	Text            string
	Answer          event.QuestionAnswered
}

// Approved reports whether there is a plan that a person, or their policy, agreed to.
func (p *Plan) Approved() bool { return p != nil && p.Answer.Answer == AnswerApprove }

// Plan is the plan that a question of kind plan is about: all after its first line.
func (q *Question) Plan() string {
	_, text, _ := strings.Cut(q.Text, "\n")
	return text
}

// answerPlan makes the plan the task's, with the answer to it: also an attempt that
// comes after goes by it.
func (s *State) answerPlan(q *Question, d event.QuestionAnswered) error {
	a, err := s.agent(q.Agent)
	if err != nil {
		return err
	}
	p := &Plan{Question: q.ID, Agent: q.Agent, Text: q.Plan(), Answer: d}
	a.Plan = p
	if t := s.Tasks[a.Task]; t.Agent == a.Agent || t.Last == a.Agent {
		t.Plan = p
	}
	s.ruled(q, d)
	if d.Answer == AnswerSkip {
		return s.answerTask(q, d)
	}
	return nil
}

// ruled notes an answer that holds for the rest of the run.
func (s *State) ruled(q *Question, d event.QuestionAnswered) {
	if d.Always {
		s.Rules = append(s.Rules, Rule{
			Rule: q.Rule, Subject: q.Subject, Answer: d.Answer, By: d.By, Question: q.ID, Time: s.Time,
		})
	}
}

// unplanned forgets the task's plan: what it was made for is not what is wanted now.
func (t *Task) unplanned() { t.Plan, t.Plans = nil, 0 }

// awaitNoMore ends an agent's wait for what it does not hear any more; a plan's
// question outlives it.
func (s *State) awaitNoMore(a *Agent) {
	if a.Question == "" || s.Questions[a.Question].Kind != event.AskPlan {
		return
	}
	if a.Question = s.openOf(a.Agent); a.Question == "" {
		s.letGo(a, s.Time)
		s.waiting--
	}
}
