package memlog

import (
	"errors"
	"fmt"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
)

// Faults is asked before each append that would succeed. Nil means no fault. It
// is called with the log locked: it must not call the log.
type Faults func(after int64, evs []event.Event) *Fault

// Fault is what goes wrong with one append.
type Fault struct {
	// Land is how many events of the batch land all the same, from the first
	// on; more than the batch has means all.
	Land int
	// Err is what Append answers; nil is an unknown outcome without a cause.
	// When an event landed, it is wrapped in ErrUnknown.
	Err error
	// Break makes this Log answer ErrUnknown to everything but Close from now
	// on, as a file log does after a failed fsync: the store must be opened
	// again.
	Break bool
}

// Refuse is the fault of which nothing lands, with err as the answer.
func Refuse(err error) *Fault { return &Fault{Err: err} }

// Unknown is the lost reply: the first land events landed, and the writer is
// not told.
func Unknown(land int) *Fault { return &Fault{Land: land, Err: eventlog.ErrUnknown} }

// Crash is the full disk or the crash in the middle of a batch: the first land
// events landed, err is the cause, and the Log is of no more use.
func Crash(land int, err error) *Fault { return &Fault{Land: land, Err: err, Break: true} }

// settle returns how many of n events land, and the answer.
func (f *Fault) settle(n int) (int, error) {
	land := min(max(f.Land, 0), n)
	switch {
	case f.Err == nil:
		return land, eventlog.ErrUnknown
	case errors.Is(f.Err, eventlog.ErrUnknown):
		return land, f.Err
	case land > 0 || f.Break:
		return land, fmt.Errorf("%w: %w", eventlog.ErrUnknown, f.Err)
	}
	return 0, f.Err
}
