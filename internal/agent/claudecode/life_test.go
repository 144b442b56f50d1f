package claudecode

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"popkit/internal/agent"
	"popkit/internal/agent/claudecode/launch"
	"popkit/internal/agent/keep"
	"popkit/internal/core/event"
	"popkit/internal/proc"
)

// stage plays scripts in memory, in fake time.
type stage struct {
	*life
	desk  *fakeDesk
	path  string // of the transcript
	began time.Time
	stop  func()

	mu      sync.Mutex
	signals []string // what the processes were sent
	starts  []string // the sessions' ways
	used    event.Usage
}

// onStage runs f in a bubble, with a life that plays the script.
func onStage(t *testing.T, script string, f func(t *testing.T, s *stage)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "transcript")
	synctest.Test(t, func(t *testing.T) {
		kept, err := keep.Open(path, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		stopping := make(chan struct{})
		s := &stage{path: path, desk: &fakeDesk{urgent: make(chan string)}, began: time.Now(), stop: func() { close(stopping) }}
		s.life = &life{
			spec: agent.Spec{Prompt: "the task"}, limits: DefaultLimits(), grace: 10 * time.Second,
			course: course{limits: DefaultLimits(), now: time.Now}, host: s.desk.host(), kept: kept, up: func() {},
			report: func() *event.Report { return s.desk.host().report() }, again: func(proc.Ident, string) {},
			use:    func(_ context.Context, u event.Usage) { s.used = s.used.Plus(u) },
			urgent: s.desk.urgent, stopping: stopping, session: launch.NewSession(), words: &words{},
		}
		s.start = func(ctx context.Context, session string, resume bool) (body, error) {
			return s.play(ctx, script, resume), nil
		}
		f(t, s)
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			data, err := os.ReadFile(path)
			t.Log(string(data), err)
		}
	})
}

// play starts the script's next process.
func (s *stage) play(ctx context.Context, script string, resume bool) body {
	n := len(s.starts)
	s.starts = append(s.starts, map[bool]string{true: "resume", false: "new"}[resume])
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan proc.Exit, 1)
	var given atomic.Bool // popkit killed it
	go func() {
		defer cancel()
		code, killed := playFake(ctx, script, n, nil, inR, outW)
		exit := proc.Exit{Code: code}
		if killed {
			exit.Signal, exit.Stopped = "SIGKILL", given.Load()
		}
		ended <- exit
		_ = inR.Close() // never fails
		_ = outW.Close()
	}()
	signal := func(name string, do func()) func() {
		return func() {
			s.mu.Lock()
			s.signals = append(s.signals, fmt.Sprintf("%s %v", name, time.Since(s.began)))
			s.mu.Unlock()
			do()
		}
	}
	return body{
		ident: proc.Ident{PID: n + 1}, in: inW, out: outR, interrupt: signal("int", func() {}), stop: signal("term", func() {}),
		kill: signal("kill", func() { given.Store(true); cancel() }), wait: func() (proc.Exit, error) { return <-ended, nil },
	}
}

// run lives the life and returns how it ended.
func (s *stage) run(t *testing.T) agent.Outcome {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b, err := s.start(ctx, s.session, false)
	if err != nil {
		t.Fatal(err)
	}
	return s.outcome(s.live(ctx, b))
}

func (s *stage) took() time.Duration { return time.Since(s.began) }

func wantStarts(t *testing.T, s *stage, want string) {
	t.Helper()
	if got := strings.Join(s.starts, " "); got != want {
		t.Errorf("processes were started as %q, want %q", got, want)
	}
}

// TestBackOff: a service that fails is asked again after 2, 4 and 8 seconds, in the same
// process; a turn that got somewhere begins the count anew.
func TestBackOff(t *testing.T) {
	onStage(t, `turn the task
fault server_error 500 oops
turn service failed
fault overloaded 529 oops
turn service failed
fault unknown 0 malformed
turn service failed
tool Bash x
fault unknown 0 malformed
turn service failed
report done all
result`, func(t *testing.T, s *stage) {
		wantReport(t, s.run(t), event.ReportDone, "all")
		if got := s.took(); got != 16*time.Second {
			t.Errorf("it took %v, want 2+4+8+2 seconds", got)
		}
		wantStarts(t, s, "new")
	})
}

// TestServiceGone: past the bound the attempt has failed, and says why.
func TestServiceGone(t *testing.T) {
	onStage(t, "turn\nfault server_error 500 oops\n"+strings.Repeat("turn service failed\nfault server_error 500 oops\n", 6), func(t *testing.T, s *stage) {
		wantReport(t, s.run(t), event.ReportFailed, "7 times in a row")
		if got := s.took(); got != (2+4+8+16+32+64)*time.Second {
			t.Errorf("it took %v", got)
		}
	})
}

