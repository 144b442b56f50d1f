// Package planner makes a plan of an objective: it asks a planning agent, reads
// what that answers as untrusted input, has its checks tried, and asks again with
// the mistakes, at most MaxRepairs times.
//
//	Request ── Prompt, Schema ──▶ Agent ── answer ──▶ read: bounds, roles, scopes, objective.Validate
//	                                ▲                          │ valid
//	                                │ mistakes, at most twice  ▼
//	                                └──────────────── Checker: each command once, at the base
//	                                                           │ all there
//	                                                           ▼
//	                                       Made: plan, trials, whether several agents are worth it
//
// The package does nothing itself: who asks a model and who runs a command are the
// caller's, behind interfaces of one method. It keeps no state; one call of Make
// serves one plan and blocks on the two interfaces only. It ends with its context.
//
// What a model may say is the answer's schema and nothing else: no runtime, no
// limits, no boundaries, no policy for conflicts, and not another objective. A
// plan that comes out is one that objective.Validate accepts and that
// planfile.Format can write.
package planner
