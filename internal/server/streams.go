package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"popkit/internal/api"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/inbox"
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

// progressEvery is the least time between two lines of an attending terminal:
// a view of a thousand agents is not made for each of their reports.
const progressEvery = 50 * time.Millisecond

// attend streams the run's progress to a terminal until the run has ended, and
// counts the terminal among those that can answer.
func (c *call) attend() (any, error) {
	a, err := args[api.AttendArgs](c)
	if err != nil {
		return nil, err
	}
	if a.CanAnswer {
		if err := c.s.attach(c.ctx); err != nil {
			return nil, err
		}
		defer c.s.detach()
	}
	end := c.watchEnd()
	var status view.Status
	look := func(s *state.State) { status = view.Make(s, time.Now(), c.s.engine(s)) }
	if err := c.s.run.Query(c.ctx, look); err != nil {
		return end.instead(c, 0, err)
	}
	for from := int64(0); ; {
		seen := status.Seq
		if err := c.progress(from, status); err != nil {
			return nil, err
		}
		from = seen
		if err := c.s.run.Await(c.ctx, func(s *state.State) bool { return s.Seq > seen }); err != nil {
			return end.instead(c, from, err)
		}
		select {
		case <-time.After(progressEvery):
		case <-end.done:
		case <-c.ctx.Done():
		}
		if end.come() {
			return end.instead(c, from, nil)
		}
		if err := c.s.run.Query(c.ctx, look); err != nil {
			return end.instead(c, from, err)
		}
	}
}

// progress writes a line of progress: the events after from, and what they led to.
func (c *call) progress(from int64, status view.Status) error {
	events, err := c.between(from, status.Seq)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(api.Progress{Status: status, Events: events})
	if err != nil {
		return err
	}
	c.out.more(raw)
	return c.out.err
}

// urgent streams what can't wait for the agent to ask, until the agent has ended.
// What is handed over is in the log as given to it by then.
func (c *call) urgent() (any, error) {
	for over := false; ; {
		err := c.s.run.Await(c.ctx, func(s *state.State) bool {
			a := s.Agents[string(c.who)]
			over = a == nil || a.Exit != nil || a.Rejected != nil
			return over || inbox.Presses(s, a)
		})
		if err != nil {
			return nil, err // the caller is gone; the engine may still be looking, at over, too
		}
		if over {
			return nil, nil
		}
		var d view.Delivery
		in := decide.Pull{Agent: string(c.who), Via: "urgent", Take: inbox.Urgent}
		err = c.submit(in, func(s *state.State, events []event.Event) { d = view.Delivered(s, events) })
		if err != nil {
			return nil, err
		}
		if d.Empty() {
			continue // another call was faster
		}
		raw, err := json.Marshal(d)
		if err != nil {
			return nil, err
		}
		if c.out.more(raw); c.out.err != nil {
			return nil, c.out.err
		}
	}
}

// ending is the run's last status, as the engine had it when it ended: it answers
// no question after that.
type ending struct {
	done   chan struct{} // closed when it is known whether there is one
	status view.Status
	err    error
}

// watchEnd waits for the run's end beside the call. It returns once the run
// knows of that, so that no end is missed.
func (c *call) watchEnd() *ending {
	e := &ending{done: make(chan struct{})}
	watching := make(chan struct{})
	known := sync.OnceFunc(func() { close(watching) })
	c.s.wg.Go(func() {
		defer close(e.done)
		var last view.Status
		e.err = c.s.run.Await(c.ctx, func(s *state.State) bool {
			known()
			if s.Ended != nil {
				last = view.Make(s, time.Now(), c.s.engine(s))
			}
			return s.Ended != nil
		})
		if e.err == nil {
			e.status = last
		}
	})
	select {
	case <-watching:
	case <-e.done:
	}
	return e
}

func (e *ending) come() bool {
	select {
	case <-e.done:
		return true
	default:
		return false
	}
}

// instead is the stream's last line when the run has ended, and else the error
// that broke it off.
func (e *ending) instead(c *call, from int64, err error) (any, error) {
	<-e.done
	if e.err != nil {
		return nil, errors.Join(err, e.err)
	}
	events, err := c.between(from, e.status.Seq)
	return api.Progress{Status: e.status, Events: events}, err
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

// attach counts in a terminal that can answer.
func (s *Server) attach(ctx context.Context) error {
	s.mu.Lock() // held while it is handed in, so that the counts arrive in order
	defer s.mu.Unlock()
	s.attached++
	err := s.run.Submit(ctx, decide.Attend{Attached: s.attached}, nil)
	if err != nil {
		s.attached-- // it may have been taken all the same
		err = errors.Join(err, s.sayAttached())
	}
	return err
}

// detach counts one out; the call's own context has ended by then.
func (s *Server) detach() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attached--
	if err := s.sayAttached(); err != nil {
		return // the engine is ending: there is nobody left to tell
	}
}

func (s *Server) sayAttached() error {
	return s.run.Submit(s.ctx, decide.Attend{Attached: s.attached}, nil)
}
