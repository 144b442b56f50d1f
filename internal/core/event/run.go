package event

import (
	"time"

	"popkit/internal/core/objective"
)

// RunCreated is the first event of every log: what was asked for, and under
// which settings. All later decisions follow from it and the events after it.
type RunCreated struct {
	Run        string         `json:"run"` // ULID
	Plan       objective.Plan `json:"plan"`
	PlanSource string         `json:"plan_source,omitempty"` // the plan's file, or "default phases"
	Repo       string         `json:"repo"`                  // absolute path of the repository's top level (or bare directory)
	BaseRef    string         `json:"base_ref"`              // as given or found, e.g. "refs/heads/main"
	Base       string         `json:"base"`                  // commit
	Branch     string         `json:"branch"`                // "popkit/<run>"
	Settings   Settings       `json:"settings"`
	Popkit     string         `json:"popkit"` // version of the program that created it
}

// Settings are the values that decide works with, resolved from flags, plan and
// configuration when the run was created. Durations of zero mean "no limit".
type Settings struct {
	Mode       string `json:"mode"` // native, redis, file
	ModeReason string `json:"mode_reason"`
	Tier       string `json:"tier"` // free, premium, pro
	// PhaseAware: barriers run checks and the audit and may be released in part;
	// without it (tier free) a barrier opens when all tasks are done and merged.
	PhaseAware bool `json:"phase_aware"`
	// FullRouting: insights are routed by tags and type; without it (tier free)
	// every agent gets the last ones.
	FullRouting bool `json:"full_routing"`

	// Planning is what making the plan has used: the run's budget begins with it.
	Planning Usage `json:"planning,omitzero"`

	MaxAgents int `json:"max_agents"` // running at once
	// Sequential: agents work one after the other, whatever MaxAgents says (mode file).
	Sequential      bool   `json:"sequential,omitempty"`
	MaxAgentsSource string `json:"max_agents_source"` // which of tier, configuration, plan, flag, mode set it
	MaxStarted      int    `json:"max_started"`       // agents started in the whole run
	MaxAttempts     int    `json:"max_attempts"`      // per task
	MaxFixes        int    `json:"max_fixes"`         // fix attempts per phase and check
	MaxInsights     int    `json:"max_insights"`      // kept per run
	MaxQuestions    int    `json:"max_questions"`     // per agent

	CheckinEvery       int           `json:"checkin_every_n_tools"`
	Heartbeat          time.Duration `json:"heartbeat"`
	MaxRuntime         time.Duration `json:"max_runtime"`
	AgentTimeout       time.Duration `json:"agent_timeout"`
	SilenceTimeout     time.Duration `json:"silence_timeout"` // no event from an agent: it hangs
	BarrierTimeout     time.Duration `json:"barrier_timeout"`
	DecisionTimeout    time.Duration `json:"decision_timeout"`
	CheckTimeout       time.Duration `json:"check_timeout"`
	RetryDelay         time.Duration `json:"retry_delay"` // before the second attempt; doubles
	MaxInsightsPerPull int           `json:"max_insights_per_pull"`
	ContextLimit       int           `json:"context_limit"` // bytes of earlier work in a prompt
	AutoAnswers        []AutoAnswer  `json:"auto_answers,omitempty"`
	Runtime            string        `json:"runtime"` // default runtime of agents
	// RoleRuntimes sets the runtime of single roles.
	RoleRuntimes map[string]string `json:"role_runtimes,omitempty"`
	// Roles are those that the run's agents can have, by name: see RoleOf.
	Roles               map[string]Role `json:"roles,omitempty"`
	Resolver            string          `json:"resolver"` // runtime of resolver agents, "" = the task's own
	ProtectedPaths      []string        `json:"protected_paths,omitempty"`
	DriftDetection      bool            `json:"drift_detection"`
	Drift               Drift           `json:"drift,omitzero"`
	Budgets             Budgets         `json:"budgets,omitzero"`
	QuotaBackoff        time.Duration   `json:"quota_backoff,omitempty"` // before a quota that named no time is tried again; doubles
	AuditScope          bool            `json:"audit_scope"`             // files outside the task's scope need a person's yes
	Audit               AuditRules      `json:"audit,omitzero"`
	CloseWhenUnattended bool            `json:"close_when_unattended"` // park the run when only a person can go on and none is there
	Guard               Guard           `json:"guard,omitzero"`
}

