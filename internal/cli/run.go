package cli

import (
	"context"
	"slices"

	"popkit/internal/api"
	"popkit/internal/core/nearest"
	"popkit/internal/core/view"
	"popkit/internal/runs"
)

// open returns the run and who takes calls for it: its engine, or, where none
// lives, what people may still say without one.
func (e *Env) open(ctx context.Context, name string) (runs.Run, api.Caller, error) {
	r, err := e.find(ctx, name)
	if err != nil {
		return r, nil, err
	}
	c, err := e.caller(ctx, r)
	return r, c, err
}

func (e *Env) caller(ctx context.Context, r runs.Run) (api.Caller, error) {
	h, err := r.Holder()
	if err != nil {
		return nil, err
	}
	if h != nil {
		return e.Dial(h.Socket), nil
	}
	c, err := e.Host.Offline(ctx, r)
	if err != nil {
		return nil, environment(err)
	}
	return c, nil
}

// status is the run as it is: its engine's word, or a fold of its log.
func (e *Env) status(ctx context.Context, r runs.Run) (view.Status, error) {
	h, err := r.Holder()
	if err != nil {
		return view.Status{}, err
	}
	if h != nil {
		var v view.Status
		err := e.Dial(h.Socket).Call(ctx, api.OpStatus, nil, &v)
		if err == nil || !ending(err) {
			return v, err
		}
	}
	s, err := r.Fold(ctx)
	if err != nil {
		return view.Status{}, environment(err)
	}
	return view.Make(s, e.Now(), nil), nil
}

// findStatus finds a run and returns it as it is.
func (e *Env) findStatus(ctx context.Context, name string) (runs.Run, view.Status, error) {
	r, err := e.find(ctx, name)
	if err != nil {
		return r, view.Status{}, err
	}
	v, err := e.status(ctx, r)
	return r, v, err
}

// taskOf returns the task of that ID, or says which one was meant.
func taskOf(v view.Status, id string) (view.Task, error) {
	ids := make([]string, len(v.Tasks))
	for i, t := range v.Tasks {
		ids[i] = t.ID
	}
	if i := slices.Index(ids, id); i >= 0 {
		return v.Tasks[i], nil
	}
	return view.Task{}, usage(nearest.Hint(id, ids, "popkit power status"), "no task %q in run %s", id, v.Run)
}

// agentOf returns the agent of that ID, or says which one was meant.
func agentOf(v view.Status, id string) (view.Agent, error) {
	ids := make([]string, len(v.Agents))
	for i, a := range v.Agents {
		ids[i] = a.ID
	}
	if i := slices.Index(ids, id); i >= 0 {
		return v.Agents[i], nil
	}
	return view.Agent{}, usage(nearest.Hint(id, ids, "popkit power status"), "no agent %q in run %s", id, v.Run)
}

// first is a command's optional argument.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
