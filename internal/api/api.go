package api

import (
	"encoding/json"
	"fmt"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/view"
)

// Protocol is the version of this language.
const Protocol = 1

// MaxLine bounds a request's line, in bytes.
const MaxLine = 1 << 20

// Request is one call.
type Request struct {
	V    int             `json:"v"`
	Op   Op              `json:"op"`
	Args json.RawMessage `json:"args,omitempty"`
}

// Response is an answer, or one of several while More is set.
type Response struct {
	Data  json.RawMessage `json:"data,omitempty"`
	More  bool            `json:"more,omitempty"`
	Error *Error          `json:"error,omitempty"`
}

// Error is why a call was not done.
type Error struct {
	Kind Kind   `json:"kind"`
	Text string `json:"text"`           // one line, lower case
	Hint string `json:"hint,omitempty"` // what can be typed instead
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Text
	}
	return e.Text + " (" + e.Hint + ")"
}

// Kind is a kind of error.
type Kind string

// The kinds of errors.
const (
	KindUsage     Kind = "usage"     // the call's arguments are wrong
	KindRefused   Kind = "refused"   // the run's state does not allow it
	KindForbidden Kind = "forbidden" // not over this socket
	KindVersion   Kind = "version"   // client and engine are of different versions
	KindEnded     Kind = "ended"     // the engine is ending
	KindInternal  Kind = "internal"
)

// Op names a call.
type Op string

// The calls of people. Their arguments and answers are named behind them.
const (
	OpStatus    Op = "status"    // → view.Status
	OpFollow    Op = "follow"    // FollowArgs → event lines (Event), a stream
	OpAttend    Op = "attend"    // AttendArgs → Progress, a stream that ends when the run has
	OpInsights  Op = "insights"  // → []view.Insight
	OpDecisions Op = "decisions" // → []view.Decision, all of the run
	OpAnswer    Op = "answer"    // AnswerArgs
	OpStop      Op = "stop"      // StopArgs
	OpRetry     Op = "retry"     // TaskArgs
	OpSkip      Op = "skip"      // TaskArgs
	OpEdit      Op = "edit"      // EditArgs
	OpTell      Op = "tell"      // TellArgs
	OpPause     Op = "pause"     // PauseArgs → Paused; waits until all stands still
	OpUnpause   Op = "unpause"   // PauseArgs → Paused
	OpBoundary  Op = "boundary"  // BoundaryArgs → Boundary
	OpReassign  Op = "reassign"  // ReassignArgs
	OpShare     Op = "share"     // ShareArgs → Shared; as a person, or over an agent's socket as it
)

// The calls of agents.
const (
	OpUrgent  Op = "agent.urgent"   // → view.Delivery each time something urgent waits for the agent, a stream
	OpMine    Op = "agent.insights" // PullArgs → view.Delivery: what waits for the agent
	OpList    Op = "agent.list"     // → []view.Insight: all of the run
	OpRead    Op = "agent.read"     // ReadArgs → Read: what others have found, as the agent looks for it
	OpHelp    Op = "agent.help"     // HelpArgs → Help; waits for others, then for a person
	OpCheckIn Op = "agent.check_in" // CheckInArgs → view.Delivery
	OpTool    Op = "agent.tool"     // ToolArgs → view.Delivery
	OpAsk     Op = "agent.ask"      // AskArgs → AskAnswer; waits for it
	OpPlan    Op = "agent.plan"     // PlanArgs → PlanAnswer; waits for it
	OpReport  Op = "agent.report"   // ReportArgs
	OpJudge   Op = "agent.judge"    // JudgeArgs → Verdict; waits for a person where one is asked
	OpUsage   Op = "agent.usage"    // UsageArgs
	OpWhoAmI  Op = "agent.whoami"   // → Identity
)

