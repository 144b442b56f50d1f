package memlog_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
	"popkit/internal/eventlog/eventlogtest"
	"popkit/internal/eventlog/memlog"
)

func TestConformance(t *testing.T) {
	eventlogtest.Run(t, func(*testing.T) eventlogtest.Opener {
		store := memlog.NewStore()
		return eventlogtest.Opener{
			Open:       func(*testing.T) eventlog.Log { return store.Open() },
			OpenReader: func(*testing.T) eventlogtest.ReadCloser { return store.OpenReader() },
		}
	})
}

func TestFaults(t *testing.T) {
	full := errors.New("disk full")
	for name, c := range map[string]struct {
		fault   *memlog.Fault
		landed  int64 // of a batch of 3
		cause   error
		unknown bool
		broken  bool
	}{
		"no fault":                    {fault: nil, landed: 3},
		"refused":                     {memlog.Refuse(full), 0, full, false, false},
		"conflict":                    {memlog.Refuse(eventlog.ErrConflict), 0, eventlog.ErrConflict, false, false},
		"lost":                        {memlog.Refuse(eventlog.ErrLost), 0, eventlog.ErrLost, false, false},
		"reply lost, all landed":      {memlog.Unknown(3), 3, eventlog.ErrUnknown, true, false},
		"reply lost, none landed":     {memlog.Unknown(0), 0, eventlog.ErrUnknown, true, false},
		"reply lost, some landed":     {memlog.Unknown(2), 2, eventlog.ErrUnknown, true, false},
		"more than all landed":        {memlog.Unknown(9), 3, eventlog.ErrUnknown, true, false},
		"less than none landed":       {memlog.Unknown(-1), 0, eventlog.ErrUnknown, true, false},
		"no cause given":              {&memlog.Fault{Land: 1}, 1, eventlog.ErrUnknown, true, false},
		"landed, so not plainly full": {&memlog.Fault{Land: 1, Err: full}, 1, full, true, false},
		"crash in the middle":         {memlog.Crash(1, full), 1, full, true, true},
		"crash before":                {memlog.Crash(0, full), 0, full, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			store := memlog.NewStore()
			l := store.Open()
			eventlogtest.MustAppend(t, l, 0, eventlogtest.Batch(1, 2)...)
			asked := 0
			store.SetFaults(func(after int64, evs []event.Event) *memlog.Fault {
				asked++
				if after != 2 || len(evs) != 3 {
					t.Errorf("hook was asked about %d events after %d", len(evs), after)
				}
				return c.fault
			})
			err := l.Append(t.Context(), 2, eventlogtest.Batch(3, 3))
			if !errors.Is(err, c.cause) || errors.Is(err, eventlog.ErrUnknown) != c.unknown {
				t.Fatalf("append: %v", err)
			}
			store.SetFaults(nil)
			_, err = l.Tail(t.Context())
			if errors.Is(err, eventlog.ErrUnknown) != c.broken {
				t.Fatalf("tail after the fault: %v", err)
			}
			if err := l.Append(t.Context(), 2+c.landed, nil); errors.Is(err, eventlog.ErrUnknown) != c.broken {
				t.Fatalf("append after the fault: %v", err)
			}
			l = store.Open()
			eventlogtest.WantTail(t, l, 2+c.landed)
			eventlogtest.Wants(t, l.Read(t.Context(), 1), 1, 2+c.landed)
			eventlogtest.MustAppend(t, l, 2+c.landed, eventlogtest.Event(3+c.landed))
			if asked != 1 {
				t.Fatalf("hook was asked %d times", asked)
			}
		})
	}
}

// TestFaultsNotAsked: the hook is only asked where an append would succeed.
func TestFaultsNotAsked(t *testing.T) {
	store := memlog.NewStore()
	l := store.Open()
	store.SetFaults(func(int64, []event.Event) *memlog.Fault {
		t.Error("the hook was asked")
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for want, err := range map[error]error{
		eventlog.ErrConflict: l.Append(t.Context(), 1, eventlogtest.Batch(2, 1)),
		eventlog.ErrSequence: l.Append(t.Context(), 0, eventlogtest.Batch(2, 1)),
		context.Canceled:     l.Append(ctx, 0, eventlogtest.Batch(1, 1)),
		nil:                  l.Append(t.Context(), 0, nil),
	} {
		if !errors.Is(err, want) {
			t.Errorf("error is %v, want %v", err, want)
		}
	}
}

// TestTakeover: opening a store takes it away from who had it.
func TestTakeover(t *testing.T) {
	store := memlog.NewStore()
	old := store.Open()
	eventlogtest.MustAppend(t, old, 0, eventlogtest.Event(1))
	l := store.Open()
	eventlogtest.MustAppend(t, l, 1, eventlogtest.Event(2))
	for _, after := range []int64{1, 2} {
		if err := old.Append(t.Context(), after, eventlogtest.Batch(after+1, 1)); !errors.Is(err, eventlog.ErrLost) {
			t.Fatalf("append of the old owner: %v", err)
		}
	}
	if err := store.OpenReader().Append(t.Context(), 2, eventlogtest.Batch(3, 1)); !errors.Is(err, eventlog.ErrLost) {
		t.Fatalf("append of a reader: %v", err)
	}
	eventlogtest.Wants(t, old.Read(t.Context(), 1), 1, 2)
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	eventlogtest.MustAppend(t, l, 2, eventlogtest.Event(3))
}

// TestBreakWakes: a follower is told when its log is of no more use.
func TestBreakWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memlog.NewStore()
		l := store.Open()
		ended := make(chan error)
		go func() {
			for _, err := range l.Follow(t.Context(), 1) {
				if err != nil {
					ended <- err
				}
			}
		}()
		synctest.Wait()
		store.SetFaults(func(int64, []event.Event) *memlog.Fault { return memlog.Crash(0, errors.New("power")) })
		if err := l.Append(t.Context(), 0, eventlogtest.Batch(1, 1)); !errors.Is(err, eventlog.ErrUnknown) {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, eventlog.ErrUnknown) {
			t.Fatal(err)
		}
	})
}

// TestBubble: in a bubble a follower that waits lets fake time pass.
func TestBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New()
		start := time.Now()
		go func() {
			for n := int64(1); n <= 3; n++ {
				time.Sleep(time.Hour)
				eventlogtest.MustAppend(t, l, n-1, eventlogtest.Event(n))
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}()
		n := time.Duration(0)
		for _, err := range l.Follow(t.Context(), 1) {
			if err != nil {
				if !errors.Is(err, eventlog.ErrClosed) {
					t.Error(err)
				}
				break
			}
			n++
			if got := time.Since(start); got != n*time.Hour {
				t.Fatalf("event %d was seen after %v", n, got)
			}
		}
		if n != 3 {
			t.Fatalf("%d events were seen", n)
		}
	})
}
