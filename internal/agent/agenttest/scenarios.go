package agenttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"popkit/internal/agent"
	"popkit/internal/core/event"
	"popkit/internal/proc"
)

func (h Harness) testEcho(t *testing.T, r agent.Runtime) {
	s := NewSpec(t)
	session := start(t, r, s)
	o := wait(t, session)
	checkExit(t, o, event.ExitExited, 0, "")
	h.checkNoReport(t, o)
	want := "say this\n"
	if h.Lines {
		want = `say this\n`
	}
	if got := transcript(t, s); !strings.Contains(got, want) {
		t.Errorf("transcript is %q, want the prompt in it", got)
	}
	if !strings.Contains(o.Detail, "say this") {
		t.Errorf("detail is %q, want the last line of output", o.Detail)
	}
	if again := session.Wait(); again.Reason != o.Reason || again.Detail != o.Detail {
		t.Errorf("a second Wait returns %+v, the first %+v", again, o)
	}
	session.Stop(true) // after the end: nothing happens
	checkGone(t, s, session)
}

func testExit(t *testing.T, r agent.Runtime) {
	checkExit(t, run(t, r, NewSpec(t)), event.ExitExited, 7, "")
}

func testCrash(t *testing.T, r agent.Runtime) {
	checkExit(t, run(t, r, NewSpec(t)), event.ExitKilled, 137, "SIGKILL")
}

func testWrite(t *testing.T, r agent.Runtime) {
	s := NewSpec(t)
	checkExit(t, run(t, r, s), event.ExitExited, 0, "")
	if got, err := os.ReadFile(filepath.Join(s.Workspace, "out.txt")); err != nil || string(got) != "made\n" {
		t.Errorf("out.txt in the workspace is %q, %v", got, err)
	}
}

func testReport(t *testing.T, r agent.Runtime) {
	o := run(t, r, NewSpec(t))
	checkExit(t, o, event.ExitExited, 0, "")
	if o.Report == nil || o.Report.Status != event.ReportDone || o.Report.Summary != "all there" {
		t.Errorf("report is %+v, want done, all there", o.Report)
	}
}

