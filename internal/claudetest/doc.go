// Package claudetest gets the real Claude Code CLI for tests: installed once from the
// npm registry into the project's .tools/claude/VERSION, which git ignores.
//
// Several test processes may ask for it at the same time; one installs, the
// others wait for its lock. An installation appears whole or not at all: it is
// made beside its place and renamed. Nothing is ever skipped: without npm a test
// fails, with the command that installs it.
//
// The CLI is run with a home of its own, a made-up key and a scripted model on
// 127.0.0.1. Its proxy is that model as well, which lets no call to elsewhere through
// and keeps a list of them (Server.Elsewhere).
package claudetest
