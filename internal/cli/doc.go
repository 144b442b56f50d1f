// Package cli is the command line: one file a command, each an Options struct
// and a plain function.
//
//	Main ── root ── power start ── startOptions ── runStart(ctx, env, options)
//	                 └ …
//
// Main takes everything from Env (streams, folder, environment, clock, Host), so
// a test is a process without one. What the commands need of the machine is Host,
// which main plugs in; they know the socket's language (package api), where runs
// lie (package runs) and core, and neither the engine nor an adapter.
//
// Streams: standard output holds only what was asked for; questions, progress
// of another command and errors go to standard error. A mistake is one line
// "popkit: …", then hints that can be typed. Exit codes are made in exit.go and
// nowhere else; docs/exit-codes.md lists them.
//
// Blocking: every command runs in the calling goroutine until it is done. Only
// attach starts goroutines, to read answers, signals and the stream; the one
// that reads standard input lasts until that ends, which is the process's end.
package cli
