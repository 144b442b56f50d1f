package filelog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"popkit/internal/eventlog"
)

var _ eventlog.Log = (*Log)(nil)

// Options are what Open can be told. The zero value is fine.
type Options struct {
	// Run is the run's ID, for the message of a second opener.
	Run string
	// Report is given one line for each thing that was repaired.
	Report func(string)
}

// file is the part of *os.File that appending needs; tests make it fail.
type file interface {
	io.Writer
	Sync() error
	Truncate(size int64) error
}

// Log is the writer's handle of a log file.
type Log struct {
	path     string
	f        *os.File // open for appending
	id       os.FileInfo
	lock     *os.File
	repaired string

	write sync.Mutex // held by who appends or closes; taken before mu
	out   file       // f, but for tests; guarded by write

	mu      sync.Mutex
	tail    int64         // the last durable event
	size    int64         // where it ends
	index   index         // of the durable events
	changed chan struct{} // closed and replaced when anything a Follow waits for happens
	failed  error         // sticky: ErrClosed, ErrUnknown or ErrLost with its cause
	// iterations that read f; the file outlives Close until the last has ended.
	iterations int
}

// Open opens the log at path for writing, creates it when there is none (its
// directory must be there), and repairs a torn end. The errors are
// *eventlog.HeldError, *eventlog.CorruptError and those of I/O.
func Open(path string, opts Options) (*Log, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open event log: %w", err)
	}
	lock, err := acquire(path, f, opts.Run)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	l, err := load(path, f)
	if err != nil {
		return nil, errors.Join(err, release(lock), f.Close())
	}
	l.lock = lock
	if l.repaired != "" && opts.Report != nil {
		opts.Report(l.repaired)
	}
	return l, nil
}

// load checks, repairs and syncs the locked file.
func load(path string, f *os.File) (*Log, error) {
	id, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !id.Mode().IsRegular() {
		return nil, fmt.Errorf("open event log: %s is not a regular file", path)
	}
	s, err := scan(path, f, id.Size())
	if err != nil {
		return nil, err
	}
	l := &Log{path: path, f: f, id: id, out: f, tail: s.tail, size: s.size, index: s.index, changed: make(chan struct{})}
	if s.torn > 0 {
		if l.repaired, err = repair(path, f, s); err != nil {
			return nil, err
		}
	}
	if err := f.Sync(); err != nil {
		return nil, fmt.Errorf("sync event log: %w", err)
	}
	if err := syncDir(path); err != nil {
		return nil, fmt.Errorf("sync the event log's directory: %w", err)
	}
	return l, nil
}

// Repaired is what Open repaired, in one line; "" is nothing.
func (l *Log) Repaired() string { return l.repaired }

// Tail is eventlog.Log's.
func (l *Log) Tail(ctx context.Context) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return 0, l.failed
	}
	return l.tail, nil
}

// Close is eventlog.Log's. It frees the lock.
func (l *Log) Close() error {
	l.write.Lock()
	defer l.write.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(l.failed, eventlog.ErrClosed) {
		return nil
	}
	l.failed = eventlog.ErrClosed
	l.wake()
	err := release(l.lock)
	if l.iterations == 0 { // else the last one closes it
		err = errors.Join(err, l.f.Close())
	}
	return err
}

// fail makes the log answer err from now on and wakes who follows it.
func (l *Log) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = err
	l.wake()
}

// wake must be called with mu held.
func (l *Log) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}
