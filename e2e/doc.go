// Package e2e drives the real popkit by scripts: testdata/*.txtar, each with a
// real git repository, real processes and the engine in a process of its own.
//
// A script is testscript's language with four commands more:
//
//	repo DIR           makes DIR a git repository with all its files committed
//	popkit ARG…        runs popkit; it must end with 0 ("! popkit": with another)
//	ends CODE CMD…     runs a command that must end with that exit code
//	until CMD…         runs a command again and again until it ends with 0
//
// The scripts in testdata/claude run the real Claude Code CLI, too, which talks to a
// scripted model (internal/scriptmodel):
//
//	model start FILE              starts the model; popkit and its agents find it
//	model wait RULE.STEP [TIMES]  waits until it was asked for that step
//	model check                   fails if its script was not kept to
//	model log                     prints what it was asked, for stdout to match
//	clis kill                     kill -9 of all CLIs of this script
//	processes none                waits until nothing is left that this script began
//	processes COUNT TEXT          waits until so many have that text in their arguments
//
// Nothing waits for a length of time: agents that must be at work at once wait
// for each other's files, and scripts for what popkit says. An engine that a
// script leaves behind is stopped at its end.
package e2e
