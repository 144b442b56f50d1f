package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/eventlog"
	"popkit/internal/eventlog/memlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hand is a fake of the outside: it does what a test says, and else the obvious.
type hand struct {
	do    func(ctx context.Context, o Order, started func(event.Data)) event.Data // nil answer: the obvious
	stops []string
}

func (h *hand) Do(ctx context.Context, o Order, started func(event.Data)) event.Data {
	if h.do != nil {
		if d := h.do(ctx, o, started); d != nil {
			return d
		}
	}
	return obvious(o, started)
}

func (h *hand) StopAgent(agent string, now bool) {
	h.stops = append(h.stops, fmt.Sprint(agent, " ", now))
}

func obvious(o Order, started func(event.Data)) event.Data {
	switch o.Kind {
	case event.EffectPrepare:
		return event.AgentPrepared{Effect: o.Key, Agent: o.Agent, Base: o.Request.Base}
	case event.EffectRun:
		if o.Unknown {
			return event.AgentExited{Effect: o.Key, Agent: o.Agent, Reason: event.ExitInterrupted}
		}
		started(event.AgentStarted{Effect: o.Key, Agent: o.Agent, PID: 7})
		return event.AgentExited{Effect: o.Key, Agent: o.Agent, Reason: event.ExitExited}
	case event.EffectCollect:
		return event.AgentCollected{Effect: o.Key, Agent: o.Agent, Commit: "c-" + o.Agent, Files: []string{"a"}, Changed: 1}
	case event.EffectRelease:
		return event.AgentReleased{Effect: o.Key, Agent: o.Agent}
	case event.EffectMerge:
		return event.TaskMerged{Effect: o.Key, Task: o.Task, Agent: o.Agent, Onto: o.Onto, Commit: "m-" + o.Agent}
	case event.EffectCheck:
		return event.CheckEnded{Effect: o.Key, Phase: o.Phase, Check: o.Check, Commit: o.Commit, Status: event.CheckPassed}
	case event.EffectPublish:
		return event.BarrierOpened{Effect: o.Key, Phase: o.Phase, Commit: o.Commit}
	case event.EffectFinish:
		return event.RunPublished{Effect: o.Key, Commit: o.Commit}
	}
	return event.EffectFailed{Key: o.Key, Error: "no hand for that", Final: true}
}

// waits makes agents run until release is closed.
func waits(release <-chan struct{}) func(context.Context, Order, func(event.Data)) event.Data {
	return func(ctx context.Context, o Order, started func(event.Data)) event.Data {
		if o.Kind != event.EffectRun || o.Unknown {
			return nil
		}
		started(event.AgentStarted{Effect: o.Key, Agent: o.Agent, PID: 7})
		select {
		case <-release:
			return event.AgentExited{Effect: o.Key, Agent: o.Agent, Reason: event.ExitExited}
		case <-ctx.Done():
			return event.AgentExited{Effect: o.Key, Agent: o.Agent, Reason: event.ExitStopped}
		}
	}
}

func created(edit ...func(*event.RunCreated)) event.RunCreated {
	c := event.RunCreated{Run: "R", Base: "base", Branch: "popkit/R", Settings: event.Settings{
		PhaseAware: true, FullRouting: true, MaxAgents: 2, MaxAttempts: 2, MaxQuestions: 9, CheckinEvery: 5, MaxInsightsPerPull: 3, Runtime: "exec:true",
	}}
	c.Plan.Phases = []objective.Phase{
		{Name: "one", Tasks: []objective.Task{{ID: "a", Role: "implementer"}, {ID: "b", Role: "implementer"}}, Checks: []objective.Check{{Run: "make test"}}},
		{Name: "two", Tasks: []objective.Task{{ID: "c", Role: "implementer", Needs: nil}}},
	}
	for _, e := range edit {
		e(&c)
	}
	return c
}

// begin stores a run's first event and opens it.
func begin(t *testing.T, store *memlog.Store, c event.RunCreated) *Stepper {
	t.Helper()
	log := store.Open()
	if err := log.Append(t.Context(), 0, []event.Event{{Seq: 1, Time: time.Now().UTC(), Data: c}}); err != nil {
		t.Fatal(err)
	}
	return reopen(t, log)
}

