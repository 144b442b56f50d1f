// Package paths judges paths by what they are: which a pattern covers, also when
// some of the path is not known, which are secret, which decide about security or
// money. It knows no rules and does no I/O.
package paths
