// Package planfile reads plan files: YAML or JSON, one schema (docs/plan-file.md
// for people, docs/schema/plan.schema.json for programs).
//
//	bytes ── strictyaml ──▶ file (this package's structs) ──▶ objective.Plan ── Validate
//
// The structs in file.go are the one definition: they are decoded into, the
// JSON Schema is generated from them, and the page is held to that by a test.
//
// Load and Parse return a plan that objective.Validate accepts, with what the
// file left out filled in (titles, roles, default phases), or an *Errors with
// every mistake, each with file, line and column. Notes say what a reader of the
// file may not expect. Nothing here keeps state or blocks on anything but
// reading the file.
package planfile
