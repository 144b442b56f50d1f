// Package daemon is the wiring and the life of the engine process: the only
// package that knows all adapters. It also does, for commands, what needs them
// without an engine: create a run, start its engine, speak for a run that has
// none, remove what is left of runs that are over.
//
//	Serve:  log ─ fold ─ sockets ─ lock ─ state files ─ engine ─ effects
//	        ready ──────────────────────────┘
//	        … until the run has ended …
//	        report ─ state files ─ sockets ─ lock ─ log
//
// Things are taken in that order and given back in the other. The engine's lock
// on the log, and the repository's, die with the process.
package daemon
