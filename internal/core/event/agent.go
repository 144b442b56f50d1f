package event

import "time"

// Purpose is what an attempt is for.
type Purpose string

// The purposes.
const (
	PurposeWork    Purpose = "work"    // the task itself
	PurposeFix     Purpose = "fix"     // a check that the task's work turned red
	PurposeResolve Purpose = "resolve" // a merge conflict of the task's work
)

// AgentRequested begins one attempt of a role at a task.
type AgentRequested struct {
	Agent   string  `json:"agent"` // e.g. "implementer-2", unique in the run
	Task    string  `json:"task"`
	Attempt int     `json:"attempt"` // 1, 2, … within the task; fences leases and results
	Role    string  `json:"role"`
	Runtime string  `json:"runtime"`
	Purpose Purpose `json:"purpose"`
	Base    string  `json:"base"`            // commit its workspace starts from
	Merge   string  `json:"merge,omitempty"` // purpose resolve: commit whose conflicted merge the workspace holds
	Prompt  string  `json:"prompt"`
	// Insights that the prompt carries; they count as delivered.
	Insights []string `json:"insights,omitempty"`
}

// AgentPrepared says that the workspace is there. It ends effect prepare.
type AgentPrepared struct {
	Effect    string `json:"effect"`
	Agent     string `json:"agent"`
	Workspace string `json:"workspace"` // absolute path
	Base      string `json:"base"`
}

// AgentStarted says that the agent's process runs. The effect of kind run is
// then under way until AgentExited.
type AgentStarted struct {
	Effect    string `json:"effect"`
	Agent     string `json:"agent"`
	PID       int    `json:"pid"`
	StartTime uint64 `json:"start_time"` // clock ticks after boot: with PID and Boot, the process's identity
	Boot      string `json:"boot,omitempty"`
	// Hook: the runtime says that it puts each tool call to the guard.
	Hook bool `json:"hook,omitempty"`
	// Permission is how the agent's host lets tools run: "closed" where nothing but the
	// guard's allow does, "inherited" where the user's own settings can, too; "" where
	// it asks nobody.
	Permission string `json:"permission,omitempty"`
	// Sandbox says which layers of the operating system hold it: "mounts+landlock",
	// "mounts", "landlock", "none" where the system has nothing, "off" where the
	// configuration wants none.
	Sandbox string `json:"sandbox,omitempty"`
}

// AgentResumed says that another process of the same attempt goes on, in the same
// workspace, since the one before it is gone: its runtime can take up its own sessions.
type AgentResumed struct {
	Effect    string `json:"effect"`
	Agent     string `json:"agent"`
	PID       int    `json:"pid"` // as in AgentStarted
	StartTime uint64 `json:"start_time"`
	Boot      string `json:"boot,omitempty"`
	Why       string `json:"why"`
}

// AgentSeen says that an agent that says nothing of itself is at work: since the
// last look it wrote output or used the processor. At most one comes in a
// heartbeat interval.
type AgentSeen struct {
	Effect string `json:"effect"`
	Agent  string `json:"agent"`
}

// ToolCalled counts one tool call of an agent.
type ToolCalled struct {
	Agent string `json:"agent"`
	Tool  string `json:"tool"`
	Call  string `json:"call,omitempty"` // as in GuardJudged
	// Subject is what it was called on, e.g. a path or a command; "" when it is not
	// known.
	Subject string `json:"subject,omitempty"`
}

// CheckedIn is an agent's report on the way.
type CheckedIn struct {
	Agent    string   `json:"agent"`
	Progress *float64 `json:"progress,omitempty"` // 0…1
	Doing    string   `json:"doing,omitempty"`
	Need     string   `json:"need,omitempty"`
	Auto     bool     `json:"auto,omitempty"` // made of tool calls, not sent by the agent
	// Known are insights that answer the need and that the agent was given before,
	// in its prompt for example: it is told of them again, since it asked.
	Known []string `json:"known,omitempty"`
}

// ReportStatus is what an agent says of its own work.
type ReportStatus string

// The report statuses.
const (
	ReportDone    ReportStatus = "done"
	ReportFailed  ReportStatus = "failed"
	ReportBlocked ReportStatus = "blocked"
	ReportQuota   ReportStatus = "quota" // the service that it works with refuses until a later time
)

