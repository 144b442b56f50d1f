// Package claudecode is the runtime of agents that are headless Claude Code CLIs: one
// process an agent, everything over its standard input and output. Package launch says
// what is started, package wire is the language, package desk answers what the CLI
// asks; this package is the life of the agent.
//
//	Start ─▶ process ─▶ initialize ─▶ canary ─▶ the prompt ─▶ turn ─ … ─▶ turn ─▶ report ─▶ end
//	            ▲                                  │ ▲          │
//	            │                                  ▼ └──────────┤ reminder, back-off, nudge, shortened
//	            └── the same session, or a new one ◀── death ◀──┘
//
// # What counts as done
//
// A turn has ended well when its result says success, is no error and has turns; the
// exit status and the subtype alone say nothing. An agent is done when a turn has ended
// well and it has given its report, by popkit's tool or $POPKIT_RESULT. It is reminded
// once; after that it has failed.
//
// # Errors
//
// What follows on each way in which a turn or a process can end is decided by course,
// which is pure: it counts what was tried, and Limits bound it.
//
//	the service fails (5xx, overload, a broken stream)   waits, longer each time, goes on; then failed
//	it refuses until a time, or limits requests          report of status quota: the run parks
//	it does not let us in, or is not paid                failed, with what to do
//	the session is too long                              shortened by the CLI, else a new one with what is known
//	turns are used up                                    one more turn, to report
//	the cost is used up                                  failed
//	a process dies                                       --resume in the same workspace, told to look at its tree
//	the session can't be resumed                         a new one with what is known
//	silence                                              interrupt and a word; then the process is ended, and resumed
//	lines that are no events, or too long                noted, and counted; too many are a broken process
//
// # What is said to the agent
//
// A message has an ID, and the CLI says when the model is given it. What is urgent is
// written at once when a turn is under way, and arrives at the next boundary between
// tools; a message that was not read when its process died is said again, to the next
// one. So are answers to hooks that the model has not seen (desk.Unsent).
//
// # The end
//
// Stop(false) goes down a ladder within the grace period: interrupt, which ends the
// commands that the CLI runs, then its input is closed, then SIGINT, SIGTERM and
// SIGKILL. A process that has nothing more to do is let go by the same ladder from its
// second rung. Whatever lives on below it dies with its namespace (package proc),
// setsid or not.
//
// # Ownership
//
// life and sitting belong to one goroutine. A process has one goroutine that reads, one
// that writes, and one for each question that is being answered: nothing that waits for
// the run or for a person holds up what is read.
package claudecode
