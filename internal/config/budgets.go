package config

import (
	"maps"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

// completeBudgets sets the budgets that a plan leaves open.
func (c Config) completeBudgets(l *objective.Limits) {
	d := c.Limits
	or(&l.MaxTaskTokens, d.MaxTaskTokens)
	or(&l.MaxTaskCostUSD, d.MaxTaskCostUSD)
	or(&l.MaxTaskMinutes, objective.Minutes(d.MaxTaskMinutes))
	or(&l.MaxTaskToolCalls, d.MaxTaskToolCalls)
	or(&l.MaxTaskAgents, d.MaxTaskAgents)
	or(&l.MaxPhaseTokens, d.MaxPhaseTokens)
	or(&l.MaxPhaseCostUSD, d.MaxPhaseCostUSD)
	or(&l.MaxPhaseToolCalls, d.MaxPhaseToolCalls)
	or(&l.MaxPhaseAgents, d.MaxPhaseAgents)
	or(&l.MaxRunTokens, d.MaxRunTokens)
	or(&l.MaxRunCostUSD, d.MaxRunCostUSD)
	or(&l.MaxRunToolCalls, d.MaxRunToolCalls)
	or(&l.QuotaBackoffMinutes, objective.Minutes(d.QuotaBackoffMinutes))
}

// budgets are what a run may use, from its completed limits.
func budgets(l objective.Limits) event.Budgets {
	return event.Budgets{
		Task: event.Allowance{
			Tokens: l.MaxTaskTokens, CostUSD: l.MaxTaskCostUSD, Time: l.MaxTaskMinutes.Duration(),
			ToolCalls: l.MaxTaskToolCalls, Agents: l.MaxTaskAgents,
		},
		Phase: event.Allowance{
			Tokens: l.MaxPhaseTokens, CostUSD: l.MaxPhaseCostUSD, ToolCalls: l.MaxPhaseToolCalls, Agents: l.MaxPhaseAgents,
		},
		Run: event.Allowance{Tokens: l.MaxRunTokens, CostUSD: l.MaxRunCostUSD, ToolCalls: l.MaxRunToolCalls},
	}
}

// drift is when an agent counts as off its track.
func (c Config) drift() event.Drift {
	d := c.Guardrails.DriftDetection
	out := event.Drift{
		Silent: objective.Minutes(d.SilentMinutes).Duration(), NoProgress: objective.Minutes(d.NoProgressMinutes).Duration(),
		NoProgressCalls: d.NoProgressCalls, Repeated: d.RepeatedCalls, Action: d.Action,
	}
	if len(d.Actions) > 0 {
		out.Actions = maps.Clone(d.Actions)
	}
	return out
}
