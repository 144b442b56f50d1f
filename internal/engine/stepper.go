package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/eventlog"
)

// appendAttempts bounds how often an append with unknown outcome is settled.
const appendAttempts = 5

// Stepper owns a state and its log. It is not safe for concurrent use.
type Stepper struct {
	State *state.State
	log   eventlog.Log
	wake  time.Time // when the state has to be looked at again; zero: an input will tell
	dead  error
}

// Result is what became of one input: its events, or why it was refused.
type Result struct {
	Events  []event.Event
	Refused error
}

// Open folds a log. The log must hold a run's first event at least.
func Open(ctx context.Context, log eventlog.Log) (*Stepper, error) {
	s, err := Fold(ctx, log)
	if err != nil {
		return nil, err
	}
	st := newStepper(log)
	st.State = s
	return st, nil
}

func newStepper(log eventlog.Log) *Stepper { return &Stepper{State: state.New(), log: log} }

// Fold reads a whole log into a state.
func Fold(ctx context.Context, log eventlog.Reader) (*state.State, error) {
	s := state.New()
	for e, err := range log.Read(ctx, 1) {
		if err != nil {
			return nil, err
		}
		if err := s.Apply(e); err != nil {
			return nil, err
		}
	}
	if s.Seq == 0 {
		return nil, errors.New("the log is empty: no run was created in it")
	}
	return s, nil
}

// Wake returns when a decide.Tick is due unless another input comes first; false
// when only an input can bring news. Inputs of agents that talk put it off at no
// time: a deadline that passes among them is due all the same.
func (st *Stepper) Wake() (time.Time, bool) { return st.wake, !st.wake.IsZero() }

// Due reports whether a Tick has to be among the next inputs.
func (st *Stepper) Due(now time.Time) bool { return !st.wake.IsZero() && !now.Before(st.wake) }

// rest notes when the state has to be looked at again.
func (st *Stepper) rest(now time.Time, inputs []decide.Input, events []event.Event) {
	talked := !slices.ContainsFunc(inputs, func(in decide.Input) bool { return !decide.OnlyTalk(in) })
	if talked && decide.Quiet(events) {
		return
	}
	if now = now.UTC(); now.Before(st.State.Time) {
		now = st.State.Time
	}
	at, ok := decide.NextWake(st.State, now)
	if !ok {
		at = time.Time{}
	}
	st.wake = at
}

// Step decides on the inputs in order and appends what they amount to as one
// batch. An error other than in a Result is the end of this Stepper: its state
// may hold what the log does not.
func (st *Stepper) Step(ctx context.Context, now time.Time, inputs ...decide.Input) ([]Result, error) {
	if st.dead != nil {
		return nil, st.dead
	}
	after := st.State.Seq
	results := make([]Result, len(inputs))
	var batch []event.Event
	for i, in := range inputs {
		events, err := decide.Step(st.State, now, in)
		var refusal *decide.Refusal
		switch {
		case errors.As(err, &refusal):
			results[i].Refused = err
		case err != nil:
			return nil, st.die(fmt.Errorf("decide on %T: %w", in, err))
		default:
			results[i].Events = events
			batch = append(batch, events...)
		}
	}
	st.rest(now, inputs, batch)
	if len(batch) == 0 {
		return results, nil
	}
	if err := st.append(ctx, after, batch); err != nil {
		return nil, st.die(err)
	}
	return results, nil
}

func (st *Stepper) die(err error) error {
	st.dead = err
	return err
}

// append writes the batch, settling outcomes that are unknown.
func (st *Stepper) append(ctx context.Context, after int64, batch []event.Event) error {
	for range appendAttempts {
		err := st.log.Append(ctx, after, batch)
		if err == nil || !errors.Is(err, eventlog.ErrUnknown) {
			return err
		}
		landed, err := st.landed(ctx, after, batch)
		if err != nil {
			return err
		}
		after += int64(landed)
		batch = batch[landed:]
		if len(batch) == 0 {
			return nil
		}
	}
	return fmt.Errorf("append after event %d: %w, %d times in a row", after, eventlog.ErrUnknown, appendAttempts)
}

// landed counts how many events of the batch are in the log after all. Others'
// events in their place mean that this engine was deposed.
func (st *Stepper) landed(ctx context.Context, after int64, batch []event.Event) (int, error) {
	n := 0
	for e, err := range st.log.Read(ctx, after+1) {
		if err != nil {
			return 0, fmt.Errorf("settle an append: %w", err)
		}
		if n == len(batch) || !same(e, batch[n]) {
			return 0, fmt.Errorf("settle an append: event %d is another engine's: %w", e.Seq, eventlog.ErrLost)
		}
		n++
	}
	return n, nil
}

func same(a, b event.Event) bool {
	x, errX := event.Encode(a)
	y, errY := event.Encode(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// Record appends what an input amounts to and nothing that follows from it: for
// a run that has no engine to carry it out.
func (st *Stepper) Record(ctx context.Context, now time.Time, in decide.Input) ([]event.Event, error) {
	if st.dead != nil {
		return nil, st.dead
	}
	after := st.State.Seq
	events, err := decide.Record(st.State, now, in)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	if err := st.append(ctx, after, events); err != nil {
		return nil, st.die(err)
	}
	return events, nil
}
