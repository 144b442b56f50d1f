package view

import (
	"time"

	"popkit/internal/core/event"
)

// Status is all that is shown of a run.
type Status struct {
	Run        string     `json:"run"`
	State      string     `json:"state"` // running, paused, quota (no agent is started before it is filled up), stopping, done, failed, stopped, needs_human, interrupted
	Reason     string     `json:"reason,omitempty"`
	Objective  string     `json:"objective"`
	Mode       string     `json:"mode"`
	ModeReason string     `json:"mode_reason"`
	Tier       string     `json:"tier"`
	Engine     *Engine    `json:"engine"` // null when none runs
	Begun      time.Time  `json:"begun"`
	Updated    time.Time  `json:"updated"` // time of the last event
	Seq        int64      `json:"seq"`
	Branch     string     `json:"branch"`
	BaseRef    string     `json:"base_ref"`
	Base       string     `json:"base"`
	Head       string     `json:"head"`               // of the merged tree
	Unproved   []string   `json:"unproved,omitempty"` // success criteria without a check: a person judges them
	Phases     []Phase    `json:"phases"`
	Tasks      []Task     `json:"tasks"`
	Agents     []Agent    `json:"agents"`
	Decisions  []Decision `json:"decisions"` // open ones
	Pause      *Pause     `json:"pause,omitempty"`
	Quota      *Quota     `json:"quota,omitempty"`
	Budget     Budget     `json:"budget"`
	Rules      []Rule     `json:"rules"` // what people answered "always", oldest first
	Insights   int        `json:"insights"`
	Errors     []Error    `json:"errors"` // the last ones, oldest first
}

// Pause is a run that stands still.
type Pause struct {
	By        string    `json:"by"`
	Reason    string    `json:"reason,omitempty"`
	Since     time.Time `json:"since"`
	How       string    `json:"how,omitempty"` // cgroup, signals; "" while they are being frozen, or nothing runs
	Processes int       `json:"processes"`
	Left      string    `json:"left,omitempty"` // what does not stand still, and why
}

// Quota is a quota that is used up: no agent is started before Until.
type Quota struct {
	Agent string    `json:"agent"`
	Text  string    `json:"text"`
	Until time.Time `json:"until"`
	Told  bool      `json:"told"` // the service named the time; else popkit backs off
}

// Engine is the process that owns the run.
type Engine struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Socket  string    `json:"socket"`
	Since   time.Time `json:"since"`
	Epoch   int       `json:"epoch"`
	Sandbox string    `json:"sandbox,omitempty"`
	Claude  string    `json:"claude,omitempty"` // the Claude Code that drives agents: version, path, settings
}

// Phase is a phase and its barrier.
type Phase struct {
	Name    string    `json:"name"`
	State   string    `json:"state"` // pending, active, open
	Base    string    `json:"base,omitempty"`
	Commit  string    `json:"commit,omitempty"` // the barrier's
	Ref     string    `json:"ref,omitempty"`
	Missing []string  `json:"missing,omitempty"`
	Partial bool      `json:"partial,omitempty"`
	Waits   string    `json:"waits,omitempty"` // what the barrier waits for, in words
	Checks  []Check   `json:"checks,omitempty"`
	Begun   time.Time `json:"begun,omitzero"`
	Opened  time.Time `json:"opened,omitzero"`
}