func reopen(t *testing.T, log eventlog.Log) *Stepper {
	t.Helper()
	st, err := Open(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// run starts the engine's goroutine; done gives what Run returned.
func run(ctx context.Context, e *Engine, first ...decide.Input) <-chan error {
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx, decide.EngineStart{PID: 1}, first...) }()
	return done
}

func logged(t *testing.T, store *memlog.Store) []event.Event {
	t.Helper()
	var out []event.Event
	for e, err := range store.OpenReader().Read(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func count[T event.Data](events []event.Event) int {
	n := 0
	for _, e := range events {
		if _, ok := e.Data.(T); ok {
			n++
		}
	}
	return n
}

// TestWholeRun: two phases to the end, every state on the way as it may be, the
// observer told of every event once and in order.
func TestWholeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memlog.NewStore()
		var seen []event.Event
		e := New(begin(t, store, created()), &hand{}, func(s *state.State, events []event.Event) {
			if err := s.Check(); err != nil {
				t.Error(err)
			}
			seen = append(seen, events...)
		})
		if err := <-run(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		all := logged(t, store)
		if end, ok := all[len(all)-1].Data.(event.RunEnded); !ok || end.Outcome != event.OutcomeDone {
			t.Fatalf("it ended with %v", all[len(all)-1])
		}
		if len(seen) != len(all)-1 || seen[0].Seq != 2 || seen[len(seen)-1].Seq != all[len(all)-1].Seq {
			t.Errorf("the observer saw %d of %d events", len(seen), len(all)-1)
		}
		for _, submit := range []func() error{
			func() error { return e.Submit(t.Context(), decide.Tick{}, nil) },
			func() error { return e.Query(t.Context(), func(*state.State) {}) },
			func() error { return e.Await(t.Context(), func(*state.State) bool { return true }) },
		} {
			if err := submit(); !errors.Is(err, ErrEnded) {
				t.Errorf("an ended engine answers %v", err)
			}
		}
	})
}

// gate is a log whose Append waits until it is let through.
type gate struct {
	eventlog.Log
	let chan struct{}
}

func (g gate) Append(ctx context.Context, after int64, evs []event.Event) error {
	<-g.let
	return g.Log.Append(ctx, after, evs)
}

// TestAppendBeforeAct: as long as Append has not returned, no effect is begun, no
// reply given, no observer told.
func TestAppendBeforeAct(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memlog.NewStore()
		begin(t, store, created())
		let := make(chan struct{})
		var released, observed atomic.Int32
		var replied atomic.Bool
		h := &hand{do: func(_ context.Context, o Order, _ func(event.Data)) event.Data {
			released.Add(1)
			if !slices.ContainsFunc(logged(t, store), func(e event.Event) bool {
				d, ok := e.Data.(event.EffectRequested)
				return ok && d.Key == o.Key
			}) {
				t.Errorf("%s is begun and not in the log", o.Key)
			}
			return nil
		}}
		e := New(reopen(t, gate{store.Open(), let}), h, func(*state.State, []event.Event) { observed.Add(1) })
		done := run(t.Context(), e)
		go func() {
			if err := e.Submit(t.Context(), decide.Tell{Text: "hello"}, func(_ *state.State, evs []event.Event) { replied.Store(len(evs) == 1) }); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		if released.Load()+observed.Load() > 0 || replied.Load() {
			t.Fatalf("before the append: %d effects, %d observations, replied %v", released.Load(), observed.Load(), replied.Load())
		}
		let <- struct{}{}
		synctest.Wait()
		if released.Load() == 0 || observed.Load() != 1 || replied.Load() {
			t.Fatalf("after the first append: %d effects, %d observations, replied %v", released.Load(), observed.Load(), replied.Load())
		}
		close(let)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if !replied.Load() {
			t.Error("no reply came")
		}
	})
}

