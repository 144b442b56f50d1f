package filelog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
)

// cursor goes through a log file from one event to the next.
type cursor struct {
	path string
	f    io.ReaderAt
	off  int64 // where event seq begins
	seq  int64
	from int64 // events before it are passed over
	// shared: another process writes to the file, so that its end may be torn or
	// change under the cursor.
	shared bool
}

type yieldFunc = func(event.Event, error) bool

// emit yields the events that end within the file's first end bytes; false ends
// the iteration. A shared cursor stops before a torn end and can go on later.
func (c *cursor) emit(ctx context.Context, end int64, yield yieldFunc) bool {
	if c.off >= end {
		return true
	}
	in := newLines(c.f, c.off, end)
	for {
		if err := ctx.Err(); err != nil {
			yield(event.Event{}, err)
			return false
		}
		l, err := in.next()
		if errors.Is(err, io.EOF) {
			// Before end only when the file was cut meanwhile.
			return c.off == end || c.shared || c.fail(yield, io.ErrUnexpectedEOF)
		}
		if err != nil {
			return c.fail(yield, err)
		}
		e, bad, err := c.read(l)
		if bad != "" && c.shared {
			if !l.whole || bad == notJSON && c.off+l.size == end {
				return true
			}
			if c.changed(l, end) {
				in = newLines(c.f, c.off, end)
				continue
			}
		}
		if bad != "" {
			err = &eventlog.CorruptError{Path: c.path, Line: int(c.seq), Reason: string(bad)}
		}
		if err != nil {
			yield(event.Event{}, err)
			return false
		}
		c.off += l.size
		c.seq++
		if e.Seq >= c.from && !yield(e, nil) {
			return false
		}
	}
}

// read decodes line l as event c.seq, or, when that is to be passed over, only
// checks it and returns no event. err is an event of a newer popkit.
func (c *cursor) read(l line) (_ event.Event, bad verdict, err error) {
	if !l.whole {
		return event.Event{}, "without an end", nil
	}
	if c.seq < c.from || l.long {
		return event.Event{}, l.check(c.seq), nil
	}
	e, err := event.Decode(l.text)
	if err == nil {
		return e, checkSeq(e.Seq, c.seq), nil
	}
	if bad := l.check(c.seq); bad != "" {
		return event.Event{}, bad, nil
	}
	if errors.Is(err, event.ErrUnknownType) || errors.Is(err, event.ErrNewerVersion) {
		return event.Event{}, "", err
	}
	return event.Event{}, verdict(err.Error()), nil
}

// changed reports whether the line that was read as l reads otherwise now: a
// writer cut the file and wrote on while l was being read.
func (c *cursor) changed(l line, end int64) bool {
	now, err := newLines(c.f, c.off, end).next()
	return err != nil || now.size != l.size || !bytes.Equal(now.text, l.text)
}

func (c *cursor) fail(yield yieldFunc, err error) bool {
	if errors.Is(err, os.ErrClosed) {
		err = eventlog.ErrClosed
	} else {
		err = fmt.Errorf("read event log: %w", err)
	}
	yield(event.Event{}, err)
	return false
}
