package sim

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/engine"
	"popkit/internal/eventlog/memlog"
)

// Config is one simulated run.
type Config struct {
	Seed    uint64
	Created event.RunCreated
	Nature  map[string]Nature // of the plan's tasks, by ID
	Odds    Odds
	Calm    time.Duration // from then on nothing fails and people answer
	Trace   io.Writer     // nil: none

	// KillAt kills the engine once, in the append that brings the log to that many
	// events: no more land, and nothing acts on them. 0: never.
	KillAt int64
	// Tamper, if set, may break the engine's state before each step: the oracle
	// has to notice. It is how the simulation is shown to be a check.
	Tamper func(s *state.State)
}

// Result is how a simulated run ended.
type Result struct {
	State   *state.State // folded from the log
	Content map[string]string
	Events  []event.Event
	Kills   int
	Length  time.Duration // of fake time
}

// Bounds of a run; to pass one means that it does not come to an end.
const (
	maxEvents = 20_000
	maxItems  = 400_000
	maxLength = 120 * 24 * time.Hour
	// calmResumes is how often a person resumes a run that ended undone, once
	// nothing fails any more.
	calmResumes = 3
)

// epoch is when fake time begins.
func epoch() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }

// item is something that will happen. life is the engine's in which it does; 0
// is the world's, which goes on.
type item struct {
	at   time.Duration
	n    int // order among equals
	life int
	what string // what becomes of it when its engine dies: see kill
	run  func()
	// cancel is what happens instead when the run is being stopped; nil: nothing else.
	cancel func()
}

// What becomes of an item when the engine in whose life it is dies.
const (
	whatAct = "act" // something done outside: by lot it is done, but nobody told
	whatEnd = "end" // the report that it was: by lot it comes late
)

type queue []*item

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].n < q[j].n
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(*item)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return x
}

// sim is one run of the simulation.
type sim struct {
	Config
	ctx   context.Context
	rng   *rand.Rand
	queue queue
	n     int
	time  time.Duration // fake time since the beginning, by a clock that is never set
	skew  time.Duration // of the wall clock

	store  *memlog.Store
	st     *engine.Stepper // nil: no engine lives
	life   int             // counts engines
	clock  engine.Clock
	asked  time.Duration
	tickAt time.Duration // when the next tick is scheduled, -1: none

	batch    []request
	injected bool // the fault that an append met was ours
	world    *world
	people   *people
	oracle   *oracle
	err      error
	kills    int
	resumes  int
	over     bool
}

type request struct {
	in   decide.Input
	then func(engine.Result) // may be nil
}

// Run simulates one run to its end. An error is a failed check; the events come
// with it.
func Run(ctx context.Context, cfg Config) (Result, error) {
	s := &sim{
		Config: cfg, ctx: ctx, rng: rand.New(rand.NewPCG(cfg.Seed, 0x706f706b6974)), store: memlog.NewStore(), tickAt: -1,
	}
	s.world, s.people, s.oracle = newWorld(s), newPeople(s), newOracle(s)
	s.clock.Last = epoch()
	first := event.Event{Seq: 1, Time: epoch(), Data: cfg.Created}
	if err := s.store.Open().Append(ctx, 0, []event.Event{first}); err != nil {
		return Result{}, err
	}
	s.store.SetFaults(s.appendFault)
	s.oracle.catchUp()
	s.after(0, 0, func() { s.startEngine() })
	s.after(cfg.Calm, 0, s.calm)
	s.people.begin()
	s.loop()
	return s.result(), s.err
}

func (s *sim) result() Result {
	r := Result{State: s.oracle.state, Events: s.oracle.events, Kills: s.kills, Length: s.time}
	if t, ok := s.world.git.trees[s.oracle.state.Head]; ok {
		r.Content = t
	}
	return r
}

// loop lets things happen until the run is over or a check failed.
func (s *sim) loop() {
	for range maxItems {
		if s.over || s.err != nil {
			return
		}
		if len(s.queue) == 0 {
			s.fail("nothing is due and nothing can happen, but the run has not ended")
			return
		}
		it := heap.Pop(&s.queue).(*item)
		if it.life != 0 && it.life != s.life {
			continue
		}
		s.time = it.at
		if s.time > s.Calm+maxLength || len(s.oracle.events) > maxEvents {
			s.fail("the run does not end: %d events, %s", len(s.oracle.events), s.time)
			return
		}
		it.run()
	}
	s.fail("the run does not end: %d things happened", maxItems)
}

