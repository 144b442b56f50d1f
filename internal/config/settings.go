package config

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"popkit/internal/core/audit"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/policy"
)

// Flags are what the command line and the machine add to the configuration when
// a run is created. Zero values are not given.
type Flags struct {
	Agents         int     // --agents
	TimeoutMinutes float64 // --timeout
	Runtime        string  // --runtime
	Mode           string  // --mode
	NoWait         bool    // --no-wait: park at once when only a person can go on
	ClaudeVersion  string  // as found on this machine; "" when there is none
	// Roles are those of the repository's files over popkit's own; nil: popkit's own.
	Roles map[string]event.Role
}

// Complete returns the plan with every limit and policy that it leaves open set
// to the configuration's.
func (c Config) Complete(p objective.Plan) objective.Plan {
	l, d := &p.Limits, c.Limits
	or(&l.MaxParallelAgents, d.MaxParallelAgents)
	or(&l.MaxRuntimeMinutes, objective.Minutes(d.MaxRuntimeMinutes))
	or(&l.MaxAttempts, d.MaxAttempts)
	or(&l.MaxFixAttempts, d.MaxFixAttempts)
	or(&l.MaxAgentsStarted, d.MaxAgentsStarted)
	or(&l.MaxInsights, d.MaxInsights)
	or(&l.MaxInsightsPerPull, d.MaxInsightsPerPull)
	or(&l.MaxQuestionsPerAgent, d.MaxQuestionsPerAgent)
	or(&l.AgentTimeoutMinutes, objective.Minutes(d.AgentTimeoutMinutes))
	or(&l.SilenceMinutes, objective.Minutes(d.SilenceMinutes))
	or(&l.BarrierTimeoutMinutes, objective.Minutes(d.BarrierTimeoutMinutes))
	or(&l.DecisionTimeoutMinutes, objective.Minutes(d.DecisionTimeoutMinutes))
	or(&l.CheckTimeoutMinutes, objective.Minutes(d.CheckTimeoutMinutes))
	or(&l.RetryDelaySeconds, objective.Seconds(d.RetryDelaySeconds))
	or(&l.ContextBytes, d.ContextBytes)
	or(&l.TranscriptBytes, d.TranscriptBytes)
	c.completeBudgets(l)
	or(&p.OnConflict, objective.ConflictPolicy(c.OnConflict))
	or(&p.OnBarrierTimeout, objective.BarrierPolicy(c.OnBarrierTimeout))
	return p
}

// or sets what is zero.
func or[T comparable](at *T, value T) {
	if *at == *new(T) {
		*at = value
	}
}

// Settings resolves configuration, plan and flags into what a run works with.
// Flags go before the plan, the plan before the configuration. The plan's own
// limits count, so it need not be complete.
func (c Config) Settings(p objective.Plan, f Flags) (event.Settings, error) {
	if err := f.check(); err != nil {
		return event.Settings{}, err
	}
	mode, why, err := SelectMode(ModeInput{
		Priority: c.ModePriority, Requested: f.Mode, ClaudeVersion: f.ClaudeVersion,
		RuntimeGiven: c.runtimeGiven(p, f), RedisConfigured: c.RedisConfigured(), Tier: c.Tier,
	})
	if err != nil {
		return event.Settings{}, err
	}
	agents, source := c.AgentLimit(p, f, mode)
	includes := c.Tier.Includes()
	l, roles := c.Complete(p).Limits, c.resolveRoles(f)
	s := event.Settings{
		Mode: string(mode), ModeReason: why, Tier: string(c.Tier),
		PhaseAware: includes.PhaseAware, FullRouting: includes.FullRouting,
		MaxAgents: agents, MaxAgentsSource: source, Sequential: mode == File,
		MaxStarted: l.MaxAgentsStarted, MaxAttempts: l.MaxAttempts, MaxFixes: l.MaxFixAttempts,
		MaxInsights: l.MaxInsights, MaxInsightsPerPull: l.MaxInsightsPerPull, MaxQuestions: l.MaxQuestionsPerAgent,
		CheckinEvery: c.Intervals.CheckinEveryNTools, Heartbeat: objective.Seconds(c.Intervals.HeartbeatSeconds).Duration(),
		MaxRuntime: l.MaxRuntimeMinutes.Duration(), AgentTimeout: l.AgentTimeoutMinutes.Duration(),
		SilenceTimeout: l.SilenceMinutes.Duration(), BarrierTimeout: l.BarrierTimeoutMinutes.Duration(),
		DecisionTimeout: l.DecisionTimeoutMinutes.Duration(), CheckTimeout: l.CheckTimeoutMinutes.Duration(),
		RetryDelay: l.RetryDelaySeconds.Duration(), ContextLimit: l.ContextBytes,
		Runtime: c.Runtime, RoleRuntimes: c.roleRuntimes(roles), Roles: roles, Resolver: c.Resolver,
		ProtectedPaths: c.Protected(), DriftDetection: c.Guardrails.DriftDetection.Enabled, Drift: c.drift(), Budgets: budgets(l),
		QuotaBackoff: l.QuotaBackoffMinutes.Duration(),
		AuditScope:   c.Guardrails.AuditScope, Audit: c.Guardrails.auditRules(), Guard: c.Guardrails.guard(), CloseWhenUnattended: c.Decisions.ParkUnattended || f.NoWait,
	}
	for _, a := range c.Decisions.Auto {
		s.AutoAnswers = append(s.AutoAnswers, event.AutoAnswer(a))
	}
	if f.Runtime != "" {
		s.Runtime, s.RoleRuntimes = f.Runtime, nil
	}
	if f.TimeoutMinutes > 0 {
		s.MaxRuntime = time.Duration(f.TimeoutMinutes * float64(time.Minute))
	}
	return s, nil
}

