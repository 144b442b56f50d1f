package engine

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/eventlog/memlog"
)

// TestDeadline: what is due after hours is done after hours, to the second.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memlog.NewStore()
		st := begin(t, store, created(func(c *event.RunCreated) { c.Settings.AgentTimeout = 5 * time.Hour }))
		h := &hand{do: waits(nil)}
		e := New(st, h, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := run(ctx, e)
		begun := time.Now()
		if err := e.Await(ctx, func(s *state.State) bool { return s.Agents["implementer-1"].StopAsked != nil }); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begun); d < 5*time.Hour || d > 5*time.Hour+time.Second {
			t.Errorf("after %s", d)
		}
		if !slices.Contains(h.stops, "implementer-1 false") {
			t.Errorf("stops: %v", h.stops)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// TestDeadlineAmongTalk: agents that talk all the time do not put a deadline off.
func TestDeadlineAmongTalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memlog.NewStore()
		st := begin(t, store, created(func(c *event.RunCreated) { c.Settings.MaxRuntime = time.Hour }))
		e := New(st, &hand{do: waits(nil)}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := run(ctx, e)
		begun := time.Now()
		var at time.Time
		for at.IsZero() && time.Since(begun) < 2*time.Hour {
			// Just before and just after each full second, so that one comes between
			// the deadline and the timer that was set for it.
			for _, d := range []time.Duration{time.Second - time.Microsecond, 2 * time.Microsecond} {
				<-time.After(d)
				if err := e.Submit(ctx, decide.CallTool{Agent: "implementer-1", Tool: "Edit"}, func(s *state.State, _ []event.Event) {
					if s.Stop != nil {
						at = time.Now()
					}
				}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if d := at.Sub(begun); d < time.Hour || d > time.Hour+2*time.Second {
			t.Errorf("the run's limit came after %s", d)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// TestEndOfContext: when Run returns, no effect is left; the next engine finds
// what was under way unknown and gets it settled.
func TestEndOfContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memlog.NewStore()
		var left, unknown atomic.Int32
		h := &hand{do: func(ctx context.Context, o Order, started func(event.Data)) event.Data {
			left.Add(1)
			defer left.Add(-1)
			return waits(nil)(ctx, o, started)
		}}
		ctx, cancel := context.WithCancel(t.Context())
		done := run(ctx, New(begin(t, store, created()), h, nil))
		synctest.Wait()
		if n := left.Load(); n != 2 {
			t.Fatalf("%d effects are under way", n)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if n := left.Load(); n != 0 {
			t.Fatalf("%d effects are left", n)
		}
		second := &hand{do: func(_ context.Context, o Order, _ func(event.Data)) event.Data {
			if o.Unknown {
				unknown.Add(1)
			}
			return nil
		}}
		if err := <-run(t.Context(), New(reopen(t, store.Open()), second, nil)); err != nil {
			t.Fatal(err)
		}
		events := logged(t, store)
		if unknown.Load() != 2 || count[event.EffectUnknown](events) != 2 {
			t.Errorf("%d orders were unknown, %d events say so", unknown.Load(), count[event.EffectUnknown](events))
		}
		if n := count[event.TaskAccepted](events); n != 3 {
			t.Errorf("%d results for 3 tasks", n)
		}
	})
}

// TestStopEndsChecks: a stop does not wait for a check that takes long, and the
// check is run again when the run is resumed.
func TestStopEndsChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memlog.NewStore()
		slow := &hand{do: func(ctx context.Context, o Order, _ func(event.Data)) event.Data {
			if o.Kind != event.EffectCheck {
				return nil
			}
			<-ctx.Done()
			return event.EffectFailed{Key: o.Key, Error: "cancelled"}
		}}
		e := New(begin(t, store, created()), slow, nil)
		done := run(t.Context(), e)
		synctest.Wait()
		if err := e.Submit(t.Context(), decide.Stop{By: "ann"}, nil); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		st := reopen(t, store.Open())
		if st.State.Ended == nil || st.State.Ended.Outcome != event.OutcomeStopped {
			t.Fatalf("it ended %+v", st.State.Ended)
		}
		// An ended run stays ended, unless a person says otherwise.
		if err := <-run(t.Context(), New(st, &hand{}, nil)); err != nil {
			t.Fatal(err)
		}
		again := New(reopen(t, store.Open()), &hand{}, nil)
		if err := <-run(t.Context(), again, decide.Attend{Attached: 1}, decide.Resume{By: "ann"}); err != nil {
			t.Fatal(err)
		}
		if end := reopen(t, store.Open()).State.Ended; end == nil || end.Outcome != event.OutcomeDone {
			t.Errorf("it ended %+v", end)
		}
	})
}

// TestLateEnd: an end of an earlier request of the same effect says nothing about
// the one that is under way.
func TestLateEnd(t *testing.T) {
	store := memlog.NewStore()
	st := begin(t, store, created())
	now := time.Now()
	step := func(in decide.Input) []event.Event {
		t.Helper()
		r, err := st.Step(t.Context(), now, in)
		if err != nil {
			t.Fatal(err)
		}
		return r[0].Events
	}
	first := step(decide.EngineStart{})
	asked := Actions(st.State, first)[0].Order.Asked
	failed := decide.EffectEnded{Data: event.EffectFailed{Key: "prepare:implementer-1", Error: "no"}, Asked: asked}
	second := step(failed)
	if n := count[event.EffectRequested](second); n != 1 {
		t.Fatalf("it was asked for again %d times", n)
	}
	if late := step(failed); len(late) != 0 {
		t.Errorf("a late end was taken: %v", late)
	}
	prepared := event.AgentPrepared{Effect: "prepare:implementer-1", Agent: "implementer-1"}
	if got := step(decide.EffectEnded{Data: prepared, Asked: second[1].Seq}); len(got) == 0 {
		t.Error("the end of the second request was not taken")
	}
}

// TestClock: time goes on, whatever is done to the wall clock.
func TestClock(t *testing.T) {
	day := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		wall, want []time.Duration // after day; a second elapses before each but the first
	}{
		"steady":        {[]time.Duration{0, time.Second, 2 * time.Second}, []time.Duration{0, time.Second, 2 * time.Second}},
		"suspended":     {[]time.Duration{0, time.Hour}, []time.Duration{0, time.Hour}},
		"set back":      {[]time.Duration{time.Hour, 0, time.Second}, []time.Duration{time.Hour, time.Hour + time.Second, time.Hour + 2*time.Second}},
		"catches up":    {[]time.Duration{2 * time.Second, 0, time.Minute}, []time.Duration{2 * time.Second, 3 * time.Second, time.Minute}},
		"a log's later": {[]time.Duration{-time.Hour, -time.Hour + time.Second}, []time.Duration{0, time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			clock := Clock{Last: day}
			for i, w := range c.wall {
				elapsed := time.Second
				if i == 0 {
					elapsed = 0
				}
				if got := clock.Now(day.Add(w), elapsed).Sub(day); got != c.want[i] {
					t.Fatalf("step %d: %s, not %s", i, got, c.want[i])
				}
			}
		})
	}
}
