package effects

import (
	"context"
	"reflect"
	"testing"

	"popkit/internal/agent"
	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/engine"
	"popkit/internal/proc"
	"popkit/internal/server"
)

// held is an agent whose host asks for everything; it ends at once.
type held struct{ spec chan agent.Spec }

func (h held) Start(_ context.Context, s agent.Spec) (agent.Session, error) {
	h.spec <- s
	return h, nil
}

func (held) Ident() proc.Ident   { return proc.Ident{PID: 1} }
func (held) Wait() agent.Outcome { return agent.Outcome{Reason: event.ExitExited} }
func (held) Stop(bool)           {}
func (held) Hooked() bool        { return true }
func (held) Permission() string  { return "closed" }

// TestHandedOver: a runtime gets its seat's caller and its attempt's role, and what it says of its guard is
// in the event that its agent began with.
func TestHandedOver(t *testing.T) {
	w := newWorld(t)
	caller := (&server.Server{}).Agent("a-1")
	h := held{spec: make(chan agent.Spec, 1)}
	e := New(Config{
		Work: w.cfg.Work, Redactor: w.cfg.Redactor,
		Runtime: func(string) (agent.Runtime, error) { return h, nil },
		Seat: func(ctx context.Context, o engine.Order) (Seat, error) {
			s, err := w.seat(ctx, o)
			s.Caller, s.Leave = caller, func() error { return nil }
			return s, err
		},
	})
	o := order(event.EffectPrepare, "a", w.base)
	o.Workspace = want[event.AgentPrepared](w, o).Workspace
	o.Kind, o.Role = event.EffectRun, event.Role{Prompt: "You build.", Tools: []string{"Read"}, Model: "opus", PlanRequired: true}
	var began event.AgentStarted
	e.Do(t.Context(), o, func(d event.Data) {
		if s, ok := d.(event.AgentStarted); ok {
			began = s
		}
	})
	s := <-h.spec
	if s.Caller != api.Caller(caller) {
		t.Errorf("the runtime got the caller %v", s.Caller)
	}
	if !reflect.DeepEqual(s.RoleDef, o.Role) {
		t.Errorf("the runtime got the role %+v", s.RoleDef)
	}
	if !began.Hook || began.Permission != "closed" {
		t.Errorf("the agent began with %+v", began)
	}
}
