package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/role"
)

func plan(tasks ...objective.Task) objective.Plan {
	return objective.Plan{Objective: objective.Objective{Description: "d"}, Phases: []objective.Phase{{Name: "x", Tasks: tasks}}}
}

func TestAgentLimit(t *testing.T) {
	limited := func(n int) objective.Plan {
		p := plan()
		p.Limits.MaxParallelAgents = n
		return p
	}
	for _, c := range []struct {
		name   string
		config string
		plan   objective.Plan
		flags  Flags
		mode   Mode
		n      int
		source string
	}{
		{"default", `{}`, plan(), Flags{}, Native, 6, "configuration: limits.max_parallel_agents, default"},
		{"configuration", `{"limits": {"max_parallel_agents": 3}}`, plan(), Flags{}, Native, 3, "configuration: limits.max_parallel_agents, .claude/popkit/config.json:1"},
		{"tier pro", `{"limits": {"max_parallel_agents": 50}}`, plan(), Flags{}, Native, 10, "tier pro"},
		{"tier premium", `{"tier": "premium"}`, plan(), Flags{}, Native, 5, "tier premium"},
		{"tier free", `{"tier": "free"}`, plan(), Flags{}, File, 2, "tier free"},
		{"plan", `{}`, limited(4), Flags{}, Native, 4, "plan: limits.max_parallel_agents"},
		{"plan can't widen", `{}`, limited(9), Flags{}, Native, 6, "configuration: limits.max_parallel_agents, default"},
		{"flag", `{}`, limited(4), Flags{Agents: 1}, Native, 1, "flag --agents"},
		{"flag can't widen", `{}`, plan(), Flags{Agents: 8}, Native, 6, "configuration: limits.max_parallel_agents, default"},
		{"mode file", `{}`, plan(), Flags{Agents: 5}, File, 2, "mode file"},
	} {
		cfg := mustLoad(t, map[string]string{"repo/" + RepoFile: c.config})
		if n, source := cfg.AgentLimit(c.plan, c.flags, c.mode); n != c.n || source != c.source {
			t.Errorf("%s: %d (%s), want %d (%s)", c.name, n, source, c.n, c.source)
		}
	}
}

