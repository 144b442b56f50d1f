// Package tail reads a file that grows, line by line, and says when there is more,
// without polling.
//
// A File belongs to one goroutine; only what Changed returns is for others.
package tail
