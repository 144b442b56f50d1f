// Package message composes the messages of popkit's commits: a text that somebody
// else wrote, and trailers that say of which run, task and agent the commit is.
// It is pure.
package message
