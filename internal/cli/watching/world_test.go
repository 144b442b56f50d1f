package watching

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"iter"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"popkit/internal/api"
	"popkit/internal/cli/command"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/core/transcript"
	"popkit/internal/core/view"
	"popkit/internal/runs"
)

const runID = "01M81000000000000000000001"

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	time.Local = time.UTC // what is shown holds times
	os.Exit(m.Run())
}

// world is a run with one agent, and an engine that says what the test hands it.
type world struct {
	t       *testing.T
	run     runs.Run
	events  []event.Event
	state   *state.State
	live    chan event.Event // what the engine streams; closed: it ends
	engine  bool
	width   int
	colours bool
	vars    map[string]string
	stale   *view.Status // what the engine said a moment ago
	out     bytes.Buffer
	err     bytes.Buffer
}

func newWorld(t *testing.T, runtime string) *world {
	w := &world{t: t, run: runs.Place{Repo: t.TempDir()}.Run(runID), state: state.New(), live: make(chan event.Event)}
	if err := os.MkdirAll(w.run.AgentDir("implementer-1"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.add(
		event.RunCreated{
			Run: runID, Repo: w.run.Place.Repo, BaseRef: "refs/heads/main", Base: "b", Branch: "popkit/x",
			Settings: event.Settings{Mode: "native", Tier: "pro", MaxAgents: 2, Runtime: runtime},
			Plan: objective.Plan{Objective: objective.Objective{Description: "Build a login"}, Phases: []objective.Phase{{Name: "implement", Tasks: []objective.Task{
				{ID: "api", Role: "implementer", Title: "Write\x1b[31m the\u202e API", Prompt: "write it"},
			}}}},
		},
		event.EngineStarted{Epoch: 1, PID: 100, Host: "box"},
		event.PhaseStarted{Phase: 0, Name: "implement", Base: "b"},
		event.AgentRequested{Agent: "implementer-1", Task: "api", Attempt: 1, Role: "implementer", Runtime: runtime, Purpose: event.PurposeWork, Base: "b"},
		event.EffectRequested{Key: "prepare:implementer-1", Kind: event.EffectPrepare, Agent: "implementer-1"},
		event.AgentPrepared{Effect: "prepare:implementer-1", Agent: "implementer-1", Workspace: "/ws/implementer-1", Base: "b"},
		event.EffectRequested{Key: "run:implementer-1", Kind: event.EffectRun, Agent: "implementer-1"},
	)
	return w
}

// add makes events happen, a second each, that are in the log.
func (w *world) add(data ...event.Data) []event.Event {
	w.t.Helper()
	f, err := os.OpenFile(w.run.LogPath(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	var out []event.Event
	for _, d := range data {
		n := len(w.events)
		ev := event.Event{Seq: int64(n + 1), Time: start.Add(time.Duration(n) * time.Second), Data: d}
		if err := w.state.Apply(ev); err != nil {
			w.t.Fatal(err)
		}
		line, err := event.Encode(ev)
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := f.Write(append(line, '\n')); err != nil {
			w.t.Fatal(err)
		}
		w.events = append(w.events, ev)
		out = append(out, ev)
	}
	return out
}

// says adds a line of the agent's transcript, so many seconds after the run began.
func (w *world) says(second int, line string) {
	w.t.Helper()
	raw, err := transcript.Encode(transcript.Line{
		At: start.Add(time.Duration(second)*time.Second + time.Millisecond), From: transcript.FromAgent, Line: json.RawMessage(line),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.prints(string(raw))
}

// prints adds to the transcript's file.
func (w *world) prints(text string) {
	w.t.Helper()
	f, err := os.OpenFile(w.run.Transcript("implementer-1"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		w.t.Fatal(err)
	}
}

func text(s string) string {
	return `{"type":"assistant","message":{"content":[{"type":"text","text":"` + s + `"}]}}`
}

// begin makes the run active: something listens at its engine's socket.
func (w *world) begin() {
	w.t.Helper()
	dir, err := os.MkdirTemp("", "pk")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { os.RemoveAll(dir) })
	h := runs.Holder{Run: runID, PID: os.Getpid(), Host: "box", Socket: filepath.Join(dir, "s")}
	l, err := net.Listen("unix", h.Socket)
	if err != nil {
		w.t.Fatal(err)
	}
	lock, err := w.run.Place.Acquire(h)
	if err != nil {
		w.t.Fatal(err)
	}
	w.engine = true
	w.t.Cleanup(func() { l.Close(); lock.Close() })
}

func (w *world) env(out io.Writer) *command.Env {
	return &command.Env{
		Host: command.Host{Repo: func(context.Context, string) (command.RepoInfo, error) {
			return command.RepoInfo{Top: w.run.Place.Repo}, nil
		}},
		Streams: command.Streams{Out: out, Err: &w.err}, Getenv: func(name string) string { return w.vars[name] },
		Now: func() time.Time { return start.Add(5 * time.Minute) }, Live: w.colours, Width: func() int { return w.width },
		Dial: func(string) api.Caller { return engine{w} },
	}
}

// show runs the command to its end.
func (w *world) show(o Options) string {
	w.t.Helper()
	o.Agent = "implementer-1"
	if err := Show(w.t.Context(), w.env(&w.out), o); err != nil {
		w.t.Fatal(err)
	}
	return w.out.String()
}

// engine answers as a run's engine does.
type engine struct{ w *world }

func (e engine) Call(_ context.Context, _ api.Op, _, out any) error {
	v := view.Make(e.w.state, start.Add(5*time.Minute), &view.Engine{PID: 100})
	if e.w.stale != nil {
		v, e.w.stale = *e.w.stale, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, out)
}

func (e engine) Stream(ctx context.Context, _ api.Op, _ any) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for {
			select {
			case ev, ok := <-e.w.live:
				if !ok {
					yield(nil, api.ErrCutOff)
					return
				}
				data, err := json.Marshal(ev.Data)
				if err != nil {
					yield(nil, err)
					return
				}
				raw, err := json.Marshal(api.Event{Seq: ev.Seq, Time: ev.Time, Type: ev.Data.Type(), Data: data})
				if !yield(raw, err) {
					return
				}
			case <-ctx.Done():
				yield(nil, ctx.Err())
				return
			}
		}
	}
}

// following runs the command while the test goes on; line returns what it prints
// next, done its error once it has ended.
func (w *world) following(o Options) (line func() string, done func() error) {
	w.t.Helper()
	o.Agent, o.Follow = "implementer-1", true
	r, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := Show(w.t.Context(), w.env(out), o)
		out.Close()
		ended <- err
	}()
	lines := bufio.NewReader(r)
	line = func() string {
		w.t.Helper()
		text, err := lines.ReadString('\n')
		if err != nil {
			w.t.Fatalf("it ended: %v, after %q", err, text)
		}
		return strings.TrimRight(text, "\n")
	}
	return line, func() error {
		w.t.Helper()
		rest, err := io.ReadAll(lines)
		if err != nil || len(rest) > 0 {
			w.t.Errorf("more was printed: %q, %v", rest, err)
		}
		return <-ended
	}
}
