package event

import "time"

// PhaseStarted begins the phase with the given index (from 0). Its tasks start
// from Base, the commit that the barrier before it opened with.
type PhaseStarted struct {
	Phase int    `json:"phase"`
	Name  string `json:"name"`
	Base  string `json:"base"`
}

// BarrierTimedOut says that a phase outlasted its limit; never silent.
type BarrierTimedOut struct {
	Phase   int      `json:"phase"`
	Missing []string `json:"missing"` // tasks not settled
	Policy  string   `json:"policy"`  // what is done about it: human, partial
}

// BarrierOpened closes a phase: its work is settled, merged and verified at
// Commit, published as Ref. It ends the effect of kind publish. There is
// exactly one a phase.
type BarrierOpened struct {
	Effect  string   `json:"effect"`
	Phase   int      `json:"phase"`
	Commit  string   `json:"commit"`
	Ref     string   `json:"ref"`
	Merged  []string `json:"merged,omitempty"`
	Missing []string `json:"missing,omitempty"` // tasks that were skipped or left out
	Partial bool     `json:"partial,omitempty"`
	// Waived: checks that were not green and that a person let pass.
	Waived []string `json:"waived,omitempty"`
}

// CheckStatus is the result of a check.
type CheckStatus string

// The check statuses. Only CheckPassed is a pass.
const (
	CheckPassed      CheckStatus = "passed"
	CheckFailed      CheckStatus = "failed"        // it ran, and exit status or output say no
	CheckCouldNotRun CheckStatus = "could_not_run" // exit 126/127, killed, timed out
)

// CheckEnded is the result of one check at one commit. It ends the effect of
// kind check.
type CheckEnded struct {
	Effect   string        `json:"effect"`
	Phase    int           `json:"phase"`
	Check    int           `json:"check"` // index in the phase's checks; after them, the criteria's
	Commit   string        `json:"commit"`
	Status   CheckStatus   `json:"status"`
	ExitCode int           `json:"exit_code"`
	Reason   string        `json:"reason,omitempty"` // in words, when not passed
	Output   string        `json:"output,omitempty"` // tail, redacted
	Duration time.Duration `json:"duration"`
}

// CheckBlamed says which merge turned a check red. It ends the effect of kind
// blame. Task is "" when the check fails at the phase's base already.
type CheckBlamed struct {
	Effect string `json:"effect"`
	Phase  int    `json:"phase"`
	Check  int    `json:"check"`
	Task   string `json:"task,omitempty"`
	Reason string `json:"reason"`
}

// TaskAccepted makes an agent's work the task's result; the first one counts.
type TaskAccepted struct {
	Task    string   `json:"task"`
	Agent   string   `json:"agent"`
	Purpose Purpose  `json:"purpose"` // a task has one accepted result; each fix or resolution that it needs adds one
	Commit  string   `json:"commit"`  // its work; equals the agent's base when no file changed
	Summary string   `json:"summary"`
	Files   []string `json:"files,omitempty"`
}

// TaskMerged says that the task's accepted work is in the run's tree. It ends
// the effect of kind merge.
type TaskMerged struct {
	Effect   string `json:"effect,omitempty"` // "" when there was nothing to merge
	Task     string `json:"task"`
	Agent    string `json:"agent"`
	Onto     string `json:"onto"`               // the tree's commit before
	Commit   string `json:"commit"`             // and after
	Resolved string `json:"resolved,omitempty"` // how a conflict was resolved, e.g. "first_wins"
}

// TaskConflicted says that the task's work does not merge. It ends the effect
// of kind merge.
type TaskConflicted struct {
	Effect string   `json:"effect"`
	Task   string   `json:"task"`
	Agent  string   `json:"agent"`
	Onto   string   `json:"onto"`
	Files  []string `json:"files"`
}

// TaskSkipped settles a task without its work.
type TaskSkipped struct {
	Task   string `json:"task"`
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// TaskRetried gives a task a new attempt, with a new budget of attempts.
type TaskRetried struct {
	Task   string `json:"task"`
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
}

// TaskEdited changes what a task asks for; attempts that run go on as they are.
type TaskEdited struct {
	Task   string    `json:"task"`
	By     string    `json:"by"`
	Title  *string   `json:"title,omitempty"`
	Prompt *string   `json:"prompt,omitempty"`
	Scope  *[]string `json:"scope,omitempty"` // not a pointer to nil: that reads back as "not changed" // an empty list takes the scope away
	Role   *string   `json:"role,omitempty"`
}