func (s *sim) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("at %s, after event %d: %s", s.time, s.oracle.state.Seq, fmt.Sprintf(format, args...))
	}
}

// after lets something happen later, in the life of an engine or (0) the world.
func (s *sim) after(d time.Duration, life int, run func()) *item {
	s.n++
	it := &item{at: s.time + max(0, d), n: s.n, life: life, run: run}
	heap.Push(&s.queue, it)
	return it
}

// inCalm reports whether the time of faults is over.
func (s *sim) inCalm() bool { return s.time >= s.Calm }

// chance is true by the odds p, never once it is calm.
func (s *sim) chance(p float64) bool { return p > 0 && !s.inCalm() && s.rng.Float64() < p }

// between draws a length of time.
func (s *sim) between(lo, hi time.Duration) time.Duration {
	return lo + time.Duration(s.rng.Int64N(int64(hi-lo)+1))
}

// submit hands an input to the engine, if there is one.
func (s *sim) submit(in decide.Input, then func(engine.Result)) {
	if s.st == nil {
		return
	}
	if len(s.batch) == 0 {
		s.after(s.between(0, 2*time.Millisecond), s.life, s.flush)
	}
	s.batch = append(s.batch, request{in, then})
}

// flush lets the engine decide on what waits, as Engine.batch does.
func (s *sim) flush() {
	batch := s.batch
	s.batch = nil
	now := s.clock.Now(epoch().Add(s.time+s.skew), s.time-s.asked)
	s.asked = s.time
	inputs := make([]decide.Input, 0, len(batch)+1)
	for _, r := range batch {
		inputs = append(inputs, r.in)
	}
	if s.st.Due(now) {
		inputs = append(inputs, decide.Tick{})
	}
	if s.Tamper != nil {
		s.Tamper(s.st.State)
	}
	s.traceInputs(inputs)
	s.injected = false
	results, err := s.st.Step(s.ctx, now, inputs...)
	s.oracle.catchUp()
	if err != nil {
		if !s.injected {
			s.fail("step: %v", err)
			return
		}
		s.tracef("append failed: %v", err)
		s.kill()
		return
	}
	if s.chance(s.Odds.KillBeforeAct) {
		s.kill()
		return
	}
	s.release(batch, results)
}

// release acts on what was appended, as Engine.release and reply do.
func (s *sim) release(batch []request, results []engine.Result) {
	var events []event.Event
	for _, r := range results {
		events = append(events, r.Events...)
	}
	st := s.st.State
	for _, a := range engine.Actions(st, events) {
		if a.Order != nil {
			s.world.do(*a.Order)
		} else {
			s.world.stopAgent(a.Stop.Agent, a.Stop.Now)
		}
	}
	for i, r := range batch {
		if r.then != nil {
			r.then(results[i])
		}
	}
	for _, e := range events {
		s.people.see(e)
	}
	s.world.wake(st)
	if st.Stop != nil && len(events) > 0 {
		s.cancelLong()
	}
	if st.Ended != nil {
		s.ended(st)
		return
	}
	s.schedule()
}

// cancelLong ends checks and preparations under way, as Engine.cancelLong does: they fail.
func (s *sim) cancelLong() {
	for _, it := range s.queue {
		if it.life == s.life && it.cancel != nil {
			it.run, it.cancel = it.cancel, nil
		}
	}
}

// schedule puts the engine's next tick on the heap.
func (s *sim) schedule() {
	at, ok := s.st.Wake()
	if !ok {
		return
	}
	// The engine naps at most a minute, in case the wall clock was set.
	d := min(max(0, at.Sub(s.clock.Last)), time.Minute)
	if at := s.time + d; s.tickAt < s.time || at < s.tickAt {
		s.tickAt = at
		s.after(d, s.life, func() {
			s.tickAt = -1
			if len(s.batch) == 0 {
				s.flush()
			}
		})
	}
}

// ended ends an engine's life in order, and with it perhaps the run.
func (s *sim) ended(st *state.State) {
	s.tracef("ended: %s, %s", st.Ended.Outcome, st.Ended.Reason)
	s.oracle.compare(st)
	s.st = nil
	s.life++
	s.batch = nil
	s.oracle.atRest()
	switch {
	case st.Ended.Outcome == event.OutcomeDone:
		s.over = true
	case s.inCalm() && s.resumes == calmResumes:
		s.over = true
	default:
		if s.inCalm() {
			s.resumes++
		}
		s.after(s.between(time.Minute, time.Hour), 0, func() {
			var first []decide.Input
			if s.chance(s.Odds.Offline) {
				first = s.people.offline()
			}
			s.startEngine(append(first, decide.Resume{By: "ann"})...)
		})
	}
}

