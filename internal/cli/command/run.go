package command

import (
	"context"
	"errors"
	"slices"

	"popkit/internal/api"
	"popkit/internal/core/nearest"
	"popkit/internal/core/view"
	"popkit/internal/runs"
)

// Open returns the run and who takes calls for it: its engine, or, where none
// lives, what people may still say without one.
func (e *Env) Open(ctx context.Context, name string) (runs.Run, api.Caller, error) {
	r, err := e.Find(ctx, name)
	if err != nil {
		return r, nil, err
	}
	c, err := e.Caller(ctx, r)
	return r, c, err
}

// Caller returns who takes calls for the run.
func (e *Env) Caller(ctx context.Context, r runs.Run) (api.Caller, error) {
	h, err := r.Holder()
	if err != nil {
		return nil, err
	}
	if h != nil {
		return e.Dial(h.Socket), nil
	}
	c, err := e.Host.Offline(ctx, r)
	if err != nil {
		return nil, Environment(err)
	}
	return c, nil
}

// Status is the run as it is: its engine's word, or a fold of its log.
func (e *Env) Status(ctx context.Context, r runs.Run) (view.Status, error) {
	h, err := r.Holder()
	if err != nil {
		return view.Status{}, err
	}
	if h != nil {
		var v view.Status
		err := e.Dial(h.Socket).Call(ctx, api.OpStatus, nil, &v)
		if err == nil || !Ending(err) && !errors.Is(err, api.ErrCutOff) {
			return v, err
		}
	}
	s, err := r.Fold(ctx)
	if err != nil {
		return view.Status{}, Environment(err)
	}
	v := view.Make(s, e.Now(), nil)
	failure, err := r.Failure()
	if failure != nil {
		v.Errors = append(v.Errors, *failure)
	}
	return v, err
}

// FindStatus finds a run and returns it as it is.
func (e *Env) FindStatus(ctx context.Context, name string) (runs.Run, view.Status, error) {
	r, err := e.Find(ctx, name)
	if err != nil {
		return r, view.Status{}, err
	}
	v, err := e.Status(ctx, r)
	return r, v, err
}

// TaskOf returns the task of that ID, or says which one was meant.
func TaskOf(v view.Status, id string) (view.Task, error) {
	ids := make([]string, len(v.Tasks))
	for i, t := range v.Tasks {
		ids[i] = t.ID
	}
	if i := slices.Index(ids, id); i >= 0 {
		return v.Tasks[i], nil
	}
	return view.Task{}, Usage(nearest.Hint(id, ids, "popkit power status"), "no task %q in run %s", id, v.Run)
}

// AgentOf returns the agent of that ID, or says which one was meant.
func AgentOf(v view.Status, id string) (view.Agent, error) {
	ids := make([]string, len(v.Agents))
	for i, a := range v.Agents {
		ids[i] = a.ID
	}
	if i := slices.Index(ids, id); i >= 0 {
		return v.Agents[i], nil
	}
	return view.Agent{}, Usage(nearest.Hint(id, ids, "popkit power status"), "no agent %q in run %s", id, v.Run)
}

// First is a command's optional argument.
func First(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// Git runs git for a command that shows or merges a result.
func (e *Env) Git(ctx context.Context, s Streams, dir string, args ...string) error {
	code, err := e.Host.Git(ctx, s, dir, args...)
	if err != nil {
		return Environment(err)
	}
	if code != 0 {
		return Failed("", "git %s ended with exit code %d", args[0], code)
	}
	return nil
}

// Ending says that the engine is about to be gone, or is.
func Ending(err error) bool {
	var call *api.Error
	return errors.Is(err, api.ErrNoEngine) || errors.As(err, &call) && call.Kind == api.KindEnded
}
