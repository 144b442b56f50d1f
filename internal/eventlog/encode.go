package eventlog

import (
	"fmt"

	"popkit/internal/core/event"
)

// known are the event types that a reader will be able to decode.
var known = typeSet()

func typeSet() map[string]bool {
	set := make(map[string]bool)
	for _, name := range event.Types() {
		set[name] = true
	}
	return set
}

// Encode checks a batch for Append and returns each event as one line of JSON
// without the newline. What it accepts, every reader can decode. The errors are
// ErrSequence, ErrTooLarge and those of event.Encode.
func Encode(after int64, evs []event.Event) ([][]byte, error) {
	lines := make([][]byte, len(evs))
	for i, e := range evs {
		want := after + 1 + int64(i)
		if e.Seq != want {
			return nil, fmt.Errorf("%w: event %d where %d belongs", ErrSequence, e.Seq, want)
		}
		// A type outside the closed set would make the log unreadable for good.
		if e.Data != nil && !known[e.Data.Type()] {
			return nil, fmt.Errorf("event %d: %w %q", e.Seq, event.ErrUnknownType, e.Data.Type())
		}
		line, err := event.Encode(e)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", e.Seq, err)
		}
		if len(line) > MaxEvent {
			return nil, fmt.Errorf("event %d (%s): %w: %d bytes, at most %d", e.Seq, e.Data.Type(), ErrTooLarge, len(line), MaxEvent)
		}
		lines[i] = line
	}
	return lines, nil
}
