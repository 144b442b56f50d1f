// Package difftree reads what differs between two commits, as the audit judges
// it: modes, objects, sizes, contents, the names beside what was added, and what
// an agent's own commits on the way held.
//
// Everything is bounded; what is not read is marked as such, never left out. A
// diff costs one git process, its contents a second one, whatever its size.
package difftree
