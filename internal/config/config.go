package config

import (
	"popkit/internal/core/audit"
	"popkit/internal/core/event"
	"popkit/internal/core/policy"
)

// Config is the configuration with all defaults filled in.
type Config struct {
	Tier             Tier            `json:"tier"`
	ModePriority     []Mode          `json:"mode_priority"`
	Runtime          string          `json:"runtime"`
	Resolver         string          `json:"resolver"`
	Claude           Claude          `json:"claude"`
	OnConflict       string          `json:"on_conflict"`
	OnBarrierTimeout string          `json:"on_barrier_timeout"`
	Intervals        Intervals       `json:"intervals"`
	Limits           Limits          `json:"limits"`
	Roles            map[string]Role `json:"roles"`
	Decisions        Decisions       `json:"decisions"`
	Workspace        Workspace       `json:"workspace"`
	Env              Env             `json:"env"`
	Commit           Commit          `json:"commit"`
	Guardrails       Guardrails      `json:"guardrails"`
	Notify           Notify          `json:"notify"`
	Sandbox          SandboxMode     `json:"sandbox"`
	SandboxWrite     []string        `json:"sandbox_write"`
	SandboxRead      []string        `json:"sandbox_read"`
	SandboxHide      []string        `json:"sandbox_hide"`
	SandboxNetwork   string          `json:"sandbox_network"`
	Planner          Planner         `json:"planner"`
	Redis            Redis           `json:"redis"`

	// Notes say what the user should know about the files, one line each.
	Notes []string `json:"-"`

	origin     map[string]string // path of a value → "file:line"
	redisByEnv bool              // Upstash's two variables are set
}

// Claude says how agents of the runtime claude are started.
type Claude struct {
	Path     string `json:"path"`     // "" = claude in the PATH
	Model    string `json:"model"`    // "" = the user's choice in Claude Code
	Settings string `json:"settings"` // Isolated or Inherit
	MaxTurns int    `json:"max_turns"`
}

// What an agent has of the user's own settings of Claude Code.
const (
	Isolated = "isolated" // nothing that could grant, run or forbid something
	Inherit  = "inherit"  // all
)

// Intervals say how often things happen.
type Intervals struct {
	CheckinEveryNTools int     `json:"checkin_every_n_tools"`
	HeartbeatSeconds   float64 `json:"heartbeat_seconds"`
}

// Limits bound a run; a time of 0 is no limit.
type Limits struct {
	MaxParallelAgents      int     `json:"max_parallel_agents"`
	MaxRuntimeMinutes      float64 `json:"max_runtime_minutes"`
	MaxAttempts            int     `json:"max_attempts"`
	MaxFixAttempts         int     `json:"max_fix_attempts"`
	MaxAgentsStarted       int     `json:"max_agents_started"`
	MaxInsights            int     `json:"max_insights"`
	MaxInsightsPerPull     int     `json:"max_insights_per_pull"`
	MaxQuestionsPerAgent   int     `json:"max_questions_per_agent"`
	AgentTimeoutMinutes    float64 `json:"agent_timeout_minutes"`
	SilenceMinutes         float64 `json:"silence_minutes"`
	BarrierTimeoutMinutes  float64 `json:"barrier_timeout_minutes"`
	DecisionTimeoutMinutes float64 `json:"decision_timeout_minutes"`
	CheckTimeoutMinutes    float64 `json:"check_timeout_minutes"`
	RetryDelaySeconds      float64 `json:"retry_delay_seconds"`
	ContextBytes           int     `json:"context_bytes"`
	TranscriptBytes        int     `json:"transcript_bytes"`

	// Budgets; 0 is no limit.
	MaxTaskTokens       int     `json:"max_task_tokens"`
	MaxTaskCostUSD      float64 `json:"max_task_cost_usd"`
	MaxTaskMinutes      float64 `json:"max_task_minutes"`
	MaxTaskToolCalls    int     `json:"max_task_tool_calls"`
	MaxTaskAgents       int     `json:"max_task_agents"`
	MaxPhaseTokens      int     `json:"max_phase_tokens"`
	MaxPhaseCostUSD     float64 `json:"max_phase_cost_usd"`
	MaxPhaseToolCalls   int     `json:"max_phase_tool_calls"`
	MaxPhaseAgents      int     `json:"max_phase_agents"`
	MaxRunTokens        int     `json:"max_run_tokens"`
	MaxRunCostUSD       float64 `json:"max_run_cost_usd"`
	MaxRunToolCalls     int     `json:"max_run_tool_calls"`
	QuotaBackoffMinutes float64 `json:"quota_backoff_minutes"`
}