// Event is one event as OpFollow and `popkit power log --json` give it.
type Event struct {
	Seq  int64           `json:"seq"`
	Time time.Time       `json:"time"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

// Decode reads the event as the log has it.
func (e Event) Decode() (event.Event, error) {
	raw, err := json.Marshal(struct {
		V int `json:"v"`
		Event
	}{event.Version, e})
	if err != nil {
		return event.Event{}, fmt.Errorf("event %d: %w", e.Seq, err)
	}
	return event.Decode(raw)
}

// FollowArgs chooses events; From 1 is the first. Without Live the stream ends
// at the log's tail.
type FollowArgs struct {
	From int64 `json:"from"`
	Live bool  `json:"live"`
}

// AttendArgs: who attends; CanAnswer says that this terminal can answer
// questions, so that the run need not park for want of a person.
type AttendArgs struct {
	CanAnswer bool `json:"can_answer"`
}

// Progress is the state of the run after some events, and these events.
// Progress lines may be coalesced: the newest status counts.
type Progress struct {
	Status view.Status `json:"status"`
	Events []Event     `json:"events"`
}

// AnswerArgs answers a question.
type AnswerArgs struct {
	ID     string `json:"id"`
	Answer string `json:"answer"`
	By     string `json:"by"`
	Note   string `json:"note,omitempty"`
	Always bool   `json:"always,omitempty"` // kind guard: for the rest of the run
	// Files that the answer drop leaves out; none: those with findings.
	Files []string `json:"files,omitempty"`
}

// StopArgs stops the run.
type StopArgs struct {
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
	Now    bool   `json:"now,omitempty"`
}

// TaskArgs names a task to retry or skip.
type TaskArgs struct {
	Task   string `json:"task"`
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
}

// EditArgs changes a task.
type EditArgs struct {
	event.TaskEdited
}

// TellArgs sends a message; To "" is every agent.
type TellArgs struct {
	To     string `json:"to"`
	By     string `json:"by"`
	Text   string `json:"text"`
	Urgent bool   `json:"urgent,omitempty"`
}

// PauseArgs pauses or unpauses the run.
type PauseArgs struct {
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
}

// Paused says whether the run stands still, and how.
type Paused struct {
	Paused    bool   `json:"paused"`
	How       string `json:"how"`            // cgroup, signals; "" when nothing ran
	Processes int    `json:"processes"`      // that stand still
	Left      string `json:"left,omitempty"` // what does not, and why
	Quota     string `json:"quota,omitempty"`
}

// BoundaryArgs widens a task's scope, or with Task "" the objective's boundaries.
type BoundaryArgs struct {
	Glob string `json:"glob"`
	Task string `json:"task,omitempty"`
	By   string `json:"by"`
}

// Boundary is what may be changed now.
type Boundary struct {
	Task  string   `json:"task,omitempty"` // "" = the objective's boundaries
	Globs []string `json:"globs"`
}

// ReassignArgs gives a task to another role or runtime.
type ReassignArgs struct {
	Task    string `json:"task"`
	Role    string `json:"role,omitempty"`
	Runtime string `json:"runtime,omitempty"`
	By      string `json:"by"`
	Reason  string `json:"reason,omitempty"`
}

// UsageArgs adds to what an agent has used.
type UsageArgs struct {
	event.Usage
}

// ShareArgs shares an insight.
type ShareArgs struct {
	Type       string   `json:"type,omitempty"` // "" is discovery
	Content    string   `json:"content"`
	Tags       []string `json:"tags,omitempty"`
	Confidence float64  `json:"confidence,omitempty"`
}

// Shared says what became of an insight.
type Shared struct {
	ID        string   `json:"id"`
	Confirmed bool     `json:"confirmed,omitempty"` // another had shared it; recorded as confirmed
	Known     bool     `json:"known,omitempty"`     // the same agent had shared it
	Similar   []string `json:"similar,omitempty"`
}

// The parts of what waits for an agent that a call takes out: everything where
// nothing is said.
const (
	TakeQuiet   = "quiet"   // what is urgent is left to OpUrgent
	TakeNothing = "nothing" // it is left to another call
)

// PullArgs asks for at most Max insights (0: the run's setting).
type PullArgs struct {
	Max  int    `json:"max,omitempty"`
	Take string `json:"take,omitempty"`
}

// ReadArgs looks for insights: those with one of the tags, or all.
type ReadArgs struct {
	Tags []string `json:"tags,omitempty"`
}

// MaxRead bounds the insights that a Read shows.
const MaxRead = 50

// Read is what there is, the newest first; what of it is new to the agent counts as
// given to it.
type Read struct {
	Insights []view.Insight `json:"insights"`
	Left     int            `json:"left,omitempty"` // older ones that are not shown
}

// HelpArgs asks for knowledge. Others are waited for until WaitSeconds (0: as long as
// DefaultHelpWait) have passed, then a person is asked.
type HelpArgs struct {
	About       string  `json:"about"`
	WaitSeconds float64 `json:"wait_seconds,omitempty"`
}

// DefaultHelpWait is how long other agents may take to answer: a few tool calls of
// theirs.
const DefaultHelpWait = 90 * time.Second

// Help is what came of it: what others have shared about it, or else a person's answer
// to Question. Without either nobody could be asked, and Why says why not.
type Help struct {
	Known    []view.Insight `json:"known"`
	Question string         `json:"question,omitempty"`
	Answer   string         `json:"answer,omitempty"`
	By       string         `json:"by,omitempty"`
	Note     string         `json:"note,omitempty"`
	Why      string         `json:"why,omitempty"`
}

// CheckInArgs is a check-in.
type CheckInArgs struct {
	Progress *float64 `json:"progress,omitempty"`
	Doing    string   `json:"doing,omitempty"`
	Need     string   `json:"need,omitempty"`
	Take     string   `json:"take,omitempty"`
}

// ToolArgs says that a tool was called. ID is the agent's host's own name for the
// call, as in JudgeArgs.
type ToolArgs struct {
	Tool    string `json:"tool"`
	Subject string `json:"subject,omitempty"` // what it is called on: a path, a command
	ID      string `json:"id,omitempty"`
	Take    string `json:"take,omitempty"`
}

// JudgeArgs is a tool call that the agent is about to make.
type JudgeArgs struct {
	Tool  string          `json:"tool"`
	Input json.RawMessage `json:"input"`
	Cwd   string          `json:"cwd,omitempty"` // absolute; "" is the workspace
	ID    string          `json:"id,omitempty"`
}

// Verdict is the guard's answer to a tool call: allow or deny. An ask was put to a
// person, whose answer it is.
type Verdict struct {
	Verdict event.Verdict     `json:"verdict"`
	Rule    string            `json:"rule,omitempty"`
	Reason  string            `json:"reason,omitempty"`
	Hint    string            `json:"hint,omitempty"`
	Flags   []event.GuardFlag `json:"flags,omitempty"`
	// Question was put to a person; By is who answered, Note what they added.
	Question string `json:"question,omitempty"`
	By       string `json:"by,omitempty"`
	Note     string `json:"note,omitempty"`
	Canary   bool   `json:"canary,omitempty"`
}

// AskArgs asks a person.
type AskArgs struct {
	Question string   `json:"question"`
	Options  []string `json:"options,omitempty"`
	Default  string   `json:"default,omitempty"`
}

// AskAnswer is the answer; By is "timeout" when nobody gave one in time.
type AskAnswer struct {
	ID     string `json:"id"`
	Answer string `json:"answer"`
	By     string `json:"by"`
	Note   string `json:"note,omitempty"`
}

// PlanArgs presents what the agent will do, before it may change anything.
type PlanArgs struct {
	Plan string `json:"plan"`
}

// PlanAnswer is what a person, or their policy, says to it: approve, and the agent
// may go on; revise, and it may present another; whatever else it says, the agent is
// being ended. The very plan that was answered before has the same answer again.
type PlanAnswer struct {
	ID     string `json:"id"`
	Answer string `json:"answer"`
	By     string `json:"by"`
	Note   string `json:"note,omitempty"` // what they add; to a plan that is approved, too
}

// ReportArgs is an agent's result.
type ReportArgs struct {
	event.Report
}

// Identity is who the socket says the caller is.
type Identity struct {
	Run   string `json:"run"`
	Agent string `json:"agent"`
	Task  string `json:"task"`
	Phase string `json:"phase"`
	Role  string `json:"role"`
}
