// Package notify tells people that a question waits for them: by a command of
// theirs, by a POST to a URL of theirs, or both.
//
// Tell returns at once; what it is told is sent by a few goroutines, each
// notification within the configured time. One that fails is reported, and
// nothing else comes of it: a question waits whether anybody heard of it or not.
// Close returns when what was told has been sent or has failed.
//
// What is sent holds what agents wrote. It is data: it goes to the command on
// standard input and in variables, never into its text. The URL may hold a secret,
// so no error names it, and no redirect is followed.
package notify
