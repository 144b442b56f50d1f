package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"popkit/internal/api"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
	"popkit/internal/eventlog"
	"popkit/internal/proc"
	"popkit/internal/runs"
)

func stateFile(repo string) string { return filepath.Join(repo, ".claude/popkit/power-state.json") }

// waits is a task whose agent leaves half its work and then waits at a gate.
func (g gate) waits() string {
	return `cat > prompt; echo half > half; if [ $POPKIT_ATTEMPT = 1 ]; then ` + g.pass() + `; fi; echo a > a`
}

// TestStateFileRemoved: a person's way to stop a run; the file does not come back.
func TestStateFileRemoved(t *testing.T) {
	repo, g := newRepo(t), newGate(t)
	l := start(t, configured(t, repo, "", onePhase(nil, task("a", "echo half > half; echo > "+g.file.Name()+"; exec sleep 20")), cfgFlags()))
	l.until("agent.started", 1)
	if _, err := g.file.Read(make([]byte, 1)); err != nil { // half is there
		t.Fatal(err)
	}
	for _, err := os.Stat(stateFile(repo)); err != nil; _, err = os.Stat(stateFile(repo)) {
		if !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		l.call(l.person(), api.OpTell, api.TellArgs{By: "ada", Text: "hurry"}, nil)
	}
	if err := os.Remove(stateFile(repo)); err != nil {
		t.Fatal(err)
	}
	s := l.wait()
	wantOutcome(t, s, event.OutcomeStopped)
	if !strings.Contains(s.Ended.Reason, "power-state.json was removed") {
		t.Errorf("%+v", s.Ended)
	}
	if a := s.Agents["implementer-1"]; a.Work == nil || git(t, repo, "show", a.Work.Ref+":half") != "half" {
		t.Errorf("its work: %+v", a.Work)
	}
	if _, err := os.Stat(stateFile(repo)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is back: %v", err)
	}
}

// TestInsightsByHand: what is in insights.json at the start, in both old formats,
// and what a person adds, are insights and stay in the file.
func TestInsightsByHand(t *testing.T) {
	for name, old := range map[string]string{
		"object": `{"insights":[{"agent":"code-explorer","content":"left by an older tool","tags":["model"],"phase":"explore"}]}`,
		"list":   `[{"id":"7","source_agent":"code-explorer","phase":"explore","type":"pattern","content":"left by an older tool","tags":[],"timestamp":"2025-01-02T03:04:05Z"}]`,
	} {
		t.Run(name, func(t *testing.T) {
			repo, g := newRepo(t), newGate(t)
			file := filepath.Join(repo, ".claude/popkit/insights.json")
			writeFile(t, file, old)
			l := start(t, configured(t, repo, "", onePhase(nil, task("a", g.pass()+"; echo a > a")), cfgFlags()))
			l.until("insight.shared", 1)
			l.until("agent.started", 1)
			writeFile(t, file, `{"insights":[{"agent":"ada","content":"added by hand","tags":[],"phase":"work"}]}`)
			l.until("insight.shared", 2)
			g.open(t)
			s := l.wait()
			wantOutcome(t, s, event.OutcomeDone)
			first := s.Insights.Get("i-1")
			if first.Agent != "code-explorer" || first.Phase != "explore" || first.Content != "left by an older tool" || s.Insights.Get("i-2").Agent != "ada" {
				t.Errorf("%+v", first)
			}
			raw := readFile(t, file)
			for _, want := range []string{"left by an older tool", "added by hand"} {
				if strings.Count(raw, want) != 1 {
					t.Errorf("%q is %d times in\n%s", want, strings.Count(raw, want), raw)
				}
			}
		})
	}
}

