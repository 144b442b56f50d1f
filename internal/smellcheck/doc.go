// Command smellcheck says what internal/core/smell finds in the history of a
// repository: it judges each commit as the audit would judge an agent's diff, so
// that one can read the alarms and see how many are false.
//
//	go run ./internal/smellcheck -commits 100 ~/src/repository …
//
// The alarms come one a line, then a table of how many there are, by smell. It
// only reads: git is asked for commits and texts, nothing of a repository is run.
package main
