package event

import "time"

// RunPaused says that a person wants everything to stand still: nothing is
// started, and what runs is frozen.
type RunPaused struct {
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
}

// RunUnpaused lets a paused run go on.
type RunUnpaused struct {
	By string `json:"by"`
}

// RunFrozen says that the processes of a paused run stand still. It ends effect
// freeze.
type RunFrozen struct {
	Effect    string `json:"effect"`
	How       string `json:"how"`            // cgroup, signals, or both; "" when nothing ran
	Processes int    `json:"processes"`      // that were frozen
	Left      string `json:"left,omitempty"` // what could not be frozen, and why
}

// RunThawed says that the processes go on. It ends effect thaw.
type RunThawed struct {
	Effect string `json:"effect"`
}

// QuotaHit says that a service refuses to work on until its quota is filled up:
// no agent is started before Until.
type QuotaHit struct {
	Agent  string    `json:"agent"`
	Text   string    `json:"text"`  // what said so
	Until  time.Time `json:"until"` // UTC
	Told   bool      `json:"told"`  // the service named the time; else popkit backs off
	Streak int       `json:"streak"`
}

// QuotaSaid is what a service was heard to say of a quota.
type QuotaSaid struct {
	Text  string    `json:"text"`
	Until time.Time `json:"until,omitzero"` // zero: it named no time
}

// QuotaOver says that agents are started again after a quota was used up.
type QuotaOver struct {
	By string `json:"by"` // "time", or who did not want to wait
}

// Usage is what an agent's model used. Input counts everything that was read, from
// caches too; Cached says how much of it came from there.
type Usage struct {
	InputTokens  int64   `json:"input_tokens,omitempty"`
	CachedTokens int64   `json:"cached_tokens,omitempty"`
	OutputTokens int64   `json:"output_tokens,omitempty"`
	CostUSD      float64 `json:"cost_usd,omitempty"`
	Turns        int64   `json:"turns,omitempty"` // answers of the model
}

// Plus is the sum.
func (u Usage) Plus(o Usage) Usage {
	return Usage{
		InputTokens: u.InputTokens + o.InputTokens, CachedTokens: u.CachedTokens + o.CachedTokens,
		OutputTokens: u.OutputTokens + o.OutputTokens, CostUSD: u.CostUSD + o.CostUSD, Turns: u.Turns + o.Turns,
	}
}

// Beyond is what u has more than o. Nothing is taken back.
func (u Usage) Beyond(o Usage) Usage {
	return Usage{
		InputTokens: max(0, u.InputTokens-o.InputTokens), CachedTokens: max(0, u.CachedTokens-o.CachedTokens),
		OutputTokens: max(0, u.OutputTokens-o.OutputTokens), CostUSD: max(0, u.CostUSD-o.CostUSD), Turns: max(0, u.Turns-o.Turns),
	}
}

// Tokens is how many tokens were used in all.
func (u Usage) Tokens() int64 { return u.InputTokens + u.OutputTokens }

// SaneUsage reports whether the usage is one that there can be; sums of those stay
// within their types.
func SaneUsage(u Usage) bool {
	const most = 1e12
	for _, n := range []int64{u.InputTokens, u.CachedTokens, u.OutputTokens, u.Turns} {
		if n < 0 || n > most {
			return false
		}
	}
	return u.CostUSD >= 0 && u.CostUSD <= most // not NaN
}

// AgentUsed adds to what an agent has used.
type AgentUsed struct {
	Agent string `json:"agent"`
	Used  Usage  `json:"used"`
}

// BudgetWarned says, once, that four fifths of a budget are used.
type BudgetWarned struct {
	Of    string  `json:"of"`   // run, phase or task
	Name  string  `json:"name"` // of the phase or task
	What  string  `json:"what"` // tokens, cost_usd, minutes, tool_calls, agents
	Used  float64 `json:"used"`
	Limit float64 `json:"limit"`
}

