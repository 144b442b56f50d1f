// Package memlog is the event log in memory: for tests, for the simulation and
// for anything that needs a log but no durability.
//
// A Store is what a disk is to a file log: it outlives the Logs opened on it.
// Opening it takes it over, as a lease would: an older Log answers ErrLost to
// Append from then on, and goes on reading. To crash an engine, forget its Log
// and open the store again.
//
// Events are kept encoded, so what is read went through the codec, shares no
// memory with what was appended, and has the limits of a log on disk.
//
// A Faults hook decides what becomes of an append. It can't break the log's
// contract: an append of which something landed answers ErrUnknown.
//
// There are no goroutines, no clock and no I/O: a memlog works inside a
// testing/synctest bubble, where a Follow that waits is durably blocked.
package memlog
