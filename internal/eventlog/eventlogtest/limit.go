//go:build !race

package eventlogtest

import (
	"strings"
	"testing"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
)

// limits are the tests of the size limit. They are left out under the race
// detector: JSON of 16 MiB takes half a minute there, and has no race to find.
var limits = []conformance{{"size limit", testLimit}}

func testLimit(t *testing.T, o Opener) {
	l := openWriter(t, o)
	line, err := event.Encode(event.Event{Seq: 2, Time: At(2), Data: event.RunResumed{}})
	if err != nil {
		t.Fatal(err)
	}
	filled := func(size int) event.Event {
		return event.Event{Seq: 2, Time: At(2), Data: event.RunResumed{By: strings.Repeat("x", size-len(line))}}
	}
	wantErr(t, l.Append(t.Context(), 0, []event.Event{Event(1), filled(eventlog.MaxEvent + 1)}), eventlog.ErrTooLarge)
	WantTail(t, l, 0)
	MustAppend(t, l, 0, Event(1), filled(eventlog.MaxEvent), Event(3))
	WantTail(t, l, 3)
	sizes := map[int64]int{}
	for e, err := range l.Read(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := e.Data.(event.RunResumed); ok {
			sizes[e.Seq] = len(got.By)
		}
	}
	if len(sizes) != 1 || sizes[2] != eventlog.MaxEvent-len(line) {
		t.Fatalf("the event of the largest size came back as %v", sizes)
	}
}
