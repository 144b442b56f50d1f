package config

import (
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"popkit/internal/core/audit"
	"popkit/internal/core/event"
	"popkit/internal/core/nearest"
	"popkit/internal/core/objective"
	"popkit/internal/core/policy"
	"popkit/internal/strictyaml"
)

// maxMinutes keeps every time within a time.Duration.
const maxMinutes = 100_000_000

type problem struct{ path, text, hint string }

type checker struct{ list []problem }

func (k *checker) add(path, text, hint string) {
	k.list = append(k.list, problem{path, text, hint})
}

// problems returns what is wrong with the values, whatever file they are from.
func (c *Config) problems() []problem {
	k := &checker{}
	choice(k, "tier", c.Tier, []Tier{Free, Premium, Pro})
	choice(k, "on_conflict", objective.ConflictPolicy(c.OnConflict),
		[]objective.ConflictPolicy{objective.ConflictAgent, objective.ConflictHuman, objective.ConflictFirstWins})
	choice(k, "on_barrier_timeout", objective.BarrierPolicy(c.OnBarrierTimeout),
		[]objective.BarrierPolicy{objective.BarrierHuman, objective.BarrierPartial})
	k.modes(c.ModePriority)
	k.runtime("runtime", c.Runtime)
	if c.Resolver != "" {
		k.runtime("resolver", c.Resolver)
	}
	k.roles(c)
	k.numbers(c)
	k.decisions(c.Decisions.Auto)
	k.workspace(c.Workspace)
	k.env(c.Env)
	k.guardrails(c.Guardrails)
	k.notify(c.Notify)
	k.planner(c.Planner)
	k.sandbox(c)
	k.claude(c.Claude)
	return k.list
}

func choice[S ~string](k *checker, path string, value S, known []S) {
	if !slices.Contains(known, value) {
		all := words(known)
		k.add(path, fmt.Sprintf("unknown value %q", value), nearest.Hint(string(value), all, "one of "+strings.Join(all, ", ")))
	}
}

func (k *checker) modes(list []Mode) {
	if len(list) == 0 {
		k.add("mode_priority", "mode_priority names no mode", "e.g. [native, redis, file]")
	}
	for i, m := range list {
		path := strictyaml.Index("mode_priority", i)
		choice(k, path, m, allModes)
		if slices.Index(list, m) < i {
			k.add(path, fmt.Sprintf("mode %q is there twice", m), "")
		}
	}
}

func (k *checker) runtime(path, name string) {
	if err := objective.CheckRuntime(name); err != nil {
		k.add(path, err.Error(), "")
	}
}