// Check is a check and its newest result.
type Check struct {
	Run       string `json:"run"`
	Criterion string `json:"criterion,omitempty"`
	State     string `json:"state"` // pending, passed, failed, could_not_run, waived
	Commit    string `json:"commit,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Fixes     int    `json:"fixes,omitempty"`
}

// Task is a task and how far it is.
type Task struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Phase    string   `json:"phase"`
	Role     string   `json:"role"`
	State    string   `json:"state"`           // pending, running, accepted, conflicted, merged, skipped
	Waits    string   `json:"waits,omitempty"` // why it is not running, in words
	Agent    string   `json:"agent,omitempty"`
	Attempts int      `json:"attempts"`
	Summary  string   `json:"summary,omitempty"`
	Files    []string `json:"files,omitempty"`
	Commit   string   `json:"commit,omitempty"` // its merge
}

// Agent is one attempt.
type Agent struct {
	ID        string    `json:"id"`
	Task      string    `json:"task"`
	Role      string    `json:"role"`
	Runtime   string    `json:"runtime"`
	Attempt   int       `json:"attempt"`
	Purpose   string    `json:"purpose"`
	State     string    `json:"state"` // requested, prepared, running, exited, collected, accepted, rejected
	Waits     string    `json:"waits,omitempty"`
	Doing     string    `json:"doing,omitempty"`
	Progress  float64   `json:"progress"`
	ToolCalls int       `json:"tool_calls"`
	CheckIns  int       `json:"check_ins"`
	PID       int       `json:"pid,omitempty"`
	Workspace string    `json:"workspace,omitempty"`
	Started   time.Time `json:"started,omitzero"`
	Ended     time.Time `json:"ended,omitzero"`
	Reason    string    `json:"reason,omitempty"` // why it was rejected
	Ref       string    `json:"ref,omitempty"`    // where its work is kept
	Tokens    int64     `json:"tokens,omitempty"` // used by its model
	CostUSD   float64   `json:"cost_usd,omitempty"`
	Turns     int64     `json:"turns,omitempty"` // answers of its model
	Drift     *Drift    `json:"drift,omitempty"`
	Rescue    string    `json:"rescue,omitempty"`
	Layers    Layers    `json:"layers"`
	Verdicts  Verdicts  `json:"verdicts"`
	// Plan says how it stands with the plan that its role has to present, in words; ""
	// where none is needed.
	Plan string `json:"plan,omitempty"`
	// Findings are what the audit found in its work: how many wait for a person, or
	// waited for one.
	Findings int      `json:"findings,omitempty"`
	Dropped  []string `json:"dropped,omitempty"` // files that a person left out of its work
}

// Layers are what stands between an agent and harm, one word each.
type Layers struct {
	// Hook: its tool calls are put to the guard: none, declared (its runtime says
	// so, and has not proved it), answers (it has asked), proved (it has tried to
	// do what is denied, and was told no), breached.
	Hook string `json:"hook"`
	// Permission is what its host lets run: closed (nothing but what the guard allowed),
	// inherited (what the user's own settings allow, too), none (it asks nobody).
	Permission string `json:"permission"`
	Sandbox    string `json:"sandbox"` // what the system holds it by, as event.AgentStarted says; none: it is unsandboxed
	Audit      string `json:"audit"`   // on: its diff is judged before it is merged; off
}

// Verdicts are how many tool calls the guard judged how.
type Verdicts struct {
	Allowed int `json:"allowed"`
	Asked   int `json:"asked"`
	Refused int `json:"refused"` // of those asked, whose answer was no
	Denied  int `json:"denied"`
	Flagged int `json:"flagged"` // smells in calls that were let run
}

// Rule is an answer that holds for the rest of the run.
type Rule struct {
	Rule     string    `json:"rule"`
	Subject  string    `json:"subject"`
	Answer   string    `json:"answer"` // allow, deny
	By       string    `json:"by"`
	Question string    `json:"question"`
	Since    time.Time `json:"since"`
}

// Decision is a question for a person.
type Decision struct {
	ID      string             `json:"id"`
	Kind    event.QuestionKind `json:"kind"`
	Text    string             `json:"text"`
	Options []string           `json:"options,omitempty"`
	Default string             `json:"default,omitempty"`
	Agent   string             `json:"agent,omitempty"`
	Task    string             `json:"task,omitempty"`
	Rule    string             `json:"rule,omitempty"`    // kind guard: what asks
	Subject string             `json:"subject,omitempty"` // … and about what
	Waits   string             `json:"waits,omitempty"`   // what waits for the answer, in words; open ones
	Asked   time.Time          `json:"asked"`
	Expires time.Time          `json:"expires,omitzero"`
	Answer  string             `json:"answer,omitempty"` // closed ones, where they are listed
	By      string             `json:"by,omitempty"`
	Note    string             `json:"note,omitempty"`   // what who answered has to say about it
	Always  bool               `json:"always,omitempty"` // the answer is a rule of the run
	Closed  string             `json:"closed,omitempty"` // why it was withdrawn
	// Findings that an open question of kind audit is about; popkit power audit shows
	// all.
	Findings []event.Finding `json:"findings,omitempty"`
}

// Audited is all that the audit found in an agent's work, as it is kept beside the
// log: at most MaxAudited findings.
type Audited struct {
	Commit   string          `json:"commit"`
	Findings []event.Finding `json:"findings"`
}

// MaxAudited bounds the findings that are kept of one agent's work.
const MaxAudited = 10_000

// Budget is what was used and what is allowed. Zero limits are none.
type Budget struct {
	Agents      int     `json:"agents"` // at work now
	MaxAgents   int     `json:"max_agents"`
	MaxSource   string  `json:"max_agents_source"`
	Started     int     `json:"started"`
	MaxStarted  int     `json:"max_started"`
	Minutes     float64 `json:"minutes"` // of the run's own time
	MaxMinutes  float64 `json:"max_minutes"`
	MaxAttempts int     `json:"max_attempts"`
	MaxInsights int     `json:"max_insights"`
	Sequential  bool    `json:"sequential,omitempty"`

	InputTokens  int64   `json:"input_tokens"`
	CachedTokens int64   `json:"cached_tokens,omitempty"` // of the input
	OutputTokens int64   `json:"output_tokens"`
	CostUSD      float64 `json:"cost_usd"`
	Turns        int64   `json:"turns,omitempty"`
	ToolCalls    int     `json:"tool_calls"`
	// What planning used of it, before the run.
	PlanningTokens  int64   `json:"planning_tokens,omitempty"`
	PlanningCostUSD float64 `json:"planning_cost_usd,omitempty"`
	// Lines are the budgets of the run, of the current phase and of the tasks at work
	// of which something is used, or that are used up.
	Lines []BudgetLine `json:"lines"`
}

// BudgetLine is one budget.
type BudgetLine struct {
	Of    string  `json:"of"`             // run, phase, task
	Name  string  `json:"name,omitempty"` // of the phase or task
	What  string  `json:"what"`           // tokens, cost_usd, minutes, tool_calls, agents
	Used  float64 `json:"used"`
	Limit float64 `json:"limit"`
	State string  `json:"state"` // ok, low (four fifths are used), passed
}

// Drift is how an agent got off its track last.
type Drift struct {
	Kind     string `json:"kind"` // outside_scope, others_task, repeating, no_progress, silent
	Evidence string `json:"evidence"`
	Times    int    `json:"times"` // findings about this agent in all
}

// Error is something that went wrong and was dealt with.
type Error struct {
	Time   time.Time `json:"time"`
	Source string    `json:"source"`
	Text   string    `json:"text"`
}

// Insight is an insight as insights.json and `popkit insight list --json` show it.
type Insight struct {
	ID         string    `json:"id"`
	Agent      string    `json:"agent"`
	Phase      string    `json:"phase"`
	Type       string    `json:"type"`
	Content    string    `json:"content"`
	Tags       []string  `json:"tags"`
	Confidence float64   `json:"confidence,omitempty"`
	Confirmed  []string  `json:"confirmed_by,omitempty"`
	Similar    []string  `json:"similar,omitempty"`
	Timestamp  time.Time `json:"timestamp"`
}

// Message is a message as an agent is given it.
type Message struct {
	ID     string `json:"id"`
	From   string `json:"from"`
	Text   string `json:"text"`
	Urgent bool   `json:"urgent,omitempty"`
}

// Delivery is what an agent is given at a tool boundary, each thing once.
type Delivery struct {
	Insights []Insight `json:"insights"`
	Messages []Message `json:"messages"`
}

// Empty reports whether nothing is delivered.
func (d Delivery) Empty() bool { return len(d.Insights)+len(d.Messages) == 0 }
