// Package bench measures what the design promises, and holds popkit to what must
// never happen while processes are killed. It exists for tests only.
//
//	make bench                       all items, one table: item, figure, budget, ok or over
//	go test -run '^$' -bench Added -benchtime 1x ./internal/bench     one item
//
// Each item is a Go benchmark that does its whole measurement once and puts rows
// into the table, which is printed at the end. Ratios and differences are taken
// within one run: the two sides alternate, and the medians of the rounds are
// compared. A figure of time or memory that is over its budget is said and fails
// nothing. What counts losses (insights, logs, strays) fails when it is not
// zero, and is a test as well, with fewer trials.
//
// All items but the engine's own cost drive the real program: the package builds
// cmd/popkit once, and runs engines, agents and agents' commands as processes.
// Everything is made below temporary directories; the repository it is in is
// not written to.
package bench
