// Package watch is what is due about agents that use too much, or go astray: rules of
// package decide, pure functions of the state.
//
//	budget.go   what was used against what is allowed: warned of, asked about
//	quota.go    a service that refuses to go on: no agent is started until its time
//	drift.go    agents off their track: recorded, told, asked about
//
// The numbers and the comparisons are in packages budget, quota and drift, which
// know no run; here is what follows from them for one. Nothing here ends an agent:
// decide does, by what Passed says.
package watch
