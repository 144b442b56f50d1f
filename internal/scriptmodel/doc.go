// Package scriptmodel is a model that says what a script tells it to: a server
// on 127.0.0.1 that speaks the Messages API, streaming and not, for tests that
// run a real agent program.
//
//	agent ── POST /v1/messages ──▶ which rule, which step ──▶ answer, error, silence
//	                                        │
//	                                        └──▶ request log ──▶ Check
//
// # Rules and steps
//
// A script has rules. A rule is chosen by its marker, "@@name@@" unless it says
// otherwise: the rule whose marker stands last in what the user said speaks. In one message, a
// rule whose "when" matches all that was said comes before one that has none. Lines
// that begin with "> " are quotations and choose nobody: popkit quotes what others
// wrote, their markers with it. What tools returned chooses nobody either.
//
// The step is the number of the model's messages after the marker. So the server
// keeps no conversation: a request that is sent again gets the same step, a resumed
// session goes on where its history ends, and any number of agents and subagents can
// ask at once. Two things are counted for all who ask, because they are about the
// server: how often a step has failed already (fail.times), and which steps were
// asked for (after).
//
// # Expectations
//
// Check says everything that went otherwise than the script has it: a request
// that no rule speaks to, a step that is not there, a step's expect or never, and the
// list at the end of the script. "Heard" is all that reached the model but its own
// words: what the user and tools said, and system messages; the system prompt is apart.
//
// # Ownership
//
// Start listens and serves until Close, which ends the answers under way as well.
// The methods of a Server may be called at any time, by any goroutine.
package scriptmodel