// guard is what the guard of a run goes by.
func (g Guardrails) guard() event.Guard {
	return event.Guard{
		ProtectedReads: g.ProtectedReads, SensitivePaths: g.SensitivePaths, RestrictedTools: g.RestrictedTools, HumanRequired: g.HumanRequired,
		ProtectedBranches: g.ProtectedBranches, Unconventional: g.Unconventional, Rules: g.Rules, BulkFiles: g.BulkFiles,
		CanaryTimeout: objective.Seconds(g.CanarySeconds).Duration(),
	}
}

// spec is the same for who compiles it.
func (g Guardrails) spec() policy.Spec {
	return policy.Spec{
		ProtectedPaths: g.ProtectedPaths, ProtectedReads: g.ProtectedReads, SensitivePaths: g.SensitivePaths, RestrictedTools: g.RestrictedTools,
		HumanRequired: g.HumanRequired, ProtectedBranches: g.ProtectedBranches, Unconventional: g.Unconventional, Rules: g.Rules, BulkFiles: g.BulkFiles,
	}
}

// auditRules are what the audit of a run goes by. Who lets the guard allow what a
// rule is about wants no alarm of the audit either, unless its own rule says so.
func (g Guardrails) auditRules() event.AuditRules {
	modes := map[string]string{}
	for _, name := range audit.Configurable() {
		if g.Rules[name] == "allow" {
			modes[name] = "off"
		}
	}
	if g.Unconventional == "off" {
		modes[audit.Unconventional] = "off"
	}
	maps.Copy(modes, g.Audit.Rules)
	if len(modes) == 0 {
		modes = nil
	}
	return event.AuditRules{Modes: modes, MaxFile: int64(g.Audit.MaxFileBytes), MaxRead: int64(g.Audit.MaxReadBytes)}
}

// check refuses flags that mean nothing.
func (f Flags) check() error {
	if f.Agents < 0 {
		return fmt.Errorf("--agents %d: at least 1", f.Agents)
	}
	if f.TimeoutMinutes < 0 || f.TimeoutMinutes > maxMinutes {
		return fmt.Errorf("--timeout %v: minutes, more than 0 and at most %d", f.TimeoutMinutes, int(maxMinutes))
	}
	if f.Runtime != "" {
		if err := objective.CheckRuntime(f.Runtime); err != nil {
			return fmt.Errorf("--runtime: %w", err)
		}
	}
	return nil
}

// runtimeGiven reports whether someone said what drives the agents: a flag, the
// configuration, or the plan for every task.
func (c Config) runtimeGiven(p objective.Plan, f Flags) bool {
	if f.Runtime != "" || c.origin["runtime"] != "" {
		return true
	}
	roles := c.resolveRoles(f)
	tasks, set := 0, event.Settings{RoleRuntimes: c.roleRuntimes(roles), Roles: roles}
	for _, ph := range p.Phases {
		for _, t := range ph.Tasks {
			tasks++
			if t.Runtime == "" && set.RuntimeOf(t.Role) == "" {
				return false
			}
		}
	}
	return tasks > 0
}

// AgentLimit returns how many agents may run at once, and in words what sets
// that: the least of tier, configuration, plan, flag and mode.
func (c Config) AgentLimit(p objective.Plan, f Flags, m Mode) (int, string) {
	limits := []struct {
		n      int
		source string
	}{
		{f.Agents, "flag --agents"},
		{p.Limits.MaxParallelAgents, "plan: limits.max_parallel_agents"},
		{c.Limits.MaxParallelAgents, "configuration: limits.max_parallel_agents, " + c.Origin("limits.max_parallel_agents")},
		{c.Tier.Includes().Agents, "tier " + string(c.Tier)},
		{modeAgents[m], strings.TrimSpace("mode " + string(m))},
	}
	best, source := 0, ""
	for _, l := range limits {
		if l.n > 0 && (best == 0 || l.n < best) {
			best, source = l.n, l.source
		}
	}
	return best, source
}
