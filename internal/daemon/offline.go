package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"popkit/internal/api"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
	"popkit/internal/engine"
	"popkit/internal/runs"
	"popkit/internal/server"
)

// Offline returns a caller for a run that no engine owns. What people may still
// say is appended to its log, under the log's lock; what follows from it is left
// to the engine that resumes the run.
func Offline(ctx context.Context, run runs.Run) (api.Caller, error) {
	if _, err := run.Fold(ctx); err != nil {
		return nil, err
	}
	log, err := run.Open()
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { log.Close() })
	none := func(*state.State) *view.Engine { return nil }
	return server.New(ctx, offline{run}, log, none).Local(), nil
}

// offline is a run without an engine.
type offline struct{ run runs.Run }

// Submit implements server.Run.
func (o offline) Submit(ctx context.Context, in decide.Input, read func(*state.State, []event.Event)) (err error) {
	switch in.(type) {
	case decide.Answer, decide.Retry, decide.Skip, decide.Edit, decide.ShareInsight, decide.Reassign, decide.AddBoundary:
	case decide.Attend, decide.Stop:
		return nil // nobody runs that it could mean
	default:
		return &decide.Refusal{Text: "no engine runs for run " + o.run.ID, Hint: "popkit power resume " + o.run.ID}
	}
	log, err := openLog(ctx, o.run, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	st, err := engine.Open(ctx, log)
	if err != nil {
		return err
	}
	events, err := st.Record(ctx, time.Now(), in)
	if err != nil {
		return err
	}
	if read != nil {
		read(st.State, events)
	}
	return nil
}

// Query implements server.Run.
func (o offline) Query(ctx context.Context, read func(*state.State)) error {
	s, err := o.run.Fold(ctx)
	if err != nil {
		return err
	}
	read(s)
	return nil
}

// Await implements server.Run.
func (o offline) Await(ctx context.Context, until func(*state.State) bool) error {
	s, err := o.run.Fold(ctx)
	if err != nil {
		return err
	}
	if !until(s) {
		return fmt.Errorf("run %s has no engine: nothing will happen (popkit power resume)", o.run.ID)
	}
	return nil
}
