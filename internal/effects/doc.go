// Package effects carries out what the engine's events ask for: it makes
// workspaces, runs agents and checks, merges, publishes. It decides nothing: it
// answers each order with the event that ends it, or with event.EffectFailed.
//
// Every kind is safe to do again under the same key, which is how an order that
// an earlier engine left under way (Order.Unknown) is settled:
//
//	prepare   what is there is rescued, removed and made anew
//	run       never again: what is left of the process is ended, the attempt was
//	          interrupted; decide begins a new one
//	collect   finds the same work
//	release   finds less to remove
//	merge     merges onto the commit that the log names; an unrecorded merge of
//	          the dead engine is nobody's parent
//	check, blame, publish, finish   same question, same answer
//
// Do blocks for as long as the thing takes; it is called in a goroutine of its
// own. It recovers from panics: they are effects that failed.
package effects