// Role sets what is special about a role's agents.
type Role struct {
	Runtime string `json:"runtime"`
	Model   string `json:"model"` // "" = as the role's file says; "inherit" = the runtime's own choice
	// Tools take the place of those of the role's file; null leaves them.
	Tools        []string `json:"tools"`
	PlanRequired *bool    `json:"plan_required"`
}

// Decisions say what is answered without a person.
type Decisions struct {
	Auto []Auto `json:"auto"`
	// ParkUnattended ends the engine, with the run parked, when only a person
	// can go on and none is there.
	ParkUnattended bool `json:"park_unattended"`
}

// Auto answers the questions of one kind whose text matches.
type Auto struct {
	Kind   event.QuestionKind `json:"kind"`  // "" = every kind
	Match  string             `json:"match"` // RE2 over the question's text
	Answer string             `json:"answer"`
}

// Workspace says how an agent's workspace is made.
type Workspace struct {
	Root       string   `json:"root"` // "" = popkit's cache directory
	Setup      string   `json:"setup"`
	Copy       []string `json:"copy"`
	Ports      int      `json:"ports"`
	Submodules bool     `json:"submodules"`
}

// Sharing says who uses a directory.
type Sharing string

// The ways to share.
const (
	Shared   Sharing = "shared" // the user's own, for all agents
	PerAgent Sharing = "agent"  // a fresh one for each agent
)

// Env is the environment of agents, checks and setup commands.
type Env struct {
	Pass    []string           `json:"pass"`    // globs of names
	Secrets []string           `json:"secrets"` // globs of names, never passed on
	Set     map[string]string  `json:"set"`
	Home    Sharing            `json:"home"`
	Tmp     Sharing            `json:"tmp"`
	Caches  map[string]Sharing `json:"caches"` // variable that names a cache directory
}

// Commit says how popkit commits.
type Commit struct {
	Sign bool `json:"sign"`
}

// Guardrails say what agents may not do.
type Guardrails struct {
	ProtectedPaths  []string `json:"protected_paths"`
	AuditScope      bool     `json:"audit_scope"`
	Audit           Audit    `json:"audit"`
	DriftDetection  Drift    `json:"drift_detection"`
	RestrictedTools []string `json:"restricted_tools"`
	HumanRequired   []string `json:"human_required"`
	Unconventional  string   `json:"unconventional"`

	ProtectedReads    []string          `json:"protected_reads"`
	SensitivePaths    []string          `json:"sensitive_paths"`
	ProtectedBranches []string          `json:"protected_branches"`
	Rules             map[string]string `json:"rules"` // rule → allow, flag, ask or deny
	BulkFiles         int               `json:"bulk_files"`
	CanarySeconds     float64           `json:"canary_seconds"`
}

// Notify says how people are told that a question waits for them.
type Notify struct {
	Command        string  `json:"command"`
	Webhook        string  `json:"webhook"`
	TimeoutSeconds float64 `json:"timeout_seconds"`
}

// Audit says how strict the audit of an agent's work is.
type Audit struct {
	Rules        map[string]string `json:"rules"` // rule → ask, note or off
	MaxFileBytes int               `json:"max_file_bytes"`
	MaxReadBytes int               `json:"max_read_bytes"`
}

// Drift says when an agent counts as off its track, and what is done about it.
type Drift struct {
	Enabled           bool              `json:"enabled"`
	Action            string            `json:"action"`
	Actions           map[string]string `json:"actions"` // of single kinds
	RepeatedCalls     int               `json:"repeated_calls"`
	NoProgressCalls   int               `json:"no_progress_calls"`
	NoProgressMinutes float64           `json:"no_progress_minutes"`
	SilentMinutes     float64           `json:"silent_minutes"`
}

// SandboxMode says whether the operating system has to hold agents.
type SandboxMode string

// The modes of the sandbox.
const (
	SandboxAuto     SandboxMode = "auto"     // the best that this machine has
	SandboxRequired SandboxMode = "required" // nothing runs where there is none
	SandboxOff      SandboxMode = "off"
)

// Planner says what makes a plan of an objective that comes without one.
type Planner struct {
	Runtime    string  `json:"runtime"` // auto, off, claude or exec:COMMAND
	MaxMinutes float64 `json:"max_minutes"`
	MaxCostUSD float64 `json:"max_cost_usd"`
}

// The runtimes of a planner that are no runtimes of agents.
const (
	PlannerAuto = "auto" // claude, where the run's agents are driven by it
	PlannerOff  = "off"  // nobody: the objective gets the default phases
)

