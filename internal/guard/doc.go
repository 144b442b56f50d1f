// Package guard is the guard's edge: it looks up what a verdict needs to know of
// an agent's workspace and has package policy judge the call, on a snapshot of the
// run's rules.
//
//	hook ──call──▶ server ──▶ Guard.Judge: facts of the workspace, policy.Evaluate
//	                  ◀── allow: at once, into the log with the next batch
//	                  ◀── deny, ask: once it is in the log
//
// Judge may be called concurrently, for many agents, and waits for nobody but the
// disk: the engine's goroutine is not asked. What can't be found out, and whatever
// goes wrong here, is a deny.
//
// The guard knows the canary, a write into .git that is denied in every
// configuration. An agent whose hook has tried it has proved that it asks; if the
// file is there afterwards, what is denied happens all the same, and that is a
// breach. Judge and Leave look for it.
package guard
