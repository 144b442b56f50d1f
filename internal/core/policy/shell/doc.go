// Package shell finds every simple command in a bash script, wherever it hides,
// with its words as far as they are known. It runs nothing and does no I/O.
package shell
