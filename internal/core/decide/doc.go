// Package decide is what popkit does next: pure functions from a state to
// events. It has no clock, no I/O and no memory of its own.
//
//	           ┌────────────── Step ───────────────┐
//	input ───► │ Decide(s, now, in)  what happened │ ──► events, to be appended
//	           │ Reconcile(s, now)   what is due   │     before anything acts on
//	           │   … until nothing is due          │     them
//	           └───────────────────────────────────┘
//
// Decide turns one input into the facts it amounts to, or refuses it with a
// *Refusal. Reconcile looks only at the state: it asks for the effects that are
// due, judges results, opens barriers. It is a list of rules in one literal
// slice, the first that has something to say wins, and Step goes round until
// none has. Since each rule derives what is due from the state alone, a log cut
// after any event is continued by the same rules: crash recovery is nothing
// special.
//
// Deadlines are data of the state too; NextWake says when to come back.
package decide
