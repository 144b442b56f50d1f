package effects

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"popkit/internal/agent"
	"popkit/internal/agent/execagent"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/engine"
	"popkit/internal/proc"
	"popkit/internal/redact"
	"popkit/internal/workspace"
)

func TestMain(m *testing.M) {
	proc.MaybeInit()
	os.Exit(m.Run())
}

const secret = "hunter2-and-more"

// world is a real repository with the effects of one run on it.
type world struct {
	*Effects
	t    *testing.T
	repo string
	root string
	base string
}

func newWorld(t *testing.T, files ...string) *world {
	t.Helper()
	w := &world{t: t, repo: t.TempDir(), root: t.TempDir()}
	w.git("init", "-q", "-b", "main")
	w.git("config", "user.name", "Ada")
	w.git("config", "user.email", "ada@example.org")
	for i := 0; i+1 < len(files); i += 2 {
		w.write(files[i], files[i+1])
	}
	w.write("README", "hello\n")
	w.git("add", ".")
	w.git("commit", "-q", "-m", "first")
	w.base = w.git("rev-parse", "HEAD")
	w.Effects = w.effects()
	return w
}

// effects are those of another engine process of the same run.
func (w *world) effects() *Effects {
	w.t.Helper()
	repo, err := workspace.Find(w.t.Context(), w.repo)
	if err != nil {
		w.t.Fatal(err)
	}
	who, err := repo.Identity(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	work, err := workspace.NewRun(repo, "01RUN", w.root, workspace.Options{Identity: who})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := work.HoldBase(w.t.Context(), w.base); err != nil {
		w.t.Fatal(err)
	}
	return New(Config{
		Work: work, Redactor: redact.New([]string{secret}), Seat: w.seat, Command: command,
		Runtime: func(name string) (agent.Runtime, error) {
			run, ok := strings.CutPrefix(name, "exec:")
			if !ok {
				return nil, fmt.Errorf("unknown runtime %q", name)
			}
			return execagent.New(run), nil
		},
		Finish: func(_ context.Context, o engine.Order, note string) (event.RunPublished, error) {
			return event.RunPublished{Effect: o.Key, Branch: o.Branch, Commit: o.Commit, Note: note}, nil
		},
	})
}

func (w *world) seat(_ context.Context, o engine.Order) (Seat, error) {
	dir := filepath.Join(w.root, "seats", o.Agent)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Seat{}, err
	}
	return Seat{
		Env:        []string{"PATH=" + os.Getenv("PATH"), "POPKIT_RESULT=" + filepath.Join(dir, "result.json"), "HOME=" + dir},
		ResultFile: filepath.Join(dir, "result.json"), Transcript: filepath.Join(dir, "transcript.log"),
		Secrets: []string{secret}, Begun: func(int) {}, Leave: func() error { return os.Remove(filepath.Join(dir, "transcript.log")) },
	}, nil
}

func command(ctx context.Context, dir, run string, out io.Writer) (CommandEnd, error) {
	p, err := proc.Start(ctx, proc.Command{
		Path: "/bin/sh", Args: []string{"sh", "-c", run}, Dir: dir, Env: os.Environ(), Stdout: out, Stderr: out,
	})
	if err != nil {
		return CommandEnd{}, err
	}
	exit, err := p.Wait()
	return CommandEnd{Code: exit.Code, Signal: exit.Signal}, err
}

func (w *world) git(args ...string) string {
	w.t.Helper()
	out, err := w.tryGit(args...)
	if err != nil {
		w.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return out
}

func (w *world) tryGit(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = w.repo
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (w *world) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.repo, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// do carries an order out as the engine does.
func (w *world) do(o engine.Order) event.Data {
	w.t.Helper()
	o.Run, o.RunBase, o.Key = "01RUN", w.base, string(o.Kind)+":"+o.Agent+o.Task
	return w.Do(w.t.Context(), o, func(event.Data) {})
}

// want is the end of an order, of the type that its kind ends in.
func want[D event.Data](w *world, o engine.Order) D {
	w.t.Helper()
	end := w.do(o)
	d, ok := end.(D)
	if !ok {
		w.t.Fatalf("%s ended in %T: %+v", o.Kind, end, end)
	}
	return d
}

// failed is the error of an order that fails.
func (w *world) failed(o engine.Order) event.EffectFailed {
	w.t.Helper()
	return want[event.EffectFailed](w, o)
}

// order is one of an agent's that works on a task of the same name.
func order(kind event.EffectKind, task, base string) engine.Order {
	return engine.Order{
		EffectRequested: event.EffectRequested{Kind: kind, Agent: "implementer-" + task, Task: task},
		Request:         event.AgentRequested{Agent: "implementer-" + task, Attempt: 1, Role: "implementer", Base: base},
		Def:             objective.Task{ID: task, Title: "task " + task},
	}
}

// works has an agent do a command from a base and returns what it left.
func (w *world) works(task, base, run string) event.AgentCollected {
	w.t.Helper()
	o := order(event.EffectPrepare, task, base)
	o.Workspace = want[event.AgentPrepared](w, o).Workspace
	o.Kind, o.Request.Runtime = event.EffectRun, "exec:"+run
	if exit := want[event.AgentExited](w, o); exit.Reason != event.ExitExited || exit.Code != 0 {
		w.t.Fatalf("agent of %s: %+v", task, exit)
	}
	o.Kind = event.EffectCollect
	return want[event.AgentCollected](w, o)
}

// merges has works' result merged onto a commit.
func (w *world) merges(task, base, onto, run string) engine.MergedWork {
	w.t.Helper()
	left := w.works(task, base, run)
	o := order(event.EffectMerge, task, base)
	o.Commit, o.Onto = left.Commit, onto
	return engine.MergedWork{Task: task, Agent: o.Agent, Commit: want[event.TaskMerged](w, o).Commit, Files: left.Files}
}

func (w *world) show(commit, file string) string { return w.git("show", commit+":"+file) }
