package event

import "encoding/json"

// decoders is the closed set: one entry for each type in this package.
var decoders = map[string]func(json.RawMessage) (Data, error){
	"run.created":          decodeAs[RunCreated],
	"engine.started":       decodeAs[EngineStarted],
	"people.changed":       decodeAs[PeopleChanged],
	"run.stop_requested":   decodeAs[StopRequested],
	"run.ended":            decodeAs[RunEnded],
	"run.resumed":          decodeAs[RunResumed],
	"run.problem":          decodeAs[Problem],
	"phase.started":        decodeAs[PhaseStarted],
	"barrier.timed_out":    decodeAs[BarrierTimedOut],
	"barrier.opened":       decodeAs[BarrierOpened],
	"check.ended":          decodeAs[CheckEnded],
	"check.blamed":         decodeAs[CheckBlamed],
	"task.accepted":        decodeAs[TaskAccepted],
	"task.merged":          decodeAs[TaskMerged],
	"task.conflicted":      decodeAs[TaskConflicted],
	"task.skipped":         decodeAs[TaskSkipped],
	"task.retried":         decodeAs[TaskRetried],
	"task.edited":          decodeAs[TaskEdited],
	"agent.requested":      decodeAs[AgentRequested],
	"agent.prepared":       decodeAs[AgentPrepared],
	"agent.started":        decodeAs[AgentStarted],
	"agent.resumed":        decodeAs[AgentResumed],
	"agent.seen":           decodeAs[AgentSeen],
	"agent.called_tool":    decodeAs[ToolCalled],
	"agent.checked_in":     decodeAs[CheckedIn],
	"agent.reported":       decodeAs[Reported],
	"agent.stop_requested": decodeAs[AgentStopRequested],
	"agent.breached":       decodeAs[AgentBreached],
	"agent.exited":         decodeAs[AgentExited],
	"agent.collected":      decodeAs[AgentCollected],
	"agent.trimmed":        decodeAs[AgentTrimmed],
	"agent.rejected":       decodeAs[AgentRejected],
	"agent.released":       decodeAs[AgentReleased],
	"insight.shared":       decodeAs[InsightShared],
	"insight.confirmed":    decodeAs[InsightConfirmed],
	"insight.delivered":    decodeAs[InsightDelivered],
	"message.sent":         decodeAs[MessageSent],
	"message.delivered":    decodeAs[MessageDelivered],
	"guard.judged":         decodeAs[GuardJudged],
	"question.asked":       decodeAs[QuestionAsked],
	"question.answered":    decodeAs[QuestionAnswered],
	"question.withdrawn":   decodeAs[QuestionWithdrawn],
	"effect.requested":     decodeAs[EffectRequested],
	"effect.unknown":       decodeAs[EffectUnknown],
	"effect.failed":        decodeAs[EffectFailed],
	"run.published":        decodeAs[RunPublished],
	"run.paused":           decodeAs[RunPaused],
	"run.unpaused":         decodeAs[RunUnpaused],
	"run.frozen":           decodeAs[RunFrozen],
	"run.thawed":           decodeAs[RunThawed],
	"run.quota_hit":        decodeAs[QuotaHit],
	"run.quota_over":       decodeAs[QuotaOver],
	"agent.used":           decodeAs[AgentUsed],
	"budget.warned":        decodeAs[BudgetWarned],
	"agent.drifted":        decodeAs[AgentDrifted],
	"agent.changed":        decodeAs[AgentChanged],
	"boundary.added":       decodeAs[BoundaryAdded],
	"task.reassigned":      decodeAs[TaskReassigned],
}

// Type names; each is the key of its decoder above.
func (RunCreated) Type() string         { return "run.created" }
func (EngineStarted) Type() string      { return "engine.started" }
func (PeopleChanged) Type() string      { return "people.changed" }
func (StopRequested) Type() string      { return "run.stop_requested" }
func (RunEnded) Type() string           { return "run.ended" }
func (RunResumed) Type() string         { return "run.resumed" }
func (Problem) Type() string            { return "run.problem" }
func (PhaseStarted) Type() string       { return "phase.started" }
func (BarrierTimedOut) Type() string    { return "barrier.timed_out" }
func (BarrierOpened) Type() string      { return "barrier.opened" }
func (CheckEnded) Type() string         { return "check.ended" }
func (CheckBlamed) Type() string        { return "check.blamed" }
func (TaskAccepted) Type() string       { return "task.accepted" }
func (TaskMerged) Type() string         { return "task.merged" }
func (TaskConflicted) Type() string     { return "task.conflicted" }
func (TaskSkipped) Type() string        { return "task.skipped" }
func (TaskRetried) Type() string        { return "task.retried" }
func (TaskEdited) Type() string         { return "task.edited" }
func (AgentRequested) Type() string     { return "agent.requested" }
func (AgentPrepared) Type() string      { return "agent.prepared" }
func (AgentStarted) Type() string       { return "agent.started" }
func (AgentResumed) Type() string       { return "agent.resumed" }
func (AgentSeen) Type() string          { return "agent.seen" }
func (ToolCalled) Type() string         { return "agent.called_tool" }
func (CheckedIn) Type() string          { return "agent.checked_in" }
func (Reported) Type() string           { return "agent.reported" }
func (AgentStopRequested) Type() string { return "agent.stop_requested" }
func (AgentBreached) Type() string      { return "agent.breached" }
func (AgentExited) Type() string        { return "agent.exited" }
func (AgentCollected) Type() string     { return "agent.collected" }
func (AgentTrimmed) Type() string       { return "agent.trimmed" }
func (AgentRejected) Type() string      { return "agent.rejected" }
func (AgentReleased) Type() string      { return "agent.released" }
func (InsightShared) Type() string      { return "insight.shared" }
func (InsightConfirmed) Type() string   { return "insight.confirmed" }
func (InsightDelivered) Type() string   { return "insight.delivered" }
func (MessageSent) Type() string        { return "message.sent" }
func (MessageDelivered) Type() string   { return "message.delivered" }
func (GuardJudged) Type() string        { return "guard.judged" }
func (QuestionAsked) Type() string      { return "question.asked" }
func (QuestionAnswered) Type() string   { return "question.answered" }
func (QuestionWithdrawn) Type() string  { return "question.withdrawn" }
func (EffectRequested) Type() string    { return "effect.requested" }
func (EffectUnknown) Type() string      { return "effect.unknown" }
func (EffectFailed) Type() string       { return "effect.failed" }
func (RunPublished) Type() string       { return "run.published" }
func (RunPaused) Type() string          { return "run.paused" }
func (RunUnpaused) Type() string        { return "run.unpaused" }
func (RunFrozen) Type() string          { return "run.frozen" }
func (RunThawed) Type() string          { return "run.thawed" }
func (QuotaHit) Type() string           { return "run.quota_hit" }
func (QuotaOver) Type() string          { return "run.quota_over" }
func (AgentUsed) Type() string          { return "agent.used" }
func (BudgetWarned) Type() string       { return "budget.warned" }
func (AgentDrifted) Type() string       { return "agent.drifted" }
func (AgentChanged) Type() string       { return "agent.changed" }
func (BoundaryAdded) Type() string      { return "boundary.added" }
func (TaskReassigned) Type() string     { return "task.reassigned" }