// startEngine begins an engine's life on what the log holds.
func (s *sim) startEngine(first ...decide.Input) {
	if s.st != nil {
		return
	}
	st, err := engine.Open(s.ctx, readOnce{s.store.Open(), s.oracle})
	if err != nil {
		s.fail("open the log: %v", err)
		return
	}
	s.life++
	s.st, s.batch, s.tickAt = st, nil, -1
	s.clock, s.asked = engine.Clock{Last: st.State.Time}, s.time
	s.tracef("engine %d starts", s.life)
	s.submit(decide.EngineStart{PID: s.life, Host: "sim", Popkit: "sim"}, nil)
	if s.inCalm() || s.rng.IntN(2) == 0 {
		s.submit(decide.Attend{Attached: 1}, nil)
	}
	for _, in := range first {
		s.submit(in, nil)
	}
	if s.inCalm() {
		s.submit(decide.Unpause{By: "ann"}, nil)
	}
	s.people.look()
	if s.chance(s.Odds.Kill) {
		s.after(time.Duration(s.rng.ExpFloat64()*float64(5*time.Minute)), s.life, s.kill)
	}
}

// kill ends the engine at once. What it had under way may have happened or not.
func (s *sim) kill() {
	if s.st == nil {
		return
	}
	s.kills++
	s.tracef("engine %d is killed", s.life)
	old := s.life
	s.st, s.batch = nil, nil
	s.life++ // nothing of the old life happens any more, unless chosen now
	s.world.engineDied()
	for _, it := range slices.SortedFunc(slices.Values(s.queue), func(a, b *item) int { return cmp.Compare(a.n, b.n) }) {
		switch {
		case it.life != old:
		case it.what == whatAct && s.rng.IntN(2) == 0:
			it.run() // it happened, and nobody was told
		case it.what == whatEnd && s.chance(s.Odds.LateEnd):
			it.life, it.at = 0, it.at+s.between(0, time.Hour) // told late, to another engine
		}
	}
	heap.Init(&s.queue)
	if s.chance(s.Odds.WallJump) {
		s.skew += s.between(-48*time.Hour, 48*time.Hour)
	}
	s.after(s.between(time.Second, 30*time.Minute), 0, func() { s.startEngine() })
}

// calm ends the time of faults.
func (s *sim) calm() {
	s.tracef("from here on nothing fails")
	s.submit(decide.Attend{Attached: 1}, nil)
	s.submit(decide.Unpause{By: "ann"}, nil)
	s.people.calm()
}

var errDiskFull = errors.New("no space left on device")

// appendFault is memlog's hook: what goes wrong with an append.
func (s *sim) appendFault(after int64, evs []event.Event) *memlog.Fault {
	if land := s.KillAt - after; s.kills == 0 && land > 0 && land <= int64(len(evs)) {
		s.injected = true
		return memlog.Crash(int(land), errors.New("killed"))
	}
	if !s.chance(s.Odds.Append) {
		return nil
	}
	land := s.rng.IntN(len(evs) + 1)
	s.injected = true
	switch s.rng.IntN(4) {
	case 0:
		return memlog.Refuse(errDiskFull)
	case 1:
		return memlog.Crash(land, errDiskFull)
	default:
		return memlog.Unknown(land)
	}
}

func (s *sim) traceInputs(inputs []decide.Input) {
	if s.Trace == nil {
		return
	}
	for _, in := range inputs {
		switch in := in.(type) {
		case decide.EffectEnded:
			s.tracef("  input: end of effect, asked for by event %d: %s", in.Asked, event.Line(in.Data))
		case decide.Edit:
			s.tracef("  input: edit: %s", event.Line(in.Edited))
		default:
			s.tracef("  input: %T%+v", in, in)
		}
	}
}

func (s *sim) tracef(format string, args ...any) {
	if s.Trace == nil {
		return
	}
	// A transcript that can't be written is of no use, but no failure of the run.
	if _, err := fmt.Fprintf(s.Trace, "%12s  %s\n", s.time.Round(time.Millisecond), fmt.Sprintf(format, args...)); err != nil {
		s.fail("trace: %v", err)
	}
}
