// Package testcase tells what one line of a test says, for the tests of Go, Python,
// JavaScript and TypeScript, Java, Rust and Ruby: that the test is skipped or
// focused, what is asserted, and whether that can fail at all.
//
// It goes by the names that the usual test libraries have. What it does not know
// asserts nothing and skips nothing.
package testcase
