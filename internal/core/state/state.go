package state

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"popkit/internal/core/budget"
	"popkit/internal/core/drift"
	"popkit/internal/core/event"
	"popkit/internal/core/insight"
	"popkit/internal/core/objective"
)

// MaxProblems is how many of the last problems a State remembers.
const MaxProblems = 20

// State is all that is true of a run after the event with sequence number Seq.
type State struct {
	Seq  int64
	Time time.Time // of the last event

	Created  event.RunCreated
	BegunAt  time.Time
	Settings event.Settings // those of Created
	Engine   event.EngineStarted
	EngineAt time.Time
	Attached int // terminals that can answer questions

	Pause  Pause
	Quota  *Quota // set while no agent is started for want of quota
	Spent  budget.Sum
	Raised map[string]int     // how often a person raised a budget, by budget.Line.Key
	Warned map[string]float64 // limits of which was said that most is used, likewise
	// QuotaStreak counts the quotas hit since the last one that was not.
	QuotaStreak int
	// Boundaries are the objective's, as people widened them.
	Boundaries objective.Boundaries

	// Stop is set while the run is being ended; Ended once it is.
	Stop  *event.StopRequested
	Ended *event.RunEnded
	// Published is set once the result is there.
	Published *event.RunPublished

	Phases []*Phase
	Phase  int    // index of the current phase; len(Phases) when all barriers are open
	Head   string // commit of the run's tree: base, then the last merge

	Tasks     map[string]*Task
	TaskOrder []string
	Agents    map[string]*Agent
	Order     []string           // all agents, oldest first
	Live      []string           // agents not yet released, oldest first
	Effects   map[string]*Effect // asked for and not ended
	Questions map[string]*Question
	Open      []string // open questions, oldest first
	Asked     int      // questions ever asked
	Messages  map[string]event.MessageSent
	Sent      int // messages ever sent
	Insights  *insight.Index
	Problems  []ProblemAt // the last MaxProblems
	Started   int         // agents ever requested
	Rules     []Rule      // what people answered "always", oldest first

	// Active is how long the run has been going on by itself: time in which
	// only a person could go on, or no engine lived, does not count.
	Active time.Duration
	// ActiveFrom is Active when the run was last begun or resumed by a person:
	// its time limit counts from there.
	ActiveFrom time.Duration
	// StartedFrom is Started then: likewise.
	StartedFrom int

	roles   map[string]int // agents ever requested, by role
	waiting int            // running agents that wait for an answer
	stuck   int            // effects given up on
	// overlaps remembers which scopes were found to overlap, by their patterns: to
	// compare two costs a thousand times as much as to look it up. Nothing else
	// than the patterns is in it, so it needs no event.
	overlaps map[string]bool
}

// ProblemAt is a problem and when it was recorded.
type ProblemAt struct {
	event.Problem
	Time time.Time
}

// PhaseStatus is where a phase is: pending → active → open.
type PhaseStatus string

// The phase statuses.
const (
	PhasePending PhaseStatus = "pending"
	PhaseActive  PhaseStatus = "active"
	PhaseOpen    PhaseStatus = "open" // its barrier opened: merged and verified
)

// Phase is one step of the plan and the state of its barrier.
type Phase struct {
	Index    int
	Name     string
	Status   PhaseStatus
	Tasks    []string
	Checks   []Check
	Base     string // commit it started from
	Begun    time.Time
	OpenedAt time.Time
	Opened   *event.BarrierOpened
	// Queue holds the tasks whose work was accepted, in that order; merged ones
	// stay in it.
	Queue []string
	// Merges that changed the tree in this phase, in order: each one's Onto is the
	// Commit of the one before. A task that was fixed is in it twice.
	Merges []event.TaskMerged
	// Deadline clock: State.Active when the barrier's time limit began.
	Clock time.Duration
	// TimedOut: the limit passed and nobody said yet what to do about it.
	TimedOut bool
	// Partial: what is not settled is left out.
	Partial bool
	Spent   budget.Sum
}

// Check is a check of a phase and its newest result.
type Check struct {
	objective.Check
	Criterion string // the success criterion it proves, "" for a phase's own check
	// Last is the newest result; Runs counts the runs at Last.Commit.
	Last   *event.CheckEnded
	Runs   int
	Blame  *event.CheckBlamed // who turned it red at Last.Commit
	Fixes  int                // fix attempts ordered
	Waived string             // who let it pass though not green
}

// GreenAt reports whether the check needs nothing more at the commit.
func (c *Check) GreenAt(commit string) bool {
	if c.Waived != "" {
		return true
	}
	return c.Last != nil && c.Last.Commit == commit && c.Last.Status == event.CheckPassed
}

