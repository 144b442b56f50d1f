package filelog

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"popkit/internal/eventlog"
)

const readBuffer = 256 << 10

// line is one line of the file.
type line struct {
	text  []byte // without the newline; valid until the next call of next
	size  int64  // bytes in the file, with the newline
	whole bool   // ended by a newline
	long  bool   // longer than any event; text is not complete
}

// lines reads a part of the file line by line.
type lines struct {
	r    *bufio.Reader
	long []byte // holds a line that is longer than r's buffer
}

func newLines(f io.ReaderAt, start, end int64) *lines {
	return &lines{r: bufio.NewReaderSize(io.NewSectionReader(f, start, end-start), int(min(readBuffer, max(end-start, 16))))}
}

// next returns the next line, io.EOF when there is none. It keeps no more of a
// line than an event can have.
func (l *lines) next() (line, error) {
	text, err := l.r.ReadSlice('\n')
	if err == nil {
		return line{text: text[:len(text)-1], size: int64(len(text)), whole: true, long: len(text)-1 > eventlog.MaxEvent}, nil
	}
	n := line{size: int64(len(text))}
	l.long = append(l.long[:0], text...)
	for errors.Is(err, bufio.ErrBufferFull) {
		text, err = l.r.ReadSlice('\n')
		n.size += int64(len(text))
		if room := eventlog.MaxEvent + 1 - len(l.long); room > 0 {
			l.long = append(l.long, text[:min(room, len(text))]...)
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return line{}, err
	}
	if n.size == 0 {
		return line{}, io.EOF
	}
	n.whole = err == nil
	length := n.size
	if n.whole {
		length--
	}
	n.long = length > eventlog.MaxEvent
	n.text = l.long[:min(length, int64(len(l.long)))]
	return n, nil
}

// verdict is what is wrong with a line; "" is nothing.
type verdict string

const (
	notJSON verdict = "not valid JSON"
	tooLong verdict = "longer than any event"
)

// check says whether a whole line can be event want, without decoding it.
func (l line) check(want int64) verdict {
	if l.long {
		return tooLong
	}
	if !json.Valid(l.text) {
		return notJSON
	}
	seq, ok := sequence(l.text)
	if !ok {
		return "not an event"
	}
	return checkSeq(seq, want)
}

func checkSeq(seq, want int64) verdict {
	if seq != want {
		return verdict("event " + strconv.FormatInt(seq, 10) + " where event " + strconv.FormatInt(want, 10) + " belongs")
	}
	return ""
}

// sequence returns the sequence number in a line of valid JSON.
func sequence(text []byte) (int64, bool) {
	// As event.Encode writes it; anything else is read the long way.
	if rest, ok := bytes.CutPrefix(text, []byte(`{"v":1,"seq":`)); ok {
		if digits, _, ok := bytes.Cut(rest[:min(len(rest), 24)], []byte(",")); ok {
			if n, err := strconv.ParseInt(string(digits), 10, 64); err == nil {
				return n, true
			}
		}
	}
	var envelope struct {
		Seq *int64 `json:"seq"`
	}
	if err := json.Unmarshal(text, &envelope); err != nil || envelope.Seq == nil {
		return 0, false
	}
	return *envelope.Seq, true
}
