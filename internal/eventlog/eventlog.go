package eventlog

import (
	"context"
	"iter"

	"popkit/internal/core/event"
)

// MaxEvent is the largest encoded event that a log takes, in bytes.
const MaxEvent = 16 << 20

// Log is a run's log, opened by its one writer.
type Log interface {
	// Append adds events after sequence number after, which must be the log's
	// tail: ErrConflict otherwise. evs[i].Seq must be after+1+i: ErrSequence
	// otherwise. No events: only the comparison is made.
	Append(ctx context.Context, after int64, evs []event.Event) error
	// Read yields the events from sequence number from (1 = first, also for
	// anything less) to the tail as it is at the call, not at the iteration.
	// After an error, which comes with a zero event, it ends.
	Read(ctx context.Context, from int64) iter.Seq2[event.Event, error]
	// Follow is Read that goes on: it blocks for new events, without polling. It
	// ends by an error only: the context's, ErrClosed, or what went wrong.
	Follow(ctx context.Context, from int64) iter.Seq2[event.Event, error]
	// Tail is the sequence number of the last event, 0 when there is none.
	Tail(ctx context.Context) (int64, error)
	// Close gives the log up for the next writer.
	Close() error
}

// Reader is the part of a Log that views need; every Log is one.
type Reader interface {
	Read(ctx context.Context, from int64) iter.Seq2[event.Event, error]
	Follow(ctx context.Context, from int64) iter.Seq2[event.Event, error]
	Tail(ctx context.Context) (int64, error)
}
