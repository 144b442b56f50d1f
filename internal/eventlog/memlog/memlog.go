package memlog

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
)

var _ eventlog.Log = (*Log)(nil)

// Store holds the events of one log. Create it by NewStore.
type Store struct {
	mu      sync.Mutex
	lines   [][]byte      // append-only; line i is event i+1; never written to
	changed chan struct{} // closed and replaced when anything a Follow waits for happens
	owner   *Log
	faults  Faults
}

// NewStore returns an empty store.
func NewStore() *Store { return &Store{changed: make(chan struct{})} }

// SetFaults sets the hook that is asked before each append; nil for none.
func (s *Store) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

// Open returns the store's new writer; the one before it has lost the store.
func (s *Store) Open() *Log {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owner = &Log{store: s}
	return s.owner
}

// OpenReader returns a handle for reading only: it owns nothing, so Append
// answers ErrLost.
func (s *Store) OpenReader() *Log { return &Log{store: s} }

// Log is one handle of a Store.
type Log struct {
	store *Store
	// Guarded by store.mu.
	closed bool
	broken error // sticky
}

// New returns the only handle of a new store: a log that nobody will reopen.
func New() *Log { return NewStore().Open() }

// Append is eventlog.Log's.
func (l *Log) Append(ctx context.Context, after int64, evs []event.Event) error {
	lines, err := eventlog.Encode(after, evs)
	if err != nil {
		return err
	}
	s := l.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := l.mayAppend(ctx, after); err != nil {
		return err
	}
	if len(lines) == 0 {
		return nil
	}
	var fault *Fault
	if s.faults != nil {
		fault = s.faults(after, evs)
	}
	if fault == nil {
		s.land(lines)
		return nil
	}
	n, err := fault.settle(len(lines))
	s.land(lines[:n])
	if fault.Break {
		l.broken = err
		s.wake()
	}
	return err
}

func (l *Log) mayAppend(ctx context.Context, after int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := l.state(); err != nil {
		return err
	}
	if l.store.owner != l {
		return eventlog.ErrLost
	}
	if tail := int64(len(l.store.lines)); tail != after {
		return fmt.Errorf("%w: its last event is %d, not %d", eventlog.ErrConflict, tail, after)
	}
	return nil
}

// state is what forbids any use of the log. Call with store.mu held.
func (l *Log) state() error {
	if l.closed {
		return eventlog.ErrClosed
	}
	return l.broken
}

func (s *Store) land(lines [][]byte) {
	if len(lines) == 0 {
		return
	}
	s.lines = append(s.lines, lines...)
	s.wake()
}

func (s *Store) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// view is one consistent look at the store.
func (l *Log) view() (lines [][]byte, changed <-chan struct{}, err error) {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	return l.store.lines, l.store.changed, l.state()
}

// Read is eventlog.Log's.
func (l *Log) Read(ctx context.Context, from int64) iter.Seq2[event.Event, error] {
	lines, _, err := l.view()
	return func(yield func(event.Event, error) bool) {
		if err != nil {
			yield(event.Event{}, err)
			return
		}
		emit(ctx, lines, max(from, 1), yield)
	}
}

// Follow is eventlog.Log's.
func (l *Log) Follow(ctx context.Context, from int64) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		if _, _, err := l.view(); err != nil {
			yield(event.Event{}, err)
			return
		}
		for next := max(from, 1); ; {
			lines, changed, err := l.view()
			if !emit(ctx, lines, next, yield) {
				return
			}
			if err != nil {
				yield(event.Event{}, err)
				return
			}
			next = max(next, int64(len(lines))+1)
			select {
			case <-changed:
			case <-ctx.Done():
				yield(event.Event{}, ctx.Err())
				return
			}
		}
	}
}

// emit yields the events from sequence number from on; false ends the iteration.
func emit(ctx context.Context, lines [][]byte, from int64, yield func(event.Event, error) bool) bool {
	for seq := from; seq <= int64(len(lines)); seq++ {
		err := ctx.Err()
		var e event.Event
		if err == nil {
			e, err = event.Decode(lines[seq-1])
		}
		if !yield(e, err) || err != nil {
			return false
		}
	}
	return true
}

// Tail is eventlog.Log's.
func (l *Log) Tail(ctx context.Context) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	lines, _, err := l.view()
	if err != nil {
		return 0, err
	}
	return int64(len(lines)), nil
}

// Close is eventlog.Log's. The events stay in the store.
func (l *Log) Close() error {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	if !l.closed {
		l.closed = true
		l.store.wake()
	}
	return nil
}
