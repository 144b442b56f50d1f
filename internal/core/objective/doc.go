// Package objective holds the nouns that everything else speaks of: an
// objective, the plan it becomes, the plan's phases and tasks, and the limits
// they run under. It is pure data with pure checks: no I/O, no clock.
//
//	Plan
//	├── Objective   what a person asked for: description, criteria, boundaries
//	├── Phases      in order; each ends at a barrier
//	│   ├── Tasks   one piece of work for one agent
//	│   └── Checks  commands that must pass on the merged tree
//	└── Limits
//
// A Plan that Validate accepts is what the engine runs; reading one from a
// file, with line and column for each mistake, is the work of package planfile.
package objective
