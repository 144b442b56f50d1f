package planfile

// file is a plan file as it is written. The jsonschema tags are the schema's
// descriptions.
type file struct {
	Objective        objectiveBlock `json:"objective" jsonschema:"what is asked for"`
	Phases           []phase        `json:"phases,omitempty" jsonschema:"ordered steps of the work, each ends at a barrier; without them the objective gets the default phases"`
	Limits           limits         `json:"limits,omitzero" jsonschema:"bounds of the run; they go before the configuration's"`
	OnConflict       string         `json:"on_conflict,omitempty" jsonschema:"who resolves a merge conflict: agent, human or first_wins"`
	OnBarrierTimeout string         `json:"on_barrier_timeout,omitempty" jsonschema:"what happens when a phase outlasts barrier_timeout_minutes: human (a person is asked) or partial (the barrier opens with what is there)"`
}

type objectiveBlock struct {
	Description     string      `json:"description" jsonschema:"what is to be built, in words"`
	SuccessCriteria []criterion `json:"success_criteria,omitempty" jsonschema:"how we know that it is done"`
	Phases          []ident     `json:"phases,omitempty" jsonschema:"names of phases, each with one default task; instead of the phases beside the objective"`
	Boundaries      boundaries  `json:"boundaries,omitzero" jsonschema:"what agents can't do"`
}

// criterion is a text, or a text with a check.
type criterion criterionBlock

type criterionBlock struct {
	Text  string `json:"text" jsonschema:"the criterion, in words"`
	Check *check `json:"check,omitempty" jsonschema:"a command that shows that the criterion is met; without one the report leaves it to a person"`
}

// boundaries are one map, or a list of maps whose entries add up.
type boundaries boundariesBlock

type boundariesBlock struct {
	FilePatterns    []string `json:"file_patterns,omitempty" jsonschema:"paths that agents may change; none: all"`
	RestrictedTools []string `json:"restricted_tools,omitempty" jsonschema:"tools that agents may not use"`
}

// phase is a name (with a default task), or a name with tasks and checks.
type phase struct {
	phaseBlock
	byName bool
}

type phaseBlock struct {
	Name   string  `json:"name" jsonschema:"short name, unique in the plan"`
	Tasks  []task  `json:"tasks,omitempty" jsonschema:"work of the phase; without tasks its barrier opens at once"`
	Checks []check `json:"checks,omitempty" jsonschema:"commands that must pass on the merged tree before the barrier opens"`
}

type task struct {
	ID      ident    `json:"id" jsonschema:"unique in the plan: lower case letters, digits, '.', '_' and '-'"`
	Role    string   `json:"role,omitempty" jsonschema:"kind of agent, e.g. explorer, architect, implementer, tester, documenter, reviewer; without it the role that fits the phase's name"`
	Title   string   `json:"title,omitempty" jsonschema:"one line; without it the first line of the prompt"`
	Prompt  string   `json:"prompt" jsonschema:"what the agent is told"`
	Scope   []string `json:"scope,omitempty" jsonschema:"paths that the task changes, reserved for it while it runs"`
	Needs   []ident  `json:"needs,omitempty" jsonschema:"IDs of tasks of the same phase whose accepted work this task starts from"`
	Tags    []string `json:"tags,omitempty" jsonschema:"what the task is about: insights with these tags are routed to it"`
	NoCode  bool     `json:"no_code,omitempty" jsonschema:"the task changes no file: done without changes is done"`
	Overlap string   `json:"overlap,omitempty" jsonschema:"allow: run beside tasks whose scope overlaps"`
	Runtime string   `json:"runtime,omitempty" jsonschema:"how the agent is driven, e.g. exec:COMMAND or scripted:FILE; without it the run's runtime"`
}

// check is a command, or a command with what its output must match.
type check checkBlock

type checkBlock struct {
	Run     string   `json:"run" jsonschema:"shell command, run in the merged tree; exit status 0 is a pass"`
	Expect  string   `json:"expect,omitempty" jsonschema:"regular expression (RE2, multi-line mode) that the output must match"`
	Timeout duration `json:"timeout,omitempty" jsonschema:"e.g. 90s or 10m; without it check_timeout_minutes"`
}

