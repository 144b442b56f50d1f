package planner

import (
	"fmt"

	"popkit/internal/core/objective"
)

// leastSaving is the share of the work that has to happen beside other work for
// several agents to be worth their coordination.
const leastSaving = 0.25

// Worth says whether several agents are worth it.
type Worth struct {
	Power bool   `json:"power"`
	Why   string `json:"why"`
	// Agent is the planning agent's own opinion, Shape what the plan itself says:
	// of so many tasks, so many have to be done one after the other.
	Agent    bool   `json:"agent"`
	AgentWhy string `json:"agent_why,omitempty"`
	Tasks    int    `json:"tasks"`
	Chain    int    `json:"chain"`
}

// Judge judges whether a plan is worth several agents: where the planning agent
// says no, it is believed; where it says yes, the plan has to show it.
func Judge(p objective.Plan, agent bool, why string) Worth {
	cost := objective.Estimate(p, 0, 1)
	w := Worth{Agent: agent, AgentWhy: oneLine(why, maxText), Tasks: cost.Agents, Chain: int(cost.Shortest)}
	saving := 0.0
	if w.Tasks > 0 {
		saving = 1 - float64(w.Chain)/float64(w.Tasks)
	}
	switch {
	case w.Tasks <= 1:
		w.Why = "it is a single task"
	case w.Chain >= w.Tasks:
		w.Why = fmt.Sprintf("it is sequential: each of its %d tasks waits for the one before", w.Tasks)
	case saving < leastSaving:
		w.Why = fmt.Sprintf("%d of its %d tasks have to be done one after the other", w.Chain, w.Tasks)
	case !agent:
		w.Why = "the planning agent finds it too simple"
	default:
		w.Power = true
		w.Why = fmt.Sprintf("of its %d tasks at most %d have to be done one after the other", w.Tasks, w.Chain)
		if w.Chain == 1 {
			w.Why = fmt.Sprintf("its %d tasks can all be done at once", w.Tasks)
		}
	}
	if agent == w.Power && why != "" {
		w.Why += ": " + w.AgentWhy
	}
	return w
}