// Report is an agent's structured result.
type Report struct {
	Status    ReportStatus `json:"status"`
	Summary   string       `json:"summary"`
	NoCode    bool         `json:"no_code,omitempty"`
	FollowUps []string     `json:"follow_ups,omitempty"`
	ResetsAt  time.Time    `json:"resets_at,omitzero"` // status quota: when it may be tried again
	Usage     *Usage       `json:"usage,omitempty"`    // what was used beyond what was said before
}

// Reported records an agent's report; the last one before its exit counts.
type Reported struct {
	Agent  string `json:"agent"`
	Report Report `json:"report"`
}

// AgentStopRequested asks for the end of an agent's process; its work is kept.
type AgentStopRequested struct {
	Agent  string `json:"agent"`
	Reason string `json:"reason"`
	Now    bool   `json:"now,omitempty"`
	// Uncounted: it is no failure of the attempt's own, e.g. the budget is used up.
	Uncounted bool `json:"uncounted,omitempty"`
}

// ExitReason says why an agent's process is gone.
type ExitReason string

// The exit reasons.
const (
	ExitExited      ExitReason = "exited"      // by itself
	ExitKilled      ExitReason = "killed"      // by a signal that was not popkit's
	ExitStopped     ExitReason = "stopped"     // popkit ended it
	ExitInterrupted ExitReason = "interrupted" // popkit's engine died under it
	ExitNotStarted  ExitReason = "not_started"
)

// AgentExited says that the agent's process and all below it are gone. It ends
// the effect of kind run.
type AgentExited struct {
	Effect string     `json:"effect"`
	Agent  string     `json:"agent"`
	Reason ExitReason `json:"reason"`
	Code   int        `json:"code"`
	Signal string     `json:"signal,omitempty"`
	Detail string     `json:"detail,omitempty"` // e.g. last lines of output, redacted
	Report *Report    `json:"report,omitempty"` // what it wrote to $POPKIT_RESULT
	// Quota is what its last output says of a quota that is used up, if it failed or
	// reported nothing.
	Quota *QuotaSaid `json:"quota,omitempty"`
}

// AgentCollected says what the agent left, committed and kept in the user's
// repository. It ends the effect of kind collect.
type AgentCollected struct {
	Effect  string   `json:"effect"`
	Agent   string   `json:"agent"`
	Commit  string   `json:"commit"` // equals the base when nothing changed
	Ref     string   `json:"ref,omitempty"`
	Files   []string `json:"files,omitempty"` // changed against the base, at most MaxFiles
	Changed int      `json:"changed"`         // how many files changed in all
	Added   int      `json:"added"`           // lines
	Removed int      `json:"removed"`
	// Unresolved: conflict markers or unmerged paths are left (purpose resolve).
	Unresolved []string `json:"unresolved,omitempty"`
	Summary    string   `json:"summary"` // of the diff, when the agent gave none
	// Gone: the workspace was not there any more, and nothing of it is kept.
	Gone bool `json:"gone,omitempty"`
	// Audit is what the audit found; nil where it was not done, as in an older log.
	Audit *Audit `json:"audit,omitempty"`
}

// MaxFiles bounds the file names an event lists.
const MaxFiles = 500

// AgentRejected says why an attempt's work is not the task's result.
type AgentRejected struct {
	Agent  string `json:"agent"`
	Reason string `json:"reason"`
	// Stale: the task had an accepted result already; the work is kept.
	Stale bool `json:"stale,omitempty"`
	// Interrupted attempts do not count against the task's limit.
	Interrupted bool `json:"interrupted,omitempty"`
}

// AgentReleased says that the workspace is gone. It ends effect release.
type AgentReleased struct {
	Effect string `json:"effect"`
	Agent  string `json:"agent"`
	Rescue string `json:"rescue,omitempty"` // ref that holds what was not kept before
}

// Insight types that popkit routes in their own way; other types are allowed
// and are routed like a discovery.
const (
	InsightDiscovery = "discovery"
	InsightPattern   = "pattern"
	InsightBlocker   = "blocker"
	InsightQuestion  = "question"
	InsightAnswer    = "answer"
)

