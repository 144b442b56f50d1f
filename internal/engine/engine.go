package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
)

const (
	queueSize = 1024 // inputs that wait; more block their senders
	batchSize = 256  // inputs decided on before one append
	// maxNap bounds a timer: those of a suspended machine stand still, so the
	// wall clock is looked at again.
	maxNap = time.Minute
)

// ErrEnded is returned by Submit, Query and Await once the engine has ended.
var ErrEnded = fmt.Errorf("the run's engine has ended: %w", context.Canceled)

// Effects does things outside. It is called by the engine's goroutine and must
// not block it.
type Effects interface {
	// Do carries the order out and returns the event that ends it. It is called
	// in a goroutine of its own. tell, for kind run, may be called before the end:
	// with AgentStarted once, then with AgentSeen. An ended context means: leave
	// off, soon.
	Do(ctx context.Context, o Order, tell func(event.Data)) event.Data
	// StopAgent asks for the end of a running agent, now or after its tool call.
	StopAgent(agent string, now bool)
}

// Observer is told what was appended, in order, by the engine's goroutine. It
// may read s until it returns, and must be quick.
type Observer func(s *state.State, events []event.Event)

// Engine runs one run.
type Engine struct {
	st      *Stepper
	effects Effects
	observe Observer

	queue chan request
	talk  chan request // what agents merely say
	ended chan struct{}

	// Owned by the goroutine in Run.
	cancels   map[string]*underWay // by effect key
	preparing int                  // workspaces on their way
	waiters   []waiter
	wg        sync.WaitGroup
	crowd     gatherer
	clock     Clock
	asked     time.Time // when the clock was asked last, by the machine's monotonic clock
}

// underWay is an effect whose goroutine has not ended.
type underWay struct{ cancel context.CancelFunc }

type request struct {
	in    decide.Input // nil: a query only
	read  func(s *state.State, r Result)
	done  chan struct{}
	until func(s *state.State) bool // wait until it holds
}

type waiter struct {
	until func(s *state.State) bool
	done  chan struct{}
}

// New makes an engine for a folded log. observe may be nil.
func New(st *Stepper, effects Effects, observe Observer) *Engine {
	if observe == nil {
		observe = func(*state.State, []event.Event) {}
	}
	return &Engine{
		st: st, effects: effects, observe: observe, cancels: map[string]*underWay{},
		queue: make(chan request, queueSize), talk: make(chan request, queueSize), ended: make(chan struct{}), clock: Clock{Last: st.State.Time},
	}
}

// Submit hands in an input and waits until it is decided and in the log. read,
// if not nil, is called then by the engine's goroutine with the state and the
// input's events; it must copy what it keeps. A *decide.Refusal is returned as
// the error.
func (e *Engine) Submit(ctx context.Context, in decide.Input, read func(*state.State, []event.Event)) error {
	var refused error
	r := request{in: in, done: make(chan struct{}), read: func(s *state.State, res Result) {
		refused = res.Refused
		if refused == nil && read != nil {
			read(s, res.Events)
		}
	}}
	if err := e.send(ctx, r); err != nil {
		return err
	}
	return refused
}