// Guard is what the guard works with, besides the protected paths: see
// policy.Spec. A list that is null was not configured, as in the log of an older
// popkit; an empty one was.
type Guard struct {
	ProtectedReads    []string          `json:"protected_reads"`
	SensitivePaths    []string          `json:"sensitive_paths"`
	RestrictedTools   []string          `json:"restricted_tools"`
	HumanRequired     []string          `json:"human_required"`
	ProtectedBranches []string          `json:"protected_branches"`
	Unconventional    string            `json:"unconventional,omitempty"` // flag, ask, deny or off
	Rules             map[string]string `json:"rules,omitempty"`          // rule → allow, flag, ask or deny
	BulkFiles         int               `json:"bulk_files,omitempty"`
	// CanaryTimeout is how long an agent whose runtime has a hook may work until
	// the hook has proved that it answers; 0: no limit.
	CanaryTimeout time.Duration `json:"canary_timeout,omitempty"`
}

// AutoAnswer answers the questions of one kind whose text matches, by policy.
type AutoAnswer struct {
	Kind   QuestionKind `json:"kind,omitempty"`  // "" = every kind
	Match  string       `json:"match,omitempty"` // RE2 over the question's text
	Answer string       `json:"answer"`
}

// EngineStarted says that a process took the log over. Effects of an earlier
// epoch that have no end are unknown from here on.
type EngineStarted struct {
	Epoch   int    `json:"epoch"` // 1, 2, …
	PID     int    `json:"pid"`
	Host    string `json:"host"`
	Popkit  string `json:"popkit"`
	Sandbox string `json:"sandbox,omitempty"` // how child processes are held, e.g. "pid-namespace"
}

// PeopleChanged counts the terminals that are attached and can answer.
type PeopleChanged struct {
	Attached int `json:"attached"`
}

// StopRequested asks the run to end: agents finish their tool call, work is kept.
type StopRequested struct {
	By     string `json:"by"`
	Reason string `json:"reason"`
	Now    bool   `json:"now,omitempty"` // end agents at once
	// Outcome that the run ends with; "" is OutcomeStopped.
	Outcome Outcome `json:"outcome,omitempty"`
}

// Outcome is how a run ended.
type Outcome string

// The outcomes. All but done can be resumed.
const (
	OutcomeDone       Outcome = "done"        // merged, verified
	OutcomeFailed     Outcome = "failed"      // can't be finished as planned
	OutcomeStopped    Outcome = "stopped"     // a person asked for it
	OutcomeNeedsHuman Outcome = "needs_human" // parked: only a person can go on
)

// RunEnded says that no agent runs, all work is kept and the engine ends.
type RunEnded struct {
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason"`
}

// RunResumed makes an ended run active again.
type RunResumed struct {
	By string `json:"by"`
}

// RunPublished says that the run's branch was written and its report is there.
// It ends the effect of kind finish.
type RunPublished struct {
	Effect string `json:"effect"`
	Branch string `json:"branch"`
	Commit string `json:"commit"`
	// BaseMoved: the base branch points elsewhere than when the run began.
	BaseMoved string `json:"base_moved,omitempty"` // its commit now
	Note      string `json:"note,omitempty"`       // e.g. the branch is checked out, published as a ref only
}

// Problem is something that went wrong and was dealt with, shown in status.
type Problem struct {
	Source string `json:"source"` // e.g. "log", "insights.json", "agent implementer-1"
	Text   string `json:"text"`
	Agent  string `json:"agent,omitempty"`
	Task   string `json:"task,omitempty"`
}