// InsightShared adds something an agent found that others should know.
type InsightShared struct {
	ID         string    `json:"id"`    // i-1, i-2, …
	Agent      string    `json:"agent"` // or "person", or a name found in an imported file
	Task       string    `json:"task,omitempty"`
	Phase      string    `json:"phase"`
	Kind       string    `json:"type"`
	Content    string    `json:"content"`
	Tags       []string  `json:"tags,omitempty"`
	Confidence float64   `json:"confidence,omitempty"` // 0 = not given
	Source     string    `json:"source,omitempty"`     // "" = reported; "file" = found in insights.json; "need"
	Similar    []string  `json:"similar,omitempty"`    // IDs of near-duplicates
	Found      time.Time `json:"found,omitzero"`       // as imported, when older than the event
}

// InsightConfirmed says that an agent found what another had shared.
type InsightConfirmed struct {
	ID    string `json:"id"`
	Agent string `json:"agent"`
}

// InsightDelivered says that an agent was given these insights; none is given
// to it again.
type InsightDelivered struct {
	Agent string   `json:"agent"`
	IDs   []string `json:"ids"`
	Via   string   `json:"via"` // check-in, pull, prompt, tool, urgent
}

// MessageSent is a text for one agent, or for all that run (To "").
type MessageSent struct {
	ID     string `json:"id"` // m-1, …
	To     string `json:"to"`
	From   string `json:"from"`
	Text   string `json:"text"`
	Urgent bool   `json:"urgent,omitempty"`
	// Drift: it tells the agent that it is off its track, in this way.
	Drift DriftKind `json:"drift,omitempty"`
}

// Popkit is who messages are from that nobody sent.
const Popkit = "popkit"

// Who answers questions besides people and Popkit: what the configuration says, and the
// clock where nobody answered in time.
const (
	ByPolicy  = "policy"
	ByTimeout = "timeout"
)

// ByPerson reports whether it is a person who gave an answer.
func ByPerson(by string) bool { return by != ByPolicy && by != ByTimeout && by != Popkit }

// MessageDelivered says that an agent was given the messages.
type MessageDelivered struct {
	Agent string   `json:"agent"`
	IDs   []string `json:"ids"`
}

// QuestionKind says what a question is about, and so who parks and what is
// done when nobody answers.
type QuestionKind string

// The kinds of questions.
const (
	AskAgent    QuestionKind = "agent"    // an agent's own `popkit ask`; default: its default answer, else denied
	AskAttempts QuestionKind = "attempts" // a task used up its attempts: retry, skip, stop
	AskConflict QuestionKind = "conflict" // a merge conflict: retry, agent, first_wins, skip, stop
	AskAudit    QuestionKind = "audit"    // findings in an attempt's work: accept, drop, retry, skip, stop
	AskCheck    QuestionKind = "check"    // a check stays red: retry, waive, stop
	AskBarrier  QuestionKind = "barrier"  // a phase outlasted its limit: wait, partial, stop
	AskEffect   QuestionKind = "effect"   // something popkit does keeps failing: retry, stop
	AskGuard    QuestionKind = "guard"    // a tool call needs a yes: allow, deny; default: deny
	AskBreach   QuestionKind = "breach"   // an agent got around the guard: accept, retry, skip, stop
	AskBudget   QuestionKind = "budget"   // a budget is used up: raise, skip (a task's), stop
	AskDrift    QuestionKind = "drift"    // an agent gets off its track: continue, widen, reassign, skip, stop
	AskPlan     QuestionKind = "plan"     // an agent's plan, before it may change anything: approve, revise, reject, skip, stop
)

// Waited reports whether the agent that the question is about waits for the
// answer, as it does for one that it asked.
func (k QuestionKind) Waited() bool { return k == AskAgent || k == AskGuard || k == AskPlan }

// Parks reports whether the question holds up more than an agent: its task, a
// barrier, the run.
func (k QuestionKind) Parks() bool { return k == AskPlan || !k.Waited() && k != AskDrift }

