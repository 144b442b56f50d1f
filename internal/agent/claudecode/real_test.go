package claudecode

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"popkit/internal/agent"
	"popkit/internal/agent/agenttest"
	"popkit/internal/agent/claudecode/launch"
	"popkit/internal/api"
	"popkit/internal/claudetest"
	"popkit/internal/core/event"
	"popkit/internal/core/view"
	"popkit/internal/proc"
	"popkit/internal/scriptmodel"
)

// desktop is a run, as far as an agent sees it: it allows every call but those of the
// canary and of "forbidden" files.
type desktop struct {
	mu      sync.Mutex
	calls   []string // op and arguments
	used    event.Usage
	reports []event.Report
	urgent  chan view.Delivery
	called  func(op api.Op, args string) // told of each call; may be nil
}

func newDesktop() *desktop { return &desktop{urgent: make(chan view.Delivery)} }

func (d *desktop) Call(ctx context.Context, op api.Op, args, out any) error {
	raw, err := json.Marshal(args)
	if err != nil {
		return err
	}
	var answer any
	d.mu.Lock()
	d.calls = append(d.calls, string(op)+" "+string(raw))
	switch op {
	case api.OpJudge:
		v := api.Verdict{Verdict: event.VerdictAllow}
		if text := string(raw); strings.Contains(text, "popkit-canary") || strings.Contains(text, "forbidden") {
			v = api.Verdict{Verdict: event.VerdictDeny, Rule: "protected", Reason: "it is protected", Canary: strings.Contains(text, "popkit-canary")}
		}
		answer = v
	case api.OpUsage:
		var u api.UsageArgs
		if err = json.Unmarshal(raw, &u); err == nil {
			d.used = d.used.Plus(u.Usage)
		}
	case api.OpReport:
		var r api.ReportArgs
		if err = json.Unmarshal(raw, &r); err == nil {
			d.reports = append(d.reports, r.Report)
		}
	default:
		answer = view.Delivery{}
	}
	called := d.called
	d.mu.Unlock()
	if called != nil {
		called(op, string(raw))
	}
	if out == nil || answer == nil || err != nil {
		return err
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}

func (d *desktop) Stream(ctx context.Context, op api.Op, _ any) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for op == api.OpUrgent {
			select {
			case v := <-d.urgent:
				raw, err := json.Marshal(v)
				if !yield(raw, err) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

func (d *desktop) count(op api.Op, text string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, c := range d.calls {
		if strings.HasPrefix(c, string(op)+" ") && strings.Contains(c, text) {
			n++
		}
	}
	return n
}

// real is the real CLI with a scripted model.
type real struct {
	*Runtime
	model *scriptmodel.Server
	desk  *desktop
	spec  agent.Spec
}

func newReal(t *testing.T, script string, o launch.Options, more ...string) *real {
	t.Helper()
	cli := claudetest.Get(t)
	s, err := scriptmodel.Parse("script.yaml", []byte(script))
	if err != nil {
		t.Fatal(err)
	}
	model, err := scriptmodel.Start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := model.Close(); err != nil {
			t.Error(err)
		}
	})
	r := &real{model: model, desk: newDesktop(), spec: agenttest.NewSpec(t)}
	home := filepath.Join(filepath.Dir(r.spec.Workspace), "home")
	o.Environ = append(cli.Environ(home, model.URL), "CLAUDE_CODE_MAX_RETRIES=1")
	o.Environ = append(o.Environ, more...)
	launcher, err := launch.New(launch.CLI{Path: cli.Path, Version: cli.Version}, o)
	if err != nil {
		t.Fatal(err)
	}
	r.Runtime = New(launcher, "test")
	r.limits.Base, r.limits.Longest = 10*time.Millisecond, 10*time.Millisecond
	r.spec.Caller, r.spec.Grace = r.desk, 10*time.Second
	r.spec.Env = append(r.spec.Env, o.Environ...)
	r.spec.Prompt = "@@a@@ do the task"
	git(t, r.spec.Workspace, "init", "-q")
	return r
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v %s", args, err, out)
	}
}

