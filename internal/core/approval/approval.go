package approval

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/state"
)

// Rule is the name of the guard's rule that keeps agents from writing until their
// plan is approved, and of what an "always" is about.
const Rule = "plan_required"

const (
	// MaxPlan bounds a plan, in bytes: a person is to read it.
	MaxPlan = 12 << 10
	// MaxPlans is how many plans may be presented for a task until revise is no
	// answer any more.
	MaxPlans = 5
)

// Required reports whether the attempt has to present a plan: not where nothing of
// what it changes is taken.
func Required(s *state.State, a *state.Agent) bool {
	changesNothing := s.Tasks[a.Task].NoCode && a.Purpose == event.PurposeWork
	return !changesNothing && s.Settings.RoleOf(a.Role).PlanRequired
}

// Pending reports whether the attempt may only read: its role has to present a plan,
// and none is approved.
func Pending(s *state.State, a *state.Agent) bool { return Required(s, a) && !a.Plan.Approved() }

// Approved returns the live agents whose plan is approved, oldest first.
func Approved(s *state.State) []string {
	var out []string
	for _, id := range s.Live {
		if s.Agents[id].Plan.Approved() {
			out = append(out, id)
		}
	}
	return out
}

// Refusal says why a plan is not taken, and what can be done instead.
type Refusal struct{ Text, Hint string }

// Present takes in an agent's plan: a question to a person. The very plan that was
// presented last is not asked about again: its answer, or its question, stands.
func Present(s *state.State, a *state.Agent, text string) ([]event.Data, *Refusal) {
	text = strings.TrimSpace(text)
	open := Open(s, a.Agent)
	switch {
	case !Required(s, a):
		return nil, &Refusal{fmt.Sprintf("role %s presents no plan for task %s: go ahead", a.Role, a.Task), `popkit ask "…" asks a person`}
	case a.StopAsked != nil:
		return nil, &Refusal{fmt.Sprintf("agent %s is being ended: %s", a.Agent, a.StopAsked.Reason), ""}
	case text == "":
		return nil, &Refusal{"the plan is empty", "say what will be changed, in which files, and what will show that it works"}
	case len(text) > MaxPlan:
		return nil, &Refusal{fmt.Sprintf("the plan has %d bytes, more than the %d that a person is asked to read", len(text), MaxPlan), "make it shorter"}
	case open != nil && open.Plan() == text, open == nil && a.Plan != nil && a.Plan.Text == text:
		return nil, nil
	case a.Plan.Approved():
		return nil, &Refusal{fmt.Sprintf("the plan of %s is approved (%s): go by it", a.Agent, a.Plan.Question), `popkit ask "…" asks a person about what it does not say`}
	}
	if n := s.Settings.MaxQuestions; n > 0 && a.Questions >= n {
		return nil, &Refusal{fmt.Sprintf("agent %s has asked %d questions already", a.Agent, n), "raise limits.max_questions_per_agent"}
	}
	var out []event.Data
	if open != nil {
		out = append(out, event.QuestionWithdrawn{ID: open.ID, Reason: a.Agent + " has presented another plan"})
	}
	return append(out, question(s, a, text)), nil
}

func question(s *state.State, a *state.Agent, text string) event.QuestionAsked {
	t := s.Tasks[a.Task]
	head := fmt.Sprintf("%s presents its plan for task %s", a.Agent, a.Task)
	if t.Plans > 0 {
		head += fmt.Sprintf(", the %s one", ordinal(t.Plans+1))
	}
	q := event.QuestionAsked{
		ID: s.QuestionID(), Kind: event.AskPlan, Text: head + ":\n" + text,
		Options: []string{state.AnswerApprove, state.AnswerRevise, state.AnswerReject, state.AnswerSkip, state.AnswerStop},
		Timeout: s.Settings.DecisionTimeout, Agent: a.Agent, Task: a.Task, Phase: a.Phase, Rule: Rule, Subject: a.Role,
	}
	if t.Plans+1 >= MaxPlans {
		q.Options = slices.DeleteFunc(q.Options, func(o string) bool { return o == state.AnswerRevise })
	}
	return q
}

func ordinal(n int) string {
	if n < 4 {
		return []string{"zeroth", "first", "second", "third"}[n]
	}
	return fmt.Sprintf("%dth", n)
}

// Open returns the open question about an agent's plan, or nil.
func Open(s *state.State, agent string) *state.Question {
	for _, id := range s.Open {
		if q := s.Questions[id]; q.Kind == event.AskPlan && q.Agent == agent {
			return q
		}
	}
	return nil
}