func TestSettingsOfTheDefaults(t *testing.T) {
	got, err := Default().Settings(plan(), Flags{ClaudeVersion: "2.0.64"})
	if err != nil {
		t.Fatal(err)
	}
	want := event.Settings{
		Mode: "native", ModeReason: "Claude Code 2.0.64", Tier: "pro", PhaseAware: true, FullRouting: true,
		MaxAgents: 6, MaxAgentsSource: "configuration: limits.max_parallel_agents, default",
		MaxStarted: 100, MaxAttempts: 3, MaxFixes: 2, MaxInsights: 10_000, MaxInsightsPerPull: 3, MaxQuestions: 20,
		CheckinEvery: 5, Heartbeat: 15 * time.Second, MaxRuntime: 30 * time.Minute, AgentTimeout: 20 * time.Minute,
		SilenceTimeout: 10 * time.Minute, BarrierTimeout: 25 * time.Minute, DecisionTimeout: 10 * time.Minute,
		CheckTimeout: 10 * time.Minute, RetryDelay: 2 * time.Second, ContextLimit: 32 << 10, Runtime: "claude", Roles: role.Builtin(),
		ProtectedPaths: []string{".git", ".env*", "**/secrets/**"}, DriftDetection: true, AuditScope: true, CloseWhenUnattended: true,
		Audit:        event.AuditRules{MaxFile: 1 << 20, MaxRead: 64 << 20},
		Drift:        event.Drift{Silent: 5 * time.Minute, NoProgress: 15 * time.Minute, NoProgressCalls: 80, Repeated: 8, Action: "warn"},
		QuotaBackoff: 5 * time.Minute,
		Budgets: event.Budgets{
			Task:  event.Allowance{Tokens: 5_000_000, CostUSD: 20, Time: 2 * time.Hour, ToolCalls: 2000, Agents: 20},
			Phase: event.Allowance{Tokens: 20_000_000, CostUSD: 50, ToolCalls: 20_000, Agents: 60},
			Run:   event.Allowance{Tokens: 50_000_000, CostUSD: 100, ToolCalls: 50_000},
		},
		Guard: Default().Guardrails.guard(),
	}
	if g := got.Guard; g.CanaryTimeout != 30*time.Second || g.ProtectedReads == nil || g.RestrictedTools == nil || g.Unconventional != "flag" {
		t.Errorf("the guard's: %+v", g)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestEachKeyChangesTheSettings: one case a key; what the key is to change, and
// nothing else, differs from the settings of the defaults.
func TestEachKeyChangesTheSettings(t *testing.T) {
	base, err := mustLoad(t, nil).Settings(plan(), Flags{ClaudeVersion: "2.0.64"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		config string
		want   string // fields that differ
	}{
		{`tier: premium`, "MaxAgents MaxAgentsSource Tier"},
		{`tier: free`, "FullRouting MaxAgents MaxAgentsSource Mode ModeReason PhaseAware Sequential Tier"},
		{`mode_priority: [file]`, "MaxAgents MaxAgentsSource Mode ModeReason Sequential"},
		{`runtime: "exec:x"`, "ModeReason Runtime"},
		{`resolver: "exec:x"`, "Resolver"},
		{`roles: {tester: {runtime: "exec:x"}}`, "RoleRuntimes"},
		{`roles: {tester: {model: opus}}`, "Roles"},
		{`roles: {tester: {tools: [Read]}}`, "Roles"},
		{`roles: {tester: {plan_required: true}}`, "Roles"},
		{`roles: {tester: {plan_required: false}}`, ""},
		{`intervals: {checkin_every_n_tools: 7}`, "CheckinEvery"},
		{`intervals: {heartbeat_seconds: 1.5}`, "Heartbeat"},
		{`limits: {max_parallel_agents: 1}`, "MaxAgents MaxAgentsSource"},
		{`limits: {max_runtime_minutes: 0.5}`, "MaxRuntime"},
		{`limits: {max_attempts: 1}`, "MaxAttempts"},
		{`limits: {max_fix_attempts: 1}`, "MaxFixes"},
		{`limits: {max_agents_started: 1}`, "MaxStarted"},
		{`limits: {max_insights: 1}`, "MaxInsights"},
		{`limits: {max_insights_per_pull: 1}`, "MaxInsightsPerPull"},
		{`limits: {max_questions_per_agent: 1}`, "MaxQuestions"},
		{`limits: {agent_timeout_minutes: 0}`, "AgentTimeout"},
		{`limits: {silence_minutes: 1}`, "SilenceTimeout"},
		{`limits: {barrier_timeout_minutes: 1}`, "BarrierTimeout"},
		{`limits: {decision_timeout_minutes: 1}`, "DecisionTimeout"},
		{`limits: {check_timeout_minutes: 1}`, "CheckTimeout"},
		{`limits: {retry_delay_seconds: 0.25}`, "RetryDelay"},
		{`limits: {context_bytes: 1}`, "ContextLimit"},
		{`limits: {max_task_tokens: 1}`, "Budgets"},
		{`limits: {max_task_cost_usd: 1}`, "Budgets"},
		{`limits: {max_task_minutes: 1}`, "Budgets"},
		{`limits: {max_task_tool_calls: 1}`, "Budgets"},
		{`limits: {max_task_agents: 1}`, "Budgets"},
		{`limits: {max_phase_tokens: 1}`, "Budgets"},
		{`limits: {max_phase_cost_usd: 1}`, "Budgets"},
		{`limits: {max_phase_tool_calls: 1}`, "Budgets"},
		{`limits: {max_phase_agents: 1}`, "Budgets"},
		{`limits: {max_run_tokens: 1}`, "Budgets"},
		{`limits: {max_run_cost_usd: 1}`, "Budgets"},
		{`limits: {max_run_tool_calls: 1}`, "Budgets"},
		{`limits: {quota_backoff_minutes: 1}`, "QuotaBackoff"},
		{`guardrails: {drift_detection: {action: steer}}`, "Drift"},
		{`guardrails: {drift_detection: {actions: {silent: "off"}}}`, "Drift"},
		{`guardrails: {drift_detection: {repeated_calls: 1}}`, "Drift"},
		{`guardrails: {drift_detection: {no_progress_calls: 1}}`, "Drift"},
		{`guardrails: {drift_detection: {no_progress_minutes: 1}}`, "Drift"},
		{`guardrails: {drift_detection: {silent_minutes: 1}}`, "Drift"},
		{`decisions: {auto: [{kind: conflict, match: x, answer: retry}]}`, "AutoAnswers"},
		{`decisions: {park_unattended: false}`, "CloseWhenUnattended"},
		{`guardrails: {protected_paths: [x]}`, "ProtectedPaths"},
		{`guardrails: {audit_scope: false}`, "AuditScope"},
		{`guardrails: {audit: {rules: {binary_file: note}}}`, "Audit"},
		{`guardrails: {audit: {max_file_bytes: 5}}`, "Audit"},
		{`guardrails: {audit: {max_read_bytes: 5}}`, "Audit"},
		{`guardrails: {unconventional: off}`, "Audit Guard"},
		{`guardrails: {rules: {security_configuration: allow}}`, "Audit Guard"},
		{`guardrails: {unconventional: deny}`, "Guard"},
		{`guardrails: {restricted_tools: [WebFetch]}`, "Guard"},
		{`guardrails: {human_required: ["docker compose up"]}`, "Guard"},
		{`guardrails: {protected_reads: [x]}`, "Guard"},
		{`guardrails: {sensitive_paths: [x]}`, "Guard"},
		{`guardrails: {protected_branches: [release/*]}`, "Guard"},
		{`guardrails: {bulk_files: 1}`, "Guard"},
		{`guardrails: {canary_seconds: 1}`, "Guard"},
		{`guardrails: {drift_detection: {enabled: false}}`, "DriftDetection"},
	} {
		s, err := mustLoad(t, map[string]string{"repo/" + RepoFile: c.config}).Settings(plan(), Flags{ClaudeVersion: "2.0.64"})
		if err != nil {
			t.Errorf("%s: %v", c.config, err)
			continue
		}
		if got := differ(base, s); got != c.want {
			t.Errorf("%s changes %q, want %q", c.config, got, c.want)
		}
	}
}

// differ names the fields whose values differ, sorted.
func differ(a, b event.Settings) string {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	var names []string
	for f := range x.Type().Fields() {
		if !reflect.DeepEqual(x.FieldByIndex(f.Index).Interface(), y.FieldByIndex(f.Index).Interface()) {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestPlanGoesBeforeConfiguration(t *testing.T) {
	p := plan()
	p.Limits = objective.Limits{
		MaxRuntimeMinutes: 1, MaxAttempts: 1, MaxFixAttempts: 1, MaxAgentsStarted: 1, MaxInsights: 1, MaxInsightsPerPull: 1,
		MaxQuestionsPerAgent: 1, AgentTimeoutMinutes: 1, SilenceMinutes: 1, BarrierTimeoutMinutes: 1, DecisionTimeoutMinutes: 1,
		CheckTimeoutMinutes: 1, RetryDelaySeconds: 1, ContextBytes: 1, MaxParallelAgents: 1, TranscriptBytes: 1,
		MaxTaskTokens: 1, MaxTaskCostUSD: 1, MaxTaskMinutes: 1, MaxTaskToolCalls: 1, MaxTaskAgents: 1, MaxPhaseTokens: 1, MaxPhaseCostUSD: 1,
		MaxPhaseToolCalls: 1, MaxPhaseAgents: 1, MaxRunTokens: 1, MaxRunCostUSD: 1, MaxRunToolCalls: 1, QuotaBackoffMinutes: 1,
	}
	p.OnConflict, p.OnBarrierTimeout = objective.ConflictFirstWins, objective.BarrierPartial
	if got := Default().Complete(p); !reflect.DeepEqual(got, p) {
		t.Errorf("a complete plan is changed: %+v", got)
	}
	base, err := Default().Settings(plan(), Flags{ClaudeVersion: "2.0.64"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Default().Settings(p, Flags{ClaudeVersion: "2.0.64"})
	if err != nil {
		t.Fatal(err)
	}
	want := "AgentTimeout BarrierTimeout Budgets CheckTimeout ContextLimit DecisionTimeout MaxAgents MaxAgentsSource MaxAttempts MaxFixes " +
		"MaxInsights MaxInsightsPerPull MaxQuestions MaxRuntime MaxStarted QuotaBackoff RetryDelay SilenceTimeout"
	if got := differ(base, s); got != want {
		t.Errorf("the plan changes %q, want %q", got, want)
	}
}

func TestCompleteFillsEveryLimit(t *testing.T) {
	got := Default().Complete(plan())
	v := reflect.ValueOf(got.Limits)
	for f := range v.Type().Fields() {
		if v.FieldByIndex(f.Index).IsZero() {
			t.Errorf("limit %s stays open", f.Name)
		}
	}
	if got.OnConflict != "agent" || got.OnBarrierTimeout != "human" {
		t.Errorf("policies: %q, %q", got.OnConflict, got.OnBarrierTimeout)
	}
}

func TestFlagsGoBeforeThePlan(t *testing.T) {
	c := mustLoad(t, map[string]string{"repo/" + RepoFile: `roles: {tester: {runtime: "exec:r"}}`})
	p := plan()
	p.Limits.MaxRuntimeMinutes = 1
	s, err := c.Settings(p, Flags{TimeoutMinutes: 2, Runtime: "exec:f", Agents: 1, Mode: "native"})
	if err != nil {
		t.Fatal(err)
	}
	if s.MaxRuntime != 2*time.Minute || s.RuntimeOf("tester") != "exec:f" || s.MaxAgents != 1 || s.Mode != "native" {
		t.Errorf("settings: %+v", s)
	}
	for _, f := range []Flags{{Agents: -1}, {TimeoutMinutes: -1}, {Runtime: "exce:x"}, {Mode: "fast"}} {
		if _, err := c.Settings(p, f); err == nil {
			t.Errorf("flags %+v are accepted", f)
		}
	}
}

func TestRuntimeGivenMakesItNative(t *testing.T) {
	given := objective.Task{Role: "tester", Runtime: "exec:x"}
	open := objective.Task{Role: "tester"}
	for _, c := range []struct {
		name, config string
		plan         objective.Plan
		flags        Flags
		want         Mode
	}{
		{"nobody says", `{}`, plan(open), Flags{}, File},
		{"flag", `{}`, plan(open), Flags{Runtime: "exec:x"}, Native},
		{"configuration", `{"runtime": "exec:x"}`, plan(open), Flags{}, Native},
		{"every task", `{}`, plan(given, given), Flags{}, Native},
		{"not every task", `{}`, plan(given, open), Flags{}, File},
		{"every role", `{"roles": {"tester": {"runtime": "exec:x"}}}`, plan(given, open), Flags{}, Native},
		{"no tasks", `{}`, plan(), Flags{}, File},
	} {
		s, err := mustLoad(t, map[string]string{"repo/" + RepoFile: c.config}).Settings(c.plan, c.flags)
		if err != nil || Mode(s.Mode) != c.want || s.Sequential != (c.want == File) {
			t.Errorf("%s: mode %s, sequential %v, %v; want %s", c.name, s.Mode, s.Sequential, err, c.want)
		}
	}
}
