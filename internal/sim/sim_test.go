package sim

import (
	"bytes"
	"flag"
	"fmt"
	"iter"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"popkit/internal/core/event"
)

var (
	seeds = flag.Int("sim.seeds", 0, "how many seeds TestSeeds runs; 0: $SIM_SEEDS, else 2000")
	first = flag.Uint64("sim.first", 1, "the first of them")
	seed  = flag.Uint64("sim.seed", 0, "run this seed only")
	trace = flag.Bool("sim.trace", false, "with -sim.seed: print what happens")
)

// TestMain collects garbage less often: the runs are short and many.
func TestMain(m *testing.M) {
	flag.Parse()
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}

func seedCount(t *testing.T) int {
	if *seeds > 0 {
		return *seeds
	}
	text := os.Getenv("SIM_SEEDS")
	if text == "" {
		return 2000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("SIM_SEEDS: %v", err)
	}
	return n
}

// TestSeeds runs simulated runs, each from its seed: whatever fails on the way,
// the oracle finds nothing wrong after any event, and the run ends.
func TestSeeds(t *testing.T) {
	if *seed != 0 {
		cfg := RandomConfig(*seed)
		if *trace {
			cfg.Trace = os.Stdout
		}
		if _, err := runSeed(t, cfg); err != nil {
			t.Fatal(err)
		}
		return
	}
	n, events, outcomes, bad := seedCount(t), 0, map[event.Outcome]int{}, 0
	seen := coverage{}
	begun := time.Now()
	for r := range runSeeds(t, n) {
		events += len(r.Events)
		seen.add(r.Events)
		if r.err != nil {
			t.Errorf("seed %d: %v\nreplay: go test ./internal/sim -run TestSeeds -sim.seed=%d -sim.trace", r.seed, r.err, r.seed)
			if bad++; bad == 10 {
				t.Fatal("no more after ten")
			}
			continue
		}
		outcomes[r.State.Ended.Outcome]++
	}
	t.Logf("%d seeds, %d events, %v, in %s", n, events, outcomes, time.Since(begun))
	if n >= 2000 {
		seen.check(t)
	}
}

// seedResult is what became of one seed.
type seedResult struct {
	Result
	seed uint64
	err  error
}

// runSeeds runs n seeds, as many at a time as there are processors, and yields
// what became of each in the order of the seeds. Each run is its own world.
func runSeeds(t *testing.T, n int) iter.Seq[seedResult] {
	return func(yield func(seedResult) bool) {
		workers := runtime.GOMAXPROCS(0)
		lanes := make([]chan seedResult, workers)
		stop := make(chan struct{})
		defer close(stop)
		for w := range lanes {
			lanes[w] = make(chan seedResult, 1)
			go func() {
				for i := w; i < n; i += workers {
					cfg := RandomConfig(*first + uint64(i))
					r, err := runSeed(t, cfg)
					select {
					case lanes[w] <- seedResult{r, cfg.Seed, err}:
					case <-stop:
						return
					}
				}
			}()
		}
		for i := range n {
			if !yield(<-lanes[i%workers]) {
				return
			}
		}
	}
}

// runSeed runs a seed; a panic is a failure of that seed.
func runSeed(t *testing.T, cfg Config) (r Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	r, err = Run(t.Context(), cfg)
	if err == nil {
		err = goodEnd(r)
	}
	return r, err
}

// goodEnd: once nothing fails and people answer, a run is done, or has used up its
// time or its agents. Other budgets that are used up are raised.
func goodEnd(r Result) error {
	end := r.State.Ended
	if end == nil {
		return fmt.Errorf("it is over and has not ended")
	}
	limit := strings.Contains(end.Reason, "limits.max_runtime_minutes") || strings.Contains(end.Reason, "limits.max_agents_started")
	if end.Outcome == event.OutcomeDone || end.Outcome == event.OutcomeFailed && limit {
		return nil
	}
	return fmt.Errorf("it ended %s: %s", end.Outcome, end.Reason)
}

// TestSameSeedSameRun: a seed is worth nothing if it does not bring back the run.
func TestSameSeedSameRun(t *testing.T) {
	for s := range uint64(20) {
		var a, b bytes.Buffer
		x, y := RandomConfig(s+1), RandomConfig(s+1)
		x.Trace, y.Trace = &a, &b
		_, errA := runSeed(t, x)
		_, errB := runSeed(t, y)
		if !bytes.Equal(a.Bytes(), b.Bytes()) || fmt.Sprint(errA) != fmt.Sprint(errB) {
			t.Fatalf("seed %d ran in two ways", s+1)
		}
	}
}
