// Package filelog is the event log in a file: log.jsonl, one event a line, as
// event.Encode writes it; line n holds event n.
//
//	log.jsonl         the events
//	log.jsonl.lock    held by flock by the writer; says which process that is
//	log.jsonl.torn-1  what a crash left of an append, moved here by Open
//
// # Writer
//
// Open takes the lock, which dies with its holder: a second Open answers
// *eventlog.HeldError naming the process, until the first is closed or dead.
// The lock file is never removed.
//
// Append is one write and one fsync. When it returns nil the events are
// durable; until then neither Read nor Follow of this Log shows them. When it
// fails:
//
//	write failed, cut back and synced   that error; the log is as it was and can
//	                                    be appended to again (disk full)
//	write failed, could not be cut      ErrUnknown, broken
//	fsync failed                        ErrUnknown, broken; it was tried to cut
//	                                    the file back, so that nobody takes pages
//	                                    that never reached the disk for events
//	file replaced, removed or written   ErrLost for good; nothing was written
//	to by somebody else
//
// A broken or lost Log answers with that error to all calls and does nothing
// more: after a failed fsync the kernel's view of the file proves nothing. A
// Follow under way yields the events that are known to be durable, then the
// error. Close the Log and Open again: what is there then is what landed.
//
// # What is checked when
//
// Open reads the whole file and checks that each line is JSON and that its
// sequence number is its line number, without decoding events (100,000 events:
// some 0.1 s). Reading decodes, and checks the number again. An event of a type
// or version that this program does not know is no damage: Open takes it, Read
// answers event.ErrUnknownType or event.ErrNewerVersion.
//
// A torn end is what a crash in the middle of an append leaves: bytes after the
// last newline, whatever they are (NULs after a power loss), or a last line that
// is not JSON. Open copies it to a file of its own, syncs that, and only then
// cuts the log; it is told to Options.Report. Anything else that is wrong is
// *eventlog.CorruptError, and the file is not touched. Before Open returns, the
// file and its entry in the directory are synced: what a dead writer wrote but
// did not sync is durable before anybody acts on it. The directory's own entry
// is its creator's to sync.
//
// # Readers
//
// A Reader needs no lock and works in any process of the same machine. It ends
// before a torn end (Read, Tail) or waits for it to become whole or to be cut
// (Follow). It may show events that are written and not synced yet, and so,
// when that append fails, events that are then cut: it answers ErrCut where it
// sees this. Nothing that must happen once may hang on a Reader; the engine
// acts on its own Log.
//
// Follow of a Log is woken by Append itself; Follow of a Reader by the kernel
// (inotify), armed before the file is read, so that no append is missed. On a
// network file system appends of other machines wake nobody.
//
// # Blocking, ownership, shutdown
//
// Open waits for another Open of the same file that is just writing its name
// into the lock, never for a writer. Appends go one after the other; Read,
// Follow and Tail don't wait for an append's fsync. A Log has no goroutine; a
// Reader's Follow has one while it runs. Close of a Log waits for the append
// under way and frees the lock; the file stays open until the last iteration
// has ended. Close of a Reader ends its iterations with ErrClosed.
package filelog