// TestLoginRefused: the CLI tries ten times, for minutes, before it says so, and is broken off
// before; at once where it was never let in, and after a few tries where it was.
func TestLoginRefused(t *testing.T) {
	for name, script := range map[string]string{
		"401":   retries(401, 1),
		"403":   retries(403, 1),
		"later": "say I begin\n" + retries(401, 3),
	} {
		t.Run(name, func(t *testing.T) {
			onStage(t, "turn the task\n"+script+"\nhang", func(t *testing.T, s *stage) {
				wantReport(t, s.run(t), event.ReportFailed, "does not let it in")
				wantStarts(t, s, "new")
				if s.took() != 0 || len(s.signals) > 0 {
					t.Errorf("it took %v and %v", s.took(), s.signals)
				}
			})
		})
	}
	t.Run("a CLI that does not hear it", func(t *testing.T) {
		onStage(t, "turn the task\n"+retries(401, 1)+"\nsleep", func(t *testing.T, s *stage) {
			wantReport(t, s.run(t), event.ReportFailed, "does not let it in")
			if s.took() > DefaultLimits().Leave {
				t.Errorf("it took %v", s.took())
			}
		})
	})
	for name, script := range map[string]string{
		"a hiccup": "say I begin\n" + retries(401, 2), "overloaded": retries(529, 10), "a fault": retries(500, 10), "no answer": retries(0, 10),
	} {
		t.Run(name, func(t *testing.T) {
			onStage(t, "turn the task\n"+script+"\nreport done all\nresult", func(t *testing.T, s *stage) {
				wantReport(t, s.run(t), event.ReportDone, "all")
			})
		})
	}
}

// retries are what the CLI says of so many tries.
func retries(status, n int) string {
	var lines []string
	for i := range n {
		lines = append(lines, fmt.Sprintf(`system {"subtype": "api_retry", "attempt": %d, "error_status": %d}`, i+1, status))
	}
	return strings.Join(lines, "\n")
}

// TestHang: silence leads to an interrupt and a word; silence after that, to the end of the
// process and its resumption.
func TestHang(t *testing.T) {
	onStage(t, `turn the task
say I begin
open sleep 1000
hang
turn nothing was heard
say I go on
hang
process
turn killed
report done all
result`, func(t *testing.T, s *stage) {
		wantReport(t, s.run(t), event.ReportDone, "all")
		l := DefaultLimits()
		if got := s.took(); got != l.ToolTime+l.Quiet {
			t.Errorf("it took %v, want %v for the tool and %v for the model", got, l.ToolTime, l.Quiet)
		}
		wantStarts(t, s, "new resume")
	})
}

// TestDeaf: a CLI that does not hear the interrupt is ended.
func TestDeaf(t *testing.T) {
	onStage(t, `turn
say I begin
sleep
process
turn killed
report done all
result`, func(t *testing.T, s *stage) {
		wantReport(t, s.run(t), event.ReportDone, "all")
		l := DefaultLimits()
		if got := s.took(); got != l.Quiet+l.Patience {
			t.Errorf("it took %v", got)
		}
		wantStarts(t, s, "new resume")
	})
}

// TestNeverUp: a CLI that does not answer is started again, and given up in the end.
func TestNeverUp(t *testing.T) {
	onStage(t, "at once sleep", func(t *testing.T, s *stage) {
		wantReport(t, s.run(t), event.ReportFailed, "did not answer")
		wantStarts(t, s, "new new new new")
	})
}

// TestWaitsForAPerson: who waits for popkit's answer does not hang.
func TestWaitsForAPerson(t *testing.T) {
	onStage(t, `turn
tool Bash x
report done all
result`, func(t *testing.T, s *stage) {
		s.desk.hold = make(chan struct{})
		time.AfterFunc(30*time.Hour, func() { close(s.desk.hold) })
		wantReport(t, s.run(t), event.ReportDone, "all")
		if got := s.took(); got != 30*time.Hour {
			t.Errorf("it took %v", got)
		}
		if len(s.signals) != 0 {
			t.Errorf("meanwhile it was sent %v", s.signals)
		}
	})
}

// TestUrgentOnce: a process that dies is resumed; what was urgent and unread is said to
// the next one, and what was read is not.
func TestUrgentOnce(t *testing.T) {
	onStage(t, `turn the task
say I begin
steer first thing
say I know
wait 1s
kill
process
turn second thing
report done all
result`, func(t *testing.T, s *stage) {
		go func() {
			time.Sleep(time.Millisecond)
			s.desk.urgent <- "the first thing"
			time.Sleep(time.Millisecond)
			s.desk.urgent <- "the second thing" // written, and not read by the one that is killed
		}()
		wantReport(t, s.run(t), event.ReportDone, "all")
		wantStarts(t, s, "new resume")
		if told := s.toldTexts(t); strings.Count(told, "the first thing") != 1 || strings.Count(told, "the second thing") != 2 {
			t.Errorf("it was told %s; want the first thing once, and the second to each process", told)
		}
	})
}

