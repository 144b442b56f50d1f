// Package archtest keeps the architecture: who imports whom, what core may
// touch, how large things get, and a handful of habits (no init, no sleep, no
// thrown-away error). Prose rots and reviews tire; these rules fail the build.
//
//	tables.go    the rules: read this to know them, edit this to change them
//	check.go     Check(fs, rules) → findings, exceptions taken off
//	load.go      a source tree → parsed packages
//	imports.go   bands, libraries          purity.go   what core may touch
//	size.go      lines and methods         vars.go     package variables
//	habits.go    the rest
//
// Everything is syntactic and in-process: files are read with os, parsed with
// go/parser and judged one by one, whatever their build constraints. Nothing is
// shelled out to, and that matters for more than speed: the go command caches a
// passed test until one of the files or directories that the test itself opened
// changes. A test that asked `go list` would stay "ok (cached)" over a change
// that breaks it.
//
// The rules fail closed: a package without an entry fails, a library without an
// entry fails, and so does an exception that is no longer needed. Each rule has
// a fixture in testdata that breaks it; a rule without one fails as well.
//
// Check is a pure function of the tree it is given; it keeps nothing, starts no
// goroutine and is safe for concurrent use.
package archtest