// DriftKind is a way to get off the track.
type DriftKind string

// The kinds of drift.
const (
	DriftScope      DriftKind = "outside_scope" // touches paths outside the task's scope or the boundaries
	DriftOthers     DriftKind = "others_task"   // touches paths that are another task's
	DriftRepeating  DriftKind = "repeating"     // the same call again and again
	DriftNoProgress DriftKind = "no_progress"   // many calls, or much time, and nothing came of it
	DriftSilent     DriftKind = "silent"        // no sign of life, though not yet for so long that it hangs
)

// AgentDrifted says that an agent gets off its track, with the evidence; once an
// episode, not once a call.
type AgentDrifted struct {
	Agent    string    `json:"agent"`
	Task     string    `json:"task"`
	Kind     DriftKind `json:"kind"`
	Evidence string    `json:"evidence"` // in words
	Paths    []string  `json:"paths,omitempty"`
	Other    string    `json:"other,omitempty"` // the task whose paths they are
	Action   string    `json:"action"`          // warn, steer, escalate
	Episode  string    `json:"episode"`         // the same until the agent is back on its track
}

// AgentChanged says what an agent has changed in its workspace so far; it comes when
// that is not what it was at the last look.
type AgentChanged struct {
	Effect  string   `json:"effect"`
	Agent   string   `json:"agent"`
	Files   []string `json:"files,omitempty"` // the first ones, at most MaxLooked
	Changed int      `json:"changed"`         // how many in all
}

// MaxLooked bounds the files that AgentChanged lists.
const MaxLooked = 50

// BoundaryAdded widens the objective's boundaries, or a task's scope.
type BoundaryAdded struct {
	Glob string `json:"glob"`
	Task string `json:"task,omitempty"` // "" = the objective's boundaries
	By   string `json:"by"`
}

// TaskReassigned gives a task a new attempt by another role or runtime, ending the
// one under way.
type TaskReassigned struct {
	Task    string `json:"task"`
	By      string `json:"by"`
	Role    string `json:"role,omitempty"`    // "" = as it is
	Runtime string `json:"runtime,omitempty"` // likewise
	Reason  string `json:"reason,omitempty"`
}

// Budgets are what may be used, by each task, each phase and the run, all attempts
// taken together. The run's time and agents are Settings.MaxRuntime and MaxStarted.
type Budgets struct {
	Task  Allowance `json:"task,omitzero"`
	Phase Allowance `json:"phase,omitzero"`
	Run   Allowance `json:"run,omitzero"`
}

// Allowance is what may be used; zero is no limit.
type Allowance struct {
	Tokens    int           `json:"tokens,omitempty"`
	CostUSD   float64       `json:"cost_usd,omitempty"`
	Time      time.Duration `json:"time,omitempty"`
	ToolCalls int           `json:"tool_calls,omitempty"`
	Agents    int           `json:"agents,omitempty"`
}

// Drift says when an agent counts as off its track, and what is done about it.
// Zero is never.
type Drift struct {
	Silent          time.Duration `json:"silent,omitempty"`
	NoProgress      time.Duration `json:"no_progress,omitempty"`
	NoProgressCalls int           `json:"no_progress_calls,omitempty"`
	Repeated        int           `json:"repeated,omitempty"` // so many of the last calls are the same
	Action          string        `json:"action,omitempty"`   // warn, steer or escalate
	// Actions sets the action of single kinds.
	Actions map[string]string `json:"actions,omitempty"`
}

// The actions on drift.
const (
	DriftWarn     = "warn"
	DriftSteer    = "steer"    // a message to the agent, with the evidence
	DriftEscalate = "escalate" // a question to a person
	DriftOff      = "off"
)

// ActionOn returns what is done about a kind of drift.
func (d Drift) ActionOn(k DriftKind) string {
	if a := d.Actions[string(k)]; a != "" {
		return a
	}
	if d.Action != "" {
		return d.Action
	}
	return DriftWarn
}
