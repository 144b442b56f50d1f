// Package execagent is the runtime of agents that are commands: the task's prompt
// comes on standard input, the output goes into the transcript, and the end of
// the command is the end of the agent. docs/exec-agents.md is its contract with
// those who write such commands.
//
// Output is redacted first, then limited and kept, so that neither the transcript
// nor the detail of an outcome can hold a secret, wherever it was cut. A
// transcript that can't be written (a full disk) does not end the agent; the
// outcome says so.
package execagent