// Post hands in an input and does not wait for what becomes of it: what is handed
// in after it is decided on after it. A refusal is nobody's to hear.
func (e *Engine) Post(ctx context.Context, in decide.Input) error {
	r := request{in: in}
	select {
	case e.queueOf(r) <- r:
		return nil
	case <-e.ended:
		return ErrEnded
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Query calls read with the state, in the engine's goroutine.
func (e *Engine) Query(ctx context.Context, read func(*state.State)) error {
	return e.send(ctx, request{done: make(chan struct{}), read: func(s *state.State, _ Result) { read(s) }})
}

// Await returns once until holds; it is asked after each batch, by the engine's
// goroutine.
func (e *Engine) Await(ctx context.Context, until func(*state.State) bool) error {
	return e.send(ctx, request{done: make(chan struct{}), until: until})
}

func (e *Engine) send(ctx context.Context, r request) error {
	select {
	case e.queueOf(r) <- r:
	case <-e.ended:
		return ErrEnded
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-r.done:
		return nil
	case <-e.ended:
		select {
		case <-r.done: // answered in the last batch
			return nil
		default:
			return ErrEnded
		}
	case <-ctx.Done():
		select {
		case <-r.done: // both at once: what was answered counts
			return nil
		default:
			return ctx.Err()
		}
	}
}

// Run is the engine's goroutine. It returns nil when the run has ended. The
// inputs of first are decided on together with start: decide.Resume among them
// makes an ended run go on.
func (e *Engine) Run(ctx context.Context, start decide.EngineStart, first ...decide.Input) error {
	ctx, cancel := context.WithCancel(ctx)
	defer func() {
		cancel()
		e.wg.Wait()
		close(e.ended)
	}()
	timer := time.NewTimer(maxNap)
	defer timer.Stop()
	begin := []request{{in: start}}
	for _, in := range first {
		begin = append(begin, request{in: in})
	}
	if err := e.batch(ctx, begin); err != nil {
		return err
	}
	for e.st.State.Ended == nil {
		timer.Reset(e.nap())
		select {
		case r := <-e.queue:
			if err := e.batch(ctx, e.drain(nil, r)); err != nil {
				return err
			}
		case r := <-e.talk:
			if err := e.batch(ctx, e.gather(ctx, r)); err != nil {
				return err
			}
		case <-timer.C:
			if err := e.batch(ctx, []request{{in: decide.Tick{}}}); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// now asks the engine's clock.
func (e *Engine) now() time.Time {
	wall := time.Now()
	var elapsed time.Duration
	if !e.asked.IsZero() {
		elapsed = wall.Sub(e.asked)
	}
	e.asked = wall
	return e.clock.Now(wall, elapsed)
}

// nap is how long to wait for an input at most.
func (e *Engine) nap() time.Duration {
	if at, ok := e.st.Wake(); ok {
		return min(max(0, at.Sub(e.now())), maxNap)
	}
	return maxNap
}

// batch decides on the requests, appends once, then lets the world know.
func (e *Engine) batch(ctx context.Context, requests []request) error {
	var inputs []decide.Input
	for _, r := range requests {
		if r.in != nil {
			inputs = append(inputs, r.in)
		}
	}
	now := e.now()
	if e.st.Due(now) {
		inputs = append(inputs, decide.Tick{})
	}
	results, err := e.st.Step(ctx, now, inputs...)
	if err != nil {
		return err
	}
	var events []event.Event
	for _, r := range results {
		events = append(events, r.Events...)
	}
	e.release(ctx, events)
	if len(events) > 0 {
		e.observe(e.st.State, events)
	}
	e.reply(requests, results)
	e.crowd.last = time.Now()
	return nil
}

func (e *Engine) reply(requests []request, results []Result) {
	i := 0
	for _, r := range requests {
		var res Result
		if r.in != nil {
			res, i = results[i], i+1
		}
		if r.until != nil {
			e.waiters = append(e.waiters, waiter{r.until, r.done})
			continue
		}
		if r.read != nil {
			r.read(e.st.State, res)
		}
		if r.done != nil {
			close(r.done)
		}
	}
	waiting := e.waiters[:0]
	for _, w := range e.waiters {
		if w.until(e.st.State) {
			close(w.done)
		} else {
			waiting = append(waiting, w)
		}
	}
	clear(e.waiters[len(waiting):])
	e.waiters = waiting
}

// release starts the effects that the events ask for.
func (e *Engine) release(ctx context.Context, events []event.Event) {
	for _, a := range Actions(e.st.State, events) {
		if a.Order != nil {
			e.start(ctx, *a.Order)
		} else {
			e.effects.StopAgent(a.Stop.Agent, a.Stop.Now)
		}
	}
	if len(events) > 0 && (e.st.State.Stop != nil || e.preparing > 0) {
		e.cancelLong(e.st.State)
	}
}

// cancelLong ends effects that may take long, lose nothing by it, and that nobody
// waits for any more: the run is being stopped, or the attempt is not wanted.
func (e *Engine) cancelLong(s *state.State) {
	for key, u := range e.cancels {
		ef := s.Effects[key]
		if ef == nil {
			continue
		}
		switch ef.Kind {
		case event.EffectCheck, event.EffectBlame:
			if s.Stop != nil {
				u.cancel()
			}
		case event.EffectRun: // it waits until it may start; once it runs it is asked to end
			if s.Stop != nil && s.Agents[ef.Agent].Status == state.AgentPrepared && ef.Status != state.EffectUnknown {
				u.cancel()
			}
		case event.EffectPrepare: // the user's setup command may be part of it
			if s.Stop != nil || !decide.Wanted(s, s.Agents[ef.Agent]) {
				u.cancel()
			}
		}
	}
}

// start carries an order out in a goroutine and hands its end back in.
func (e *Engine) start(ctx context.Context, o Order) {
	mine, cancel := context.WithCancel(ctx)
	u := &underWay{cancel}
	e.cancels[o.Key] = u
	if o.Kind == event.EffectPrepare {
		e.preparing++
	}
	e.wg.Go(func() {
		defer cancel()
		end := e.effects.Do(mine, o, func(d event.Data) { e.handIn(ctx, o.Asked, d, nil) })
		e.handIn(ctx, o.Asked, end, func(*state.State, Result) {
			if o.Kind == event.EffectPrepare {
				e.preparing--
			}
			if e.cancels[o.Key] == u { // else asked for again meanwhile
				delete(e.cancels, o.Key)
			}
		})
	})
}

// handIn puts what an effect brought into the queue; only the engine's end
// excuses it.
func (e *Engine) handIn(ctx context.Context, asked int64, d event.Data, read func(*state.State, Result)) {
	select {
	case e.queue <- request{in: decide.EffectEnded{Data: d, Asked: asked}, read: read}:
	case <-ctx.Done():
	}
}
