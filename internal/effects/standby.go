package effects

import (
	"context"
	"errors"
	"maps"
	"slices"

	"popkit/internal/agent"
	"popkit/internal/core/event"
	"popkit/internal/engine"
	"popkit/internal/proc"
)

// standbys is how many agents may be started ahead: as many as can start at once when
// slots get free. Each costs memory while it waits.
const standbys = 2

// launched is an agent's session and its place.
type launched struct {
	seat    Seat
	session agent.Session
	cancel  context.CancelFunc // ends the session

	begun chan struct{} // closed by begin, which sets what is below
	key   string
	tell  func(event.Data)
}

// begin is called once it is told that the agent runs.
func (l *launched) begin(key string, tell func(event.Data)) {
	l.key, l.tell = key, tell
	close(l.begun)
}

// end ends an agent whose turn will not come.
func (l *launched) end() error {
	l.session.Stop(true)
	l.cancel()
	l.session.Wait()
	return l.seat.Leave()
}

// launch starts an agent in its place; ahead says that it has to wait for begin. It
// ends by cancel, and not with the effect that started it.
func (e *Effects) launch(ctx context.Context, rt agent.Runtime, o engine.Order, ahead bool) (*launched, error) {
	seat, err := e.cfg.Seat(context.WithoutCancel(ctx), o) // which is left after that
	if err != nil {
		return nil, err
	}
	caller := ctx
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	isStarted := context.AfterFunc(caller, cancel) // the end of the caller's ends what is being started
	l := &launched{seat: seat, cancel: cancel, begun: make(chan struct{})}
	s := agent.Spec{
		Run: o.Run, Task: o.Task, Agent: o.Agent, Phase: o.PhaseName, Role: o.Request.Role, RoleDef: o.Role, Attempt: o.Request.Attempt,
		Prompt: o.Request.Prompt, Workspace: o.Workspace, Env: seat.Env, ResultFile: seat.ResultFile,
		Transcript: seat.Transcript, TranscriptLimit: seat.TranscriptLimit, Secrets: seat.Secrets, Freezer: e.cfg.Freezer,
		Confine: seat.Confine, Caller: seat.Caller, State: seat.State, Given: seat.Given,
		Again: func(id proc.Ident, why string) {
			select {
			case <-l.begun: // no other process goes on before it is told that there was one
			case <-ctx.Done():
				return
			}
			seat.Begun(id.PID)
			l.tell(event.AgentResumed{Effect: l.key, Agent: o.Agent, PID: id.PID, StartTime: id.StartTime, Boot: id.Boot, Why: e.cfg.Redactor.String(why)})
		},
	}
	if ahead {
		s.Begin = l.begun
	}
	if l.session, err = rt.Start(ctx, s); err != nil {
		isStarted()
		cancel()
		return nil, errors.Join(err, seat.Leave())
	}
	if !isStarted() { // just too late
		return nil, errors.Join(caller.Err(), l.end())
	}
	return l, nil
}

// standby is an agent that is being started ahead, or was.
type standby struct {
	cancel context.CancelFunc
	done   chan struct{} // closed once l is set
	l      *launched     // nil: it could not be started, and is when its turn comes
}

// standBy starts an agent whose workspace is there but whose turn has not come: the
// program of a Patient runtime takes a second or more to start. Whatever keeps it from
// that is no matter.
func (e *Effects) standBy(ctx context.Context, o engine.Order) {
	rt, err := e.cfg.Runtime(o.Request.Runtime)
	if _, ok := rt.(agent.Patient); err != nil || !ok {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || len(e.waiting) >= standbys {
		return
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &standby{cancel: cancel, done: make(chan struct{})}
	e.waiting[o.Agent] = s
	go func() {
		defer close(s.done)
		if l, err := e.launch(ctx, rt, o, true); err == nil {
			s.l = l
		}
	}()
}

// ready returns the agent that stands by, or starts it.
func (e *Effects) ready(ctx context.Context, o engine.Order) (*launched, error) {
	rt, err := e.cfg.Runtime(o.Request.Runtime)
	if err != nil {
		return nil, err
	}
	if s := e.take(o.Agent); s != nil {
		s.cancel() // what still waits for a good time waits no more
		if <-s.done; s.l != nil {
			return s.l, nil
		}
	}
	return e.launch(ctx, rt, o, false)
}

func (e *Effects) take(agent string) *standby {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.waiting[agent]
	delete(e.waiting, agent)
	return s
}

// dismiss ends an agent that stands by and whose turn will not come.
func (e *Effects) dismiss(agent string) error {
	s := e.take(agent)
	if s == nil {
		return nil
	}
	s.cancel()
	if <-s.done; s.l == nil {
		return nil
	}
	return s.l.end()
}

// Close ends what still stands by. Nothing is asked of the Effects after it.
func (e *Effects) Close() error {
	e.mu.Lock()
	e.closed = true
	agents := slices.Collect(maps.Keys(e.waiting))
	e.mu.Unlock()
	var errs []error
	for _, agent := range agents {
		errs = append(errs, e.dismiss(agent))
	}
	return errors.Join(errs...)
}
