package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// DefaultLimit bounds a line, in bytes. A file that the agent reads comes back in one
// line, several times over and escaped.
const DefaultLimit = 64 << 20

// shown is how much of a bad line is kept for the message.
const shown = 200

// BadLine is a line that is no event. What follows it can be read all the same.
type BadLine struct {
	Text string // its beginning
	Size int    // in bytes
	Err  error
}

func (e *BadLine) Error() string {
	return fmt.Sprintf("a line of %d bytes is no event (%v): %q", e.Size, e.Err, e.Text)
}

// Unwrap returns what is wrong with it.
func (e *BadLine) Unwrap() error { return e.Err }

var (
	errTooLong = errors.New("it is too long")
	errNoType  = errors.New("it has no type")
)

// Reader reads events.
type Reader struct {
	in    *bufio.Reader
	limit int
}

// NewReader reads from r lines of at most limit bytes; 0 is DefaultLimit.
func NewReader(r io.Reader, limit int) *Reader {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return &Reader{in: bufio.NewReaderSize(r, 64<<10), limit: limit}
}

// Next returns the next event, a *BadLine, or the error that ended the input: io.EOF
// at its end. An unfinished last line is a BadLine, unless it is an event.
func (r *Reader) Next() (Event, error) {
	for {
		line, size, err := r.line()
		if len(bytes.TrimSpace(line)) == 0 && size <= r.limit {
			if err != nil {
				return Event{}, err
			}
			continue
		}
		e, bad := parse(line, size, r.limit)
		if bad != nil {
			return Event{}, bad
		}
		return e, nil
	}
}

// line returns the next line without its end, and its size. Past the limit only the
// beginning is kept.
func (r *Reader) line() (line []byte, size int, err error) {
	for {
		part, err := r.in.ReadSlice('\n')
		size += len(part)
		if room := r.limit + 1 - len(line); room > 0 {
			line = append(line, part[:min(len(part), room)]...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err == nil {
			size--
		}
		return bytes.TrimSuffix(line, []byte("\n")), size, err
	}
}

func parse(line []byte, size, limit int) (Event, *BadLine) {
	bad := func(err error) (Event, *BadLine) {
		return Event{}, &BadLine{Text: strings.ToValidUTF8(string(line[:min(len(line), shown)]), "\uFFFD"), Size: size, Err: err}
	}
	if size > limit {
		return bad(errTooLong)
	}
	e := Event{Raw: json.RawMessage(line)}
	if err := json.Unmarshal(line, &e); err != nil {
		return bad(err)
	}
	if e.Type == "" {
		return bad(errNoType)
	}
	return e, nil
}