// numbers checks that counts are at least 1 and times and sizes at least 0.
func (k *checker) numbers(c *Config) {
	l := c.Limits
	for _, n := range []struct {
		path  string
		value float64
		least float64
	}{
		{"intervals.checkin_every_n_tools", float64(c.Intervals.CheckinEveryNTools), 1},
		{"intervals.heartbeat_seconds", c.Intervals.HeartbeatSeconds, 0.01}, // shorter than the shortest silence
		{"limits.max_parallel_agents", float64(l.MaxParallelAgents), 1},
		{"limits.max_runtime_minutes", l.MaxRuntimeMinutes, 0},
		{"limits.max_attempts", float64(l.MaxAttempts), 1},
		{"limits.max_fix_attempts", float64(l.MaxFixAttempts), 0},
		{"limits.max_agents_started", float64(l.MaxAgentsStarted), 1},
		{"limits.max_insights", float64(l.MaxInsights), 0},
		{"limits.max_insights_per_pull", float64(l.MaxInsightsPerPull), 1},
		{"limits.max_questions_per_agent", float64(l.MaxQuestionsPerAgent), 0},
		{"limits.agent_timeout_minutes", l.AgentTimeoutMinutes, 0},
		{"limits.silence_minutes", l.SilenceMinutes, 0},
		{"limits.barrier_timeout_minutes", l.BarrierTimeoutMinutes, 0},
		{"limits.decision_timeout_minutes", l.DecisionTimeoutMinutes, 0},
		{"limits.check_timeout_minutes", l.CheckTimeoutMinutes, 0},
		{"limits.retry_delay_seconds", l.RetryDelaySeconds, 0},
		{"limits.context_bytes", float64(l.ContextBytes), 0},
		{"limits.transcript_bytes", float64(l.TranscriptBytes), 0},
		{"guardrails.bulk_files", float64(c.Guardrails.BulkFiles), 1},
		{"guardrails.canary_seconds", c.Guardrails.CanarySeconds, 0},
		{"notify.timeout_seconds", c.Notify.TimeoutSeconds, 0.01},
		{"guardrails.audit.max_file_bytes", float64(c.Guardrails.Audit.MaxFileBytes), 1},
		{"guardrails.audit.max_read_bytes", float64(c.Guardrails.Audit.MaxReadBytes), 1},
		{"limits.max_task_tokens", float64(l.MaxTaskTokens), 0},
		{"limits.max_task_cost_usd", l.MaxTaskCostUSD, 0},
		{"limits.max_task_minutes", l.MaxTaskMinutes, 0},
		{"limits.max_task_tool_calls", float64(l.MaxTaskToolCalls), 0},
		{"limits.max_task_agents", float64(l.MaxTaskAgents), 0},
		{"limits.max_phase_tokens", float64(l.MaxPhaseTokens), 0},
		{"limits.max_phase_cost_usd", l.MaxPhaseCostUSD, 0},
		{"limits.max_phase_tool_calls", float64(l.MaxPhaseToolCalls), 0},
		{"limits.max_phase_agents", float64(l.MaxPhaseAgents), 0},
		{"limits.max_run_tokens", float64(l.MaxRunTokens), 0},
		{"limits.max_run_cost_usd", l.MaxRunCostUSD, 0},
		{"limits.max_run_tool_calls", float64(l.MaxRunToolCalls), 0},
		{"limits.quota_backoff_minutes", l.QuotaBackoffMinutes, 0.001},
		{"guardrails.drift_detection.repeated_calls", float64(c.Guardrails.DriftDetection.RepeatedCalls), 0},
		{"guardrails.drift_detection.no_progress_calls", float64(c.Guardrails.DriftDetection.NoProgressCalls), 0},
		{"guardrails.drift_detection.no_progress_minutes", c.Guardrails.DriftDetection.NoProgressMinutes, 0},
		{"guardrails.drift_detection.silent_minutes", c.Guardrails.DriftDetection.SilentMinutes, 0},
		{"workspace.ports", float64(c.Workspace.Ports), 0},
	} {
		switch {
		case n.value < n.least:
			k.add(n.path, fmt.Sprintf("%s: %v is less than %v", strictyaml.Last(n.path), n.value, n.least), "")
		case n.value > maxMinutes:
			k.add(n.path, fmt.Sprintf("%s: %v is more than %d", strictyaml.Last(n.path), n.value, maxMinutes), "")
		}
	}
	if c.Workspace.Ports > 1000 {
		k.add("workspace.ports", fmt.Sprintf("ports: %d for each agent are more than 1000", c.Workspace.Ports), "")
	}
}

var questionKinds = []event.QuestionKind{event.AskAgent, event.AskAttempts, event.AskConflict, event.AskAudit,
	event.AskCheck, event.AskBarrier, event.AskEffect, event.AskGuard, event.AskBreach, event.AskBudget, event.AskDrift, event.AskPlan}

func (k *checker) decisions(list []Auto) {
	for i, a := range list {
		path := strictyaml.Index("decisions.auto", i)
		if a.Kind != "" {
			choice(k, path+".kind", a.Kind, questionKinds)
		}
		if _, err := regexp.Compile(a.Match); err != nil {
			k.add(path+".match", "not a regular expression: "+strings.TrimPrefix(err.Error(), "error parsing regexp: "), "")
		}
		if strings.TrimSpace(a.Answer) == "" {
			k.add(path, "an automatic answer without answer", "e.g. {kind: attempts, answer: skip}")
		}
	}
}

