package decide

import (
	"fmt"
	"time"

	"popkit/internal/core/approval"
	"popkit/internal/core/event"
	"popkit/internal/core/inbox"
)

// Input is something that happened outside. The set is closed.
type Input interface{ input() }

// Tick says only that time has passed.
type Tick struct{}

// EngineStart says that a process took the log over.
type EngineStart struct {
	PID                   int
	Host, Popkit, Sandbox string
}

// EffectEnded hands in how an effect ended: the event that ends its kind, or
// event.EffectFailed. AgentStarted and what is told while an agent
// runs are handed in this way too.
//
// Asked is the number of the event that asked for the effect (EffectRequested or
// EffectUnknown): an end of an earlier request comes too late and is dropped. 0
// is not compared.
type EffectEnded struct {
	Data  event.Data
	Asked int64
}

// ShareInsight is an agent's, or with Agent "" a person's, discovery.
type ShareInsight struct {
	Agent, Kind, Content string
	Tags                 []string
	Confidence           float64
	Source               string    // "" or "file"
	Author               string    // the name in an imported file, when it is no agent of this run
	Phase                string    // likewise; "" = the current one
	Found                time.Time // likewise; zero = now
}

// CheckIn is an agent's report on the way.
type CheckIn struct {
	Agent       string
	Progress    *float64
	Doing, Need string
	Take        inbox.Part // of what waits for it
}

// CallTool says that an agent called a tool; Call is its host's name for it, "" where
// it has none, Subject what it was called on, "" where that is not known.
type CallTool struct {
	Agent, Tool, Call, Subject string
	Take                       inbox.Part // of what waits for it
}

// Judge is the verdict on a tool call that an agent is about to make, as the edge
// found it by the run's rules. Deed tells a person what the call would do.
type Judge struct {
	Judged event.GuardJudged
	Deed   string
}

// Breach says that an agent was found to have got around the guard.
type Breach struct{ Breached event.AgentBreached }

// Use adds to what an agent's model has used.
type Use struct {
	Agent string
	Used  event.Usage
}

// Pull asks for the insights and messages that wait for an agent.
type Pull struct {
	Agent, Via string
	Max        int // 0: the run's setting
	Take       inbox.Part
	These      []string // insights that are handed over instead, as far as it has not had them
}

// Ask is an agent's question to a person.
type Ask struct {
	Agent, Text string
	Options     []string
	Default     string
}

// PresentPlan is what an agent will do, before it may change anything.
type PresentPlan struct{ Agent, Plan string }

// Report is an agent's structured result.
type Report struct {
	Agent  string
	Report event.Report
}

// Answer closes a question. Always makes the answer to a guard's ask a rule of
// the run.
type Answer struct {
	ID, Answer, By, Note string
	Files                []string // that the answer drop leaves out
	Always               bool
}

// Stop ends the run.
type Stop struct {
	By, Reason string
	Now        bool
}

// Resume makes an ended run go on.
type Resume struct{ By string }

// Retry gives a task a new attempt, ending the one under way.
type Retry struct{ Task, By, Reason string }

// Skip settles a task without its work.
type Skip struct{ Task, By, Reason string }

// Edit changes what a task asks for.
type Edit struct{ Edited event.TaskEdited }

// Reassign gives a task a new attempt by another role or runtime.
type Reassign struct{ Task, Role, Runtime, By, Reason string }

// AddBoundary widens a task's scope, or with Task "" the objective's boundaries.
type AddBoundary struct{ Glob, Task, By string }

// Pause makes the run stand still.
type Pause struct{ By, Reason string }

// Unpause lets it go on; also before a quota's time, if that is what it waits for.
type Unpause struct{ By string }

// Tell sends a message to an agent, or with To "" to all.
type Tell struct {
	To, From, Text string
	Urgent         bool
}

// Attend says how many terminals are attached that can answer questions.
type Attend struct{ Attached int }

// Note records a problem that was dealt with.
type Note struct{ Problem event.Problem }

func (Tick) input()         {}
func (EngineStart) input()  {}
func (EffectEnded) input()  {}
func (ShareInsight) input() {}
func (CheckIn) input()      {}
func (CallTool) input()     {}
func (Judge) input()        {}
func (Breach) input()       {}
func (Pull) input()         {}
func (Ask) input()          {}
func (Report) input()       {}
func (PresentPlan) input()  {}
func (Answer) input()       {}
func (Stop) input()         {}
func (Resume) input()       {}
func (Retry) input()        {}
func (Skip) input()         {}
func (Edit) input()         {}
func (Tell) input()         {}
func (Attend) input()       {}
func (Note) input()         {}
func (Use) input()          {}
func (Reassign) input()     {}
func (AddBoundary) input()  {}
func (Pause) input()        {}
func (Unpause) input()      {}

// Refusal says why an input was not taken: the caller's mistake, not popkit's.
type Refusal struct {
	Text string // one line, lower case
	Hint string // what can be typed instead, or ""
}

func (r *Refusal) Error() string {
	if r.Hint == "" {
		return r.Text
	}
	return r.Text + " (" + r.Hint + ")"
}

// refused is a Refusal of approval's as one of decide's; nil stays nil.
func refused(r *approval.Refusal) error {
	if r == nil {
		return nil
	}
	return &Refusal{Text: r.Text, Hint: r.Hint}
}

func refuse(hint, format string, args ...any) error {
	return &Refusal{Text: fmt.Sprintf(format, args...), Hint: hint}
}
