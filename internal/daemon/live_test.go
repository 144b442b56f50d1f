package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"popkit/internal/api"
	"popkit/internal/config"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/runs"
)

// quick is configuration that makes runs of tests fast, beneath a test's own.
const quick = `{"runtime":"exec:false","limits":{"retry_delay_seconds":0.01,"max_attempts":2}}`

// configured makes a run of a plan with the repository's configuration, as
// `popkit power start` does.
func configured(t *testing.T, repo, json string, plan objective.Plan, f config.Flags) runs.Run {
	t.Helper()
	user := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", user)
	writeFile(t, filepath.Join(user, "popkit", "config.json"), fmt.Sprintf(`{"sandbox_write": [%q], %s`, os.TempDir(), quick[1:]))
	if json != "" {
		writeFile(t, filepath.Join(repo, ".claude", "popkit", "config.json"), json)
	}
	cfg, err := loadConfig(repo)
	if err != nil {
		t.Fatal(err)
	}
	s, err := cfg.Settings(plan, f)
	if err != nil {
		t.Fatal(err)
	}
	run, err := Create(t.Context(), NewRun{Repo: repo, Plan: cfg.Complete(plan), Settings: s})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// live is a run whose engine works while a test looks on and takes part.
type live struct {
	t       *testing.T
	run     runs.Run
	signals chan os.Signal
	ended   chan error
	outcome event.Outcome
	sockets string
}

// start begins or resumes a run's engine and returns once it is ready.
func start(t *testing.T, run runs.Run) *live {
	t.Helper()
	l := &live{t: t, run: run, signals: make(chan os.Signal, 4), ended: make(chan error, 1)}
	r, w := io.Pipe()
	go func() {
		var err error
		l.outcome, err = Serve(t.Context(), ServeOptions{Run: run, By: "ada", Ready: w, Log: t.Output(), Signals: l.signals})
		l.ended <- err
	}()
	said, err := io.ReadAll(r)
	if err != nil || string(said) != "ready\n" {
		t.Fatalf("the engine says %q, %v", said, err)
	}
	if l.sockets, err = run.SocketDir(os.Getenv("XDG_RUNTIME_DIR")); err != nil {
		t.Fatal(err)
	}
	return l
}

// wait returns the state once the engine has ended.
func (l *live) wait() *state.State {
	l.t.Helper()
	if err := <-l.ended; err != nil {
		l.t.Fatal(err)
	}
	return fold(l.t, l.run)
}

func (l *live) person() api.Client { return api.Client{Path: runs.EngineSocket(l.sockets)} }

func (l *live) agent(id string) api.Client { return api.Client{Path: runs.AgentSocket(l.sockets, id)} }

// call makes a call that has to be answered.
func (l *live) call(c api.Client, op api.Op, args, out any) {
	l.t.Helper()
	if err := c.Call(l.t.Context(), op, args, out); err != nil {
		l.t.Errorf("%s: %v", op, err)
	}
}

// until follows the log until the n-th event of a type.
func (l *live) until(kind string, n int) api.Event {
	l.t.Helper()
	ctx, cancel := context.WithCancel(l.t.Context())
	defer cancel()
	for raw, err := range l.person().Stream(ctx, api.OpFollow, api.FollowArgs{Live: true}) {
		var e api.Event
		if err == nil {
			err = json.Unmarshal(raw, &e)
		}
		if err != nil {
			l.t.Fatalf("waiting for %s: %v", kind, err)
		}
		if e.Type == kind {
			if n--; n == 0 {
				return e
			}
		}
	}
	l.t.Fatalf("no %s came", kind)
	return api.Event{}
}

// gate is a fifo at which agents wait for a test. The test has it open all the
// time and writes a byte for each that may pass: an end of the file would be read by
// all that wait, and an open would wait for somebody to come.
type gate struct{ file *os.File }

func newGate(t *testing.T) gate {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gate")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	return gate{file}
}

// pass is the command that waits.
func (g gate) pass() string { return "read go < " + g.file.Name() }

// open lets one agent pass, one that comes later too.
func (g gate) open(t *testing.T) {
	t.Helper()
	if _, err := g.file.WriteString("\n"); err != nil {
		t.Fatal(err)
	}
}
