// Package eventlog is the contract of a run's log: the only truth about the run,
// an append-only sequence of events numbered 1, 2, 3, … without gaps.
//
//	        one writer                              any number of readers
//	engine ──Append(after, events)──▶ [1][2]…[tail] ──Read / Follow / Tail──▶ views
//
// Order: an event is seen by every reader under the same number, after all
// events before it. Events are never changed and, once acknowledged, never
// removed.
//
// Compare-and-append: Append names the number it believes to be the last. When
// the log has moved on, nothing is written (ErrConflict), so a writer that was
// deposed can't write.
//
// Durability: when Append returns nil, the events outlive the death of the
// process and of the machine. The events of a batch land in order, so after a
// crash in the middle of Append any prefix of the batch may be there.
//
// Outcomes of Append, to be told apart by errors.Is:
//
//	nil          all events landed
//	ErrUnknown   none, some or all landed; Tail says how many, and where Tail
//	             itself answers ErrUnknown, opening the log again does
//	ErrLost      nothing landed, nor ever will through this Log
//	any other    nothing landed; the log is as it was
//
// Blocking: Append blocks until the events are durable and heeds its context
// only before it begins to write. Read and Tail block for I/O only. Follow
// blocks for new events and never polls.
//
// Ownership: an implementation keeps none of the caller's memory and gives out
// none of its own. All methods may be called from any goroutine at any time.
//
// Shutdown: Close waits for an Append under way, not for iterations. A Read
// under way goes on to its end; a Follow yields what was appended before Close
// and then ends with ErrClosed. All calls after it answer ErrClosed, but for
// Close itself, which answers nil.
package eventlog
