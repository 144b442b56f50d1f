package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
	"popkit/internal/planner"
	"popkit/internal/runs"
)

// world is a machine for commands: a repository's folder, a fake Host, and an
// engine that answers what it is told to.
type world struct {
	t       *testing.T
	repo    string
	info    RepoInfo
	sandbox SandboxCheck
	claude  Claude
	noRepo  error
	calls   []string          // what was asked of Host and engine
	replies map[api.Op]any    // answers of the engine, and of agents' sockets
	errs    map[api.Op]error  // or why not
	stream  []api.Progress    // what attend streams
	spawn   func() error      // what Spawn does
	gitOut  string            // what git prints
	result  string            // beginning of the refs that hold the result
	gitEnd  int               // its exit code
	vars    map[string]string // environment
	tty     bool
	live    bool
	stdin   string
	plans   string // what the planning agent does: make, advise, or a reason to fail
}

func newWorld(t *testing.T) *world {
	repo := t.TempDir()
	return &world{
		t: t, repo: repo, info: RepoInfo{Top: repo, Branch: "main", User: "Ada"}, replies: map[api.Op]any{},
		errs: map[api.Op]error{}, vars: map[string]string{}, sandbox: SandboxCheck{Configured: "auto", Degree: "mounts+landlock"},
		claude: Claude{Why: "no Claude Code found", Install: "npm install -g @anthropic-ai/claude-code", Settings: "isolated"},
	}
}

func (w *world) note(format string, args ...any) {
	w.calls = append(w.calls, fmt.Sprintf(format, args...))
}

// engine makes the run active: something listens at its socket. The engine's
// own answers come from the fake caller.
func (w *world) engine(id string) runs.Holder {
	dir, err := os.MkdirTemp("", "pk")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { os.RemoveAll(dir) })
	h := runs.Holder{Run: id, PID: 100, Host: "box", Socket: filepath.Join(dir, "s"), Since: start}
	l, err := net.Listen("unix", h.Socket)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { l.Close() })
	lock, err := runs.Place{Repo: w.repo}.Acquire(h)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := lock.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return h
}

