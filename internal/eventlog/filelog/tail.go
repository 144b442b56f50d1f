package filelog

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
)

// tailChunk is how much is read at first to find the last line.
const tailChunk = 16 << 10

// Tail is eventlog.Reader's: the last event before a torn end. It looks at the
// file's end only, unless that is torn in a way that needs a look at the rest.
func (r *Reader) Tail(ctx context.Context) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	size, err := r.size()
	if err != nil {
		return 0, err
	}
	if text := lastLine(r.f, size); json.Valid(text) {
		if seq, ok := sequence(text); ok {
			return seq, nil
		}
	}
	c := r.cursor(math.MaxInt64)
	c.emit(ctx, size, func(_ event.Event, e error) bool {
		err = e
		return true
	})
	return c.seq - 1, err
}

// lastLine returns the last line that is ended by a newline, without it; nil
// when it does not find one.
func lastLine(f io.ReaderAt, size int64) []byte {
	for n := int64(tailChunk); ; n *= 2 {
		n = min(n, size, 2*eventlog.MaxEvent)
		text := make([]byte, n)
		if _, err := f.ReadAt(text, size-n); err != nil {
			return nil
		}
		end := bytes.LastIndexByte(text, '\n')
		if start := bytes.LastIndexByte(text[:max(end, 0)], '\n'); end >= 0 && (start >= 0 || n == size) {
			return text[start+1 : end]
		}
		if n == size || n == 2*eventlog.MaxEvent {
			return nil
		}
	}
}
