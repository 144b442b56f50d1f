package eventlog

import (
	"errors"
	"fmt"
)

// What a log answers, besides the errors of I/O and contexts. All are wrapped.
var (
	// ErrConflict: the tail is not the one that the writer named; nothing was
	// written.
	ErrConflict = errors.New("event log has moved on")
	// ErrUnknown: the events may have landed, in part or in whole; read the tail.
	ErrUnknown = errors.New("outcome of the append is unknown")
	// ErrLost: another writer owns the log now; nothing was written.
	ErrLost = errors.New("event log belongs to another writer")
	// ErrClosed: the log was closed.
	ErrClosed = errors.New("event log is closed")
	// ErrTooLarge: an event is larger than MaxEvent; nothing was written.
	ErrTooLarge = errors.New("event is too large")
	// ErrSequence: the events are not numbered from after+1 on, without gaps;
	// nothing was written. It is a mistake of the caller.
	ErrSequence = errors.New("events are not numbered in sequence")
	// ErrCut: events that a reader was given are not in the log any more: they
	// were of an append that failed. What was made of them is void; read again
	// from the start. No event is cut that was acknowledged.
	ErrCut = errors.New("event log was cut back")
)

// CorruptError says that a stored log is damaged in a way that no crash
// explains. Nothing was changed.
type CorruptError struct {
	Path   string // of the file, or the name of the stream
	Line   int    // from 1
	Reason string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("event log %s is damaged at line %d: %s", e.Path, e.Line, e.Reason)
}

// HeldError says that another process is the log's writer.
type HeldError struct {
	Path string
	PID  int    // 0 = not known
	Host string // "" = not known
	Run  string // the run's ID, "" = not known
}

func (e *HeldError) Error() string {
	what := "event log " + e.Path
	if e.Run != "" {
		what = "run " + e.Run
	}
	if e.PID == 0 {
		return what + " is held by another process"
	}
	if e.Host == "" {
		return fmt.Sprintf("%s is held by process %d", what, e.PID)
	}
	return fmt.Sprintf("%s is held by process %d on %s", what, e.PID, e.Host)
}