// log makes the run of the events and lets the engine answer from it.
func (w *world) log(events []event.Data) runs.Run {
	r := writeLog(w.t, w.repo, runID, events)
	s, err := r.Fold(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	engine := &view.Engine{PID: 100, Host: "box", Socket: "/run/popkit/engine.sock", Since: start, Epoch: 1, Sandbox: "pid-namespace"}
	w.replies[api.OpStatus] = view.Make(s, w.now(), engine)
	w.replies[api.OpDecisions] = view.Decisions(s)
	w.replies[api.OpList] = view.Insights(s)
	return r
}

func (w *world) now() time.Time { return start.Add(5 * time.Minute) }

func (w *world) host() Host {
	return Host{
		Version: "v0-test",
		Repo:    func(context.Context, string) (RepoInfo, error) { return w.info, w.noRepo },
		Create: func(_ context.Context, n NewRun) (runs.Run, error) {
			w.note("create %s base=%q agents=%d mode=%s runtime=%s minutes=%v", n.PlanSource, n.BaseRef, n.Settings.MaxAgents,
				n.Settings.Mode, n.Settings.Runtime, n.Settings.MaxRuntime.Minutes())
			if u := n.Settings.Planning; u != (event.Usage{}) {
				w.note("planned with %d tokens, $%.3f", u.Tokens(), u.CostUSD)
			}
			return runs.Place{Repo: w.repo}.Run(runID), nil
		},
		Spawn: func(_ context.Context, r runs.Run, by string) (runs.Holder, error) {
			w.note("spawn %s by %s", r.ID, by)
			if w.spawn != nil {
				if err := w.spawn(); err != nil {
					return runs.Holder{}, err
				}
			}
			return runs.Holder{Run: r.ID, PID: 100, Socket: "/run/popkit/engine.sock"}, nil
		},
		Serve: func(_ context.Context, r runs.Run, by string, ready io.WriteCloser) (event.Outcome, error) {
			w.note("serve %s by %s", r.ID, by)
			return event.OutcomeStopped, ready.Close()
		},
		Offline: func(_ context.Context, r runs.Run) (api.Caller, error) {
			w.note("offline %s", r.ID)
			return fakeCaller{w}, nil
		},
		Git: func(_ context.Context, s Streams, _ string, args ...string) (int, error) {
			w.note("git %s", strings.Join(args, " "))
			switch args[0] {
			case "status":
				return 0, nil
			case "rev-parse":
				if strings.HasSuffix(args[len(args)-1], "^{commit}") {
					if strings.HasPrefix(args[len(args)-1], "v1") {
						return 0, nil
					}
					return 1, nil
				}
				if !strings.HasPrefix(args[len(args)-1], w.result) {
					return 1, nil
				}
				_, err := io.WriteString(s.Out, head+"\n")
				return 0, err
			}
			_, err := io.WriteString(s.Out, w.gitOut)
			return w.gitEnd, err
		},
		MakePlan: w.makePlan,
		TryChecks: func(_ context.Context, _ PlanOrder, p objective.Plan, _ func(string)) ([]planner.Trial, error) {
			var out []planner.Trial
			for _, c := range planner.Checks(p) {
				w.note("try %s", c.Run)
				out = append(out, planner.Trial{Run: c.Run, Expect: c.Expect, State: planner.Missing, Detail: "exit code 127"})
			}
			return out, nil
		},
		GC: func(_ context.Context, _ string, dry bool) ([]Removal, error) {
			w.note("gc dry=%v", dry)
			return []Removal{{Kind: "remove", Path: "/ws/explorer-1", Run: runID, Why: "workspace of explorer-1"}}, nil
		},
		CheckSandbox: func(context.Context, string) (SandboxCheck, error) {
			return w.sandbox, nil
		},
		FindSandbox: func(context.Context, string) (SandboxCheck, error) {
			if w.sandbox.Configured == "required" && w.sandbox.Degree == "none" {
				return w.sandbox, errors.New("the configuration requires a sandbox, and there is none here")
			}
			return w.sandbox, nil
		},
		FindClaude: func(context.Context, string) (Claude, error) { return w.claude, nil },
		PlayScript: func(_ context.Context, file string, s Streams) int {
			fmt.Fprintf(s.Out, "playing %s\n", file)
			return 1
		},
	}
}

func (w *world) width() int {
	if w.live {
		return 72
	}
	return 0
}

// env is the world as a command sees it.
func (w *world) env(out, errs io.Writer) Env {
	return Env{
		Host: w.host(), Streams: Streams{In: strings.NewReader(w.stdin), Out: out, Err: errs}, Dir: w.repo,
		Getenv: func(name string) string { return w.vars[name] },
		Now:    w.now, Interactive: w.tty, Live: w.live, Width: w.width,
		Dial:       func(string) api.Caller { return fakeCaller{w} },
		Interrupts: func() (<-chan os.Signal, func()) { return nil, func() {} },
		Ended:      func(int) bool { return true },
		Ready:      func() io.WriteCloser { return nopCloser{io.Discard} },
	}
}

// fakeCaller answers as the world says.
type fakeCaller struct{ w *world }

func (c fakeCaller) Call(_ context.Context, op api.Op, args, out any) error {
	raw, err := json.Marshal(args)
	if err != nil {
		return err
	}
	if !slices.Contains([]api.Op{api.OpStatus, api.OpDecisions}, op) {
		c.w.note("%s %s", op, raw)
	}
	if err := c.w.errs[op]; err != nil {
		return err
	}
	reply, ok := c.w.replies[op]
	if out == nil || !ok {
		return nil
	}
	if raw, err = json.Marshal(reply); err != nil {
		return err
	}
	return json.Unmarshal(raw, out)
}

func (c fakeCaller) Stream(_ context.Context, op api.Op, args any) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		raw, err := json.Marshal(args)
		if err != nil {
			yield(nil, err)
			return
		}
		c.w.note("%s %s", op, raw)
		for _, p := range c.w.stream {
			raw, err := json.Marshal(p)
			if err != nil || !yield(raw, nil) {
				return
			}
		}
		if err := c.w.errs[op]; err != nil {
			yield(nil, err)
		}
	}
}

// watched streams the events from one on as an engine would, a status after
// every one of the steps.
func watched(t *testing.T, events []event.Data, steps ...int) []api.Progress {
	t.Helper()
	var out []api.Progress
	s := state.New()
	var batch []api.Event
	for i, d := range events {
		ev := event.Event{Seq: int64(i + 1), Time: start.Add(time.Duration(i) * time.Second), Data: d}
		if err := s.Apply(ev); err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		batch = append(batch, api.Event{Seq: ev.Seq, Time: ev.Time, Type: d.Type(), Data: raw})
		if slices.Contains(steps, i+1) || i == len(events)-1 {
			out = append(out, api.Progress{Status: view.Make(s, ev.Time, &view.Engine{PID: 100}), Events: batch})
			batch = nil
		}
	}
	return out
}

var errNoRepo = errors.New("not a git repository: /nowhere")

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
