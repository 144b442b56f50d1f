// Package audit judges an agent's work as a diff, whatever made it: the third
// layer of the guardrails, after the verdicts on single calls and the sandbox.
//
//	base ── diff ──▶ Diff ──▶ Judge ──▶ findings ── one that blocks ──▶ a question
//	          (read by internal/workspace/difftree)      else ──▶ accepted, merged
//
// It is pure: the caller reads the diff, bounded, and says what it did not read;
// what was not read is a finding itself. Judge does not know what came before:
// which findings a person has let pass is decide's to remember, by their keys.
//
// A finding has a rule (see Rules), a path, one line of text, a hunk of the diff
// that shows it, and a severity. Texts and hunks hold nothing that could steer a
// terminal or hide from a reader: what is invisible is written out.
package audit