// Presented returns the question about the plan that an agent presented last.
func Presented(s *state.State, agent string) string {
	if q := Open(s, agent); q != nil {
		return q.ID
	}
	if a := s.Agents[agent]; a != nil && a.Plan != nil {
		return a.Plan.Question
	}
	return ""
}

// Checked says what is wrong with an answer to a plan, and what to type instead.
func Checked(q *state.Question, answer, note string) *Refusal {
	if q.Kind != event.AskPlan || answer != state.AnswerRevise || strings.TrimSpace(note) != "" {
		return nil
	}
	return &Refusal{"a plan can't be revised without a word on what is to be changed", fmt.Sprintf(`popkit power decide %s revise --note "…"`, q.ID)}
}

// Always reports whether an answer can hold for all plans of the role.
func Always(q *state.Question, answer string) bool {
	return q.Kind == event.AskPlan && answer == state.AnswerApprove
}

// Moot says why nobody needs the answer any more, or "".
func Moot(s *state.State, q *state.Question) string {
	t, a := s.Tasks[q.Task], s.Agents[q.Agent]
	switch {
	case t.Status != state.TaskPending && t.Status != state.TaskRunning:
		return "task " + t.ID + " is " + string(t.Status)
	case t.Agent != "" && t.Agent != q.Agent:
		return "the task goes on without this attempt"
	case a.Breach != nil:
		return q.Agent + " got around the guard"
	}
	return ""
}

// Rejected says why an attempt is over whose plan a person turned down, or "".
func Rejected(a *state.Agent) string {
	if a.Plan == nil || a.Plan.Answer.Answer != state.AnswerReject {
		return ""
	}
	text := fmt.Sprintf("%s rejected its plan (%s)", a.Plan.Answer.By, a.Plan.Question)
	if note := a.Plan.Answer.Note; note != "" {
		text += ": " + note
	}
	return text
}

// due returns when an agent has waited long enough for the answer to its plan: its
// question stays, its process need not.
func due(s *state.State, a *state.Agent) (q *state.Question, at time.Time, ok bool) {
	if a.Status != state.AgentRunning || a.StopAsked != nil || s.Still() {
		return nil, time.Time{}, false
	}
	if q = Open(s, a.Agent); q == nil || q.Timeout <= 0 {
		return nil, time.Time{}, false
	}
	return q, q.Time.Add(q.Timeout + q.Held), true
}

// Overdue says why an agent is ended that waits for the answer to its plan, or "".
func Overdue(s *state.State, a *state.Agent, now time.Time) string {
	q, at, ok := due(s, a)
	if !ok || now.Before(at) {
		return ""
	}
	return fmt.Sprintf("nobody answered %s, its plan, within %s: the task waits for that without it", q.ID, q.Timeout)
}

// Times hands out when agents will have waited long enough.
func Times(s *state.State, take func(time.Time)) {
	for _, id := range s.Live {
		if _, at, ok := due(s, s.Agents[id]); ok {
			take(at)
		}
	}
}

// Unanswered says why an attempt that has ended can't be judged by its work: its plan
// waits for an answer, which is no failure of its own, or was rejected.
func Unanswered(s *state.State, a *state.Agent) (reason string, interrupted bool) {
	if q := Open(s, a.Agent); q != nil {
		return "it ended while its plan waited for an answer (" + q.ID + ")", true
	}
	return Rejected(a), false
}

// Unplanned says why the work of an attempt is not taken that changed files without
// an approved plan, or "".
func Unplanned(s *state.State, a *state.Agent) string {
	if !Pending(s, a) || a.Work.Changed == 0 {
		return ""
	}
	return fmt.Sprintf("it changed files, and no plan of it was approved, which role %s needs", a.Role)
}

// About says how it stands with an attempt's plan, in words; "" where none is needed.
func About(s *state.State, a *state.Agent) string {
	switch q := Open(s, a.Agent); {
	case !Required(s, a):
		return ""
	case q != nil:
		return "waits for an answer to " + q.ID
	case a.Plan == nil:
		return "to be presented before it may change anything"
	case a.Plan.Approved():
		return fmt.Sprintf("approved by %s (%s)", a.Plan.Answer.By, a.Plan.Question)
	case a.Plan.Answer.Answer == state.AnswerRevise:
		return "to be revised (" + a.Plan.Question + ")"
	}
	return Rejected(a)
}
