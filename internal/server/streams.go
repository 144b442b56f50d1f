package server

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"popkit/internal/api"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
)

// wireEvent is an event as it is handed out.
func wireEvent(e event.Event) (api.Event, error) {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return api.Event{}, fmt.Errorf("event %d: %w", e.Seq, err)
	}
	return api.Event{Seq: e.Seq, Time: e.Time, Type: e.Data.Type(), Data: data}, nil
}

// follow streams the log, as far as it goes or live.
func (c *call) follow() (any, error) {
	a, err := args[api.FollowArgs](c)
	if err != nil {
		return nil, err
	}
	read := c.s.log.Read
	if a.Live {
		read = c.s.log.Follow
	}
	for e, err := range read(c.ctx, a.From) {
		if err != nil {
			return nil, err
		}
		w, err := wireEvent(e)
		if err != nil {
			return nil, err
		}
		raw, err := json.Marshal(w)
		if err != nil {
			return nil, err
		}
		if c.out.more(raw); c.out.err != nil {
			return nil, c.out.err
		}
	}
	return nil, nil
}

// attend streams the run's progress to a terminal until the run has ended, and
// counts the terminal among those that can answer.
func (c *call) attend() (any, error) {
	a, err := args[api.AttendArgs](c)
	if err != nil {
		return nil, err
	}
	if a.CanAnswer {
		if err := c.s.attach(c.ctx, 1); err != nil {
			return nil, err
		}
		defer c.s.detach()
	}
	var p api.Progress
	var ended bool
	look := func(s *state.State) {
		p.Status, ended = view.Make(s, time.Now(), c.s.engine(s)), s.Ended != nil
	}
	if err := c.s.run.Query(c.ctx, look); err != nil {
		return nil, err
	}
	for from := int64(0); ; from = p.Status.Seq {
		if p.Events, err = c.between(from, p.Status.Seq); err != nil {
			return nil, err
		}
		if ended {
			return p, nil
		}
		raw, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		if c.out.more(raw); c.out.err != nil {
			return nil, c.out.err
		}
		err = c.s.run.Await(c.ctx, func(s *state.State) bool {
			news := s.Seq > p.Status.Seq
			if news {
				look(s) // now: the engine may end with this batch
			}
			return news
		})
		if err != nil {
			return nil, err
		}
	}
}

// between returns the events after from up to to; none when from is 0, the
// beginning of a stream.
func (c *call) between(from, to int64) ([]api.Event, error) {
	out := []api.Event{}
	if from == 0 {
		return out, nil
	}
	// The run may end with these very events, and the server with it.
	for e, err := range c.s.log.Read(context.WithoutCancel(c.ctx), from+1) {
		if err != nil {
			return nil, err
		}
		if e.Seq > to {
			break
		}
		w, err := wireEvent(e)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// attach counts terminals that can answer.
func (s *Server) attach(ctx context.Context, n int) error {
	s.mu.Lock() // held while it is handed in, so that the counts arrive in order
	defer s.mu.Unlock()
	s.attached += n
	return s.run.Submit(ctx, decide.Attend{Attached: s.attached}, nil)
}

// detach counts one out; the call's own context has ended by then.
func (s *Server) detach() {
	if err := s.attach(s.ctx, -1); err != nil {
		return // the engine is ending: there is nobody left to tell
	}
}
