package effects

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"popkit/internal/agent"
	"popkit/internal/core/event"
	"popkit/internal/engine"
	"popkit/internal/proc"
)

// patient starts agents that do nothing but wait for their turn.
type patient struct {
	mu    sync.Mutex
	began []string
	held  chan struct{} // if not nil, Start waits for it when it is ahead
	fails error         // of starts ahead
	ahead chan string   // agents that were started ahead
	gate  chan struct{} // if not nil, others say here that they wait for it, and do for ever
}

func (*patient) Patient() {}

func (p *patient) Start(ctx context.Context, s agent.Spec) (agent.Session, error) {
	if s.Begin != nil {
		p.ahead <- s.Agent
		if p.held != nil {
			select {
			case <-p.held:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		if p.fails != nil {
			return nil, p.fails
		}
	}
	if s.Begin == nil && p.gate != nil {
		p.gate <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	w := &waiting{done: make(chan struct{})}
	stop := context.AfterFunc(ctx, func() { w.end(event.ExitKilled) })
	go func() {
		defer stop()
		select {
		case <-begins(s.Begin):
			p.mu.Lock()
			p.began = append(p.began, s.Agent)
			p.mu.Unlock()
			w.end(event.ExitExited)
		case <-w.done:
		}
	}()
	return w, nil
}

// begins is closed when the agent may begin.
func begins(c <-chan struct{}) <-chan struct{} {
	if c != nil {
		return c
	}
	now := make(chan struct{})
	close(now)
	return now
}

type waiting struct {
	once   sync.Once
	done   chan struct{}
	reason event.ExitReason
}

func (w *waiting) end(r event.ExitReason) {
	w.once.Do(func() {
		w.reason = r
		close(w.done)
	})
}
func (w *waiting) Ident() proc.Ident { return proc.Ident{PID: 1} }
func (w *waiting) Stop(bool)         { w.end(event.ExitStopped) }
func (w *waiting) Wait() agent.Outcome {
	<-w.done
	return agent.Outcome{Reason: w.reason}
}

// patiently is a world whose runtime is p, and which counts the places that are taken.
func patiently(t *testing.T, p *patient) (w *world, taken func() int) {
	w = newWorld(t)
	p.ahead = make(chan string, 10)
	var mu sync.Mutex
	n := 0
	count := func(by int) int {
		mu.Lock()
		defer mu.Unlock()
		n += by
		return n
	}
	w.cfg.Runtime = func(string) (agent.Runtime, error) { return p, nil }
	w.cfg.Seat = func(context.Context, engine.Order) (Seat, error) {
		count(1)
		return Seat{Begun: func(int) {}, Leave: func() error { count(-1); return nil }}, nil
	}
	return w, func() int { return count(0) }
}

func TestStandby(t *testing.T) {
	for name, tt := range map[string]struct {
		p    *patient
		kind event.EffectKind // that comes next
	}{
		"its turn comes":           {&patient{}, event.EffectRun},
		"its turn comes too early": {&patient{held: make(chan struct{})}, event.EffectRun},
		"it can't start ahead":     {&patient{fails: errors.New("no memory")}, event.EffectRun},
		"its turn does not come":   {&patient{}, event.EffectRelease},
		"while it starts":          {&patient{held: make(chan struct{})}, event.EffectRelease},
	} {
		t.Run(name, func(t *testing.T) {
			w, taken := patiently(t, tt.p)
			o := order(event.EffectPrepare, "a", w.base)
			o.Workspace = want[event.AgentPrepared](w, o).Workspace
			if got := <-tt.p.ahead; got != o.Agent {
				t.Errorf("%s was started ahead", got)
			}
			o.Kind = tt.kind
			if tt.kind == event.EffectRelease {
				want[event.AgentReleased](w, o)
			} else if exit := want[event.AgentExited](w, o); exit.Reason != event.ExitExited {
				t.Errorf("ran: %+v", exit)
			}
			if len(tt.p.began) != map[event.EffectKind]int{event.EffectRun: 1}[tt.kind] || taken() != 0 {
				t.Errorf("began %q, %d places are taken", tt.p.began, taken())
			}
			if err := w.Close(); err != nil || len(w.waiting) > 0 {
				t.Errorf("%v, %d wait", err, len(w.waiting))
			}
		})
	}
}

// TestStandbysAreFew: and the end of the engine is theirs.
func TestStandbysAreFew(t *testing.T) {
	p := &patient{}
	w, taken := patiently(t, p)
	for _, id := range []string{"a", "b", "c"} {
		want[event.AgentPrepared](w, order(event.EffectPrepare, id, w.base))
	}
	for range standbys {
		<-p.ahead
	}
	if err := w.Close(); err != nil || taken() != 0 || len(p.ahead) > 0 {
		t.Errorf("%v, %d places are taken, %d more were started", err, taken(), len(p.ahead))
	}
	want[event.AgentPrepared](w, order(event.EffectPrepare, "d", w.base))
	select {
	case <-p.ahead:
		t.Error("one is started after the end")
	case <-time.After(time.Millisecond):
	}
}

// TestStoppedWhileItStarts: an agent that waits for its start, as it does for memory, is
// not started first.
func TestStoppedWhileItStarts(t *testing.T) {
	p := &patient{gate: make(chan struct{})}
	w, taken := patiently(t, p)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan event.Data)
	go func() {
		ended <- w.Do(ctx, order(event.EffectRun, "a", w.base), func(d event.Data) { t.Errorf("it was told %+v", d) })
	}()
	<-p.gate
	stop()
	exit, ok := (<-ended).(event.AgentExited)
	if !ok || exit.Reason != event.ExitNotStarted || exit.Detail != "its start was broken off" {
		t.Errorf("%+v", exit)
	}
	if len(p.began) > 0 || taken() != 0 {
		t.Errorf("began %q, %d places are taken", p.began, taken())
	}
}