// TestSignals: the first ends the run once the agents have finished, the second
// at once; both keep the work, and the run can be resumed.
func TestSignals(t *testing.T) {
	for name, signals := range map[string]int{"once": 1, "twice": 2} {
		t.Run(name, func(t *testing.T) {
			repo := newRepo(t)
			// Asked to stop it saves what it has, once; where that takes long it is ended.
			stubborn := `if [ $POPKIT_ATTEMPT = 1 ]; then echo half > half; trap 'echo saved > saved; [ ` + name + ` = once ] && exit 1; sleep 20' TERM; sleep 20 & echo up >> "$POPKIT_RESULT.up"; wait; fi; echo a > a`
			run := configured(t, repo, "", onePhase(nil, task("a", stubborn)), cfgFlags())
			l := start(t, run)
			up := filepath.Join(os.Getenv("XDG_CACHE_HOME"), "popkit", "workspaces", run.ID, "tmp", "implementer-1", "result", "result.json.up")
			for _, err := os.Stat(up); err != nil; _, err = os.Stat(up) {
				if !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
			}
			l.signals <- syscall.SIGTERM
			l.until("agent.stop_requested", 1)
			if signals == 2 {
				l.signals <- syscall.SIGTERM
			}
			s := l.wait()
			wantOutcome(t, s, event.OutcomeStopped)
			if !strings.Contains(s.Ended.Reason, "signal terminated") || s.Stop.Now != (signals == 2) {
				t.Errorf("%+v %+v", s.Ended, s.Stop)
			}
			ref := s.Agents["implementer-1"].Work.Ref
			if files := git(t, repo, "ls-tree", "--name-only", ref); !strings.Contains(files, "half") || signals == 1 && !strings.Contains(files, "saved") {
				t.Errorf("kept: %s", files)
			}
			if left := proc.Strays(run.ID + "/implementer-1"); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
			var v view.Status
			if raw := readFile(t, stateFile(repo)); !strings.Contains(raw, `"state": "stopped"`) {
				t.Errorf("the state file: %.200s %v", raw, v)
			}
			s = start(t, run).wait()
			wantOutcome(t, s, event.OutcomeDone)
		})
	}
}