// toldTexts is what the agent was told, as it is in the transcript.
func (s *stage) toldTexts(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, l := range strings.Split(string(data), "\n") {
		if strings.Contains(l, `"from":"popkit"`) {
			told = append(told, l)
		}
	}
	return strings.Join(told, "\n")
}

// TestUrgentWhileItWaits: between turns what is urgent goes with what is said next.
func TestUrgentWhileItWaits(t *testing.T) {
	onStage(t, `turn
fault server_error 500 oops
turn hurry
report done all
result`, func(t *testing.T, s *stage) {
		go func() {
			time.Sleep(time.Second)
			s.desk.urgent <- "hurry"
		}()
		wantReport(t, s.run(t), event.ReportDone, "all")
		if n := strings.Count(s.toldTexts(t), "hurry"); n != 1 {
			t.Errorf("it was told %d times", n)
		}
	})
}

// TestUrgentAtTheEnd: a message that comes with the last word is a turn of its own; its
// result counts.
func TestUrgentAtTheEnd(t *testing.T) {
	onStage(t, `turn
report done first
wait 1s
result
turn hurry
report done second
result`, func(t *testing.T, s *stage) {
		go func() {
			synctest.Wait()
			s.desk.urgent <- "hurry"
		}()
		wantReport(t, s.run(t), event.ReportDone, "second")
	})
}

// TestMute: a CLI that does not say what it reads is driven all the same.
func TestMute(t *testing.T) {
	onStage(t, `mute
turn
result {"num_turns": 1}
turn without a report
report done all
result`, func(t *testing.T, s *stage) {
		wantReport(t, s.run(t), event.ReportDone, "all")
	})
}

// TestUnsent: an answer to a hook that the model has not seen when its process dies is given
// back; one that it has seen is not.
func TestUnsent(t *testing.T) {
	onStage(t, `turn
tool Bash one
say I saw
tool Bash two
kill
process
turn killed
report done all
result`, func(t *testing.T, s *stage) {
		wantReport(t, s.run(t), event.ReportDone, "all")
		if len(s.desk.hooks) != 2 || len(s.desk.unsent) != 1 {
			t.Errorf("of the answers to %v %v were given back, want the second's", s.desk.hooks, s.desk.unsent)
		}
	})
}

// TestBadLines: some are nothing; a process that prints no end of them is broken.
func TestBadLines(t *testing.T) {
	onStage(t, "turn\nbad 99\nlong 3\nsay x\nreport done all\nresult", func(t *testing.T, s *stage) {
		wantReport(t, s.run(t), event.ReportDone, "all")
		wantStarts(t, s, "new")
	})
	onStage(t, "turn\nsay x\nbad 101\nsleep\nprocess\nturn killed\nreport done all\nresult", func(t *testing.T, s *stage) {
		wantReport(t, s.run(t), event.ReportDone, "all")
		wantStarts(t, s, "new resume")
	})
	onStage(t, "turn\nsay x\nlong 3\nreport done all\nresult", func(t *testing.T, s *stage) {
		s.limits.Line = 1 << 20 // what is longer is left out, and counted
		wantReport(t, s.run(t), event.ReportDone, "all")
	})
}

// TestResumeFails: a session that is not there any more is followed by a new one, which is
// told the task and what is known.
func TestResumeFails(t *testing.T) {
	onStage(t, `turn the task
say I have found plums
kill
process
turn killed
result {"subtype": "error_during_execution", "is_error": true, "num_turns": 0, "errors": ["No conversation found"]}
process
turn I have found plums
report done all
result`, func(t *testing.T, s *stage) {
		wantReport(t, s.run(t), event.ReportDone, "all")
		wantStarts(t, s, "new resume new")
	})
}

