// Package copyin copies files that the user named from their checkout into a work
// tree. It blocks until that is done and keeps nothing.
package copyin