// run runs the agent to its end.
func (r *real) run(t *testing.T) agent.Outcome {
	t.Helper()
	s, err := r.Start(t.Context(), r.spec)
	if err != nil {
		t.Fatal(err)
	}
	return r.wait(t, s)
}

func (r *real) wait(t *testing.T, s agent.Session) agent.Outcome {
	t.Helper()
	ended := make(chan agent.Outcome, 1)
	go func() { ended <- s.Wait() }()
	select {
	case o := <-ended:
		if left := proc.Strays(r.spec.Mark()); len(left) > 0 {
			t.Errorf("processes %v carry the agent's mark after its end", left)
		}
		return o
	case <-time.After(90 * time.Second):
		s.Stop(true)
		t.Fatalf("it did not end: %+v\n%s", <-ended, r.transcript(t))
		return agent.Outcome{}
	}
}

func (r *real) transcript(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(r.spec.Transcript)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func (r *real) check(t *testing.T) {
	t.Helper()
	if err := r.model.Check(); err != nil {
		t.Errorf("%v\n%s", err, r.model.Log())
	}
	if calls := r.model.Elsewhere(); len(calls) > 0 {
		t.Errorf("it called elsewhere: %v", calls)
	}
}

// wantReport checks a finished agent.
func wantReport(t *testing.T, o agent.Outcome, status event.ReportStatus, summary string) {
	t.Helper()
	if o.Reason != event.ExitExited || o.Report == nil || o.Report.Status != status || !strings.Contains(o.Report.Summary, summary) {
		t.Errorf("outcome is %+v, report %+v; want exited, %s, %q", o, o.Report, status, summary)
	}
}

const reportStep = `{tool: mcp__popkit__report, input: {status: done, summary: all there}}`

// A life without trouble: the guard is asked, what it denies does not happen, the report
// is taken, what was used is told once.
func TestRealLife(t *testing.T) {
	r := newReal(t, `
rules:
  - name: a
    steps:
      - {tool: Bash, input: {command: "echo made > out.txt", description: write}, usage: {input: 100, output: 10, cache_read: 1000}}
      - {tool: Write, input: {file_path: `+"forbidden.txt"+`, content: x}, usage: {input: 100, output: 10}}
      - `+reportStep+`
      - {text: "The end.", expect: [it is protected]}
`, launch.Options{})
	o := r.run(t)
	wantReport(t, o, event.ReportDone, "all there")
	r.check(t)
	if got, err := os.ReadFile(filepath.Join(r.spec.Workspace, "out.txt")); err != nil || string(got) != "made\n" {
		t.Errorf("out.txt is %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(r.spec.Workspace, "forbidden.txt")); err == nil {
		t.Error("what was denied has happened")
	}
	if n := r.desk.count(api.OpJudge, "out.txt"); n != 1 {
		t.Errorf("the guard was asked %d times about the command", n)
	}
	u := r.desk.used
	if u.CachedTokens != 1000 || u.InputTokens < 1200 || u.OutputTokens < 20 || u.CostUSD <= 0 || u.Turns < 4 {
		t.Errorf("used is %+v", u)
	}
	if !strings.Contains(r.transcript(t), `"isReplay":true`) {
		t.Error("it does not say what the model was given")
	}
	if slices.Contains(strings.Split(r.transcript(t), `"`), claudetest.Key) {
		t.Error("the key is in the transcript")
	}
}

// await waits until something is so; patience bounds it and decides no passing test.
func await(t *testing.T, so func() bool) {
	t.Helper()
	limit := time.After(60 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-limit:
			t.Error("it did not come to be")
			return
		}
	}
}

// killBelow kills the CLI that an init helper runs.
func killBelow(t *testing.T, helper proc.Ident) {
	t.Helper()
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", helper.PID, helper.PID))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range strings.Fields(string(children)) {
		pid, err := strconv.Atoi(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
}

// running lists processes that work in a folder, or below it.
func running(t *testing.T, dir string) []string {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, l := range links {
		if at, err := os.Readlink(l); err == nil && strings.HasPrefix(at, dir) {
			found = append(found, l)
		}
	}
	return found
}
