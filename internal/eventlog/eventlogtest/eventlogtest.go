package eventlogtest

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
)

// ReadCloser is a reader beside the writer, e.g. another process's view.
type ReadCloser interface {
	eventlog.Reader
	Close() error
}

// Opener opens one log again and again.
type Opener struct {
	// Open opens the log as its writer. The suite closes it before it opens it
	// again.
	Open func(t *testing.T) eventlog.Log
	// OpenReader opens a second reader while a writer has the log open; nil when
	// the implementation has none.
	OpenReader func(t *testing.T) ReadCloser
}

// conformance is one test of the suite.
type conformance struct {
	name string
	test func(t *testing.T, o Opener)
}

var suite = []conformance{
	{"append and read", testAppendRead},
	{"codec", testCodec},
	{"conflict", testConflict},
	{"sequence", testSequence},
	{"refused events", testRefused},
	{"empty batch", testEmptyBatch},
	{"read from", testReadFrom},
	{"read is bounded at the call", testReadBounded},
	{"read again", testReadAgain},
	{"stop early", testStopEarly},
	{"follow live", testFollowLive},
	{"follow and append", testFollowAndAppend},
	{"follow from the future", testFollowFuture},
	{"several followers", testSeveralFollowers},
	{"cancelled", testCancelled},
	{"close", testClose},
	{"close ends followers", testCloseEndsFollowers},
	{"last events", testLastEvents},
	{"reopen", testReopen},
	{"large events", testLarge},
	{"concurrent appenders", testConcurrent},
	{"read while appending", testReadWhileAppending},
	{"reader", testReader},
	{"reader follows", testReaderFollows},
}

// Run runs the suite. open returns a new, empty log.
func Run(t *testing.T, open func(t *testing.T) Opener) {
	for _, c := range slices.Concat(suite, limits) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
	t.Run("model", func(t *testing.T) {
		t.Parallel()
		testModel(t, open)
	})
}

// At is the time of Event n.
func At(n int64) time.Time {
	return time.Date(2026, 11, 22, 10, 30, 18, 123456789, time.UTC).Add(time.Duration(n) * time.Millisecond)
}

// Event returns event n; its content can be told from its number.
func Event(n int64) event.Event {
	return event.Event{Seq: n, Time: At(n), Data: event.Problem{Source: "test", Text: text(n, 0)}}
}

// Large returns event n, whose line has somewhat more than size bytes.
func Large(n int64, size int) event.Event {
	return event.Event{Seq: n, Time: At(n), Data: event.Problem{Source: "test", Text: text(n, size)}}
}

// Batch returns count events from number first on.
func Batch(first int64, count int) []event.Event {
	evs := make([]event.Event, count)
	for i := range evs {
		evs[i] = Event(first + int64(i))
	}
	return evs
}

func text(n int64, size int) string {
	unit := "event " + time.Duration(n).String() + " <\"\\\n\u2028é>; "
	return unit + strings.Repeat(unit[:8], size/8)
}

// Check reports how e differs from Event(n), or from Large(n, …); nil when not.
func Check(e event.Event, n int64) error {
	want := Event(n)
	got, ok := e.Data.(event.Problem)
	switch {
	case e.Seq != n:
		return errors.New("another number: " + Describe(e))
	case !e.Time.Equal(want.Time):
		return errors.New("another time: " + Describe(e))
	case !ok || !strings.HasPrefix(got.Text, want.Data.(event.Problem).Text):
		return errors.New("another content: " + Describe(e))
	}
	return nil
}

// Describe is an event in a failure message.
func Describe(e event.Event) string {
	line, err := event.Encode(e)
	if err != nil {
		return err.Error()
	}
	return string(line[:min(len(line), 200)])
}

// Wants checks that seq yields the events first … last and then ends without an
// error.
func Wants(t *testing.T, seq iter.Seq2[event.Event, error], first, last int64) {
	t.Helper()
	next := first
	for e, err := range seq {
		if err != nil {
			t.Fatalf("at event %d: %v", next, err)
		}
		if err := Check(e, next); err != nil {
			t.Fatalf("at event %d: %v", next, err)
		}
		next++
	}
	if next != last+1 {
		t.Fatalf("got events %d to %d, want them to %d", first, next-1, last)
	}
}

// WantTail checks the log's tail.
func WantTail(t *testing.T, r eventlog.Reader, want int64) {
	t.Helper()
	got, err := r.Tail(t.Context())
	if err != nil {
		t.Fatalf("tail: %v", err)
	}
	if got != want {
		t.Fatalf("tail is %d, want %d", got, want)
	}
}

// MustAppend appends events after number after.
func MustAppend(t *testing.T, l eventlog.Log, after int64, evs ...event.Event) {
	t.Helper()
	if err := l.Append(t.Context(), after, evs); err != nil {
		t.Fatalf("append after %d: %v", after, err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

func openWriter(t *testing.T, o Opener) eventlog.Log {
	t.Helper()
	l := o.Open(t)
	t.Cleanup(func() { mustClose(t, l) })
	return l
}

func mustClose(t *testing.T, c interface{ Close() error }) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// follower is a Follow that runs in a goroutine of its own.
type follower struct {
	events chan event.Event
	end    chan error // the error it ended by
}

// follow follows until ctx ends. Everything it yields must be received.
func follow(ctx context.Context, r eventlog.Reader, from int64) follower {
	f := follower{events: make(chan event.Event), end: make(chan error, 1)}
	go func() {
		defer close(f.events)
		for e, err := range r.Follow(ctx, from) {
			if err != nil {
				f.end <- err
				return
			}
			f.events <- e
		}
		f.end <- nil
	}()
	return f
}

// wants receives the events first … last.
func (f follower) wants(t *testing.T, first, last int64) {
	t.Helper()
	for n := first; n <= last; n++ {
		e, ok := <-f.events
		if !ok {
			t.Fatalf("follow ended before event %d: %v", n, <-f.end)
		}
		if err := Check(e, n); err != nil {
			t.Fatalf("follow at event %d: %v", n, err)
		}
	}
}

// ends waits for the end, which must come without another event.
func (f follower) ends(t *testing.T, want error) {
	t.Helper()
	if e, ok := <-f.events; ok {
		t.Fatalf("follow went on: %s", Describe(e))
	}
	wantErr(t, <-f.end, want)
}
