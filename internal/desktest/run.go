package desktest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"popkit/internal/api"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/policy"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
	"popkit/internal/engine"
	"popkit/internal/eventlog"
	"popkit/internal/eventlog/memlog"
	"popkit/internal/guard"
	"popkit/internal/server"
)

// The agents at work: of the tasks a and b, which are about the same topic.
const (
	One = "implementer-1"
	Two = "implementer-2"
)

// Run is a run with its engine.
type Run struct {
	T         testing.TB
	Workspace string // of all agents
	Guard     *guard.Guard

	hands  *hands
	store  *memlog.Store
	log    eventlog.Log
	engine *engine.Engine
	server *server.Server
	cancel context.CancelFunc
	ended  chan error
}

// Settings are those of New.
func Settings() event.Settings {
	return event.Settings{PhaseAware: true, FullRouting: true, MaxAgents: 2, MaxAttempts: 3, MaxInsightsPerPull: 3,
		CheckinEvery: 5, DecisionTimeout: time.Hour, ContextLimit: 1000, MaxQuestions: 20}
}

// New begins a run whose agents One and Two are at work when it returns.
func New(t testing.TB, settings event.Settings) *Run {
	t.Helper()
	r := &Run{T: t, store: memlog.NewStore(), Workspace: t.TempDir(), Guard: guard.New(nil)}
	must(t, os.Mkdir(filepath.Join(r.Workspace, ".git"), 0o700))
	spec := policy.DefaultSpec()
	must(t, r.Guard.SetRules(spec))
	for _, id := range []string{One, Two} {
		r.Guard.Seat(id, guard.Seat{Workspace: r.Workspace, Tracked: func(context.Context) ([]string, error) { return []string{"a.go"}, nil }})
	}
	r.log = r.store.Open()
	must(t, r.log.Append(t.Context(), 0, []event.Event{{Seq: 1, Time: time.Now().UTC(), Data: event.RunCreated{
		Run: "01RUN", Base: "base", Branch: "popkit/01RUN", Settings: settings,
		Plan: objective.Plan{Objective: objective.Objective{Description: "a test"}, Phases: []objective.Phase{{Name: "work", Tasks: []objective.Task{
			{ID: "a", Role: "implementer", Title: "a", Prompt: "do a", Tags: []string{"auth"}},
			{ID: "b", Role: "implementer", Title: "b", Prompt: "do b", Tags: []string{"auth"}},
		}}}},
	}}}))
	r.start()
	t.Cleanup(r.End)
	return r
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start starts an engine on the log and waits for two agents.
func (r *Run) start() {
	r.T.Helper()
	st, err := engine.Open(r.T.Context(), r.log)
	must(r.T, err)
	r.hands = &hands{ends: map[string]chan struct{}{}, runs: make(chan string, 100)}
	r.engine = engine.New(st, r.hands, nil)
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.T.Context()))
	r.cancel, r.ended = cancel, make(chan error, 1)
	r.server = server.New(ctx, r.engine, r.log, func(*state.State) *view.Engine { return &view.Engine{PID: 42} })
	r.server.Guard(server.Guard{Post: r.engine.Post, Judge: r.judge})
	go func() { r.ended <- r.engine.Run(ctx, decide.EngineStart{PID: 42}) }()
	for range 2 {
		<-r.hands.runs
	}
	r.Until(func(s *state.State) bool {
		n := 0
		for _, id := range s.Live {
			if s.Agents[id].Status == state.AgentRunning {
				n++
			}
		}
		return n == 2
	})
}

func (r *Run) judge(ctx context.Context, agent string, a api.JudgeArgs) (decide.Judge, *event.AgentBreached) {
	j := r.Guard.Judge(ctx, agent, guard.Call{Call: policy.Call{Tool: a.Tool, Input: a.Input, Cwd: a.Cwd}, ID: a.ID})
	return decide.Judge{Judged: j.Judged, Deed: j.Deed}, j.Breach
}

// End ends the engine as a crash does: nobody is told.
func (r *Run) End() {
	if r.cancel == nil {
		return
	}
	r.cancel()
	r.server.Close()
	if err := <-r.ended; err != nil && !errors.Is(err, context.Canceled) {
		r.T.Errorf("the engine: %v", err)
	}
	must(r.T, r.log.Close())
	r.cancel = nil
}

