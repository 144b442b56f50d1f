package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	core "popkit/internal/engine"
	"popkit/internal/eventlog/filelog"
)

// crowd is how many agents report.
const crowd = 1000

// crowded is the first event of a run in which that many agents work at once.
func crowded(now time.Time, agents int) event.Event {
	p := objective.Phase{Name: "explore"}
	for i := range agents {
		p.Tasks = append(p.Tasks, objective.Task{
			ID: fmt.Sprintf("t%d", i), Role: "explorer", Title: "look", Prompt: "look", NoCode: true, Runtime: "exec:true",
		})
	}
	set := settings(agents)
	set.MaxInsights = 10_000 // the default
	return event.Event{Seq: 1, Time: now, Data: event.RunCreated{
		Run: "R1", Plan: objective.Plan{Objective: objective.Objective{Description: "measure"}, Phases: []objective.Phase{p}},
		Repo: "/nowhere", BaseRef: "refs/heads/main", Base: "0123456789012345678901234567890123456789", Branch: "popkit/R1", Settings: set,
	}}
}

func explorer(i int) string { return fmt.Sprintf("explorer-%d", i+1) }

// said is the i-th thing that agents say: mostly tool calls and
// check-ins, now and then an insight or a look for new ones.
func said(i, agents int) decide.Input {
	agent := explorer(i * 7 % agents)
	switch {
	case i%1000 == 7:
		return decide.ShareInsight{
			Agent: agent, Kind: event.InsightDiscovery, Tags: []string{fmt.Sprint("t", i%50)},
			Content: fmt.Sprintf("w%d w%d w%d w%d: no near-duplicate", i, i+1, i+2, i+3),
		}
	case i%10 == 3:
		return decide.Pull{Agent: agent, Via: "pull"}
	case i%3 == 0:
		progress := float64(i%100) / 100
		return decide.CheckIn{Agent: agent, Progress: &progress, Doing: "reading the code of a package"}
	}
	return decide.CallTool{Agent: agent, Tool: "Read"}
}

// openLog makes a log at path in which all agents run.
func openLog(tb testing.TB, path string, agents int) (*filelog.Log, *core.Stepper) {
	tb.Helper()
	ctx := tb.Context()
	log, err := filelog.Open(path, filelog.Options{Run: "R1"})
	must(tb, err)
	now := time.Now()
	must(tb, log.Append(ctx, 0, []event.Event{crowded(now.UTC().Round(0), agents)}))
	st, err := core.Open(ctx, log)
	must(tb, err)
	inputs := []decide.Input{decide.EngineStart{PID: 1, Host: "here"}}
	for len(inputs) > 0 {
		results, err := st.Step(ctx, now, inputs...)
		must(tb, err)
		var events []event.Event
		for _, r := range results {
			must(tb, r.Refused)
			events = append(events, r.Events...)
		}
		inputs = nil
		for _, a := range core.Actions(st.State, events) {
			switch a.Order.Kind {
			case event.EffectPrepare:
				inputs = append(inputs, decide.EffectEnded{Asked: a.Order.Asked, Data: event.AgentPrepared{Effect: a.Order.Key, Agent: a.Order.Agent, Workspace: "/nowhere"}})
			case event.EffectRun:
				inputs = append(inputs, decide.EffectEnded{Asked: a.Order.Asked, Data: event.AgentStarted{Effect: a.Order.Key, Agent: a.Order.Agent, PID: 1}})
			}
		}
	}
	return log, st
}

// talk lets the crowd talk until the log has that many events, in batches as the
// engine makes them.
func talk(tb testing.TB, st *core.Stepper, i int, events int64) int {
	tb.Helper()
	var batch []decide.Input
	for st.State.Seq < events {
		batch = batch[:0]
		for range min(256, events-st.State.Seq) {
			batch = append(batch, said(i, len(st.State.Agents)))
			i++
		}
		results, err := st.Step(tb.Context(), time.Now(), batch...)
		must(tb, err)
		for _, r := range results {
			must(tb, r.Refused)
		}
	}
	return i
}

