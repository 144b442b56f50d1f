package agent

import (
	"context"
	"time"

	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/proc"
)

// Runtime starts agents of one kind.
type Runtime interface {
	Start(ctx context.Context, s Spec) (Session, error)
}

// Patient is a Runtime that can start an agent ahead: it heeds Spec.Begin. Its Start
// then may wait for a good time, as long as its context lets it.
type Patient interface {
	Patient()
}

// Session is an agent that was started.
type Session interface {
	// Ident identifies the agent's process, also for a later engine.
	Ident() proc.Ident
	Wait() Outcome
	Stop(now bool)
}

// Hooked is a Session whose runtime says whether it puts each of the agent's tool
// calls to the guard. One that is no Hooked does not.
type Hooked interface {
	Hooked() bool
}

// Permitted is a Session whose agent's host lets no tool run that was not allowed, as
// event.AgentStarted.Permission says it. One that is no Permitted asks nobody.
type Permitted interface {
	Permission() string
}

// Spec says what an agent is to do and where.
type Spec struct {
	Run, Task, Agent, Phase, Role string
	RoleDef                       event.Role // what the role works with: prompt, tools, model, plan required; zero: nothing of its own
	Attempt                       int
	Prompt                        string
	Workspace                     string        // absolute path; the agent runs in it
	State                         string        // folder that the runtime keeps what is its own in; the agent's processes can write there
	Given                         string        // folder for what the runtime gives the agent's processes, which they can only read
	Env                           []string      // complete environment of the agent, POPKIT_* included
	ResultFile                    string        // $POPKIT_RESULT, outside the workspace; removed before the start
	Transcript                    string        // path of the agent's transcript; appended to
	TranscriptLimit               int64         // bytes; past it one line says that output was cut; 0 = no limit
	Secrets                       []string      // values, redacted from transcript, details and report
	Freezer                       *proc.Freezer // makes it stand still; may be nil
	Confine                       []string      // proc.Command.Confine of the agent's process
	// Caller makes calls to the run as this agent, as one over its socket would: for
	// what a runtime says in its agent's name.
	Caller api.Caller
	// Again is told when another process of the agent goes on, since the one before it is
	// gone; from then on Ident is that one's. It may be nil.
	Again func(id proc.Ident, why string)
	// Begin is closed when an agent that is started ahead may begin: nothing is said in
	// its name before. Nil: at once.
	Begin <-chan struct{}
	Grace time.Duration // between asking an agent to end and ending it; 0 = proc.DefaultGrace
}

// Mark names the agent's processes among all others of this machine.
func (s Spec) Mark() string { return s.Run + "/" + s.Agent }

// Outcome says how an agent ended.
type Outcome struct {
	Reason event.ExitReason
	Code   int    // as proc.Exit
	Signal string // e.g. "SIGKILL"
	Detail string // last lines of output, and what went wrong around it; redacted
	// Report is what the agent wrote to its result file, nil when there is none.
	// A file that can't be understood is a report of status failed that says why.
	Report *event.Report
}
