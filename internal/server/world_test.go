package server

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"popkit/internal/api"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
	"popkit/internal/engine"
	"popkit/internal/eventlog"
	"popkit/internal/eventlog/memlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hands is a fake of the outside whose agents run until they are told to end.
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

func (h *hands) Do(ctx context.Context, o engine.Order, tell func(event.Data)) event.Data {
	switch o.Kind {
	case event.EffectPrepare:
		return event.AgentPrepared{Effect: o.Key, Agent: o.Agent, Base: o.Request.Base}
	case event.EffectRun:
		tell(event.AgentStarted{Effect: o.Key, Agent: o.Agent, PID: 7})
		h.runs <- o.Agent
		exit := event.AgentExited{Effect: o.Key, Agent: o.Agent, Reason: event.ExitExited}
		select {
		case <-h.end(o.Agent):
		case <-ctx.Done():
			exit.Reason = event.ExitStopped
		}
		return exit
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

// world is a real engine on a log in memory, served over real sockets.
type world struct {
	t      *testing.T
	hands  *hands
	engine *engine.Engine
	log    eventlog.Log
	store  *memlog.Store
	server *Server
	dir    string
	ended  chan error // of the engine
}

// newWorld begins a run of two tasks, whose agents implementer-1 (task a, tag
// auth) and implementer-2 (task b, tag auth) run when it returns.
func newWorld(t *testing.T, set ...func(*event.Settings)) *world {
	t.Helper()
	w := &world{t: t, store: memlog.NewStore(), ended: make(chan error, 1), dir: t.TempDir(),
		hands: &hands{ends: map[string]chan struct{}{}, runs: make(chan string, 100)}}
	w.log = w.store.Open()
	created := event.RunCreated{
		Run: "01RUN", Base: "base", Branch: "popkit/01RUN",
		Plan: objective.Plan{Objective: objective.Objective{Description: "a test"}, Phases: []objective.Phase{{Name: "work", Tasks: []objective.Task{
			{ID: "a", Role: "implementer", Title: "a", Prompt: "do a", Tags: []string{"auth"}},
			{ID: "b", Role: "implementer", Title: "b", Prompt: "do b", Tags: []string{"auth"}},
		}}}},
		Settings: event.Settings{PhaseAware: true, FullRouting: true, MaxAgents: 2, MaxAttempts: 2, MaxInsightsPerPull: 3,
			CheckinEvery: 5, DecisionTimeout: time.Hour, ContextLimit: 1000, CloseWhenUnattended: true},
	}
	for _, change := range set {
		change(&created.Settings)
	}
	if err := w.log.Append(t.Context(), 0, []event.Event{{Seq: 1, Time: time.Now().UTC(), Data: created}}); err != nil {
		t.Fatal(err)
	}
	st, err := engine.Open(t.Context(), w.log)
	if err != nil {
		t.Fatal(err)
	}
	w.engine = engine.New(st, w.hands, nil)
	w.server = New(t.Context(), w.engine, w.log, func(*state.State) *view.Engine { return &view.Engine{PID: 42} })
	w.server.Guard(Guard{Judge: w.judge, Post: w.engine.Post})
	w.server.Redact(func(text string) string { return strings.ReplaceAll(text, secret, "[redacted]") })
	w.listen("", w.people())
	w.listen("implementer-1", w.agent("implementer-1"))
	w.listen("implementer-2", w.agent("implementer-2"))
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	go func() { w.ended <- w.engine.Run(ctx, decide.EngineStart{PID: 42}) }()
	t.Cleanup(func() {
		cancel()
		w.server.Close()
		select {
		case <-w.ended:
		default: // the test has looked
		}
		if err := w.log.Close(); err != nil {
			t.Error(err)
		}
	})
	<-w.hands.runs
	<-w.hands.runs
	return w
}

func (w *world) people() string { return filepath.Join(w.dir, "engine.sock") }

func (w *world) agent(id string) string { return filepath.Join(w.dir, id, "sock") }

func (w *world) listen(agent, path string) io.Closer {
	w.t.Helper()
	var closer io.Closer
	var err error
	if agent == "" {
		closer, err = w.server.ListenPeople(path)
	} else {
		closer, err = w.server.ListenAgent(path, agent)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return closer
}

func (w *world) person() api.Client { return api.Client{Path: w.people()} }

func (w *world) as(agent string) api.Client { return api.Client{Path: w.agent(agent)} }

// must makes a call that has to be answered.
func (w *world) must(c api.Caller, op api.Op, args, out any) {
	w.t.Helper()
	if err := c.Call(w.t.Context(), op, args, out); err != nil {
		w.t.Errorf("%s: %v", op, err)
	}
}

// query reads the engine's state.
func (w *world) query(read func(*state.State)) {
	w.t.Helper()
	if err := w.engine.Query(w.t.Context(), read); err != nil {
		w.t.Fatal(err)
	}
}

// until waits until the state is so.
func (w *world) until(holds func(*state.State) bool) {
	w.t.Helper()
	if err := w.engine.Await(w.t.Context(), holds); err != nil {
		w.t.Fatal(err)
	}
}

// raw sends bytes over a connection of its own, ends its side if half is set, and
// returns the answers until the server hangs up.
func raw(t *testing.T, path string, half bool, text string) []api.Response {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Logf("write: %v", err) // refused before it was read: the answer is there
	}
	if half {
		if err := conn.(*net.UnixConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	return answers(t, conn)
}

func answers(t *testing.T, conn io.Reader) []api.Response {
	t.Helper()
	var out []api.Response
	lines := bufio.NewReader(conn)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return out
		}
		var r api.Response
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("answer %q: %v", line, err)
		}
		out = append(out, r)
	}
}

func kindOf(err error) api.Kind {
	if e, ok := err.(*api.Error); ok { //nolint:errorlint // what Call returns itself
		return e.Kind
	}
	return ""
}

// mode is a file's permissions.
func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}
