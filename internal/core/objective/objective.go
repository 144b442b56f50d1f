package objective

import "time"

// Plan is an objective cut into phases, each with tasks.
type Plan struct {
	Objective        Objective      `json:"objective"`
	Phases           []Phase        `json:"phases"`
	Limits           Limits         `json:"limits,omitzero"`
	OnConflict       ConflictPolicy `json:"on_conflict,omitempty"`
	OnBarrierTimeout BarrierPolicy  `json:"on_barrier_timeout,omitempty"`
}

// Objective is what a person asked for.
type Objective struct {
	Description     string      `json:"description"`
	SuccessCriteria []Criterion `json:"success_criteria,omitempty"`
	Boundaries      Boundaries  `json:"boundaries,omitzero"`
}

// Criterion says how we know that the objective is met. Without a Check the
// final report leaves it to a person.
type Criterion struct {
	Text  string `json:"text"`
	Check *Check `json:"check,omitempty"`
}

// Boundaries say what agents can't do. Empty FilePatterns allow every path.
type Boundaries struct {
	FilePatterns    []string `json:"file_patterns,omitempty"`
	RestrictedTools []string `json:"restricted_tools,omitempty"`
}

// Phase is an ordered step of the plan; it ends at a barrier.
type Phase struct {
	Name   string  `json:"name"`
	Tasks  []Task  `json:"tasks,omitempty"`
	Checks []Check `json:"checks,omitempty"`
}

// Task is one piece of work for one agent.
type Task struct {
	ID     string   `json:"id"`     // unique in the plan, [a-z0-9][a-z0-9._-]*
	Role   string   `json:"role"`   // a kind of agent, e.g. "implementer"
	Title  string   `json:"title"`  // one line
	Prompt string   `json:"prompt"` // what the agent is told
	Scope  []string `json:"scope,omitempty"`
	Needs  []string `json:"needs,omitempty"` // IDs of tasks of the same phase
	Tags   []string `json:"tags,omitempty"`
	NoCode bool     `json:"no_code,omitempty"` // the plan's word that the task changes no file
	// Overlap is "" (tasks of a phase whose scopes overlap run one after the
	// other) or OverlapAllow.
	Overlap string `json:"overlap,omitempty"`
	// Runtime is "" (the run's default), "exec:COMMAND" or "scripted:FILE".
	Runtime string `json:"runtime,omitempty"`
}

// OverlapAllow in Task.Overlap lets a task run beside others of its scope.
const OverlapAllow = "allow"

// Check is a command whose exit status says whether a criterion holds.
type Check struct {
	Run     string   `json:"run"`
	Expect  string   `json:"expect,omitempty"`  // RE2 that the output must match, multi-line mode
	Timeout Duration `json:"timeout,omitempty"` // zero: the run's default
}

// Limits bound a run. Zero means "not set here": the configuration's value holds.
type Limits struct {
	MaxParallelAgents      int     `json:"max_parallel_agents,omitempty"`
	MaxRuntimeMinutes      Minutes `json:"max_runtime_minutes,omitempty"`
	MaxAttempts            int     `json:"max_attempts,omitempty"`     // per task
	MaxFixAttempts         int     `json:"max_fix_attempts,omitempty"` // per phase and check
	MaxAgentsStarted       int     `json:"max_agents_started,omitempty"`
	MaxInsights            int     `json:"max_insights,omitempty"`
	MaxInsightsPerPull     int     `json:"max_insights_per_pull,omitempty"`
	MaxQuestionsPerAgent   int     `json:"max_questions_per_agent,omitempty"`
	AgentTimeoutMinutes    Minutes `json:"agent_timeout_minutes,omitempty"`
	SilenceMinutes         Minutes `json:"silence_minutes,omitempty"`
	BarrierTimeoutMinutes  Minutes `json:"barrier_timeout_minutes,omitempty"`
	DecisionTimeoutMinutes Minutes `json:"decision_timeout_minutes,omitempty"`
	CheckTimeoutMinutes    Minutes `json:"check_timeout_minutes,omitempty"`
	RetryDelaySeconds      Seconds `json:"retry_delay_seconds,omitempty"`
	ContextBytes           int     `json:"context_bytes,omitempty"`
	TranscriptBytes        int     `json:"transcript_bytes,omitempty"`

	// Budgets, over all attempts: of each task, of each phase, of the run.
	MaxTaskTokens       int     `json:"max_task_tokens,omitempty"`
	MaxTaskCostUSD      float64 `json:"max_task_cost_usd,omitempty"`
	MaxTaskMinutes      Minutes `json:"max_task_minutes,omitempty"`
	MaxTaskToolCalls    int     `json:"max_task_tool_calls,omitempty"`
	MaxTaskAgents       int     `json:"max_task_agents,omitempty"`
	MaxPhaseTokens      int     `json:"max_phase_tokens,omitempty"`
	MaxPhaseCostUSD     float64 `json:"max_phase_cost_usd,omitempty"`
	MaxPhaseToolCalls   int     `json:"max_phase_tool_calls,omitempty"`
	MaxPhaseAgents      int     `json:"max_phase_agents,omitempty"`
	MaxRunTokens        int     `json:"max_run_tokens,omitempty"`
	MaxRunCostUSD       float64 `json:"max_run_cost_usd,omitempty"`
	MaxRunToolCalls     int     `json:"max_run_tool_calls,omitempty"`
	QuotaBackoffMinutes Minutes `json:"quota_backoff_minutes,omitempty"`
}

// Minutes is a length of time in minutes; 0.5 is half a minute.
type Minutes float64

// Duration converts m, to the nanosecond.
func (m Minutes) Duration() time.Duration { return time.Duration(float64(m) * float64(time.Minute)) }

// Seconds is a length of time in seconds; 0.5 is half a second.
type Seconds float64

// Duration converts s, to the nanosecond.
func (s Seconds) Duration() time.Duration { return time.Duration(float64(s) * float64(time.Second)) }

// ConflictPolicy says who resolves a merge conflict.
type ConflictPolicy string

// The conflict policies.
const (
	ConflictAgent     ConflictPolicy = "agent"
	ConflictHuman     ConflictPolicy = "human"
	ConflictFirstWins ConflictPolicy = "first_wins"
)

// BarrierPolicy says what happens when a phase outlasts its barrier timeout.
type BarrierPolicy string

// The barrier policies.
const (
	BarrierHuman   BarrierPolicy = "human"
	BarrierPartial BarrierPolicy = "partial"
)

// Duration is a time.Duration that is text ("10m", "1h30m") in files and logs.
type Duration time.Duration

// MarshalText writes the duration as time.Duration.String does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration takes.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return err
	}
	*d = Duration(v)
	return nil
}

// Task returns the task with the given ID and the index of its phase.
func (p *Plan) Task(id string) (Task, int, bool) {
	for i, ph := range p.Phases {
		for _, t := range ph.Tasks {
			if t.ID == id {
				return t, i, true
			}
		}
	}
	return Task{}, 0, false
}
