package effects

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"popkit/internal/agent"
	"popkit/internal/core/event"
	"popkit/internal/engine"
	"popkit/internal/proc"
	"popkit/internal/redact"
)

// TestOneAttempt carries out each effect of an attempt, and each once more as
// unknown, as an engine does that found it under way: same question, same answer.
func TestOneAttempt(t *testing.T) {
	w := newWorld(t)
	again := func(o engine.Order) engine.Order {
		w.Effects = w.effects() // the engine that asked is dead
		o.Unknown = true
		return o
	}
	o := order(event.EffectPrepare, "a", w.base)
	prepared := want[event.AgentPrepared](w, o)
	if err := os.WriteFile(filepath.Join(prepared.Workspace, "half"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if twice := want[event.AgentPrepared](w, again(o)); twice != prepared {
		t.Errorf("prepared %+v, again %+v", prepared, twice)
	}
	if _, err := os.Stat(filepath.Join(prepared.Workspace, "half")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the half-made workspace is still there: %v", err)
	}
	o.Workspace = prepared.Workspace
	o.Kind, o.Request.Runtime = event.EffectRun, `exec:echo a > a; echo "`+secret+`"; echo '{"status":"done","summary":"made a"}' > $POPKIT_RESULT; exit 3`
	exit := want[event.AgentExited](w, o)
	if exit.Code != 3 || exit.Reason != event.ExitExited || exit.Report == nil || exit.Report.Summary != "made a" || strings.Contains(exit.Detail, secret) {
		t.Errorf("ran: %+v", exit)
	}
	if got := want[event.AgentExited](w, again(o)); got.Reason != event.ExitInterrupted || got.Code != 0 {
		t.Errorf("run again: %+v", got)
	}
	o.Kind, o.Report = event.EffectCollect, exit.Report
	left := want[event.AgentCollected](w, o)
	if twice := want[event.AgentCollected](w, again(o)); twice.Commit != left.Commit || twice.Ref != left.Ref || twice.Changed != 1 {
		t.Errorf("collected %+v, again %+v", left, twice)
	}
	if msg := w.git("log", "-1", "--format=%B", left.Commit); !strings.Contains(msg, "task a") || !strings.Contains(msg, "made a") || !strings.Contains(msg, "Popkit-Task: a") {
		t.Errorf("message: %s", msg)
	}
	o.Kind, o.Commit, o.Onto = event.EffectMerge, left.Commit, w.base
	merged := want[event.TaskMerged](w, o)
	if twice := want[event.TaskMerged](w, again(o)); twice.Commit != merged.Commit {
		t.Errorf("merged %+v, again %+v", merged, twice)
	}
	if err := os.WriteFile(filepath.Join(o.Workspace, "late"), []byte("late\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	o.Kind, o.Work = event.EffectRelease, &left
	released := want[event.AgentReleased](w, o)
	if released.Rescue == "" || w.show(released.Rescue, "late") != "late" {
		t.Errorf("released %+v", released)
	}
	want[event.AgentReleased](w, again(o))
	if _, err := os.Stat(o.Workspace); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the workspace is still there: %v", err)
	}
	p := engine.Order{EffectRequested: event.EffectRequested{Kind: event.EffectPublish, Phase: 0, Commit: merged.Commit}}
	opened := want[event.BarrierOpened](w, p)
	if twice := want[event.BarrierOpened](w, again(p)); twice.Ref != opened.Ref || w.git("rev-parse", opened.Ref) != merged.Commit {
		t.Errorf("published %+v, again %+v", opened, twice)
	}
	f := engine.Order{EffectRequested: event.EffectRequested{Kind: event.EffectFinish, Commit: merged.Commit}, Branch: "popkit/01RUN"}
	want[event.RunPublished](w, f)
	if twice := want[event.RunPublished](w, again(f)); twice.Note != "" || w.git("rev-parse", "popkit/01RUN") != merged.Commit {
		t.Errorf("finished again: %+v", twice)
	}
}

// TestAgentThatDoesNotStart: what keeps it from starting is how it ended.
func TestAgentThatDoesNotStart(t *testing.T) {
	w := newWorld(t)
	o := order(event.EffectRun, "a", w.base)
	o.Request.Runtime = "magic"
	if exit := want[event.AgentExited](w, o); exit.Reason != event.ExitNotStarted || !strings.Contains(exit.Detail, "magic") {
		t.Errorf("%+v", exit)
	}
	o.Request.Runtime, o.Workspace = "exec:true", filepath.Join(w.root, "nowhere")
	if exit := want[event.AgentExited](w, o); exit.Reason != event.ExitNotStarted || exit.Detail == "" {
		t.Errorf("%+v", exit)
	}
	w.cfg.Seat = func(context.Context, engine.Order) (Seat, error) { return Seat{}, errors.New("no seat for " + secret) }
	if exit := want[event.AgentExited](w, o); exit.Reason != event.ExitNotStarted || !strings.Contains(exit.Detail, "no seat for ["+"redacted]") {
		t.Errorf("%+v", exit)
	}
}

// TestSeatThatIsNotCleared does not undo what the agent did.
func TestSeatThatIsNotCleared(t *testing.T) {
	w := newWorld(t)
	seat := w.cfg.Seat
	w.cfg.Seat = func(ctx context.Context, o engine.Order) (Seat, error) {
		s, err := seat(ctx, o)
		s.Leave = func() error { return errors.New("device busy") }
		return s, err
	}
	o := order(event.EffectRun, "a", w.base)
	o.Request.Runtime, o.Workspace = "exec:echo said", t.TempDir()
	if exit := want[event.AgentExited](w, o); exit.Reason != event.ExitExited || !strings.Contains(exit.Detail, "said") || !strings.Contains(exit.Detail, "device busy") {
		t.Errorf("%+v", exit)
	}
}

// TestInterrupted: what a dead engine's agent has left behind is ended.
func TestInterrupted(t *testing.T) {
	w := newWorld(t)
	o := order(event.EffectRun, "a", w.base)
	o.Unknown, o.Run = true, "01RUN"
	ready, said, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer ready.Close()
	p, err := proc.Start(t.Context(), proc.Command{
		Path: "/bin/sh", Args: []string{"sh", "-c", "echo ready; sleep 20 & sleep 20"}, Env: os.Environ(), Stdout: said,
		Mark: agent.Spec{Run: o.Run, Agent: o.Agent}.Mark(),
	})
	if err != nil {
		t.Fatal(err)
	}
	said.Close()
	if _, err := ready.Read(make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	// The engine died before it could note the process: only its mark is known.
	if exit := want[event.AgentExited](w, o); exit.Reason != event.ExitInterrupted || !strings.Contains(exit.Detail, "left-over") {
		t.Errorf("%+v", exit)
	}
	if _, err := p.Wait(); err != nil {
		t.Error(err)
	}
	if left := proc.Strays(agent.Spec{Run: o.Run, Agent: o.Agent}.Mark()); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestAhead: while an agent works, the next checkout is made.
func TestAhead(t *testing.T) {
	w := newWorld(t)
	o := order(event.EffectRun, "a", w.base)
	o.Workspace, o.Ahead = t.TempDir(), engine.Ahead{Workspaces: 1}
	spare := filepath.Join(w.root, "01RUN", "spare", "1")
	o.Request.Runtime = "exec:for i in $(seq 1000); do [ -e " + spare + "/index ] && exit 0; sleep 0.01; done; exit 1"
	if exit := want[event.AgentExited](w, o); exit.Code != 0 {
		t.Errorf("nothing was made while it worked: %+v", exit)
	}
}

// TestStopAgent ends a running agent, and one that is not there is no matter.
func TestStopAgent(t *testing.T) {
	w := newWorld(t)
	o := order(event.EffectRun, "a", w.base)
	o.Request.Runtime, o.Workspace, o.Run, o.Key = "exec:trap '' TERM; sleep 20", t.TempDir(), "01RUN", "run:a"
	started := make(chan event.Data, 1)
	ended := make(chan event.Data)
	go func() { ended <- w.Do(t.Context(), o, func(d event.Data) { started <- d }) }()
	if _, ok := (<-started).(event.AgentStarted); !ok {
		t.Error("it was not told that it started")
	}
	w.StopAgent("nobody", true)
	w.StopAgent(o.Agent, true)
	if exit, ok := (<-ended).(event.AgentExited); !ok || exit.Reason != event.ExitStopped {
		t.Errorf("%+v", exit)
	}
	w.StopAgent(o.Agent, true)
}

// TestPanic: an effect that panics has failed for good, and tells no secrets.
func TestPanic(t *testing.T) {
	e := New(Config{Redactor: redact.New([]string{secret}), Runtime: func(string) (agent.Runtime, error) { panic("boom " + secret) }})
	for _, kind := range []event.EffectKind{event.EffectRun, event.EffectFinish, event.EffectCheck} {
		end, ok := e.Do(t.Context(), engine.Order{EffectRequested: event.EffectRequested{Kind: kind, Key: "k"}}, nil).(event.EffectFailed)
		if !ok || end.Key != "k" || !end.Final || !strings.Contains(end.Error, "panic: ") || strings.Contains(end.Error, secret) {
			t.Errorf("%s: %+v", kind, end)
		}
	}
	end, ok := e.Do(t.Context(), engine.Order{EffectRequested: event.EffectRequested{Kind: "dance", Key: "k"}}, nil).(event.EffectFailed)
	if !ok || !end.Final || !strings.Contains(end.Error, "dance") {
		t.Errorf("an unknown kind: %+v", end)
	}
}