// TaskStatus is where a task is.
//
//	pending → running → accepted → merged
//	   ▲        │  ▲        │         │
//	   └────────┘  └────────┴─────────┘  (conflict or red check: a new attempt)
//	parked: a person decides; skipped: settled without its work
type TaskStatus string

// The task statuses.
const (
	TaskPending    TaskStatus = "pending"
	TaskRunning    TaskStatus = "running"
	TaskAccepted   TaskStatus = "accepted"
	TaskConflicted TaskStatus = "conflicted"
	TaskMerged     TaskStatus = "merged"
	TaskSkipped    TaskStatus = "skipped"
)

// Task is one piece of work and how far it is.
type Task struct {
	objective.Task
	Phase    int
	Status   TaskStatus
	Purpose  event.Purpose // of the current or next attempt
	Agent    string        // the attempt under way, "" when none
	Attempts int           // attempts ever
	Tries    int           // failed ones that count against the limit, of this purpose
	Failed   time.Time     // when the last one failed
	Last     string        // agent of the last attempt, "" before the first
	Question string        // open question that parks the task, "" when none

	Accepted *event.TaskAccepted
	Merged   *event.TaskMerged
	Conflict *event.TaskConflicted
	Skipped  *event.TaskSkipped
	// PreferOurs: the next merge lets the run's tree win where both changed.
	PreferOurs bool
	// Stubborn: it conflicts even so; only an agent or a person can go on.
	Stubborn bool
	// FixCheck is the index of the phase's check that the fix attempt is about.
	FixCheck int
	// Cleared are the findings that a person has let pass in the task's work, by
	// their keys.
	Cleared map[string]bool
	Spent   budget.Sum // by all attempts; its time is that of those that have ended
	// Plan is the last one that was answered, nil when none was; Plans counts those
	// that were presented.
	Plan  *Plan
	Plans int
}

// Settled reports whether the barrier waits for the task no more.
func (t *Task) Settled() bool { return t.Status == TaskMerged || t.Status == TaskSkipped }

// AgentStatus is where an attempt is; it only moves forward.
type AgentStatus string

// The agent statuses.
const (
	AgentRequested AgentStatus = "requested"
	AgentPrepared  AgentStatus = "prepared"
	AgentRunning   AgentStatus = "running"
	AgentExited    AgentStatus = "exited"
	AgentCollected AgentStatus = "collected"
	AgentDecided   AgentStatus = "decided" // accepted or rejected
	AgentReleased  AgentStatus = "released"
)

// Agent is one attempt of a role at a task.
type Agent struct {
	event.AgentRequested
	Status    AgentStatus
	Phase     int
	Workspace string
	Process   event.AgentStarted
	Requested time.Time
	StartedAt time.Time
	ExitedAt  time.Time
	LastSeen  time.Time // its last sign of life
	Waited    time.Duration
	waitFrom  time.Time

	Tools     int
	Used      event.Usage
	CheckIn   *event.CheckedIn
	CheckIns  int
	Progress  float64
	Report    *event.Report
	Exit      *event.AgentExited
	Work      *event.AgentCollected
	Accepted  bool
	Rejected  *event.AgentRejected
	Rescue    string
	StopAsked *event.AgentStopRequested
	// StoppedWithRun: it was asked to end because the run was being stopped, which
	// is no failure of its own.
	StoppedWithRun bool

	Question  string          // open question it waits for
	Questions int             // asked in all
	Inbox     []string        // messages not yet delivered, oldest first
	Seen      map[string]bool // insights delivered to it, or its own
	Needs     []insight.Need  // open needs of its check-ins
	// Audit is a person's answer about the findings in its work, while it is to be
	// followed: accept, drop, retry, skip.
	Audit *event.QuestionAnswered
	// Whole is its work before files were left out of it, nil when none were;
	// Dropped are these files, Trims how often that was done.
	Whole   *event.AgentCollected
	Dropped []string
	Trims   int

	Guard  Guarded              // what the guard said to it
	Plan   *Plan                // the last one that was answered, or that it was given; nil: none
	Breach *event.AgentBreached // it got around the guard; nil: not that is known
	// Forgiven is a person's answer about the breach: accept, retry, skip.
	Forgiven string

	Track        drift.Track
	ChangedFiles int                  // at the last look
	Drifts       int                  // findings in all
	Drifted      *event.AgentDrifted  // the last one
	Unanswered   []event.AgentDrifted // those that are still to be sent to it, or asked about
}

// TrimKey is the key of the effect that leaves files out of the agent's work.
func (a *Agent) TrimKey() string { return fmt.Sprintf("trim:%s.%d", a.Agent, a.Trims+1) }

// Occupies reports whether the agent holds one of the run's slots.
func (a *Agent) Occupies(s *State) bool {
	if a.Status == AgentRunning {
		return true
	}
	_, ok := s.Effects[RunKey(a.Agent)]
	return ok
}

