// Package door says who may speak over which socket of a run: people over theirs, an
// agent over its own. The kernel names the process at the other end; where that is
// among the processes decides.
//
// A Door may be used by several goroutines. Admit blocks until it is known where an
// agent sits, at most as long as its context.
package door
