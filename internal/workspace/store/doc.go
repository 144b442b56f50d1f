// Package store is a git dir of popkit's own for work trees that are not to be
// trusted.
//
// A Store has a configuration that popkit wrote and no objects: those that it
// reads and writes are the user's repository's. A work tree comes with an index
// of popkit's own (Tree). So popkit compares, records and checks out an agent's
// files without ever running git in the agent's .git, where hooks, filters,
// monitors and aliases would be the agent's. The user's global and the system's
// configuration are not read either. An agent's commits are read as objects
// only, hashed again, and checked for completeness (Adopt).
//
// A Store may be used by many goroutines; a Tree, and an Attributes, by one at
// a time. Calls block for their git processes.
package store