// RunKey is the key of the effect that runs an agent's process.
func RunKey(agent string) string { return "run:" + agent }

// EffectStatus is where an effect is.
type EffectStatus string

// The effect statuses.
const (
	EffectRequested EffectStatus = "requested"
	EffectUnknown   EffectStatus = "unknown" // the engine died under it; being settled
	EffectFailed    EffectStatus = "failed"  // will be requested again, or a person decides
)

// Effect is something popkit was asked to do and that has not ended.
type Effect struct {
	event.EffectRequested
	Asked    int64 // number of the event that asked for it last: ends of earlier requests are void
	Status   EffectStatus
	Failures int
	Error    string
	Final    bool
	FailedAt time.Time
}

// Question is a decision for a person.
type Question struct {
	event.QuestionAsked
	Time      time.Time
	Held      time.Duration // time that its timeout stood still
	Answer    *event.QuestionAnswered
	Withdrawn string
}

// Expires returns when the default answers, and whether it does at all.
func (q *Question) Expires() (time.Time, bool) {
	return q.Time.Add(q.Timeout + q.Held), q.Timeout > 0 && q.Default != ""
}

// IsOpen reports whether the question still waits for an answer.
func (q *Question) IsOpen() bool { return q.Answer == nil && q.Withdrawn == "" }

// New returns the state before the first event.
func New() *State {
	return &State{
		Tasks: map[string]*Task{}, Agents: map[string]*Agent{}, Effects: map[string]*Effect{},
		Questions: map[string]*Question{}, Messages: map[string]event.MessageSent{},
		Insights: insight.NewIndex(), roles: map[string]int{}, overlaps: map[string]bool{},
		Raised: map[string]int{}, Warned: map[string]float64{},
	}
}

// RoleCount returns how many agents of the role were ever requested.
func (s *State) RoleCount(role string) int { return s.roles[role] }

// ScopesOverlap is objective.ScopesOverlap for two tasks, found out once.
func (s *State) ScopesOverlap(a, b *Task) bool {
	key := strings.Join(a.Scope, "\x00") + "\x01" + strings.Join(b.Scope, "\x00")
	overlap, known := s.overlaps[key]
	if !known {
		overlap = objective.ScopesOverlap(a.Scope, b.Scope)
		s.overlaps[key] = overlap
	}
	return overlap
}

// QuestionID is the ID of the next question.
func (s *State) QuestionID() string { return fmt.Sprintf("q-%d", s.Asked+1) }

// MessageID is the ID of the next message.
func (s *State) MessageID() string { return fmt.Sprintf("m-%d", s.Sent+1) }

// Wanted reports whether the task still waits for this attempt.
func (s *State) Wanted(a *Agent) bool { return s.Tasks[a.Task].Agent == a.Agent }

// Asks reports whether an open question of the kind matches.
func (s *State) Asks(kind event.QuestionKind, match func(*Question) bool) bool {
	return slices.ContainsFunc(s.Open, func(id string) bool {
		q := s.Questions[id]
		return q.Kind == kind && match(q)
	})
}

// Leases reports whether the task's attempts need its scope for themselves; one
// that changes no code does not (see objective.Overlaps).
func (t *Task) Leases() bool {
	return t.Overlap != objective.OverlapAllow && len(t.Scope) > 0 && !t.NoCode
}

// Current returns the active phase, or nil when there is none.
func (s *State) Current() *Phase {
	if s.Phase < len(s.Phases) && s.Phases[s.Phase].Status == PhaseActive {
		return s.Phases[s.Phase]
	}
	return nil
}

// Busy reports whether something goes on that needs no person: an effect that
// is neither a running agent waiting for an answer nor given up on.
func (s *State) Busy() bool { return len(s.Effects)-s.waiting-s.stuck > 0 }

// MaxEffectFailures is how often an effect is tried before a person decides.
const MaxEffectFailures = 3

// Stuck reports whether popkit has given up on the effect until a person says
// otherwise.
func (e *Effect) Stuck() bool {
	return e.Status == EffectFailed && (e.Final || e.Failures >= MaxEffectFailures)
}

// ActiveAt returns Active as it will be at now if nothing happens until then.
func (s *State) ActiveAt(now time.Time) time.Duration {
	if s.Ended != nil || !s.Running() {
		return s.Active
	}
	return s.Active + max(0, now.Sub(s.Time))
}

// Running reports whether the run's own clock goes on: not while it is paused, nor
// while there is nothing to do but to wait for a person or for a quota.
func (s *State) Running() bool {
	return s.Ended == nil && !s.Still() && (s.Busy() || len(s.Open) == 0 && s.Quota == nil)
}
