// Package policy says whether a tool call of an agent may run: a pure function
// of the rules, the call, and what the caller knows.
//
//	Call ──▶ actions (reads, writes, deletions, commands, pushes …)
//	            │  each judged by each rule
//	            ▼
//	        Verdict: deny, ask or allow, with the rule, the reason, a hint,
//	                 and flags for what smells of cheating
//
// # Contract
//
// The zero Decision is Deny, the zero Rules deny every call, and what cannot be
// understood is not allowed: a fault of the caller's can only make the guard
// stricter. Deny beats ask, ask beats allow; a flag stops nothing, unless the
// configuration says so.
//
// Evaluate does no I/O. What a verdict needs to know of the outside comes as
// Facts, and each fact says what its absence means: never more than is allowed
// with it.
//
// A verdict is no promise about what a process does: a program that is allowed
// to run may write what it likes as far as the operating system lets it. The
// sandbox holds that, the audit sees what came of it. The policy tells what can be
// told from the call, before it runs, in words that a person can decide on.
//
// Evaluate is safe for concurrent use; Rules never change once they are compiled.
package policy