// TestFailedAppend: nothing of a batch that could not be written is let out, and
// the engine ends with the reason.
func TestFailedAppend(t *testing.T) {
	full := errors.New("no space left on device")
	synctest.Test(t, func(t *testing.T) {
		store := memlog.NewStore()
		st := begin(t, store, created())
		release := make(chan struct{})
		h := &hand{do: waits(release)}
		var seen int64
		e := New(st, h, func(s *state.State, _ []event.Event) { seen = s.Seq })
		done := run(t.Context(), e)
		synctest.Wait()
		before := seen
		store.SetFaults(func(int64, []event.Event) *memlog.Fault { return memlog.Refuse(full) })
		err := e.Submit(t.Context(), decide.Stop{By: "ann"}, func(*state.State, []event.Event) { t.Error("a reply was given") })
		if !errors.Is(err, ErrEnded) {
			t.Errorf("Submit: %v", err)
		}
		if err := <-done; !errors.Is(err, full) {
			t.Errorf("Run: %v", err)
		}
		if seen != before || len(h.stops) > 0 {
			t.Errorf("something was let out: observer at %d instead of %d, stops %v", seen, before, h.stops)
		}
		if _, err := st.Step(t.Context(), time.Now(), decide.Tick{}); !errors.Is(err, full) {
			t.Errorf("the stepper goes on: %v", err)
		}
	})
}

// TestUnknownAppend: an append whose outcome is unknown is settled by the log's
// tail, whatever landed of it.
func TestUnknownAppend(t *testing.T) {
	for name, land := range map[string]int{"nothing landed": 0, "a part landed": 2, "all landed": 99} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := memlog.NewStore()
				e := New(begin(t, store, created()), &hand{}, nil)
				left := 3
				store.SetFaults(func(int64, []event.Event) *memlog.Fault {
					if left--; left < 0 {
						return nil
					}
					return memlog.Unknown(land)
				})
				if err := <-run(t.Context(), e); err != nil {
					t.Fatal(err)
				}
				if n := count[event.RunEnded](logged(t, store)); n != 1 {
					t.Errorf("%d ends", n)
				}
			})
		})
	}
	t.Run("never known", func(t *testing.T) {
		store := memlog.NewStore()
		e := New(begin(t, store, created()), &hand{}, nil)
		store.SetFaults(func(int64, []event.Event) *memlog.Fault { return memlog.Unknown(0) })
		if err := <-run(t.Context(), e); !errors.Is(err, eventlog.ErrUnknown) {
			t.Errorf("Run: %v", err)
		}
	})
	t.Run("another engine's", func(t *testing.T) {
		store := memlog.NewStore()
		st := begin(t, store, created())
		other := false
		store.SetFaults(func(int64, []event.Event) *memlog.Fault {
			if other {
				return nil
			}
			other = true
			return memlog.Unknown(0)
		})
		e := New(st, &hand{}, nil)
		st.log = deposed{Log: st.log, store: store}
		if err := <-run(t.Context(), e); !errors.Is(err, eventlog.ErrLost) {
			t.Errorf("Run: %v", err)
		}
	})
}

// deposed is a log that another engine takes over while an append's outcome is
// unknown.
type deposed struct {
	eventlog.Log
	store *memlog.Store
}

func (d deposed) Append(ctx context.Context, after int64, evs []event.Event) error {
	err := d.Log.Append(ctx, after, evs)
	if errors.Is(err, eventlog.ErrUnknown) {
		theirs := event.Event{Seq: after + 1, Time: time.Unix(1, 0), Data: event.EngineStarted{Epoch: 1, PID: 99}}
		if err := d.store.Open().Append(ctx, after, []event.Event{theirs}); err != nil {
			return err
		}
	}
	return err
}

