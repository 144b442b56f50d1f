// Package agent is the seam between popkit and whatever does the work of a task:
// a Runtime starts agents, a Session is one that runs.
//
// # Contract
//
// Start returns once the agent runs, or an error when it could not be started:
// then nothing was left behind, and nothing of the workspace was touched. The
// end of its context ends the agent at once.
//
// Wait blocks until the agent *and everything it started* is gone, all output is
// in the transcript and the result file was read; nothing of the agent touches
// the workspace after that. It may be called more than once and gives the same
// Outcome. An Outcome always comes: what goes wrong on the way is in its words.
//
// Stop asks for the end and returns at once; Stop(false) lets the agent finish
// what it is at for the grace period, Stop(true) does not. It may be called at
// any time, also after the end.
//
// A runtime judges nothing: whether an exit with status 0 is a task done is for
// the core to decide. It redacts the secrets of the Spec in everything that it
// keeps or returns.
//
// Conformance is tested by agenttest.
package agent
