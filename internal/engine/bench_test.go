package engine

import (
	"context"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/eventlog"
	"popkit/internal/eventlog/memlog"
)

// sink is a log that encodes what it is given, as every log must, and forgets it.
type sink struct{ eventlog.Log }

func (s sink) Append(_ context.Context, after int64, evs []event.Event) error {
	_, err := eventlog.Encode(after, evs)
	return err
}

// crowd returns a stepper whose run has n agents at work at once.
func crowd(tb testing.TB, n int, log eventlog.Log) (*Stepper, time.Time) {
	tb.Helper()
	created := event.RunCreated{Run: "R", Base: "b", Branch: "popkit/R", Settings: event.Settings{
		PhaseAware: true, FullRouting: true, MaxAgents: n, MaxAttempts: 3, CheckinEvery: 5, MaxInsights: 1000,
		MaxInsightsPerPull: 3, AgentTimeout: 30 * time.Minute, SilenceTimeout: 15 * time.Minute, Runtime: "exec:true", ContextLimit: 4000,
	}}
	ph := objective.Phase{Name: "work"}
	for i := range n {
		ph.Tasks = append(ph.Tasks, objective.Task{
			ID: fmt.Sprintf("t%d", i), Role: "implementer", Title: "t", Prompt: "p", Tags: []string{fmt.Sprintf("tag%d", i%20)},
		})
	}
	created.Plan.Phases = []objective.Phase{ph}
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	ctx := tb.Context()
	first := event.Event{Seq: 1, Time: now, Data: created}
	if err := log.Append(ctx, 0, []event.Event{first}); err != nil {
		tb.Fatal(err)
	}
	st := newStepper(log)
	if err := st.State.Apply(first); err != nil {
		tb.Fatal(err)
	}
	step := func(in ...decide.Input) {
		if _, err := st.Step(ctx, now, in...); err != nil {
			tb.Fatal(err)
		}
	}
	step(decide.EngineStart{})
	for _, id := range append([]string(nil), st.State.Order...) {
		step(decide.EffectEnded{Data: event.AgentPrepared{Effect: "prepare:" + id, Agent: id}})
		step(decide.EffectEnded{Data: event.AgentStarted{Effect: "run:" + id, Agent: id}})
	}
	if st.State.Started != n {
		tb.Fatalf("%d agents were started", st.State.Started)
	}
	return st, now
}

// reports are what n agents say in second s, one each.
func reports(agents []string, s int) []decide.Input {
	out := make([]decide.Input, len(agents))
	half := 0.5
	for i, id := range agents {
		switch k := (i + s) % 20; {
		case k == 0:
			out[i] = decide.ShareInsight{Agent: id, Content: fmt.Sprintf("in second %d %s found module %d", s, id, i%50), Tags: []string{fmt.Sprintf("tag%d", i%20)}}
		case k < 8:
			out[i] = decide.CheckIn{Agent: id, Progress: &half, Doing: "editing"}
		default:
			out[i] = decide.CallTool{Agent: id, Tool: "Edit"}
		}
	}
	return out
}

// BenchmarkReports is 1,000 agents that each report once a second: an operation
// is a simulated second. The budget is 100 ms of CPU.
func BenchmarkReports(b *testing.B) {
	for _, batch := range []int{1, 20} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			st, now := crowd(b, 1000, sink{})
			agents := append([]string(nil), st.State.Order...)
			second, before := 0, cpu(b)
			for b.Loop() {
				second++
				now = now.Add(time.Millisecond) // so that no deadline passes
				in := reports(agents, second)
				for len(in) > 0 {
					n := min(batch, len(in))
					if _, err := st.Step(b.Context(), now, in[:n]...); err != nil {
						b.Fatal(err)
					}
					in = in[n:]
				}
			}
			b.StopTimer()
			used := cpu(b) - before
			b.ReportMetric(100*used.Seconds()/float64(second), "%core")
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MB")
			b.ReportMetric(float64(st.State.Seq), "events")
		})
	}
}

// BenchmarkStep is the cost of an event after 10³ to 10⁶ others. It must be flat.
func BenchmarkStep(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("events=%d", n), func(b *testing.B) {
			st, now := crowd(b, 10, sink{})
			agents := append([]string(nil), st.State.Order...)
			for s := 0; st.State.Seq < int64(n); s++ {
				now = now.Add(time.Millisecond)
				if _, err := st.Step(b.Context(), now, reports(agents, s)...); err != nil {
					b.Fatal(err)
				}
			}
			s, from, before := 0, st.State.Seq, cpu(b)
			b.ResetTimer()
			for b.Loop() {
				s++
				now = now.Add(time.Microsecond)
				if _, err := st.Step(b.Context(), now, reports(agents, s)...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/float64(st.State.Seq-from), "cpu-ns/event")
		})
	}
}

// BenchmarkFold is the resume of a run with 100,000 events. The budget is 1 s.
func BenchmarkFold(b *testing.B) {
	log := memlog.New()
	st, now := crowd(b, 50, log)
	agents := append([]string(nil), st.State.Order...)
	for s := 0; st.State.Seq < 100_000; s++ {
		now = now.Add(time.Millisecond)
		if _, err := st.Step(b.Context(), now, reports(agents, s)...); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	n, before := 0, cpu(b)
	for b.Loop() {
		n++
		s, err := Fold(b.Context(), log)
		if err != nil || s.Seq != st.State.Seq {
			b.Fatal(s.Seq, err)
		}
	}
	b.ReportMetric((cpu(b)-before).Seconds()/float64(n), "cpu-s/op")
}

// BenchmarkCrowd starts 1,000 agents: each effect's end has every rule asked.
func BenchmarkCrowd(b *testing.B) {
	n, before := 0, cpu(b)
	for b.Loop() {
		n++
		crowd(b, 1000, sink{})
	}
	b.ReportMetric((cpu(b)-before).Seconds()/float64(n), "cpu-s/op")
}

// cpu is the processor time that this process has used: what counts on a machine
// that others use too.
func cpu(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