// TestAgentKilled: its work is kept, another goes on with it and is told.
func TestAgentKilled(t *testing.T) {
	repo, g := newRepo(t), newGate(t)
	run := configured(t, repo, "", onePhase(nil, task("a", `echo x > up; `+g.waits())), cfgFlags())
	l := start(t, run)
	l.until("agent.started", 1)
	up := filepath.Join(os.Getenv("XDG_CACHE_HOME"), "popkit", "workspaces", run.ID, "agents", "implementer-1", "half")
	for _, err := os.Stat(up); err != nil; _, err = os.Stat(up) {
		if !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	var v view.Status
	l.call(l.person(), api.OpStatus, nil, &v)
	if err := syscall.Kill(v.Agents[0].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s := l.wait()
	wantOutcome(t, s, event.OutcomeDone)
	first := s.Agents["implementer-1"]
	if first.Exit.Reason == event.ExitExited || first.Rejected == nil || git(t, repo, "show", first.Work.Ref+":half") != "half" {
		t.Errorf("%+v %+v", first.Exit, first.Rejected)
	}
	if prompt := git(t, repo, "show", "popkit/"+run.ID+":prompt"); !strings.Contains(prompt, "implementer-1 worked on this task before you") {
		t.Errorf("the next is told\n%s", prompt)
	}
}

// TestSecondEngine: refused by name and process, and nothing is changed by it.
func TestSecondEngine(t *testing.T) {
	repo, g := newRepo(t), newGate(t)
	plan := onePhase(nil, task("a", g.pass()+"; echo a > a"))
	parked := configured(t, repo, `{"limits":{"max_attempts":1}}`, onePhase(nil, task("a", "exit 1")), cfgFlags())
	wantOutcome(t, start(t, parked).wait(), event.OutcomeNeedsHuman)
	before := fold(t, parked).Seq
	run := configured(t, repo, "", plan, cfgFlags())
	l := start(t, run)
	_, err := serveQuietly(t, run)
	var held *eventlog.HeldError
	if !errors.As(err, &held) || !strings.Contains(err.Error(), fmt.Sprintf("run %s is held by process %d", run.ID, os.Getpid())) {
		t.Errorf("the same run: %v", err)
	}
	_, err = serveQuietly(t, parked)
	var busy *runs.BusyError
	if !errors.As(err, &busy) || busy.Holder.Run != run.ID || strings.Contains(err.Error(), "\n") {
		t.Errorf("another run: %v", err)
	}
	if _, err := Create(t.Context(), NewRun{Repo: repo, Plan: plan, Settings: settings()}); !errors.As(err, &busy) {
		t.Errorf("create: %v", err)
	}
	linked := filepath.Join(t.TempDir(), "linked")
	git(t, repo, "worktree", "add", "-q", "-b", "linked", linked)
	if _, err := Create(t.Context(), NewRun{Repo: linked, Plan: plan, Settings: settings()}); !errors.As(err, &busy) || !strings.Contains(err.Error(), repo) {
		t.Errorf("create in a linked work tree: %v", err)
	}
	if removed, err := GC(t.Context(), linked, false); err != nil || slices.ContainsFunc(removed, func(r Removal) bool { return r.Run == run.ID }) {
		t.Errorf("gc in a linked work tree removes %v, %v", removed, err)
	}
	if s := fold(t, parked); s.Seq != before || s.Ended == nil {
		t.Errorf("the refused run has %d events, had %d", s.Seq, before)
	}
	g.open(t)
	wantOutcome(t, l.wait(), event.OutcomeDone)
}

func serveQuietly(t *testing.T, run runs.Run) (event.Outcome, error) {
	t.Helper()
	return Serve(t.Context(), ServeOptions{Run: run, By: "ada", Ready: nopCloser{io.Discard}, Log: io.Discard})
}

// TestTwoAtOnce: of two runs that begin at the same time one is begun, and of the
// other nothing is left.
func TestTwoAtOnce(t *testing.T) {
	repo := newRepo(t)
	g := newGate(t)
	plan := onePhase(nil, task("a", g.pass()+"; echo a > a"))
	var all []runs.Run
	for range 3 {
		all = append(all, configured(t, repo, "", plan, cfgFlags()))
	}
	var mu sync.Mutex
	var refused []error
	var done sync.WaitGroup
	for _, run := range all {
		done.Go(func() {
			_, err := serveQuietly(t, run)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				if refused = append(refused, err); len(refused) == len(all)-1 {
					g.open(t) // the winner holds the repository until the others have lost
				}
			}
		})
	}
	done.Wait()
	for _, err := range refused {
		if busy := (*runs.BusyError)(nil); !errors.As(err, &busy) {
			t.Errorf("refused: %v", err)
		}
	}
	left, err := (runs.Place{Repo: repo}).List()
	if err != nil || len(left) != 1 || len(refused) != 2 {
		t.Fatalf("%d runs are left, %d were refused, %v", len(left), len(refused), err)
	}
	wantOutcome(t, fold(t, left[0]), event.OutcomeDone)
}

// TestEngineFails: its agents are gone, the log is whole, and why it failed is
// said wherever somebody may look; the run goes on.
func TestEngineFails(t *testing.T) {
	repo, g := newRepo(t), newGate(t)
	run := configured(t, repo, "", onePhase(nil, task("a", g.waits())), cfgFlags())
	ctx, fail := context.WithCancelCause(t.Context())
	var said strings.Builder
	started := make(chan struct{})
	var once sync.Once
	ended := make(chan error)
	go func() {
		_, err := Serve(ctx, ServeOptions{Run: run, By: "ada", Ready: nopCloser{io.Discard}, Log: &said, Observe: func(events []event.Event) {
			if slices.ContainsFunc(events, func(e event.Event) bool { return e.Data.Type() == "agent.started" }) {
				once.Do(func() { close(started) })
			}
		}})
		ended <- err
	}()
	<-started
	fail(errors.New("the machine is on fire"))
	if err := <-ended; err == nil {
		t.Error("it did not fail")
	}
	if left := proc.Strays(run.ID + "/implementer-1"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	s := fold(t, run)
	if s.Ended != nil || !strings.Contains(said.String(), "the engine failed") {
		t.Errorf("ended %+v; it said %s", s.Ended, said.String())
	}
	if raw := readFile(t, stateFile(repo)); !strings.Contains(raw, `"state": "interrupted"`) || !strings.Contains(raw, "context canceled") {
		t.Errorf("the state file: %s", raw)
	}
	if f, err := run.Failure(); err != nil || f == nil || f.Source != "engine" || f.Text == "" {
		t.Errorf("the failure: %+v %v", f, err)
	}
	s = start(t, run).wait()
	wantOutcome(t, s, event.OutcomeDone)
	if f, err := run.Failure(); err != nil || f != nil {
		t.Errorf("still noted: %+v %v", f, err)
	}
	if !slices.ContainsFunc(s.Problems, func(p state.ProblemAt) bool { return p.Source == "engine" && strings.Contains(p.Text, "it failed at") }) {
		t.Errorf("problems: %+v", s.Problems)
	}
}

// TestDoneButNotFinished: an engine that was killed between the last event and
// its report is followed by one that writes it, whatever is done to the files.
func TestDoneButNotFinished(t *testing.T) {
	repo := newRepo(t)
	run := configured(t, repo, "", onePhase(nil, task("a", "echo a > a")), cfgFlags())
	wantOutcome(t, start(t, run).wait(), event.OutcomeDone)
	if err := os.Remove(run.ReportPath()); err != nil {
		t.Fatal(err)
	}
	before := fold(t, run).Seq
	writeFile(t, filepath.Join(repo, ".claude/popkit/insights.json"), `{"insights":[{"agent":"ada","content":"too late","tags":[],"phase":"work"}]}`)
	if outcome, err := serveQuietly(t, run); err != nil || outcome != event.OutcomeDone {
		t.Errorf("%s %v", outcome, err)
	}
	if _, err := os.Stat(run.ReportPath()); err != nil {
		t.Error(err)
	}
	if s := fold(t, run); s.Seq != before {
		t.Errorf("%d events, were %d", s.Seq, before)
	}
	if raw := readFile(t, filepath.Join(repo, ".claude/popkit/insights.json")); !strings.Contains(raw, "too late") {
		t.Errorf("the entry is lost: %s", raw)
	}
}

// TestOffline: what people may say to a run without an engine is in its log, and
// the engine that resumes it goes by it.
func TestOffline(t *testing.T) {
	repo := newRepo(t)
	fails := `if [ $POPKIT_ATTEMPT = 1 ]; then exit 1; fi; cat > $POPKIT_TASK`
	plan := onePhase(nil, task("a", fails), task("b", fails), task("c", fails), task("d", fails))
	run := configured(t, repo, `{"limits":{"max_attempts":1}}`, plan, cfgFlags())
	wantOutcome(t, start(t, run).wait(), event.OutcomeNeedsHuman)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c, err := Offline(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	call := func(op api.Op, args, out any) error { return c.Call(ctx, op, args, out) }
	var v view.Status
	if err := call(api.OpStatus, nil, &v); err != nil || v.State != "needs_human" || len(v.Decisions) != 4 || v.Engine != nil {
		t.Fatalf("status: %+v %v", v, err)
	}
	byTask := map[string]string{}
	for _, d := range v.Decisions {
		byTask[d.Task] = d.ID
	}
	prompt := "do it with love"
	for _, say := range []struct {
		op   api.Op
		args any
	}{
		{api.OpAnswer, api.AnswerArgs{ID: byTask["a"], Answer: "retry", By: "ada"}},
		{api.OpAnswer, api.AnswerArgs{ID: byTask["b"], Answer: "skip", By: "ada"}},
		{api.OpRetry, api.TaskArgs{Task: "c", By: "ada"}},
		{api.OpEdit, api.EditArgs{TaskEdited: event.TaskEdited{Task: "c", By: "ada", Prompt: &prompt}}},
		{api.OpSkip, api.TaskArgs{Task: "d", By: "ada"}},
		{api.OpShare, api.ShareArgs{Content: "said to nobody"}},
	} {
		if err := call(say.op, say.args, nil); err != nil {
			t.Errorf("%s: %v", say.op, err)
		}
	}
	var refusal *api.Error
	for op, args := range map[api.Op]any{
		api.OpAnswer: api.AnswerArgs{ID: byTask["a"], Answer: "skip", By: "eve"}, api.OpTell: api.TellArgs{Text: "hello"}, api.OpSkip: api.TaskArgs{Task: "zz"},
	} {
		if err := call(op, args, nil); !errors.As(err, &refusal) || refusal.Kind != api.KindRefused {
			t.Errorf("%s: %v", op, err)
		}
	}
	for range c.Stream(ctx, api.OpFollow, api.FollowArgs{}) {
	}
	s := start(t, run).wait()
	wantOutcome(t, s, event.OutcomeDone)
	if got := git(t, repo, "show", "popkit/"+run.ID+":c"); !strings.Contains(got, prompt) {
		t.Errorf("c was told %q", got)
	}
	if files := git(t, repo, "ls-tree", "--name-only", "popkit/"+run.ID); files != "README\na\nc" {
		t.Errorf("the result holds %q", files)
	}
	if err := call(api.OpRetry, api.TaskArgs{Task: "a", By: "ada"}, nil); !errors.As(err, &refusal) {
		t.Errorf("a run that is done: %v", err)
	}
}

// TestOfflineWhileAnEngineRuns: the log is its engine's alone.
func TestOfflineWhileAnEngineRuns(t *testing.T) {
	repo, g := newRepo(t), newGate(t)
	l := start(t, configured(t, repo, "", onePhase(nil, task("a", g.pass()+"; echo a > a")), cfgFlags()))
	err := offline{l.run}.Submit(t.Context(), decide.Skip{Task: "a", By: "ada"}, nil)
	if held := (*eventlog.HeldError)(nil); !errors.As(err, &held) {
		t.Errorf("%v", err)
	}
	l.until("agent.started", 1)
	g.open(t)
	wantOutcome(t, l.wait(), event.OutcomeDone)
}