// QuestionAsked opens a decision for a person.
type QuestionAsked struct {
	ID      string       `json:"id"` // q-1, …
	Kind    QuestionKind `json:"kind"`
	Text    string       `json:"text"`
	Options []string     `json:"options,omitempty"` // empty: free text
	// Default is the answer when nobody answers in time; "" with a zero Timeout:
	// it stays open.
	Default string        `json:"default,omitempty"`
	Timeout time.Duration `json:"timeout,omitempty"`
	Agent   string        `json:"agent,omitempty"`
	Task    string        `json:"task,omitempty"`
	Phase   int           `json:"phase"`
	Subject string        `json:"subject,omitempty"` // e.g. an effect's key, a check's index
	Rule    string        `json:"rule,omitempty"`    // kind guard, plan: what asks, about Subject
	Digest  string        `json:"digest,omitempty"`  // kind guard: of the call
	Paths   []string      `json:"paths,omitempty"`   // drift: what "widen" adds
}

// QuestionAnswered is the answer and who gave it. What follows for the subject
// is part of this fact: the fold applies it.
type QuestionAnswered struct {
	ID     string `json:"id"`
	Answer string `json:"answer"`
	By     string `json:"by"` // a person's name, ByPolicy, ByTimeout, Popkit
	Note   string `json:"note,omitempty"`
	// Files that the answer drop leaves out; none: those with findings that block.
	Files []string `json:"files,omitempty"`
	// Always: the answer holds, for the rest of the run, for every call in which
	// the same rule asks about the same subject.
	Always bool `json:"always,omitempty"`
}

// QuestionWithdrawn closes a question whose subject is gone.
type QuestionWithdrawn struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// EffectKind is a kind of thing that popkit does outside.
type EffectKind string

// The kinds of effects, with the event that ends each. EffectFailed ends any.
const (
	EffectPrepare EffectKind = "prepare" // make an agent's workspace → AgentPrepared
	EffectRun     EffectKind = "run"     // run an agent's process → AgentExited
	EffectCollect EffectKind = "collect" // commit and keep what it left → AgentCollected
	EffectTrim    EffectKind = "trim"    // leave files out of its work → AgentTrimmed
	EffectRelease EffectKind = "release" // remove its workspace → AgentReleased
	EffectMerge   EffectKind = "merge"   // merge accepted work → TaskMerged | TaskConflicted
	EffectCheck   EffectKind = "check"   // run a check at a commit → CheckEnded
	EffectBlame   EffectKind = "blame"   // find the merge that turned it red → CheckBlamed
	EffectPublish EffectKind = "publish" // publish a barrier's commit → BarrierOpened
	EffectFinish  EffectKind = "finish"  // publish branch, write report → RunPublished
	EffectFreeze  EffectKind = "freeze"  // make all processes stand still → RunFrozen
	EffectThaw    EffectKind = "thaw"    // let them go on → RunThawed
)

// EffectRequested asks for an effect under a key that makes it happen once.
// Only the fields that the kind needs are set.
type EffectRequested struct {
	Key    string     `json:"key"` // e.g. "run:implementer-2", "merge:api.1", "check:0:1:3f2a91c:1"
	Kind   EffectKind `json:"kind"`
	Agent  string     `json:"agent,omitempty"`
	Task   string     `json:"task,omitempty"`
	Phase  int        `json:"phase"`
	Check  int        `json:"check"`
	Commit string     `json:"commit,omitempty"`
	Onto   string     `json:"onto,omitempty"`
	// Prefer: merge kind, "ours" lets the tree win where both sides changed.
	Prefer string `json:"prefer,omitempty"`
	// Files: trim kind, what to leave out.
	Files []string `json:"files,omitempty"`
	Epoch int      `json:"epoch"`
}

// EffectUnknown says that the engine died while the effect was under way: it
// may have happened. Its adapter settles it.
type EffectUnknown struct {
	Key   string `json:"key"`
	Epoch int    `json:"epoch"` // of the engine that now settles it
}

// EffectFailed says that an effect did not happen. It may be requested again
// under the same key.
type EffectFailed struct {
	Key   string `json:"key"`
	Error string `json:"error"`
	Final bool   `json:"final,omitempty"` // trying again is no use
}