// PlannerFor returns what makes the plan of a run whose agents are driven by
// runtime, "" where nobody does.
func (c Config) PlannerFor(runtime string) string {
	switch {
	case c.Planner.Runtime == PlannerAuto && runtime == "claude":
		return "claude"
	case c.Planner.Runtime == PlannerAuto, c.Planner.Runtime == PlannerOff:
		return ""
	}
	return c.Planner.Runtime
}

// Redis says where a Redis is.
type Redis struct {
	URL    string `json:"url"`
	Prefix string `json:"prefix"`
}

// Default returns the configuration of a user without any file. The values the
// specification gives are its values.
func Default() Config {
	guard := policy.DefaultSpec()
	return Config{
		Tier:             Pro,
		ModePriority:     []Mode{Native, RedisMode, File},
		Runtime:          "claude",
		Claude:           Claude{Settings: Isolated, MaxTurns: 250},
		OnConflict:       "agent",
		OnBarrierTimeout: "human",
		Intervals:        Intervals{CheckinEveryNTools: 5, HeartbeatSeconds: 15},
		Limits: Limits{
			MaxParallelAgents: 6, MaxRuntimeMinutes: 30, MaxAttempts: 3, MaxFixAttempts: 2,
			MaxAgentsStarted: 100, MaxInsights: 10_000, MaxInsightsPerPull: 3, MaxQuestionsPerAgent: 20,
			AgentTimeoutMinutes: 20, SilenceMinutes: 10, BarrierTimeoutMinutes: 25,
			DecisionTimeoutMinutes: 10, CheckTimeoutMinutes: 10, RetryDelaySeconds: 2,
			ContextBytes: 32 << 10, TranscriptBytes: 10 << 20,
			MaxTaskTokens: 5_000_000, MaxTaskCostUSD: 20, MaxTaskMinutes: 120, MaxTaskToolCalls: 2000, MaxTaskAgents: 20,
			MaxPhaseTokens: 20_000_000, MaxPhaseCostUSD: 50, MaxPhaseToolCalls: 20_000, MaxPhaseAgents: 60,
			MaxRunTokens: 50_000_000, MaxRunCostUSD: 100, MaxRunToolCalls: 50_000, QuotaBackoffMinutes: 5,
		},
		Roles:     map[string]Role{},
		Decisions: Decisions{Auto: []Auto{}, ParkUnattended: true},
		Workspace: Workspace{Copy: []string{}, Submodules: true},
		Env: Env{
			Pass: []string{"*"}, Secrets: []string{"UPSTASH_REDIS_REST_TOKEN"}, Set: map[string]string{},
			Home: Shared, Tmp: PerAgent, Caches: map[string]Sharing{},
		},
		Guardrails: Guardrails{
			ProtectedPaths: []string{".env*", "**/secrets/**"}, AuditScope: true, DriftDetection: Drift{
				Enabled: true, Action: event.DriftWarn, Actions: map[string]string{}, RepeatedCalls: 8,
				NoProgressCalls: 80, NoProgressMinutes: 15, SilentMinutes: 5,
			},
			Audit:           Audit{Rules: map[string]string{}, MaxFileBytes: audit.DefaultMaxFile, MaxReadBytes: audit.DefaultMaxRead},
			RestrictedTools: []string{}, HumanRequired: []string{}, Unconventional: "flag",
			ProtectedReads: list(guard.ProtectedReads), SensitivePaths: list(guard.SensitivePaths), ProtectedBranches: list(guard.ProtectedBranches),
			Rules: map[string]string{}, BulkFiles: guard.BulkFiles, CanarySeconds: 30,
		},
		Sandbox: SandboxAuto, SandboxWrite: []string{}, SandboxRead: []string{}, SandboxHide: []string{}, SandboxNetwork: "on",
		Notify:  Notify{TimeoutSeconds: 10},
		Planner: Planner{Runtime: PlannerAuto, MaxMinutes: 15, MaxCostUSD: 5},
		Redis:   Redis{Prefix: "pop"},
	}
}

// list is never nil: an empty one in a file or a log is not one that is left out.
func list(names []string) []string { return append([]string{}, names...) }

// Protected returns the globs that no agent may change: the configured ones, and
// git's own directory whatever is configured.
func (c Config) Protected() []string {
	return append([]string{".git"}, c.Guardrails.ProtectedPaths...)
}

// RedisConfigured reports whether a Redis is configured: redis.url, or both of
// Upstash's variables.
func (c Config) RedisConfigured() bool { return c.Redis.URL != "" || c.redisByEnv }
