// Package readonly says whether a tool call does no more than read: what an agent may
// do whose plan is not approved yet.
//
// It is an allow-list, unlike the policy's rules: of a tool, a program or an option
// that is not known to only look, nothing is taken for granted. It comes on top of
// the rules, which judge what may be read.
//
//	call ── tool that looks ──▶ ""
//	   └── shell script ── every command in it, wherever it hides (policy/shell) ──▶ why not, or ""
//
// Scripts and programs of the project are not read: what they do is not to be seen
// from outside, so running them waits for the approval, tests among them.
//
// The package is pure.
package readonly