// TestReplies: a caller gets its own events, a refusal is its error, and one who
// has no time left goes.
func TestReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memlog.NewStore()
		release := make(chan struct{})
		e := New(begin(t, store, created()), &hand{do: waits(release)}, nil)
		done := run(t.Context(), e)
		synctest.Wait()
		var got []string
		for i := range 3 {
			err := e.Submit(t.Context(), decide.ShareInsight{Agent: "implementer-1", Content: fmt.Sprint("finding ", i)}, func(s *state.State, evs []event.Event) {
				for _, ev := range evs {
					got = append(got, event.Line(ev.Data))
				}
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if text := strings.Join(got, "\n"); len(got) != 3 || !strings.Contains(text, "finding 2") {
			t.Errorf("got %s", text)
		}
		var refusal *decide.Refusal
		err := e.Submit(t.Context(), decide.Skip{Task: "zzz"}, func(*state.State, []event.Event) { t.Error("read was called") })
		if !errors.As(err, &refusal) {
			t.Errorf("a mistake is answered with %v", err)
		}
		n := 0
		if err := e.Query(t.Context(), func(s *state.State) { n = s.Insights.Len() }); err != nil || n != 3 {
			t.Errorf("%d insights, %v", n, err)
		}
		late, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := e.Await(late, func(s *state.State) bool { return s.Ended != nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Await: %v", err)
		}
		woken := make(chan error, 1)
		go func() { woken <- e.Await(t.Context(), func(s *state.State) bool { return s.Ended != nil }) }()
		close(release)
		if err := <-woken; err != nil {
			t.Errorf("Await: %v", err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestBreaksOff: a preparation that hangs holds up neither a stop nor, where its
// attempt is not wanted any more, the task; an agent that waits for its start holds up no stop,
// which is no failure of its attempt.
func TestBreaksOff(t *testing.T) {
	hangs := func(kind event.EffectKind) func(context.Context, Order, func(event.Data)) event.Data {
		return func(ctx context.Context, o Order, _ func(event.Data)) event.Data {
			if o.Kind != kind || o.Agent != "" && o.Agent != "implementer-1" {
				return nil
			}
			<-ctx.Done()
			if kind == event.EffectRun {
				return event.AgentExited{Effect: o.Key, Agent: o.Agent, Reason: event.ExitNotStarted, Detail: "broken off"}
			}
			return event.EffectFailed{Key: o.Key, Error: "broken off"}
		}
	}
	for _, c := range []struct {
		hangs   event.EffectKind
		input   decide.Input
		outcome event.Outcome
	}{
		{event.EffectPrepare, decide.Stop{By: "ann"}, event.OutcomeStopped},
		{event.EffectRun, decide.Stop{By: "ann"}, event.OutcomeStopped},
		{event.EffectRun, decide.Stop{By: "ann", Now: true}, event.OutcomeStopped},
		{event.EffectPrepare, decide.Skip{Task: "a", By: "ann"}, event.OutcomeDone},
		{event.EffectPrepare, decide.Retry{Task: "a", By: "ann"}, event.OutcomeDone},
	} {
		synctest.Test(t, func(t *testing.T) {
			store := memlog.NewStore()
			begin(t, store, created())
			e := New(reopen(t, store.Open()), &hand{do: hangs(c.hangs)}, nil)
			done := run(t.Context(), e)
			synctest.Wait()
			if err := e.Submit(t.Context(), c.input, nil); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if s := reopen(t, store.Open()).State; s.Ended == nil || s.Ended.Outcome != c.outcome {
				t.Errorf("%s, then %+v: %+v", c.hangs, c.input, s.Ended)
			} else if a := s.Agents["implementer-1"]; c.hangs == event.EffectRun && (a.Rejected == nil || !a.Rejected.Interrupted || !a.StartedAt.IsZero()) {
				t.Errorf("%+v: %+v", c.input, a)
			}
		})
	}
}

// TestBackpressure: when more waits than the queue holds, senders wait; they can
// give up; nothing is lost.
func TestBackpressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memlog.NewStore()
		begin(t, store, created(func(c *event.RunCreated) { c.Settings.MaxInsights = 0 }))
		let := make(chan struct{})
		e := New(reopen(t, gate{store.Open(), let}), &hand{do: waits(nil)}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := run(ctx, e)
		const n = queueSize + 100
		accepted := make(chan error, n)
		for i := range n {
			go func() { accepted <- e.Submit(ctx, decide.ShareInsight{Content: fmt.Sprint("finding ", i)}, nil) }()
		}
		synctest.Wait()
		late, stop := context.WithTimeout(ctx, time.Second)
		defer stop()
		if err := e.Submit(late, decide.Tick{}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a full queue answers %v", err)
		}
		close(let)
		for range n {
			if err := <-accepted; err != nil {
				t.Fatal(err)
			}
		}
		if got := count[event.InsightShared](logged(t, store)); got != n {
			t.Errorf("%d of %d are in the log", got, n)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
