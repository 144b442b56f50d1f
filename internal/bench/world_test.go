package bench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/daemon"
	"popkit/internal/runs"
)

// world is a repository of its own and places for all that popkit makes.
type world struct {
	tb   testing.TB
	repo string
	env  []string // of all processes
}

// files is how many files the repository has.
const files = 100

func newWorld(tb testing.TB) *world {
	tb.Helper()
	dir := tb.TempDir()
	w := &world{tb: tb, repo: filepath.Join(dir, "repo")}
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if name != "HOME" && !strings.HasPrefix(name, "XDG_") {
			w.env = append(w.env, v)
		}
	}
	for _, name := range []string{"home", "cache", "run"} {
		must(tb, os.Mkdir(filepath.Join(dir, name), 0o700))
	}
	// Agents see, and may write, where the measurements look for what they did.
	config := filepath.Join(dir, "home", "config", "popkit")
	must(tb, os.MkdirAll(config, 0o755))
	must(tb, os.WriteFile(filepath.Join(config, "config.json"), fmt.Appendf(nil, `{"sandbox_write": [%q]}`, os.TempDir()), 0o644))
	w.env = append(w.env, "HOME="+filepath.Join(dir, "home"), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"),
		"XDG_RUNTIME_DIR="+filepath.Join(dir, "run"), "XDG_CONFIG_HOME="+filepath.Join(dir, "home", "config"))
	w.git(dir, "init", "-q", "-b", "main", w.repo)
	w.git(w.repo, "config", "user.name", "Ada")
	w.git(w.repo, "config", "user.email", "ada@example.org")
	for i := range files {
		path := filepath.Join(w.repo, "src", fmt.Sprintf("p%d", i%10), fmt.Sprintf("f%d.go", i))
		must(tb, os.MkdirAll(filepath.Dir(path), 0o755))
		must(tb, os.WriteFile(path, bytes.Repeat([]byte("// a line of code\n"), 100), 0o644))
	}
	w.git(w.repo, "add", ".")
	w.git(w.repo, "commit", "-q", "-m", "first")
	return w
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// command is a command in the world's environment.
func (w *world) command(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, w.env
	return cmd
}

func (w *world) do(dir, name string, args ...string) (string, error) {
	out, err := w.command(dir, name, args...).CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

func (w *world) git(dir string, args ...string) string {
	w.tb.Helper()
	out, err := w.do(dir, "git", args...)
	must(w.tb, err)
	return out
}

// settings are those of the tier pro, with agents working at once.
func settings(agents int) event.Settings {
	return event.Settings{
		Mode: "native", Tier: "pro", PhaseAware: true, FullRouting: true, MaxAgents: agents, MaxStarted: 10_000, MaxAttempts: 10_000,
		MaxFixes: 2, MaxInsights: 100_000, CheckinEvery: 5, MaxRuntime: time.Hour, AgentTimeout: time.Hour,
		CheckTimeout: time.Minute, DecisionTimeout: time.Minute, MaxInsightsPerPull: 3, ContextLimit: 32 << 10,
		CloseWhenUnattended: true,
	}
}

// create makes a run of the plan.
func (w *world) create(agents int, phases ...objective.Phase) runs.Run {
	w.tb.Helper()
	run, err := daemon.Create(w.tb.Context(), daemon.NewRun{
		Repo: w.repo, Settings: settings(agents),
		Plan: objective.Plan{Objective: objective.Objective{Description: "measure"}, Phases: phases},
	})
	must(w.tb, err)
	return run
}

// engine is an engine process.
type engine struct {
	w    *world
	run  runs.Run
	cmd  *exec.Cmd
	out  bytes.Buffer
	done chan struct{} // closed once it was waited for
}

// serve starts the run's engine and returns once its sockets answer.
func (w *world) serve(run runs.Run) *engine {
	w.tb.Helper()
	r, pipe, err := os.Pipe()
	must(w.tb, err)
	defer r.Close()
	e := &engine{w: w, run: run, cmd: w.command(w.repo, program(w.tb), "serve", "--repo", run.Place.Repo, "--run", run.ID, "--by", "bench"),
		done: make(chan struct{})}
	e.cmd.Stdout, e.cmd.Stderr, e.cmd.ExtraFiles = &e.out, &e.out, []*os.File{pipe}
	must(w.tb, e.cmd.Start())
	must(w.tb, pipe.Close())
	go func() {
		defer close(e.done)
		_ = e.cmd.Wait() // its exit status is looked at by end
	}()
	w.tb.Cleanup(e.kill)
	line, err := bufio.NewReader(r).ReadString('\n')
	if line != "ready\n" {
		<-e.done
		w.tb.Fatalf("the engine said %q (%v)\n%s", line, err, e.out.String())
	}
	return e
}

// kill ends the engine as kill -9 does.
func (e *engine) kill() {
	_ = e.cmd.Process.Kill() // os.ErrProcessDone: it has ended
	<-e.done
}

// end waits for the run's end, which must be done.
func (e *engine) end() *state.State {
	e.w.tb.Helper()
	<-e.done
	if *logs != "" {
		raw, err := os.ReadFile(e.run.LogPath())
		must(e.w.tb, err)
		must(e.w.tb, os.WriteFile(filepath.Join(*logs, e.run.ID+".jsonl"), raw, 0o644))
	}
	s, err := e.run.Fold(context.WithoutCancel(e.w.tb.Context()))
	must(e.w.tb, err)
	if s.Ended == nil || s.Ended.Outcome != event.OutcomeDone {
		e.w.tb.Fatalf("the run ended %+v, problems %+v\n%s", s.Ended, s.Problems, e.out.String())
	}
	return s
}

// events reads the run's log.
func (w *world) events(run runs.Run) []event.Event {
	w.tb.Helper()
	log, err := run.Open()
	must(w.tb, err)
	defer log.Close()
	var out []event.Event
	for e, err := range log.Read(context.WithoutCancel(w.tb.Context()), 1) {
		must(w.tb, err)
		out = append(out, e)
	}
	return out
}

// when returns the time of the last event of a type.
func when[D event.Data](tb testing.TB, events []event.Event) time.Time {
	tb.Helper()
	var at time.Time
	for _, e := range events {
		if _, ok := e.Data.(D); ok {
			at = e.Time
		}
	}
	if at.IsZero() {
		var d D
		tb.Fatalf("the log has no %s", d.Type())
	}
	return at
}