// ident is text that names something. A number, or a word that other YAML
// readers take for true or false, must be quoted.
type ident string

// duration is text such as "90s" or "10m".
type duration string

type limits struct {
	MaxParallelAgents      int     `json:"max_parallel_agents,omitempty" jsonschema:"agents that run at once"`
	MaxRuntimeMinutes      float64 `json:"max_runtime_minutes,omitempty" jsonschema:"time of the whole run"`
	MaxAttempts            int     `json:"max_attempts,omitempty" jsonschema:"agents that try a task before a person decides"`
	MaxFixAttempts         int     `json:"max_fix_attempts,omitempty" jsonschema:"agents that try to turn a phase's red check green before a person decides"`
	MaxAgentsStarted       int     `json:"max_agents_started,omitempty" jsonschema:"agents started in the whole run"`
	MaxInsights            int     `json:"max_insights,omitempty" jsonschema:"insights kept in the whole run"`
	MaxInsightsPerPull     int     `json:"max_insights_per_pull,omitempty" jsonschema:"insights that an agent is given at once"`
	MaxQuestionsPerAgent   int     `json:"max_questions_per_agent,omitempty" jsonschema:"questions that an agent may ask"`
	AgentTimeoutMinutes    float64 `json:"agent_timeout_minutes,omitempty" jsonschema:"time of one agent"`
	SilenceMinutes         float64 `json:"silence_minutes,omitempty" jsonschema:"an agent that shows no sign of life for so long hangs"`
	BarrierTimeoutMinutes  float64 `json:"barrier_timeout_minutes,omitempty" jsonschema:"time of one phase"`
	DecisionTimeoutMinutes float64 `json:"decision_timeout_minutes,omitempty" jsonschema:"an agent's question that nobody answers for so long is answered by its default"`
	CheckTimeoutMinutes    float64 `json:"check_timeout_minutes,omitempty" jsonschema:"time of one check"`
	RetryDelaySeconds      float64 `json:"retry_delay_seconds,omitempty" jsonschema:"pause before the second attempt at a task; it doubles"`
	ContextBytes           int     `json:"context_bytes,omitempty" jsonschema:"earlier work and insights in a prompt"`
	TranscriptBytes        int     `json:"transcript_bytes,omitempty" jsonschema:"output kept of an agent"`
	MaxTaskTokens          int     `json:"max_task_tokens,omitempty" jsonschema:"tokens that the agents of one task may use, all attempts taken together"`
	MaxTaskCostUSD         float64 `json:"max_task_cost_usd,omitempty" jsonschema:"money that the agents of one task may cost"`
	MaxTaskMinutes         float64 `json:"max_task_minutes,omitempty" jsonschema:"time that the agents of one task may work, one after the other; waiting does not count"`
	MaxTaskToolCalls       int     `json:"max_task_tool_calls,omitempty" jsonschema:"tool calls that the agents of one task may make"`
	MaxTaskAgents          int     `json:"max_task_agents,omitempty" jsonschema:"agents started for one task, whatever for"`
	MaxPhaseTokens         int     `json:"max_phase_tokens,omitempty" jsonschema:"tokens that the agents of one phase may use"`
	MaxPhaseCostUSD        float64 `json:"max_phase_cost_usd,omitempty" jsonschema:"money that the agents of one phase may cost"`
	MaxPhaseToolCalls      int     `json:"max_phase_tool_calls,omitempty" jsonschema:"tool calls that the agents of one phase may make"`
	MaxPhaseAgents         int     `json:"max_phase_agents,omitempty" jsonschema:"agents started in one phase"`
	MaxRunTokens           int     `json:"max_run_tokens,omitempty" jsonschema:"tokens that all agents of the run may use"`
	MaxRunCostUSD          float64 `json:"max_run_cost_usd,omitempty" jsonschema:"money that all agents of the run may cost"`
	MaxRunToolCalls        int     `json:"max_run_tool_calls,omitempty" jsonschema:"tool calls that all agents of the run may make"`
	QuotaBackoffMinutes    float64 `json:"quota_backoff_minutes,omitempty" jsonschema:"pause after a quota or rate limit that names no time; it doubles with each, up to an hour"`
}