// TestLadder: a CLI that does not end by itself is taken down rung by rung.
func TestLadder(t *testing.T) {
	onStage(t, "turn\nsay x\nsleep", func(t *testing.T, s *stage) {
		time.AfterFunc(time.Minute, s.stop)
		if o := s.run(t); o.Reason != event.ExitStopped {
			t.Errorf("outcome is %+v", o)
		}
		if got := strings.Join(s.signals, ", "); got != "int 1m6s, term 1m8s, kill 1m10s" {
			t.Errorf("it was sent %s; want it within the 10 seconds of grace", got)
		}
	})
	onStage(t, "turn\nhang", func(t *testing.T, s *stage) {
		time.AfterFunc(time.Minute, s.stop)
		if o := s.run(t); o.Reason != event.ExitStopped || o.Signal != "" || s.took() != time.Minute || len(s.signals) != 0 {
			t.Errorf("outcome is %+v after %v and %v; want it ended by the interrupt", o, s.took(), s.signals)
		}
	})
	onStage(t, "turn\nreport done all\nresult\nsleep", func(t *testing.T, s *stage) {
		wantReport(t, s.run(t), event.ReportDone, "all") // it counts, though it had to be killed
		if got := strings.Join(s.signals, ", "); got != "int 9s, term 12s, kill 15s" {
			t.Errorf("it was sent %s", got)
		}
	})
	onStage(t, "turn\nfault server_error 500 oops\nsleep", func(t *testing.T, s *stage) {
		time.AfterFunc(time.Second, s.stop) // while it waits for its next try
		if o := s.run(t); o.Reason != event.ExitStopped {
			t.Errorf("outcome is %+v", o)
		}
		wantStarts(t, s, "new")
	})
}

// TestCanary: an agent whose guard proves nothing gets no task.
func TestCanary(t *testing.T) {
	onStage(t, "turn", func(t *testing.T, s *stage) {
		s.desk.canary = fmt.Errorf("it was not denied")
		wantReport(t, s.run(t), event.ReportFailed, "guard did not prove")
		if told := s.toldTexts(t); strings.Contains(told, "the task") {
			t.Errorf("it was told %s", told)
		}
	})
}

// TestUsage: over two processes, one of which died in a turn.
func TestUsage(t *testing.T) {
	onStage(t, `turn
say one
say two
result
turn without a report
say three
wait 1s
kill
process
turn killed
say four
report done all
result`, func(t *testing.T, s *stage) {
		wantReport(t, s.run(t), event.ReportDone, "all")
		want := event.Usage{InputTokens: 400, OutputTokens: 61, CostUSD: 1, Turns: 4} // of the turn that was killed there is no result, but what it had cost
		if s.used != want {
			t.Errorf("used is %+v, want %+v", s.used, want)
		}
	})
}

// TestRan: the desk is told of each tool that did something, by the CLI's own account,
// whether its hooks were asked or not; not of one that was kept from it.
func TestRan(t *testing.T) {
	use := func(id string) string {
		return `print {"type":"assistant","message":{"id":"m-` + id + `","content":[{"type":"tool_use","id":"` + id + `","name":"Write","input":{}}]}}`
	}
	result := func(id, more string) string {
		return `print {"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"` + id + `","content":"x"` + more + `}]}}`
	}
	onStage(t, "turn\ntool Read a.go\n"+use("t1")+"\n"+result("t1", "")+"\n"+use("t2")+"\n"+result("t2", `,"is_error":true`)+"\nreport done all\nresult", func(t *testing.T, s *stage) {
		wantReport(t, s.run(t), event.ReportDone, "all")
		if got := strings.Join(s.desk.ran, ", "); got != "Read toolu_0, Write t1" {
			t.Errorf("told of %s", got)
		}
	})
}

// TestStoppedBeforeItGoesOn: an agent that is asked to end while its next process waits for
// its turn has been stopped, not failed.
func TestStoppedBeforeItGoesOn(t *testing.T) {
	onStage(t, "turn\nsay x\nkill", func(t *testing.T, s *stage) {
		play := s.start
		s.start = func(ctx context.Context, session string, resume bool) (body, error) {
			if !resume {
				return play(ctx, session, resume)
			}
			s.stop()
			return body{}, context.Canceled
		}
		if o := s.run(t); o.Reason != event.ExitStopped {
			t.Errorf("outcome is %+v", o)
		}
	})
}

// TestHelpers: an agent that has reported is not let go while a subagent of it is at work.
func TestHelpers(t *testing.T) {
	const helper = `turn
system {"subtype": "task_started", "task_id": "t1", "task_type": "local_agent"}
system {"subtype": "task_started", "task_id": "t2", "task_type": "local_bash"}
report done first
result
wait 5m
`
	onStage(t, helper+`system {"subtype": "task_notification", "task_id": "t1", "status": "completed"}
report done second
result`, func(t *testing.T, s *stage) {
		wantReport(t, s.run(t), event.ReportDone, "second")
		if s.took() != 5*time.Minute {
			t.Errorf("it took %v", s.took())
		}
	})
	onStage(t, strings.TrimSuffix(helper, "wait 5m\n")+"sleep", func(t *testing.T, s *stage) { // nothing more is heard of it
		wantReport(t, s.run(t), event.ReportDone, "first")
		if l := DefaultLimits(); s.took() != l.ToolTime+l.Leave {
			t.Errorf("it took %v", s.took())
		}
	})
}
