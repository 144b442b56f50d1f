// Command compat runs the cases on the real Claude Code CLI (e2e/testdata/claude) on
// several versions and writes which of them work as docs/compatibility.md.
//
//	go run ./internal/compat -o docs/compatibility.md [VERSION…]
//
// Without versions it takes the oldest that popkit drives, the one that all tests
// run and the newest that the registry has.
package main
