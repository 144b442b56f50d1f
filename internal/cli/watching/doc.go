// Package watching holds the commands by which a person follows what agents do, and
// reads what came of it: `popkit power transcript`, `popkit power attach AGENT` and
// `popkit power report`.
//
// An agent is watched from two sides: its transcript, a file that its runtime
// writes, and the run's events, which the engine streams. What is there already is
// merged by time; what happens from then on is shown as it comes. Nothing is polled:
// the file is watched, and the engine's end ends its stream.
package watching