func (k *checker) workspace(w Workspace) {
	for i, name := range w.Copy {
		if err := objective.CheckGlob(name); err != nil || strings.ContainsAny(name, `*?[{\`) {
			k.add(strictyaml.Index("workspace.copy", i), fmt.Sprintf("%q is no path inside the repository", name),
				"files and directories, relative to the repository's top, without wildcards")
		}
	}
}

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

var variableGlob = regexp.MustCompile(`^[A-Za-z0-9_*?]+$`)

func (k *checker) env(e Env) {
	for _, list := range []struct {
		path  string
		globs []string
	}{{"env.pass", e.Pass}, {"env.secrets", e.Secrets}} {
		for i, g := range list.globs {
			if !variableGlob.MatchString(g) {
				k.add(strictyaml.Index(list.path, i), fmt.Sprintf("%q is no name of a variable", g), `letters, digits, "_", and "*" and "?" as wildcards`)
			}
		}
	}
	k.names("env.set", slices.Sorted(maps.Keys(e.Set)))
	k.names("env.caches", slices.Sorted(maps.Keys(e.Caches)))
	for _, name := range slices.Sorted(maps.Keys(e.Caches)) {
		choice(k, strictyaml.Join("env.caches", name), e.Caches[name], []Sharing{Shared, PerAgent})
	}
	choice(k, "env.home", e.Home, []Sharing{Shared, PerAgent})
	choice(k, "env.tmp", e.Tmp, []Sharing{Shared, PerAgent})
}

func (k *checker) names(path string, names []string) {
	for _, n := range names {
		switch {
		case !variable.MatchString(n):
			k.add(strictyaml.Join(path, n), fmt.Sprintf("%q is no name of a variable", n), "")
		case strings.HasPrefix(n, "POPKIT_"):
			k.add(strictyaml.Join(path, n), fmt.Sprintf("%s is set by popkit itself", n), "names that begin with POPKIT_ can't be set")
		}
	}
}

func (k *checker) drift(d Drift) {
	const path = "guardrails.drift_detection"
	actions := []string{event.DriftWarn, event.DriftSteer, event.DriftEscalate, event.DriftOff}
	choice(k, path+".action", d.Action, actions)
	kinds := []event.DriftKind{event.DriftScope, event.DriftOthers, event.DriftRepeating, event.DriftNoProgress, event.DriftSilent}
	for _, name := range slices.Sorted(maps.Keys(d.Actions)) {
		at := strictyaml.Join(path+".actions", name)
		choice(k, at, event.DriftKind(name), kinds)
		choice(k, at, d.Actions[name], actions)
	}
}

func (k *checker) guardrails(g Guardrails) {
	k.drift(g.DriftDetection)
	before := len(k.list)
	for i, p := range g.ProtectedPaths {
		if err := objective.CheckGlob(p); err != nil {
			k.add(strictyaml.Index("guardrails.protected_paths", i), err.Error(), "")
		}
	}
	rules := audit.Configurable()
	for _, name := range slices.Sorted(maps.Keys(g.Audit.Rules)) {
		path := strictyaml.Join("guardrails.audit.rules", name)
		if !slices.Contains(rules, name) {
			k.add(path, fmt.Sprintf("no rule %q of the audit that can be set", name), nearest.Hint(name, rules, "one of "+strings.Join(rules, ", ")))
			continue
		}
		choice(k, path, g.Audit.Rules[name], audit.Modes)
	}
	choice(k, "guardrails.unconventional", g.Unconventional, []string{"flag", "ask", "deny", "off"})
	if len(k.list) == before {
		if _, err := policy.Compile(g.spec()); err != nil {
			k.add("guardrails", err.Error(), "popkit guard explain")
		}
	}
}

// planner takes the runtimes that can answer with a plan.
func (k *checker) planner(p Planner) {
	for path, n := range map[string]float64{"planner.max_minutes": p.MaxMinutes, "planner.max_cost_usd": p.MaxCostUSD} {
		if n < 0 || n > maxMinutes {
			k.add(path, fmt.Sprintf("%s: %v is not between 0 and %d", strictyaml.Last(path), n, maxMinutes), "")
		}
	}
	kind, command, _ := strings.Cut(p.Runtime, ":")
	switch {
	case kind == "exec" && strings.TrimSpace(command) != "":
	case p.Runtime == PlannerAuto, p.Runtime == PlannerOff, p.Runtime == "claude":
	default:
		known := []string{PlannerAuto, PlannerOff, "claude", "exec:COMMAND"}
		k.add("planner.runtime", fmt.Sprintf("%q can't make a plan", p.Runtime), nearest.Hint(p.Runtime, known, "one of "+strings.Join(known, ", ")))
	}
}

func (k *checker) notify(n Notify) {
	if n.Webhook == "" {
		return
	}
	u, err := url.Parse(n.Webhook)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		k.add("notify.webhook", "it is no URL of a web server", "https://…") // what it is may be a secret
	}
}

func (k *checker) claude(c Claude) {
	if c.MaxTurns < 0 {
		k.add("claude.max_turns", fmt.Sprintf("max_turns: %d is less than 0", c.MaxTurns), "")
	}
	choice(k, "claude.settings", c.Settings, []string{Isolated, Inherit})
	if c.Path != "" && !path.IsAbs(c.Path) && !strings.HasPrefix(c.Path, "~/") {
		k.add("claude.path", fmt.Sprintf("%q is no path from the root or from the home folder", c.Path), "e.g. /opt/claude/bin/claude or ~/.local/bin/claude")
	}
}

func (k *checker) sandbox(c *Config) {
	choice(k, "sandbox", c.Sandbox, []SandboxMode{SandboxAuto, SandboxRequired, SandboxOff})
	choice(k, "sandbox_network", c.SandboxNetwork, []string{"on", "off"})
	for _, list := range []struct {
		path  string
		paths []string
	}{{"sandbox_write", c.SandboxWrite}, {"sandbox_read", c.SandboxRead}, {"sandbox_hide", c.SandboxHide}} {
		for i, p := range list.paths {
			if p != "~" && !strings.HasPrefix(p, "~/") && !strings.HasPrefix(p, "/") || path.Clean(p) == "/" {
				k.add(strictyaml.Index(list.path, i), fmt.Sprintf("%q is no path from the root or from the home folder", p), "e.g. /opt/tools or ~/.cache/ours")
			}
		}
	}
}
