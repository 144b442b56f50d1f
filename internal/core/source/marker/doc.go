// Package marker knows the comments, attributes and annotations that tell a
// compiler, a type checker, a linter, a coverage or a security check to look away.
package marker
