package eventlogtest

import (
	"context"
	"errors"
	"math"
	"reflect"
	"sync"
	"testing"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
)

func testAppendRead(t *testing.T, o Opener) {
	l := openWriter(t, o)
	WantTail(t, l, 0)
	Wants(t, l.Read(t.Context(), 1), 1, 0)
	MustAppend(t, l, 0, Event(1))
	WantTail(t, l, 1)
	MustAppend(t, l, 1, Batch(2, 64)...)
	WantTail(t, l, 65)
	Wants(t, l.Read(t.Context(), 1), 1, 65)
}

func testCodec(t *testing.T, o Opener) {
	l := openWriter(t, o)
	half := 0.5
	evs := []event.Event{
		{Seq: 1, Time: At(1), Data: event.EngineStarted{Epoch: 1, PID: 2, Host: "h"}},
		{Seq: 2, Time: At(2), Data: event.CheckedIn{Agent: "a-1", Progress: &half, Doing: "lines\nand \x00 and \u2028"}},
		{Seq: 3, Time: At(3), Data: event.AgentExited{Agent: "a-1", Reason: event.ExitExited, Report: &event.Report{Status: event.ReportDone, FollowUps: []string{"x"}}}},
	}
	MustAppend(t, l, 0, evs...)
	half = 0.75 // the log must not share the caller's memory
	var got []event.Event
	for e, err := range l.Read(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	*evs[1].Data.(event.CheckedIn).Progress = 0.5
	if !reflect.DeepEqual(got, evs) {
		t.Fatalf("got %+v, want %+v", got, evs)
	}
}

func testConflict(t *testing.T, o Opener) {
	l := openWriter(t, o)
	wantErr(t, l.Append(t.Context(), 1, Batch(2, 1)), eventlog.ErrConflict)
	WantTail(t, l, 0)
	MustAppend(t, l, 0, Batch(1, 3)...)
	for _, after := range []int64{-1, 0, 2, 4, math.MaxInt64 - 1} {
		wantErr(t, l.Append(t.Context(), after, Batch(after+1, 1)), eventlog.ErrConflict)
	}
	WantTail(t, l, 3)
	MustAppend(t, l, 3, Event(4))
	Wants(t, l.Read(t.Context(), 1), 1, 4)
}

func testSequence(t *testing.T, o Opener) {
	l := openWriter(t, o)
	MustAppend(t, l, 0, Event(1))
	for name, evs := range map[string][]event.Event{
		"gap":         {Event(3)},
		"gap inside":  {Event(2), Event(4)},
		"again":       {Event(1)},
		"twice":       {Event(2), Event(2)},
		"backwards":   {Event(3), Event(2)},
		"no number":   {{Time: At(2), Data: event.RunResumed{By: "x"}}},
		"last is off": append(Batch(2, 10), Event(13)),
	} {
		if err := l.Append(t.Context(), 1, evs); !errors.Is(err, eventlog.ErrSequence) {
			t.Errorf("%s: error is %v, want %v", name, err, eventlog.ErrSequence)
		}
	}
	WantTail(t, l, 1)
	Wants(t, l.Read(t.Context(), 1), 1, 1)
}

type foreign struct{}

func (foreign) Type() string { return "run.foreign" }

func testRefused(t *testing.T, o Opener) {
	l := openWriter(t, o)
	for name, bad := range map[string]event.Event{
		"no data":        {Seq: 2, Time: At(2)},
		"not in the set": {Seq: 2, Time: At(2), Data: foreign{}},
		"not JSON":       {Seq: 2, Time: At(2), Data: event.InsightShared{Confidence: math.NaN()}},
		"no such time":   {Seq: 2, Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), Data: event.RunResumed{}},
	} {
		if err := l.Append(t.Context(), 0, []event.Event{Event(1), bad, Event(3)}); err == nil || errors.Is(err, eventlog.ErrUnknown) {
			t.Errorf("%s: error is %v, want a refusal", name, err)
		}
	}
	WantTail(t, l, 0)
	MustAppend(t, l, 0, Event(1))
	Wants(t, l.Read(t.Context(), 1), 1, 1)
}

func testEmptyBatch(t *testing.T, o Opener) {
	l := openWriter(t, o)
	MustAppend(t, l, 0)
	MustAppend(t, l, 0, Event(1))
	MustAppend(t, l, 1)
	wantErr(t, l.Append(t.Context(), 0, nil), eventlog.ErrConflict)
	WantTail(t, l, 1)
}

func testLarge(t *testing.T, o Opener) {
	l := openWriter(t, o)
	MustAppend(t, l, 0, Event(1), Large(2, 3<<19), Event(3))
	MustAppend(t, l, 3, Event(4))
	Wants(t, l.Read(t.Context(), 1), 1, 4)
}

// testConcurrent: of the appenders that race for a number exactly one wins, and
// the log holds what the winners wrote.
func testConcurrent(t *testing.T, o Opener) {
	const appenders, goal = 8, 60
	l := openWriter(t, o)
	by := func(seq int64, who int) event.Event {
		return event.Event{Seq: seq, Time: At(seq), Data: event.PeopleChanged{Attached: who}}
	}
	won := make([]map[int64]bool, appenders)
	var wg sync.WaitGroup
	for who := range appenders {
		won[who] = map[int64]bool{}
		wg.Go(func() {
			for {
				tail, err := l.Tail(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				if tail >= goal {
					return
				}
				switch err := l.Append(t.Context(), tail, []event.Event{by(tail+1, who), by(tail+2, who)}); {
				case err == nil:
					won[who][tail+1], won[who][tail+2] = true, true
				case !errors.Is(err, eventlog.ErrConflict):
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	var seq int64
	for e, err := range l.Read(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		seq++
		winner := e.Data.(event.PeopleChanged).Attached
		for who := range appenders {
			if won[who][seq] != (who == winner) {
				t.Fatalf("event %d is of appender %d; appender %d was told %v", seq, winner, who, won[who][seq])
			}
		}
	}
	WantTail(t, l, seq)
}

func testCancelled(t *testing.T, o Opener) {
	l := openWriter(t, o)
	MustAppend(t, l, 0, Batch(1, 10)...)
	ctx, cancel := context.WithCancel(t.Context())
	f := follow(ctx, l, 1)
	f.wants(t, 1, 10)
	cancel()
	f.ends(t, context.Canceled)

	wantErr(t, l.Append(ctx, 10, Batch(11, 1)), context.Canceled)
	_, err := l.Tail(ctx)
	wantErr(t, err, context.Canceled)
	f = follow(ctx, l, 1)
	f.ends(t, context.Canceled)
	var ends []error
	for _, err := range l.Read(ctx, 1) {
		ends = append(ends, err)
	}
	if len(ends) != 1 {
		t.Fatalf("a cancelled read yielded %d times", len(ends))
	}
	wantErr(t, ends[0], context.Canceled)
	WantTail(t, l, 10)
}
