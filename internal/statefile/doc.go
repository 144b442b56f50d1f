// Package statefile keeps the JSON files that people and agents know, below
// DIR/.claude/popkit:
//
//	power-state.json   the run's state, for whoever looks; removing it stops the run
//	insights.json      what was shared; whoever adds an entry shares an insight
//	.gitignore         keeps all but config.json out of commits
//
// Both files are views of the log, written whole; nothing here is a truth. The
// same insights.json is kept in each workspace that was added.
//
//	WriteInsights, WriteState ──► newest wanted ──► Watch: one goroutine ──► files
//	             notify(Change) ◄─────────────────────┘  ▲
//	                                                  inotify
//
// Order and blocking: WriteInsights and WriteState never block and never touch
// a file; the newest state wins and insights add up. Watch writes, reads and
// calls notify, all in its own goroutine, so changes come one after another in
// the order they were found. Writing takes at most about a fifth of its time:
// what comes meanwhile is written together. notify may call everything but what
// waits: Flush, AddWorkspace, RemoveWorkspace.
//
// Shutdown: when its context ends, Watch writes what is wanted, takes in what
// others added and returns; after that every waiting call returns ErrStopped.
//
// Others' entries: an entry that is not one of the run's becomes a Change, once,
// and stays in the file as it was written until WriteInsights brings it back, so
// that an entry that was refused is not lost either. An entry equal to a known
// one by another agent is a Change too: it confirms.
//
// Nobody's entries are lost to our rewriting. The new file is exchanged with the
// old one in one step, and the old one is read after that: whatever it holds by
// then is taken in. A process that opened it before and writes later is still
// heard: the old file is kept, and watched, until the kernel says that nobody
// has it open for writing (a lease). What remains: a process whose open was
// already past its path's look-up in the kernel when the exchange happened and
// had not yet been counted as a writer when the lease was taken; where there are
// no leases (other systems, some network file systems), one that writes after
// the second rewriting. Removing power-state.json is never undone by a write
// that comes at the same time: after the first one it is only ever exchanged.
//
// A file that can't be read as JSON may be half-written, so it is waited for. If
// it stays so it is reported and kept as insights.json.broken-1, -2, …; it is
// never overwritten.
//
// A workspace belongs to an agent that may put links in place of directories:
// all access goes through directories that are held open and below the
// workspace's root, and what is no regular file is not read.
package statefile
