package agenttest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"popkit/internal/agent"
	"popkit/internal/core/event"
	"popkit/internal/proc"
)

// Behaviour is something that an agent is to do, see the constants.
type Behaviour string

// What the suite asks of agents.
const (
	Echo        Behaviour = "echo"         // print the prompt, which is "say this", and a newline; exit 0
	Exit7       Behaviour = "exit 7"       // exit with status 7
	Crash       Behaviour = "crash"        // end by SIGKILL
	Write       Behaviour = "write"        // write "made\n" to out.txt in the workspace, exit 0
	ReportDone  Behaviour = "report done"  // report done with summary "all there" by the result file, exit 0
	BadReport   Behaviour = "bad report"   // write "{" to the result file, exit 0
	Flood       Behaviour = "flood"        // print 100,000 lines of 10 bytes ("line 1234\n"), then "the end"; exit 0
	Secret      Behaviour = "secret"       // print "token hunter22-hunter22 token", exit 1
	Hang        Behaviour = "hang"         // print "ready", then run until told to stop, then end without being killed
	HangHard    Behaviour = "hang hard"    // print "ready", then run on whatever it is told
	LeaveChild  Behaviour = "leave child"  // leave a setsid child with an empty environment whose arguments hold the run's ID; exit 0
	IgnoreInput Behaviour = "ignore input" // exit 0 without reading the prompt
)

// Harness makes agents for the suite.
type Harness struct {
	// Runtime returns a runtime whose agents show the behaviour.
	Runtime func(t *testing.T, b Behaviour) agent.Runtime
	// Lacks lists behaviours that this kind of agent can't show.
	Lacks []Behaviour
	// MustReport: an agent that ends without a report counts as one that reported
	// failed.
	MustReport bool
	// Lines: the transcript is of lines of JSON, and none is cut.
	Lines bool
}

const (
	hunter = "hunter22-hunter22"
	// patience bounds waiting for what must happen; it decides no passing test.
	patience = 30 * time.Second
)

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	t.Helper()
	for _, tt := range []struct {
		name     string
		needs    Behaviour
		scenario func(*testing.T, agent.Runtime)
	}{
		{"prompt and transcript", Echo, h.testEcho},
		{"exit status", Exit7, testExit},
		{"killed by a signal", Crash, testCrash},
		{"runs in the workspace", Write, testWrite},
		{"report", ReportDone, testReport},
		{"an old result is not a report", Echo, h.testOldResult},
		{"a bad report is a failed one", BadReport, testBadReport},
		{"transcript limit", Flood, h.testLimit},
		{"redaction", Secret, testSecret},
		{"stop", Hang, testStop},
		{"stop after the grace period", HangHard, testStopHard},
		{"stop now", HangHard, testStopNow},
		{"end of the context", HangHard, testContext},
		{"nothing is left", LeaveChild, testChild},
		{"a large prompt that nobody reads", IgnoreInput, testIgnoredPrompt},
		{"identity", Hang, testIdent},
		{"workspace missing", Echo, testNoWorkspace},
		{"never without its confinement", Echo, testConfined},
	} {
		if h.lacks(tt.needs) {
			continue
		}
		t.Run(tt.name, func(t *testing.T) { tt.scenario(t, h.Runtime(t, tt.needs)) })
	}
}

func (h Harness) lacks(b Behaviour) bool {
	for _, l := range h.Lacks {
		if l == b {
			return true
		}
	}
	return false
}

// NewSpec returns a Spec with a workspace of its own.
func NewSpec(t *testing.T) agent.Spec {
	t.Helper()
	dir := t.TempDir()
	workspace, state, given := filepath.Join(dir, "workspace"), filepath.Join(dir, "state"), filepath.Join(dir, "given")
	for _, d := range []string{workspace, state, given} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run := "run-" + strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()) + "-" + filepath.Base(filepath.Dir(dir))
	result := filepath.Join(dir, "result.json")
	return agent.Spec{
		Run: run, Task: "api", Agent: "implementer-1", Phase: "implement", Role: "implementer", Attempt: 1,
		Prompt:    "say this",
		Workspace: workspace, State: state, Given: given,
		Env: []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + dir,
			"POPKIT_RUN=" + run, "POPKIT_TASK=api", "POPKIT_AGENT=implementer-1", "POPKIT_ATTEMPT=1",
			"POPKIT_PHASE=implement", "POPKIT_ROLE=implementer", "POPKIT_RESULT=" + result,
		},
		ResultFile: result,
		Transcript: filepath.Join(dir, "transcripts", "implementer-1.log"),
		Grace:      patience,
	}
}

func start(t *testing.T, r agent.Runtime, s agent.Spec) agent.Session {
	t.Helper()
	session, err := r.Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func wait(t *testing.T, s agent.Session) agent.Outcome {
	t.Helper()
	ended := make(chan agent.Outcome, 1)
	go func() { ended <- s.Wait() }()
	select {
	case o := <-ended:
		return o
	case <-time.After(patience):
		s.Stop(true)
		t.Fatalf("the agent did not end: %+v", <-ended)
		return agent.Outcome{}
	}
}

func run(t *testing.T, r agent.Runtime, s agent.Spec) agent.Outcome {
	t.Helper()
	return wait(t, start(t, r, s))
}

// transcript reads what was kept so far.
func transcript(t *testing.T, s agent.Spec) string {
	t.Helper()
	data, err := os.ReadFile(s.Transcript)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func awaitReady(t *testing.T, s agent.Spec) {
	t.Helper()
	AwaitOutput(t, s, "ready")
}

// AwaitOutput returns once the agent has printed the text.
func AwaitOutput(t *testing.T, s agent.Spec, text string) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for !strings.Contains(transcript(t, s), text) {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("the agent did not print %q: %q", text, transcript(t, s))
		}
	}
}

func checkExit(t *testing.T, o agent.Outcome, reason event.ExitReason, code int, signal string) {
	t.Helper()
	if o.Reason != reason || o.Code != code || o.Signal != signal {
		t.Errorf("outcome is %s, %d, %q; want %s, %d, %q (%s)", o.Reason, o.Code, o.Signal, reason, code, signal, o.Detail)
	}
}

func checkGone(t *testing.T, s agent.Spec, session agent.Session) {
	t.Helper()
	if proc.Alive(session.Ident()) {
		t.Errorf("process %+v is alive after Wait", session.Ident())
	}
	if strays := proc.Strays(s.Mark()); len(strays) > 0 {
		t.Errorf("processes %v carry the agent's mark after Wait", strays)
	}
}

func cancelled(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, cancel
}
