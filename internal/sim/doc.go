// Package sim runs the core, the engine's stepper and a log in memory against a
// simulated world, under fake time and with faults, from a seed: the same seed
// gives the same run to the last byte.
//
//	      ┌───────────── one heap of things to happen, by fake time ─────────────┐
//	      ▼                                                                      │
//	people · agents · effect ends · ticks ─► engine.Stepper ─► memlog            │
//	      ▲                                     │ actions        │ what landed   │
//	      └───────── world: git, processes ◄────┘                ▼               │
//	                 (outlives the engine)                    oracle ── verdict ─┘
//
// Single-threaded: there is no goroutine, no clock and no I/O. Each thing to
// happen belongs to the life of one engine or to the world; a kill drops what
// belonged to the engine and decides by lot what of it happened all the same.
//
// The oracle reads the log, never the engine's memory. After each event it folds
// it into a state of its own and asks state.Check, and it keeps books of its own
// from the bare events: effects, merges, barriers, deliveries, slots, leases.
//
// A run goes through two times. In the first, faults come by lot and people do
// as they like. From Config.Calm on nothing fails and people answer: then the run
// must end, done or for a reason that it states.
package sim
