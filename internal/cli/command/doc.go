// Package command is what the commands share: the Env that they take everything
// from, the Host that main plugs in, how a run is found and asked, how mistakes
// are said, completion.
//
// An error becomes an exit code in exit.go and nowhere else. Streams: standard
// output holds only what was asked for; questions, progress of another command
// and errors go to standard error. A mistake is one line "popkit: …", then hints
// that can be typed.
package command
