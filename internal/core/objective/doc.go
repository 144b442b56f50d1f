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
//
// # Scopes
//
// Path patterns are doublestar's, relative to the repository's top: "*" within
// a segment, "**" for any number of segments, "?", "[a-z]", "{a,b}". Added to
// that: a pattern without "/" matches at any depth ("./x" is x at the top), and a pattern that ends in
// "/", has no "/", or whose last segment is a plain name covers everything
// below what it matches ("src/api" is the file or the whole directory).
//
// InScope asks doublestar. Overlaps, ScopesOverlap and Within compare patterns
// with each other: each becomes an automaton that accepts at least every path
// that doublestar matches, so an overlap is never missed. What is too large to
// compare counts as overlapping, and as not within.
//
// # What may be called on what
//
// Validate takes any plan. Notes, Overlaps and Estimate take any plan, too, and
// are right for valid ones. All functions are safe for concurrent use: they
// keep no state and change none of their arguments.
package objective
