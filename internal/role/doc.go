// Package role reads roles from files: what a kind of agent is for, how it works,
// with which tools and model.
//
//	popkit's own (embedded) ─┐
//	.claude/agents/NAME.md  ─┴─ Load ──▶ Set ── Use(names) ──▶ event.Role of each, into the run's first event
//
// A file is one of Claude Code's agent files: a head between two lines "---", and
// the prompt. Of the head popkit reads name, description, tools and model; its own
// keys stand below "popkit:", where Claude Code does not look.
//
//	---
//	name: implementer
//	description: Builds what a task says.
//	tools: Read, Edit, Bash
//	model: inherit
//	popkit:
//	  plan_required: true
//	---
//	You build what the task says …
//
// The head is no YAML, though it looks like it: Claude Code takes a description as
// it stands, colons and all, so this reader does. Everything else is strict: every
// mistake is reported with its line and column, and a key or a tool that was nearly
// right is one. What restricts an agent and can't be held is a mistake, what popkit
// has no use for is a note.
//
// A repository's file takes the place of popkit's role of that name, whole; only
// what it leaves out below "popkit:" stays as it is there. A file with mistakes
// is an error for the run that needs its role, and a note for all others.
//
// Nothing here keeps state or starts anything; Load reads files and blocks on nothing
// else.
package role
