// Package interview asks a headless Claude Code CLI questions, one after the other
// in one session, and gets answers that fit a JSON schema. There is no task, no run
// and no report: what the CLI does is to look things up and to answer.
//
//	Start ── initialize ──▶ CLI ── hooks, permission ──▶ Host: the guard's answer
//	Ask   ── user message ─▶  │ … tools …
//	      ◀── result ─────────┘
//
// An Interview belongs to one goroutine; what the CLI asks of its host is answered
// by it, while it waits in Start or Ask. The end of a context ends the process and
// all below it; Close does, too, and has to be called.
//
// A turn that did not come to an answer is a *Failure, which says of what kind. The
// CLI tries again by itself what may pass by (overloads, lost connections), so
// nothing is tried again here; what does not pass by (a login that is refused, a limit
// that is reached) is not waited for, though the CLI would.
package interview