// busy is the processor time that this process has used.
func busy(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	must(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkEventCost is the processor time of deciding on, writing and applying
// an event, in logs of growing length.
func BenchmarkEventCost(b *testing.B) {
	const windows = 5
	dir := b.TempDir()
	warm, st := openLog(b, filepath.Join(dir, "warm.jsonl"), 100)
	talk(b, st, 0, 50_000)
	must(b, warm.Close())
	log, st := openLog(b, filepath.Join(dir, "log.jsonl"), 100)
	i := 0
	var first, worst float64
	var note string
	for _, size := range []int64{1_000, 10_000, 100_000, 1_000_000} {
		i = talk(b, st, i, size)
		var costs []float64
		window := min(size, 20_000)
		for range windows {
			from, began := st.State.Seq, busy(b)
			i = talk(b, st, i, from+window)
			costs = append(costs, float64(busy(b)-began)/1e3/float64(st.State.Seq-from))
		}
		cost := median(costs)
		if first == 0 {
			first = cost
		}
		worst = max(worst, cost)
		note += fmt.Sprintf("%.1f µs at %d, ", cost, size)
	}
	must(b, log.Close())
	results.add(b, row{item: "cost of an event, 10³ to 10⁶ events, dearest over first", figure: worst / first, unit: "×", budget: 1.25, note: note + "processor time"})
}

// BenchmarkResume is the time from opening a log of 100,000 events to a state
// that an engine can go on with.
func BenchmarkResume(b *testing.B) {
	const events = 100_000
	path := filepath.Join(b.TempDir(), "log.jsonl")
	log, st := openLog(b, path, crowd)
	talk(b, st, 0, events)
	must(b, log.Close())
	var took, cpu []float64
	for range *rounds {
		began, used := time.Now(), busy(b)
		log, err := filelog.Open(path, filelog.Options{Run: "R1"})
		must(b, err)
		st, err := core.Open(b.Context(), log)
		must(b, err)
		took, cpu = append(took, millis(time.Since(began))), append(cpu, millis(busy(b)-used))
		if st.State.Seq < events {
			b.Fatalf("%d events, want %d", st.State.Seq, events)
		}
		must(b, log.Close())
	}
	results.add(b, row{item: "resume of 100,000 events", figure: median(took), unit: "ms", budget: 1000, note: fmt.Sprintf("%.0f ms of processor time", median(cpu))})
}

// BenchmarkCrowd is the share of a core that an engine needs while 1,000 agents
// report each second, evenly spread, in a process of its own. Beside it stands
// what that costs where nothing is done with what is said.
func BenchmarkCrowd(b *testing.B) {
	for _, how := range []struct{ with, without, name, alone string }{
		{"submit", "nothing", "handed in", "the crowd itself, in the same process"},
		{"socket", "echo", "over 1,000 sockets", "a server that only answers"},
	} {
		c, plain := startCrowd(b, how.with), startCrowd(b, how.without)
		results.add(b, row{item: "1,000 agents, a report a second, " + how.name, figure: c.share() - plain.share(), unit: "% of a core", budget: 10,
			note: fmt.Sprintf("%.1f %%, less %.1f %% for %s", c.share(), plain.share(), how.alone)})
		if how.with == "socket" {
			results.add(b, row{item: "engine's memory with 1,000 agents", figure: float64(c.rss) / (1 << 20), unit: "MiB", budget: 100})
		}
	}
}

// TestCrowd: nothing that a crowd says is lost, and an engine of a crowd ends.
func TestCrowd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	log, st := openLog(t, path, crowd)
	talk(t, st, 0, 5_000)
	want := st.State.Seq
	must(t, log.Close())
	log, err := filelog.Open(path, filelog.Options{Run: "R1"})
	must(t, err)
	st, err = core.Open(t.Context(), log)
	must(t, err)
	if st.State.Seq != want || len(st.State.Agents) != crowd {
		t.Errorf("%d events and %d agents, want %d and %d", st.State.Seq, len(st.State.Agents), want, crowd)
	}
	ctx, cancel := context.WithCancel(t.Context())
	e := core.New(st, patient{}, nil)
	ended := make(chan error)
	go func() { ended <- e.Run(ctx, decide.EngineStart{PID: 1, Host: "here"}) }()
	parallel(50, func(i int) {
		if err := e.Submit(ctx, decide.CheckIn{Agent: explorer(i), Doing: "more"}, nil); err != nil {
			t.Error(err)
		}
	})
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	must(t, log.Close())
}

// patient are effects of which none ends before its context.
type patient struct{}

func (patient) Do(ctx context.Context, o core.Order, _ func(event.Data)) event.Data {
	<-ctx.Done()
	return event.EffectFailed{Key: o.Key, Error: "the engine ends"}
}

func (patient) StopAgent(string, bool) {}
