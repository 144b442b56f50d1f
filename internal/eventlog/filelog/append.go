package filelog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
)

// Append is eventlog.Log's; see the package for what holds when it fails.
func (l *Log) Append(ctx context.Context, after int64, evs []event.Event) error {
	lines, err := eventlog.Encode(after, evs)
	if err != nil {
		return err
	}
	l.write.Lock()
	defer l.write.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	size, err := l.expect(after)
	if err != nil || len(lines) == 0 {
		return err
	}
	if err := l.owned(size); err != nil {
		l.fail(err)
		return err
	}
	batch := append(bytes.Join(lines, []byte("\n")), '\n')
	if err := l.put(batch, size); err != nil {
		return err
	}
	l.publish(lines)
	return nil
}

// expect returns the log's size when its tail is after.
func (l *Log) expect(after int64) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return 0, l.failed
	}
	if l.tail != after {
		return 0, fmt.Errorf("%w: its last event is %d, not %d", eventlog.ErrConflict, l.tail, after)
	}
	return l.size, nil
}

// owned checks that the file at path is still the one that was opened, as long
// as this log made it. The lock keeps other programs of ours out, not an rm.
func (l *Log) owned(size int64) error {
	now, err := os.Stat(l.path)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", eventlog.ErrLost, err)
	case !os.SameFile(now, l.id):
		return fmt.Errorf("%w: %s was replaced", eventlog.ErrLost, l.path)
	case now.Size() != size:
		return fmt.Errorf("%w: %s has %d bytes, not %d: somebody else wrote to it", eventlog.ErrLost, l.path, now.Size(), size)
	}
	return nil
}

// put writes batch at the file's end, which is at size, and makes it durable.
func (l *Log) put(batch []byte, size int64) error {
	n, err := l.out.Write(batch)
	if err == nil && n < len(batch) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return l.takeBack(fmt.Errorf("append to event log: %w", err), size)
	}
	if err := l.out.Sync(); err != nil {
		// The pages may count as clean now without being on the disk. Cut them, so
		// that the next Open can't read them; a failure changes nothing any more.
		cut := l.out.Truncate(size)
		return l.broken(fmt.Errorf("sync event log: %w", err), cut)
	}
	return nil
}

// takeBack undoes a failed write and returns cause, or ErrUnknown where it can't
// be undone for good.
func (l *Log) takeBack(cause error, size int64) error {
	if err := l.out.Truncate(size); err != nil {
		return l.broken(cause, err)
	}
	// Without this a power loss could bring back events that were refused.
	if err := l.out.Sync(); err != nil {
		return l.broken(cause, err)
	}
	return cause
}

// broken ends the log's use, for cause; also is what failed in undoing it.
func (l *Log) broken(cause, also error) error {
	err := fmt.Errorf("%w: %w", eventlog.ErrUnknown, cause)
	if also != nil {
		err = fmt.Errorf("%w (and then: %w)", err, also)
	}
	l.fail(err)
	return err
}

// publish shows durable lines to readers.
func (l *Log) publish(lines [][]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, text := range lines {
		l.index.add(l.tail+1, l.size)
		l.tail++
		l.size += int64(len(text)) + 1
	}
	l.wake()
}
