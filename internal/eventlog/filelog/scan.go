package filelog

import (
	"errors"
	"fmt"
	"io"

	"popkit/internal/eventlog"
)

// markEvery is how many events lie between two marks of the index.
const markEvery = 256

// index finds the place of an event in the file: marks[i] is the offset of event
// i*markEvery+1.
type index struct{ marks []int64 }

// add notes that event seq begins at offset. Call it for every event in order.
func (x *index) add(seq, offset int64) {
	if (seq-1)%markEvery == 0 {
		x.marks = append(x.marks, offset)
	}
}

// before returns the last marked event that is not after seq, and its offset.
func (x *index) before(seq int64) (int64, int64) {
	i := min((seq-1)/markEvery, int64(len(x.marks))-1)
	if i < 0 {
		return 1, 0
	}
	return i*markEvery + 1, x.marks[i]
}

// scanned is what Open finds in a file.
type scanned struct {
	tail  int64 // the last event
	size  int64 // where it ends
	index index
	torn  int64  // bytes after size
	why   string // what is torn about them
}

// scan checks the file's first size bytes. It answers *eventlog.CorruptError
// when they are not a log with at most a torn end.
func scan(path string, f io.ReaderAt, size int64) (scanned, error) {
	var s scanned
	for in := newLines(f, 0, size); ; {
		l, err := in.next()
		if errors.Is(err, io.EOF) && s.size == size {
			return s, nil
		}
		if err != nil {
			return scanned{}, fmt.Errorf("read %s: %w", path, err)
		}
		bad := verdict("")
		if l.whole {
			bad = l.check(s.tail + 1)
		}
		last := s.size+l.size == size
		switch {
		case !l.whole:
			s.torn, s.why = l.size, "without an end"
			return s, nil
		case bad == notJSON && last:
			s.torn, s.why = l.size, string(bad)
			return s, nil
		case bad != "":
			return scanned{}, &eventlog.CorruptError{Path: path, Line: int(s.tail + 1), Reason: string(bad)}
		}
		s.index.add(s.tail+1, s.size)
		s.tail++
		s.size += l.size
	}
}
