package sim

import (
	"fmt"
	"time"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/engine"
)

// fatePlanless is the one of agents that change files without having asked.
const fatePlanless = "asks nobody"

// roles are what the run's agents work with: some have to present a plan.
func (g *generator) roles() map[string]event.Role {
	out := map[string]event.Role{}
	if g.in(3) > 0 {
		return out
	}
	for _, name := range []string{"implementer", "tester", "fixer", "resolver"} {
		if g.in(2) == 0 {
			out[name] = event.Role{PlanRequired: true}
		}
	}
	return out
}

// present presents a plan and waits for what is said to it: the same one again now and
// then, as after an answer that got lost, and another one when it is to be revised.
func (p *proc) present() {
	p.plans++
	p.submitPlan(fmt.Sprintf("plan %d of %s", p.plans, p.o.Agent))
}

func (p *proc) submitPlan(text string) {
	s := p.w.s
	p.asked = "not known yet"
	s.submit(decide.PresentPlan{Agent: p.o.Agent, Plan: text}, func(r engine.Result) {
		p.asked = ""
		for _, e := range r.Events {
			if q, ok := e.Data.(event.QuestionAsked); ok {
				p.asked = q.ID
			}
		}
		if p.asked == "" { // refused, or approved by an earlier attempt's
			s.after(time.Second, p.life, p.next)
			return
		}
		if s.rng.IntN(4) == 0 {
			s.after(time.Second, p.life, func() { s.submit(decide.PresentPlan{Agent: p.o.Agent, Plan: text}, nil) })
		}
	})
}

// heard goes by what is said to the plan; false: it was about something else.
func (p *proc) heard(q *state.Question) bool {
	if q.Kind != event.AskPlan || q.Answer == nil {
		return false
	}
	switch q.Answer.Answer {
	case state.AnswerApprove:
	case state.AnswerRevise:
		p.steps = append([]func(){p.present}, p.steps...)
	default:
		p.asked = "nothing" // it is being ended
	}
	return true
}

// approvals is the oracle's book of plans.
type approvals struct {
	tasks, agents map[string]bool // whose plan is approved; an agent's, also that of an attempt before it
}

func newApprovals() approvals { return approvals{map[string]bool{}, map[string]bool{}} }

// planned says whether work is only taken of who had a plan approved, where the role
// has to have one.
func (o *oracle) planned(e event.Event) error {
	b := o.approvals
	switch d := e.Data.(type) {
	case event.QuestionAnswered:
		if q := o.asked[d.ID]; q.Kind == event.AskPlan && d.Answer == state.AnswerApprove {
			b.tasks[q.Task], b.agents[q.Agent] = true, true
		} else if reassigned(q, d.Answer) {
			delete(b.tasks, q.Task)
		}
	case event.AgentRequested:
		b.agents[d.Agent] = b.tasks[d.Task]
	case event.TaskRetried:
		delete(b.tasks, d.Task)
	case event.TaskReassigned:
		delete(b.tasks, d.Task)
	case event.TaskEdited:
		delete(b.tasks, d.Task)
	case event.CheckBlamed:
		delete(b.tasks, d.Task)
	case event.TaskConflicted:
		delete(b.tasks, d.Task)
	case event.TaskAccepted:
		a := o.state.Agents[d.Agent]
		if o.planRequired(a.Role) && !b.agents[d.Agent] && a.Work.Changed > 0 && !noCode(o.s.Created.Plan, d.Task) {
			return fmt.Errorf("nobody approved a plan of %s, which role %s needs", d.Agent, a.Role)
		}
	}
	return nil
}

func (o *oracle) planRequired(role string) bool { return o.s.Created.Settings.Roles[role].PlanRequired }

func noCode(p objective.Plan, task string) bool {
	for _, ph := range p.Phases {
		for _, t := range ph.Tasks {
			if t.ID == task {
				return t.NoCode
			}
		}
	}
	return false
}
