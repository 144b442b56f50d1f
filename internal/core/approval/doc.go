// Package approval has the rules about plans that agents present before they may
// change anything, where their role requires that (event.Role.PlanRequired).
//
//	presented ──▶ question of kind plan ──▶ approve   it may write; later attempts go by the plan, too
//	   ▲                 │                  revise    it is told what to change, and presents again
//	   │                 │                  reject    the attempt is over, the next one is told why
//	   └──── revised ────┘                  skip, stop
//
// The plan is the task's, not the agent's: its question stays open when the agent
// ends or is ended for want of an answer, and holds the task up until a person has
// answered. What was approved then holds for the next attempt, which finds the plan
// in its prompt.
//
// It is pure: functions of the state, called by package decide, by the guard's edge
// for who may only read, and by views.
package approval
