package server

import (
	"slices"
	"time"

	"popkit/internal/api"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
)

// pause makes the run stand still and waits until it does.
func (c *call) pause() (any, error) {
	a, err := args[api.PauseArgs](c)
	if err != nil {
		return nil, err
	}
	if err := c.submit(decide.Pause{By: a.By, Reason: a.Reason}, nil); err != nil {
		return nil, err
	}
	return c.stood(func(s *state.State) bool { return !s.Still() || s.Pause.Frozen != nil })
}

func (c *call) unpause() (any, error) {
	a, err := args[api.PauseArgs](c)
	if err != nil {
		return nil, err
	}
	if err := c.submit(decide.Unpause{By: a.By}, nil); err != nil {
		return nil, err
	}
	return c.stood(func(s *state.State) bool { return s.Still() || s.Pause.Frozen == nil })
}

// stood waits and says how the run stands.
func (c *call) stood(until func(*state.State) bool) (any, error) {
	var out api.Paused
	err := c.s.run.Await(c.ctx, func(s *state.State) bool {
		if !until(s) {
			return false
		}
		out = api.Paused{Paused: s.Still()}
		if f := s.Pause.Frozen; f != nil {
			out.How, out.Processes, out.Left = f.How, f.Processes, f.Left
		}
		if s.Quota != nil {
			out.Quota = s.Quota.Until.Format(time.RFC3339)
		}
		return true
	})
	return given(&out, err)
}

func (c *call) boundary() (any, error) {
	a, err := args[api.BoundaryArgs](c)
	if err != nil {
		return nil, err
	}
	out := api.Boundary{Task: a.Task}
	err = c.submit(decide.AddBoundary{Glob: a.Glob, Task: a.Task, By: a.By}, func(s *state.State, _ []event.Event) {
		out.Globs = slices.Clone(s.Boundaries.FilePatterns)
		if t := s.Tasks[a.Task]; t != nil {
			out.Globs = slices.Clone(t.Scope)
		}
	})
	return given(&out, err)
}

func (c *call) reassign() (any, error) {
	a, err := args[api.ReassignArgs](c)
	if err != nil {
		return nil, err
	}
	return nil, c.submit(decide.Reassign{Task: a.Task, Role: a.Role, Runtime: a.Runtime, By: a.By, Reason: a.Reason}, nil)
}

func (c *call) usage() (any, error) {
	a, err := args[api.UsageArgs](c)
	if err != nil {
		return nil, err
	}
	return nil, c.submit(decide.Use{Agent: string(c.who), Used: a.Usage}, nil)
}
