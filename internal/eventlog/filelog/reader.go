package filelog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"

	"github.com/fsnotify/fsnotify"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
)

var _ eventlog.Reader = (*Reader)(nil)

// Reader reads a log that another process may be writing.
type Reader struct {
	path   string
	f      *os.File
	id     os.FileInfo
	once   sync.Once
	closed chan struct{}
}

// OpenReader opens the log at path for reading, without its lock. A log that is
// not there is fs.ErrNotExist.
func OpenReader(path string) (*Reader, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open event log: %w", err)
	}
	id, err := f.Stat()
	if err == nil && !id.Mode().IsRegular() {
		err = fmt.Errorf("open event log: %s is not a regular file", path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Reader{path: path, f: f, id: id, closed: make(chan struct{})}, nil
}

// Close ends what reads and follows by this Reader with eventlog.ErrClosed.
func (r *Reader) Close() error {
	var err error
	r.once.Do(func() {
		close(r.closed)
		err = r.f.Close()
	})
	return err
}

// Read is eventlog.Reader's. It ends before a torn end.
func (r *Reader) Read(ctx context.Context, from int64) iter.Seq2[event.Event, error] {
	size, err := r.size()
	return func(yield func(event.Event, error) bool) {
		if err != nil {
			yield(event.Event{}, err)
			return
		}
		r.cursor(from).emit(ctx, size, yield)
	}
}

// Follow is eventlog.Reader's. It also ends when the file is removed or
// replaced (fs.ErrNotExist) or was cut back behind what it yielded
// (eventlog.ErrCut).
func (r *Reader) Follow(ctx context.Context, from int64) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		if err := r.follow(ctx, from, yield); err != nil {
			yield(event.Event{}, err)
		}
	}
}

// follow returns nil when the iteration has ended already.
func (r *Reader) follow(ctx context.Context, from int64, yield yieldFunc) error {
	// The watch stands before the first look at the file, and its events queue up
	// while the file is read, so that no append falls in between.
	watch, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch event log: %w", err)
	}
	defer func() { _ = watch.Close() }() // it was only read from: nothing can be lost
	if err := watch.Add(r.path); err != nil {
		return fmt.Errorf("watch event log: %w", err)
	}
	for c := r.cursor(from); ; {
		size, err := r.current()
		if err != nil {
			return err
		}
		if size < c.off {
			return fmt.Errorf("%w: %s ends before event %d", eventlog.ErrCut, r.path, c.seq)
		}
		if !c.emit(ctx, size, yield) {
			return nil
		}
		select {
		case <-watch.Events:
		case <-watch.Errors: // an overflow: events were dropped, so look again
		case <-r.closed:
			return eventlog.ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// current is size for a file that must still be the one at the path.
func (r *Reader) current() (int64, error) {
	size, err := r.size()
	if err != nil {
		return 0, err
	}
	now, err := os.Stat(r.path)
	if err != nil {
		return 0, fmt.Errorf("follow event log: %w", err)
	}
	if !os.SameFile(now, r.id) {
		return 0, fmt.Errorf("follow event log: %s was replaced: %w", r.path, fs.ErrNotExist)
	}
	return size, nil
}

func (r *Reader) size() (int64, error) {
	now, err := r.f.Stat()
	if errors.Is(err, os.ErrClosed) {
		return 0, eventlog.ErrClosed
	}
	if err != nil {
		return 0, fmt.Errorf("read event log: %w", err)
	}
	return now.Size(), nil
}

func (r *Reader) cursor(from int64) *cursor {
	return &cursor{path: r.path, f: r.f, seq: 1, from: max(from, 1), shared: true}
}
