// Package config is popkit's configuration: one schema of Go structs, with a
// default for every key, the origin of every value, and the words that explain
// it.
//
//	defaults ◀── user's file ◀── power-mode/config.json (old) ◀── .claude/popkit/config.json
//	                         each over the ones to its left, key by key; a list replaces a list
//	   └────────────────────────────┬───────────────────────────────┘
//	                             Config ── Complete(plan) ──▶ plan with every limit set
//	                                    ── Settings(plan, flags) ──▶ what the run works with
//
// Load reads files and nothing else; it does not block on anything but them.
// Unknown keys, wrong types and values out of range are errors with file, line,
// column and the nearest known key; only keys that the old file has for older
// tools are left out, with a note. The keys table in keys.go is what
// docs/configuration.md and `popkit config explain` are made of; a test holds it
// to the structs.
//
// Everything beside Load is pure: the tiers' table, the selection of the mode,
// the limit of agents with its source, the run's settings. A Config is not
// changed after Load and may be shared.
package config
