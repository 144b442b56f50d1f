// Package speccoverage keeps docs/spec-coverage.md honest: each unit of the
// specification (a sentence, a bullet, a table row, a block of an example) has a
// row that names the test which shows it, or says what was changed and why, or
// that it is open.
//
//	docs/spec/power-mode.md ──Split──▶ units ─┐
//	docs/spec-coverage.md ───Parse──▶ rows ───┼─Check─▶ problems
//	the tree's tests ────────Find───▶ tests ──┘
//
// Split is deterministic: the same text gives the same units with the same IDs.
// A row that names a test which does not exist, an unknown status, a missing,
// surplus, misplaced or misquoted row is a problem.
//
// After a change of the specification, or to begin a row:
//
//	go test ./internal/speccoverage -update
//
// rewrites the page with the rows in order, keeps what they say, and adds the
// missing ones as open. The package does no I/O but reading the tree it is
// given, keeps nothing and starts no goroutine.
package speccoverage
