// Package keep keeps the transcript of an agent that speaks in lines of JSON, in
// the form of core/transcript: each line with its time and who spoke, without the
// secrets, up to a size.
//
// # Contract
//
// Heard, Told and Note can be called by several goroutines; each line is in the
// file when they return, whole, by one write. They never fail, and change nothing
// of what they are given: an agent is not held up because its words can't be kept.
// Close says what went wrong.
//
// Secrets are taken out of the strings that a line holds, keys included, as they
// read, not as they are written in JSON. What looks like a token of a well-known
// service is a secret, too. A string of more than MaxString bytes is cut, with a
// word on how much there was.
//
// Plain does the like for agents that just print, as their output comes.
package keep
