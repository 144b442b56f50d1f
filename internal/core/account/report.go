package account

import (
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/view"
)

// Report is what came of a run.
type Report struct {
	Run       string     `json:"run"`
	State     string     `json:"state"` // as power status has it
	Reason    string     `json:"reason,omitempty"`
	Objective string     `json:"objective"`
	BaseRef   string     `json:"base_ref"`
	Base      string     `json:"base"`
	Head      string     `json:"head"` // of the merged tree
	Branch    string     `json:"branch"`
	Published bool       `json:"published"`            // the branch holds the result
	Note      string     `json:"note,omitempty"`       // about the branch
	BaseMoved string     `json:"base_moved,omitempty"` // where the base branch is now
	Merge     []string   `json:"merge"`                // commands that merge the result, one or the other
	Begun     time.Time  `json:"begun"`
	Until     time.Time  `json:"until"` // its end, or now
	Totals    Totals     `json:"totals"`
	Time      Timeline   `json:"time"`
	Criteria  []Proof    `json:"criteria"`
	Phases    []Phase    `json:"phases"`
	Agents    []Attempt  `json:"agents"` // all, oldest first
	Insights  []Insight  `json:"insights"`
	Decisions []Decision `json:"decisions"`
	Besides   []string   `json:"besides"` // what is kept and not in the result, follow-ups
}

// Used is what models used.
type Used struct {
	InputTokens  int64   `json:"input_tokens"`
	CachedTokens int64   `json:"cached_tokens"` // of the input
	OutputTokens int64   `json:"output_tokens"`
	Turns        int64   `json:"turns"`
	CostUSD      float64 `json:"cost_usd"`
}

// Tokens is how many tokens were used in all.
func (u Used) Tokens() int64 { return u.InputTokens + u.OutputTokens }

// Totals are the run's numbers.
type Totals struct {
	Tasks          int  `json:"tasks"`
	Merged         int  `json:"merged"`
	Skipped        int  `json:"skipped"`
	Agents         int  `json:"agents"`
	ToolCalls      int  `json:"tool_calls"`
	Denied         int  `json:"denied"` // tool calls, by rules and by whom they asked
	DeniedByPeople int  `json:"denied_by_people"`
	Insights       int  `json:"insights"`
	Given          int  `json:"given"` // insights to agents, each once
	Questions      int  `json:"questions"`
	ByPeople       int  `json:"by_people"` // of them answered by people
	Used           Used `json:"used"`
	Planning       Used `json:"planning,omitzero"` // of it, before the run
}

// Timeline says where the time went, in seconds.
type Timeline struct {
	Makespan float64 `json:"makespan"` // from the first event on, pauses included
	Active   float64 `json:"active"`   // in which the run went on by itself
	Work     float64 `json:"work"`     // of all agents, added up
	Busy     float64 `json:"busy"`     // in which an agent was at work
	Parallel float64 `json:"parallel"` // Work over Busy
	Peak     int     `json:"peak"`     // agents at once
	People   float64 `json:"people"`   // in which a question was open
}

// Proof is a success criterion and whether it holds.
type Proof struct {
	Text    string `json:"text"`
	Verdict string `json:"verdict"` // in words
	Check   string `json:"check,omitempty"`
}

// Phase is a phase and what was done in it.
type Phase struct {
	Name    string    `json:"name"`
	State   string    `json:"state"`
	Commit  string    `json:"commit,omitempty"` // its barrier's
	Ref     string    `json:"ref,omitempty"`
	Partial bool      `json:"partial,omitempty"`
	Begun   time.Time `json:"begun,omitzero"`
	Opened  time.Time `json:"opened,omitzero"`
	Checks  []Proof   `json:"checks"` // its own
	Tasks   []Task    `json:"tasks"`
}

// Task is what came of a task. Its numbers are those of all its attempts.
type Task struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Role      string    `json:"role"`
	State     string    `json:"state"`
	By        string    `json:"by,omitempty"` // whose work it is, or who skipped it
	Why       string    `json:"why,omitempty"`
	Summary   string    `json:"summary,omitempty"`
	Files     []string  `json:"files"`
	Changed   int       `json:"changed"`
	Added     int       `json:"added"`
	Removed   int       `json:"removed"`
	Commit    string    `json:"commit,omitempty"`   // its merge
	Ref       string    `json:"ref,omitempty"`      // where its work is kept
	Resolved  string    `json:"resolved,omitempty"` // how a conflict was
	Seconds   float64   `json:"seconds"`            // in which at least one agent was at work on it
	ToolCalls int       `json:"tool_calls"`
	Used      Used      `json:"used"`
	Audit     []string  `json:"audit"` // what the audit found in its work, and who let it pass
	Attempts  []Attempt `json:"attempts"`
	Decisions []string  `json:"decisions"` // questions about it
}

// Attempt is one agent.
type Attempt struct {
	Agent          string    `json:"agent"`
	Task           string    `json:"task"`
	Attempt        int       `json:"attempt"`
	Role           string    `json:"role"`
	Purpose        string    `json:"purpose"`
	Runtime        string    `json:"runtime"`
	State          string    `json:"state"`            // accepted, rejected, or how far it is
	Reason         string    `json:"reason,omitempty"` // why it was rejected
	Started        time.Time `json:"started,omitzero"`
	Ended          time.Time `json:"ended,omitzero"`
	Seconds        float64   `json:"seconds"`
	Waited         float64   `json:"waited"` // of them for people, in seconds
	ToolCalls      int       `json:"tool_calls"`
	Used           Used      `json:"used"`
	Given          []string  `json:"given"` // insights: the first ones
	Shared         []string  `json:"shared"`
	Confirmed      []string  `json:"confirmed"`
	Messages       int       `json:"messages"` // given to it
	Resumed        []string  `json:"resumed"`  // why another process of it went on, each time
	Denied         []Denied  `json:"denied"`
	Denials        int       `json:"denials"`          // of them, all
	DeniedByPeople int       `json:"denied_by_people"` // of all
	Flagged        int       `json:"flagged"`
	Ref            string    `json:"ref,omitempty"`
	Rescue         string    `json:"rescue,omitempty"`
}

// Denied is what one rule denied one agent, or who answered where it asked.
type Denied struct {
	Rule   string   `json:"rule"`
	By     string   `json:"by,omitempty"` // a person, policy or timeout; else the rule itself
	Reason string   `json:"reason"`       // the first time
	Times  int      `json:"times"`
	Calls  []string `json:"calls"` // examples
}

// Insight is an insight and who has it.
type Insight struct {
	view.Insight
	Given []string `json:"given"` // agents
}

// Decision is a question and what became of it.
type Decision struct {
	ID      string             `json:"id"`
	Kind    event.QuestionKind `json:"kind"`
	Text    string             `json:"text"` // its first line
	Agent   string             `json:"agent,omitempty"`
	Task    string             `json:"task,omitempty"`
	Rule    string             `json:"rule,omitempty"`
	Asked   time.Time          `json:"asked"`
	Seconds float64            `json:"seconds"` // it was open
	Answer  string             `json:"answer,omitempty"`
	By      string             `json:"by,omitempty"`
	Person  bool               `json:"person"` // a person answered, not a policy or the clock
	Note    string             `json:"note,omitempty"`
	Always  bool               `json:"always,omitempty"`
	Closed  string             `json:"closed,omitempty"` // why it was withdrawn
}
