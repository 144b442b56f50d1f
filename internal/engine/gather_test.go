package engine

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/eventlog"
	"popkit/internal/eventlog/memlog"
)

// slow is a log whose appends take as long as a disk's.
type slow struct {
	eventlog.Log
	appends int
}

func (s *slow) Append(ctx context.Context, after int64, evs []event.Event) error {
	s.appends++
	<-time.After(300 * time.Microsecond)
	return s.Log.Append(ctx, after, evs)
}

// endless are effects that end with their context.
type endless struct{}

func (endless) Do(ctx context.Context, o Order, _ func(event.Data)) event.Data {
	<-ctx.Done()
	return event.EffectFailed{Key: o.Key, Error: "the engine ends"}
}

func (endless) StopAgent(string, bool) {}

// talking runs an engine with agents that each call a tool every so often, in
// all calls times, and returns how many appends that cost and the longest that
// one waited.
func talking(t *testing.T, agents, calls int, every time.Duration, guarded bool) (appends int, longest, all time.Duration) {
	log := &slow{Log: memlog.NewStore().Open()}
	st, _ := crowd(t, agents, log)
	e := New(st, endless{}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := run(ctx, e)
	if err := e.Query(ctx, func(*state.State) {}); err != nil {
		t.Fatal(err)
	}
	before := log.appends
	began := time.Now()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, id := range st.State.Order {
		wg.Go(func() {
			for range calls {
				<-time.After(every)
				asked := time.Now()
				if guarded {
					judged := event.GuardJudged{Agent: id, Tool: "Read", Verdict: event.VerdictAllow}
					if err := e.Post(ctx, decide.Judge{Judged: judged}); err != nil {
						t.Error(err)
					}
				}
				if err := e.Submit(ctx, decide.CallTool{Agent: id, Tool: "Read"}, nil); err != nil {
					t.Error(err)
				}
				mu.Lock()
				longest = max(longest, time.Since(asked))
				mu.Unlock()
			}
		})
		<-time.After(every / time.Duration(agents))
	}
	wg.Wait()
	appends, all = log.appends-before, time.Since(began)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	return appends, longest, all
}

// TestTalkSharesAppends: a crowd's reports share appends and are written down
// within 10 ms all the same.
func TestTalkSharesAppends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		appends, longest, _ := talking(t, 500, 4, 500*time.Millisecond, false)
		if appends > 500 || longest > 10*time.Millisecond {
			t.Errorf("2000 tool calls in 2 s: %d appends, one waited %s; want at most 500 and 10ms", appends, longest)
		}
	})
}

// TestTalkOfFew: one agent that says one thing after the other is not held up, neither
// is one whose calls are judged before they are counted, nor are a few at once.
func TestTalkOfFew(t *testing.T) {
	for _, tc := range []struct {
		agents  int
		guarded bool
		most    time.Duration
	}{{1, false, 600 * time.Millisecond}, {1, true, 600 * time.Millisecond}, {5, true, 1200 * time.Millisecond}} {
		synctest.Test(t, func(t *testing.T) {
			_, _, all := talking(t, tc.agents, 1000, 200*time.Microsecond, tc.guarded)
			if all > tc.most {
				t.Errorf("1000 tool calls each of %d agents (guarded: %t), one after the other, took %s; 500ms without waiting for others",
					tc.agents, tc.guarded, all)
			}
		})
	}
}
