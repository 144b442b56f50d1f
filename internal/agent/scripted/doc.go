// Package scripted is the runtime of agents that play a script: for demos, tests,
// benchmarks, and for running a plan without cost. docs/scripted-agents.md
// describes the script.
//
// A scripted agent is an exec agent whose command is this program itself, with
// the argument Arg and the script's path: it goes through the same processes,
// transcript and result as any other. main hands that call to Play with an Env
// that leads to the engine's socket.
//
// Play does one step after the other in the calling goroutine and stops at the
// first that fails. Paths of a script stay within the workspace; symbolic links
// that lead out of it are refused too. What "run" starts is bound by nothing but
// the isolation that the agent as a whole has.
package scripted
