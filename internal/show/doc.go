// Package show turns what is known of a run into text for people and agents: a
// status, a plan, an event as one line, the live block of an attached terminal.
//
// It is values in, text out: no clock (now is an argument), no terminal (the
// width is an argument), no I/O. The same values give the same text, with times in
// the machine's time zone.
//
// What agents and commands wrote is shown as one line without control or escape
// characters (Line), or quoted line by line (Quote), so that it can neither move
// a terminal's cursor nor pass for something popkit said.
package show
