package tail

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/fsnotify/fsnotify"
)

// MaxLine is how much of a line is returned, in bytes; the rest of it is left out.
const MaxLine = 1 << 20

const readBuffer = 64 << 10

// File is a file that another process may be writing.
type File struct {
	f     *os.File
	r     *bufio.Reader
	watch *fsnotify.Watcher
	line  []byte // of the line that is being read
	cut   int    // bytes of it that were left out

	changed chan struct{}
	passed  chan struct{} // closed when nothing is told any more
}

// Open opens the file at path, and watches it where watch says so. One that is not
// there is fs.ErrNotExist.
func Open(path string, watch bool) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	t := &File{f: f, r: bufio.NewReaderSize(f, readBuffer)}
	if !watch {
		return t, nil
	}
	// The watch stands before the first look at the file, so that nothing that is
	// written falls in between.
	if t.watch, err = fsnotify.NewWatcher(); err == nil {
		err = t.watch.Add(path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("watch %s: %w", path, err), t.Close())
	}
	t.changed, t.passed = make(chan struct{}, 1), make(chan struct{})
	go t.pass()
	return t, nil
}

// Next returns the next whole line, without its newline, and how many bytes of it
// were left out. io.EOF: there is none now. The line is valid until the next call.
func (t *File) Next() (line []byte, cut int, err error) {
	for {
		part, err := t.r.ReadSlice('\n')
		t.add(part)
		switch {
		case err == nil:
			line, cut = t.line, t.cut
			t.line, t.cut = t.line[:0], 0
			if n := len(line); n > 0 && line[n-1] == '\n' {
				line = line[:n-1]
			} else {
				cut-- // the newline
			}
			return line, cut, nil
		case errors.Is(err, bufio.ErrBufferFull):
		default: // io.EOF: what was read of the line waits for the rest
			return nil, 0, err
		}
	}
}

func (t *File) add(part []byte) {
	room := max(0, MaxLine-len(t.line))
	t.line = append(t.line, part[:min(room, len(part))]...)
	t.cut += max(0, len(part)-room)
}

// Rest returns the last line where it has no end yet, and how much of it was left
// out.
func (t *File) Rest() (line []byte, cut int) { return t.line, t.cut }

// Changed tells, by a value, that the file may have grown; nil where it is not
// watched.
func (t *File) Changed() <-chan struct{} { return t.changed }

// pass makes of what the watch says that there may be more to read. Several changes
// are told once.
func (t *File) pass() {
	defer close(t.passed)
	for {
		select {
		case _, ok := <-t.watch.Events:
			if !ok {
				return
			}
		case _, ok := <-t.watch.Errors: // an overflow: changes were missed
			if !ok {
				return
			}
		}
		select {
		case t.changed <- struct{}{}:
		default:
		}
	}
}

// Close ends the watch and closes the file.
func (t *File) Close() error {
	var err error
	if t.watch != nil {
		err = t.watch.Close()
		if t.passed != nil {
			<-t.passed
		}
	}
	return errors.Join(err, t.f.Close())
}

var _ io.Closer = (*File)(nil)