func (h Harness) testOldResult(t *testing.T, r agent.Runtime) {
	s := NewSpec(t)
	if err := os.WriteFile(s.ResultFile, []byte(`{"status":"done","summary":"of yesterday"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	h.checkNoReport(t, run(t, r, s))
}

// checkNoReport checks what becomes of an agent that gave none.
func (h Harness) checkNoReport(t *testing.T, o agent.Outcome) {
	t.Helper()
	switch {
	case h.MustReport && (o.Report == nil || o.Report.Status != event.ReportFailed || !strings.Contains(o.Report.Summary, "without a report")):
		t.Errorf("report is %+v, want one of status failed that says that there was none", o.Report)
	case !h.MustReport && o.Report != nil:
		t.Errorf("a report %+v came from nowhere", *o.Report)
	}
}

func testBadReport(t *testing.T, r agent.Runtime) {
	o := run(t, r, NewSpec(t))
	if o.Report == nil || o.Report.Status != event.ReportFailed || !strings.Contains(o.Report.Summary, "result") {
		t.Errorf("report is %+v, want one of status failed that says why", o.Report)
	}
}

func (h Harness) testLimit(t *testing.T, r agent.Runtime) {
	s := NewSpec(t)
	s.TranscriptLimit = 4000
	o := run(t, r, s)
	checkExit(t, o, event.ExitExited, 0, "")
	got := transcript(t, s)
	least := 4000
	if h.Lines {
		least = 3500
	}
	if len(got) < least || len(got) > 4300 {
		t.Errorf("transcript has %d bytes, want the first 4000 and a remark", len(got))
	}
	if n := strings.Count(got, "not kept"); n != 1 {
		t.Errorf("transcript says %d times that output was cut, want once: %q", n, got[max(0, len(got)-300):])
	}
	if !strings.HasSuffix(o.Detail, "the end") {
		t.Errorf("detail ends with %q, want the end of the output, also past the limit", o.Detail[max(0, len(o.Detail)-40):])
	}
	if len(o.Detail) > 2<<10 {
		t.Errorf("detail has %d bytes, want at most 2 KiB", len(o.Detail))
	}
}

func testSecret(t *testing.T, r agent.Runtime) {
	s := NewSpec(t)
	s.Secrets = []string{hunter}
	o := run(t, r, s)
	checkExit(t, o, event.ExitExited, 1, "")
	for name, text := range map[string]string{"transcript": transcript(t, s), "detail": o.Detail} {
		if strings.Contains(text, hunter) || !strings.Contains(text, "token [redacted] token") {
			t.Errorf("%s is %q, want the secret replaced", name, text)
		}
	}
}

func testStop(t *testing.T, r agent.Runtime) {
	s := NewSpec(t)
	session := start(t, r, s)
	awaitReady(t, s)
	session.Stop(false)
	session.Stop(false)
	if o := wait(t, session); o.Reason != event.ExitStopped || o.Signal == "SIGKILL" {
		t.Errorf("outcome is %s, %q; want it stopped, and not by SIGKILL", o.Reason, o.Signal)
	}
	checkGone(t, s, session)
}

func testStopHard(t *testing.T, r agent.Runtime) {
	s := NewSpec(t)
	s.Grace = 20 * time.Millisecond
	session := start(t, r, s)
	awaitReady(t, s)
	session.Stop(false)
	checkExit(t, wait(t, session), event.ExitStopped, 137, "SIGKILL")
	checkGone(t, s, session)
}

func testStopNow(t *testing.T, r agent.Runtime) {
	s := NewSpec(t)
	session := start(t, r, s)
	awaitReady(t, s)
	session.Stop(true)
	checkExit(t, wait(t, session), event.ExitStopped, 137, "SIGKILL")
	checkGone(t, s, session)
}

func testContext(t *testing.T, r agent.Runtime) {
	s := NewSpec(t)
	ctx, cancel := cancelled(t)
	session, err := r.Start(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	awaitReady(t, s)
	cancel()
	checkExit(t, wait(t, session), event.ExitStopped, 137, "SIGKILL")
	checkGone(t, s, session)
	if _, err := r.Start(ctx, s); err == nil {
		t.Error("an agent starts in a context that has ended")
	}
}

func testChild(t *testing.T, r agent.Runtime) {
	s := NewSpec(t)
	session := start(t, r, s)
	checkExit(t, wait(t, session), event.ExitExited, 0, "")
	checkGone(t, s, session)
	if left := withArgument(t, s.Run); len(left) > 0 {
		t.Errorf("processes %v, started by the agent, live on", left)
	}
}

func testIgnoredPrompt(t *testing.T, r agent.Runtime) {
	s := NewSpec(t)
	s.Prompt = strings.Repeat("a long prompt. ", 1<<20/15)
	checkExit(t, run(t, r, s), event.ExitExited, 0, "")
}

func testIdent(t *testing.T, r agent.Runtime) {
	s := NewSpec(t)
	session := start(t, r, s)
	awaitReady(t, s)
	id := session.Ident()
	if !proc.Alive(id) {
		t.Errorf("process %+v is not alive while the agent runs", id)
	}
	id.StartTime++
	if proc.Alive(id) {
		t.Error("a process with another start time counts as the same")
	}
	session.Stop(true)
	wait(t, session)
	checkGone(t, s, session)
}

// A confinement that can't be entered keeps the agent from starting.
func testConfined(t *testing.T, r agent.Runtime) {
	s := NewSpec(t)
	s.Confine = []string{"nothing that a confiner knows"}
	if session, err := r.Start(t.Context(), s); err == nil {
		session.Stop(true)
		t.Errorf("it started, and ended with %+v", session.Wait())
	}
}

func testNoWorkspace(t *testing.T, r agent.Runtime) {
	s := NewSpec(t)
	s.Workspace = filepath.Join(s.Workspace, "missing")
	session, err := r.Start(t.Context(), s)
	if err == nil {
		t.Fatalf("an agent starts without a workspace: %+v", session.Wait())
	}
	if !strings.Contains(err.Error(), "missing") {
		t.Errorf("the error %q does not name the workspace", err)
	}
}

// withArgument lists the processes that have a text in their arguments.
func withArgument(t *testing.T, text string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range files {
		if data, err := os.ReadFile(f); err == nil && strings.Contains(string(data), text) {
			found = append(found, f)
		}
	}
	return found
}
