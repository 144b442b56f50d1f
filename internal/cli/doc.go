// Package cli is the command line: one file a command, each an options struct
// and a plain function.
//
//	Main ── root ─┬─ power …            package power: what people do with runs
//	              ├─ insight, check-in, ask, report: what agents say
//	              ├─ plan, config, replay, gc, demo, version
//	              └─ serve, __script    hidden: what popkit starts itself as
//	                    └── package command: Env, Host, exit codes
//
// Main takes everything from Env (streams, folder, environment, clock, Host), so
// a test is a process without one. The commands know the socket's language
// (package api), where runs lie (package runs) and core, and neither the engine
// nor an adapter.
//
// Blocking: a command runs in the calling goroutine until it is done.
package cli
