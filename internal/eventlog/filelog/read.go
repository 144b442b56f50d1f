package filelog

import (
	"context"
	"errors"
	"iter"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
)

// view is one consistent look at the log.
type view struct {
	size    int64 // of the durable events
	changed <-chan struct{}
	failed  error
}

func (l *Log) look() view {
	l.mu.Lock()
	defer l.mu.Unlock()
	return view{size: l.size, changed: l.changed, failed: l.failed}
}

// begin holds the file open for one iteration, which must end it by done.
func (l *Log) begin() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return l.failed
	}
	l.iterations++
	return nil
}

func (l *Log) done() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.iterations--
	if l.iterations == 0 && errors.Is(l.failed, eventlog.ErrClosed) {
		_ = l.f.Close() // all that was written is synced: nothing can be lost
	}
}

// cursor returns one that stands as near before event from as the index knows.
func (l *Log) cursor(from int64) *cursor {
	from = max(from, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	seq, off := l.index.before(from)
	return &cursor{path: l.path, f: l.f, off: off, seq: seq, from: from}
}

// Read is eventlog.Log's.
func (l *Log) Read(ctx context.Context, from int64) iter.Seq2[event.Event, error] {
	v := l.look()
	return func(yield func(event.Event, error) bool) {
		if err := l.begin(); err != nil {
			yield(event.Event{}, err)
			return
		}
		defer l.done()
		l.cursor(from).emit(ctx, v.size, yield)
	}
}

// Follow is eventlog.Log's.
func (l *Log) Follow(ctx context.Context, from int64) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		if err := l.begin(); err != nil {
			yield(event.Event{}, err)
			return
		}
		defer l.done()
		for c := l.cursor(from); ; {
			v := l.look()
			if !c.emit(ctx, v.size, yield) {
				return
			}
			if v.failed != nil {
				yield(event.Event{}, v.failed)
				return
			}
			select {
			case <-v.changed:
			case <-ctx.Done():
				yield(event.Event{}, ctx.Err())
				return
			}
		}
	}
}