// Restart ends the engine and starts another one on the same log. The agents of the
// first one are gone with it; the new ones, of the same tasks, are seated.
func (r *Run) Restart() {
	r.T.Helper()
	r.End()
	r.log = r.store.Open()
	r.start()
	r.Query(func(s *state.State) {
		for _, id := range s.Live {
			r.Guard.Seat(id, guard.Seat{Workspace: r.Workspace, Tracked: func(context.Context) ([]string, error) { return nil, nil }})
		}
	})
}

// Live are the agents at work, that of task a first.
func (r *Run) Live() (a, b string) {
	r.Query(func(s *state.State) { a, b = s.Tasks["a"].Agent, s.Tasks["b"].Agent })
	return a, b
}

// As speaks as an agent.
func (r *Run) As(agent string) api.Caller { return r.server.Agent(agent) }

// Person speaks as a person.
func (r *Run) Person() api.Caller { return r.server.Local() }

// Must makes a call that has to be done.
func (r *Run) Must(c api.Caller, op api.Op, args, out any) {
	r.T.Helper()
	if err := c.Call(r.T.Context(), op, args, out); err != nil {
		r.T.Fatalf("%s: %v", op, err)
	}
}

// Query looks at the state.
func (r *Run) Query(read func(*state.State)) {
	r.T.Helper()
	must(r.T, r.engine.Query(r.T.Context(), read))
}

// Until waits until it holds.
func (r *Run) Until(holds func(*state.State) bool) {
	r.T.Helper()
	must(r.T, r.engine.Await(r.T.Context(), holds))
}

// Finish ends an agent.
func (r *Run) Finish(agent string) { r.hands.finish(agent) }

// Events are all of the log.
func (r *Run) Events() []event.Event {
	r.T.Helper()
	var out []event.Event
	for e, err := range r.log.Read(r.T.Context(), 1) {
		must(r.T, err)
		out = append(out, e)
	}
	return out
}

// hands is a fake of the outside.
type hands struct {
	mu   sync.Mutex
	ends map[string]chan struct{}
	runs chan string // an agent that has started
}

func (h *hands) end(agent string) chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ends[agent] == nil {
		h.ends[agent] = make(chan struct{})
	}
	return h.ends[agent]
}

// Do implements engine.Effects.
func (h *hands) Do(ctx context.Context, o engine.Order, tell func(event.Data)) event.Data {
	switch o.Kind {
	case event.EffectPrepare:
		return event.AgentPrepared{Effect: o.Key, Agent: o.Agent, Base: o.Request.Base}
	case event.EffectRun:
		return h.run(ctx, o, tell)
	case event.EffectCollect:
		return event.AgentCollected{Effect: o.Key, Agent: o.Agent, Commit: "c-" + o.Agent, Files: []string{o.Agent}, Changed: 1}
	case event.EffectRelease:
		return event.AgentReleased{Effect: o.Key, Agent: o.Agent}
	case event.EffectMerge:
		return event.TaskMerged{Effect: o.Key, Task: o.Task, Agent: o.Agent, Onto: o.Onto, Commit: "m-" + o.Agent}
	case event.EffectPublish:
		return event.BarrierOpened{Effect: o.Key, Phase: o.Phase, Commit: o.Commit}
	case event.EffectFinish:
		return event.RunPublished{Effect: o.Key, Commit: o.Commit}
	}
	return event.EffectFailed{Key: o.Key, Error: "no hand for that", Final: true}
}

func (h *hands) run(ctx context.Context, o engine.Order, tell func(event.Data)) event.Data {
	exit := event.AgentExited{Effect: o.Key, Agent: o.Agent, Reason: event.ExitExited}
	if o.Unknown {
		exit.Reason = event.ExitInterrupted
		return exit
	}
	tell(event.AgentStarted{Effect: o.Key, Agent: o.Agent, PID: 7, Hook: true, Permission: "closed"})
	h.runs <- o.Agent
	select {
	case <-h.end(o.Agent):
	case <-ctx.Done():
		exit.Reason = event.ExitStopped
	}
	return exit
}

// StopAgent implements engine.Effects.
func (h *hands) StopAgent(agent string, _ bool) { h.finish(agent) }

func (h *hands) finish(agent string) {
	c := h.end(agent)
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-c:
	default:
		close(c)
	}
}
