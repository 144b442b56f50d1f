package claudecode

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"popkit/internal/agent/claudecode/launch"
	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/core/view"
	"popkit/internal/proc"
	"popkit/internal/scriptmodel"
)

// TestRealErrors: what the model's service, the CLI and the agent can do wrong, on the
// real CLI, and what becomes of it.
func TestRealErrors(t *testing.T) {
	const end = "\n      - " + reportStep + "\n      - {text: The end.}\n"
	for _, tt := range []struct {
		name, script string
		status       event.ReportStatus
		summary      string
		with         launch.Options
		transcript   []string // is in it
	}{
		{name: "overloaded for a while", script: `
rules:
  - name: a
    steps:
      - {tool: Bash, input: {command: echo 1, description: d}}
      - {text: I go on., tool: Bash, input: {command: echo 2, description: d}, fail: {status: 529, times: 5}}` + end,
			status: event.ReportDone, summary: "all there", transcript: []string{"the model's service failed: API Error: 529"}},
		{name: "overloaded for good", script: `
rules:
  - name: a
    steps:
      - {text: x, fail: {status: 529}}
`, status: event.ReportFailed, summary: "times in a row"},
		{name: "an error of the server", script: `
rules:
  - name: a
    steps:
      - {text: x, tool: Bash, input: {command: echo 1, description: d}, fail: {status: 500, times: 4}}` + end,
			status: event.ReportDone, summary: "all there"},
		{name: "a stream that is cut", script: `
rules:
  - name: a
    steps:
      - {text: x, tool: Bash, input: {command: echo 1, description: d}, fail: {broken: cut, times: 3}}` + end,
			status: event.ReportDone, summary: "all there"},
		{name: "a stream with an error in it", script: `
rules:
  - name: a
    steps:
      - {text: x, tool: Bash, input: {command: echo 1, description: d}, fail: {broken: error, times: 3}}` + end,
			status: event.ReportDone, summary: "all there"},
		{name: "a limit of the last minute", script: `
rules:
  - name: a
    steps:
      - {text: x, fail: {status: 429, message: slow down}}
`, status: event.ReportQuota, summary: "slow down"},
		{name: "no login", script: `
rules:
  - name: a
    steps:
      - {text: x, fail: {status: 401, message: invalid x-api-key}}
`, status: event.ReportFailed, summary: "does not let it in"},
		{name: "no permission", script: `
rules:
  - name: a
    steps:
      - {text: x, fail: {status: 403, message: not for you}}
`, status: event.ReportFailed, summary: "does not let it in"},
		{name: "no report", script: `
rules:
  - name: a
    steps:
      - {text: I am done.}
      - {text: I said so., expect: [without a report]}
`, status: event.ReportFailed, summary: "without a report"},
		{name: "a report after the reminder", script: `
rules:
  - name: a
    steps:
      - {text: I am done.}` + end,
			status: event.ReportDone, summary: "all there"},
		{name: "no more turns", script: `
rules:
  - name: a
    steps:
      - {tool: Bash, input: {command: echo 1, description: d}}
      - {tool: Bash, input: {command: echo 2, description: d}}
      - {tool: mcp__popkit__report, input: {status: failed, summary: half of it is there}, expect: [used up your turns]}
      - {text: The end.}
`, with: launch.Options{MaxTurns: 2}, status: event.ReportFailed, summary: "half of it is there"},
		{name: "no more turns, whatever it is told", script: `
rules:
  - {name: a, loop: true, steps: [{tool: Bash, input: {command: echo 1, description: d}}]}
`, with: launch.Options{MaxTurns: 2}, status: event.ReportFailed, summary: "used up its turns twice"},
		{name: "refused", script: `
rules:
  - name: a
    steps:
      - {text: I won't., stop: refusal}
`, status: event.ReportFailed, summary: "refused the task"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newReal(t, tt.script, tt.with)
			o := r.run(t)
			wantReport(t, o, tt.status, tt.summary)
			r.check(t)
			got := r.transcript(t)
			for _, text := range tt.transcript {
				if !strings.Contains(got, text) {
					t.Errorf("%q is not in the transcript", text)
				}
			}
			if t.Failed() {
				t.Log(got)
			}
		})
	}
}

// TestRealLoginRefused: with its own number of tries the CLI would need three minutes to say
// that its login is refused; nobody waits for that.
func TestRealLoginRefused(t *testing.T) {
	r := newReal(t, `
rules:
  - {name: a, loop: true, steps: [{text: x, fail: {status: 401, message: invalid x-api-key}}]}
`, launch.Options{}, "CLAUDE_CODE_MAX_RETRIES=10")
	wantReport(t, r.run(t), event.ReportFailed, "does not let it in")
	if n := len(r.model.Requests()); n > 4 {
		t.Errorf("it was asked %d times\n%s", n, r.transcript(t))
	}
}

// TestRealQuota: a subscription's limit with a time parks the run until then.
func TestRealQuota(t *testing.T) {
	r := newReal(t, `
rules:
  - name: a
    steps:
      - {text: x, fail: {status: 429, message: limit, reset: 2h}}
`, launch.Options{}, "ANTHROPIC_API_KEY=", "CLAUDE_CODE_OAUTH_TOKEN=sk-ant-oat01-made-up-for-tests")
	o := r.run(t)
	wantReport(t, o, event.ReportQuota, "limit")
	if in := time.Until(o.Report.ResetsAt); in < 118*time.Minute || in > 121*time.Minute {
		t.Errorf("it is reset in %v, want two hours: %v\n%s", in, o.Report, r.transcript(t))
	}
	if n := len(r.model.Requests()); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
}

// TestRealTooLong: a session that is too long is shortened, or, where that can't be, a
// new one takes over and is told what is known.
func TestRealTooLong(t *testing.T) {
	long := `{status: 400, type: invalid_request_error, message: "prompt is too long: 210000 tokens > 200000 maximum", times: %}`
	for name, tt := range map[string]struct{ script, note, env string }{
		"once, and the CLI does nothing about it": {`
rules:
  - name: a
    steps:
      - {text: I begin., tool: Bash, input: {command: echo one > one.txt, description: d}}
      - {text: The summary is plums., fail: ` + strings.Replace(long, "%", "1", 1) + `}
  - name: b
    marker: your session was shortened
    steps:
      - ` + reportStep + `
      - {text: The end., expect: [plums]}
`, "its session was shortened", "DISABLE_AUTO_COMPACT=1"},
		"for good": {`
rules:
  - name: a
    steps:
      - {text: I begin., tool: Bash, input: {command: echo one > one.txt, description: d}}
      - {text: I go on., fail: ` + strings.Replace(long, "%", "99", 1) + `}
  - name: b
    marker: can't go on
    steps:
      - ` + reportStep + `
      - {text: The end., expect: ["I begin", "one.txt"]}
`, "could not be shortened", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReal(t, tt.script, launch.Options{}, tt.env)
			o := r.run(t)
			wantReport(t, o, event.ReportDone, "all there")
			if got := r.transcript(t); !strings.Contains(got, tt.note) || t.Failed() {
				t.Errorf("%q is not in the transcript: %s\n%s", tt.note, got, r.model.Log())
			}
		})
	}
}

// TestRealKilled: a CLI that is killed in the middle of a tool goes on in the same
// session, is told to look at its tree, and what is urgent reaches it once.
func TestRealKilled(t *testing.T) {
	r := newReal(t, `
rules:
  - name: a
    steps:
      - {tool: Bash, input: {command: "echo half > half.txt; sleep 1000", description: d}}
      - {tool: Bash, input: {command: "cat half.txt", description: d}, expect: ["look at the work tree"], never: ["sleep 1000\n"]}
      - `+reportStep+`
      - {text: The end., expect: [half]}
`, launch.Options{})
	var resumed []proc.Ident
	r.spec.Again = func(id proc.Ident, why string) {
		if !strings.Contains(why, "SIGKILL") {
			t.Errorf("it goes on since %q", why)
		}
		resumed = append(resumed, id)
	}
	s, err := r.Start(t.Context(), r.spec)
	if err != nil {
		t.Fatal(err)
	}
	first := s.Ident()
	await(t, func() bool { _, err := os.Stat(filepath.Join(r.spec.Workspace, "half.txt")); return err == nil })
	killBelow(t, first)
	o := r.wait(t, s)
	wantReport(t, o, event.ReportDone, "all there")
	r.check(t)
	if len(resumed) != 1 || resumed[0] == first || s.Ident() != resumed[0] {
		t.Errorf("resumed as %v, first was %v, the last one %v", resumed, first, s.Ident())
	}
	if ids := sessions(r.model.Requests()); len(ids) != 1 {
		t.Errorf("it was in %d sessions", len(ids))
	}
	if t.Failed() {
		t.Log(r.transcript(t), r.model.Log())
	}
}

func sessions(requests []scriptmodel.Request) map[string]bool {
	ids := map[string]bool{}
	for _, q := range requests {
		ids[q.Session] = true
	}
	return ids
}

// TestRealUrgent: what is urgent is in the next request of the model, once.
func TestRealUrgent(t *testing.T) {
	r := newReal(t, `
rules:
  - name: a
    steps:
      - {tool: Bash, input: {command: "until test -e told; do sleep 0.05; done", description: d}}
      - {tool: Bash, input: {command: echo 2, description: d}, expect: [leave the old route]}
      - `+reportStep+`
      - {text: The end.}
expect:
  - {rule: a, once: leave the old route}
`, launch.Options{})
	r.desk.called = func(op api.Op, args string) {
		if op == api.OpJudge && strings.Contains(args, "told") {
			go func() {
				r.desk.urgent <- view.Delivery{Messages: []view.Message{{ID: "m-1", From: "ada", Text: "leave the old route", Urgent: true}}}
				await(t, func() bool { return strings.Contains(r.transcript(t), "leave the old route") })
				if err := os.WriteFile(filepath.Join(r.spec.Workspace, "told"), nil, 0o600); err != nil {
					t.Error(err)
				}
			}()
		}
	}
	o := r.run(t)
	wantReport(t, o, event.ReportDone, "all there")
	r.check(t)
	if t.Failed() {
		t.Log(r.transcript(t), r.model.Log())
	}
}

// TestRealHang: silence is broken by an interrupt and a word.
func TestRealHang(t *testing.T) {
	r := newReal(t, `
rules:
  - name: a
    steps:
      - {text: x, tool: Bash, input: {command: "sleep 1000", description: d}}
      - `+reportStep+`
      - {text: The end., expect: ["nothing was heard of you"]}
`, launch.Options{})
	r.limits.ToolTime = time.Second
	o := r.run(t)
	wantReport(t, o, event.ReportDone, "all there")
	r.check(t)
	if t.Failed() {
		t.Log(r.transcript(t), r.model.Log())
	}
}

// TestRealStop: an agent that is stopped while its command runs, in a session of its
// own, ends within the grace period, and nothing of it is left.
func TestRealStop(t *testing.T) {
	for name, now := range map[string]bool{"asked": false, "now": true} {
		t.Run(name, func(t *testing.T) {
			r := newReal(t, `
rules:
  - name: a
    steps:
      - {tool: Bash, input: {command: "setsid sh -c 'echo up > up.txt; sleep 12345' & wait", description: d}}
`, launch.Options{})
			s, err := r.Start(t.Context(), r.spec)
			if err != nil {
				t.Fatal(err)
			}
			await(t, func() bool { _, err := os.Stat(filepath.Join(r.spec.Workspace, "up.txt")); return err == nil })
			began := time.Now()
			s.Stop(now)
			o := r.wait(t, s)
			if o.Reason != event.ExitStopped || !now && o.Signal == "SIGKILL" {
				t.Errorf("outcome is %+v after %v", o, time.Since(began))
			}
			if left := running(t, r.spec.Workspace); len(left) > 0 {
				t.Errorf("left are %v", left)
			}
		})
	}
}

// TestRealSubagent: a subagent in the background is judged as the agent is, and the agent is
// not let go before it has ended, though it has reported.
func TestRealSubagent(t *testing.T) {
	r := newReal(t, `
rules:
  - name: a
    steps:
      - {tool: Agent, input: {description: helps, prompt: "@@b@@ help", subagent_type: general-purpose, run_in_background: true}}
      - `+reportStep+`
      - {text: The end.}
      - {text: I have heard.}
  - name: b
    steps:
      - {tool: Bash, input: {command: "sleep 1; echo x > helped.txt", description: d}}
      - {text: I have helped.}
`, launch.Options{})
	o := r.run(t)
	wantReport(t, o, event.ReportDone, "all there")
	r.check(t)
	if _, err := os.Stat(filepath.Join(r.spec.Workspace, "helped.txt")); err != nil {
		t.Error(err)
	}
	if n := r.desk.count(api.OpJudge, "helped.txt"); n != 1 {
		t.Errorf("the subagent's call was judged %d times", n)
	}
	if t.Failed() {
		t.Log(r.transcript(t), r.model.Log())
	}
}

// TestRealPause: while the run stands still, so does the clock that says that a tool takes too
// long; the CLI goes on afterwards as if nothing had been.
func TestRealPause(t *testing.T) {
	r := newReal(t, `
rules:
  - name: a
    steps:
      - {tool: Bash, input: {command: "echo x > up.txt; until test -e on.txt; do sleep 0.05; done", description: d}}
      - `+reportStep+`
      - {text: The end.}
`, launch.Options{})
	r.limits.ToolTime = 3 * time.Second
	r.spec.Freezer = proc.NewFreezer()
	s, err := r.Start(t.Context(), r.spec)
	if err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { _, err := os.Stat(filepath.Join(r.spec.Workspace, "up.txt")); return err == nil })
	if got := r.spec.Freezer.Freeze(); got.Left != nil || got.Processes == 0 {
		t.Errorf("frozen are %+v", got)
	}
	<-time.After(4 * time.Second) // past what a tool may take
	if err := r.spec.Freezer.Thaw(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(r.spec.Workspace, "on.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantReport(t, r.wait(t, s), event.ReportDone, "all there")
	if got := r.transcript(t); strings.Contains(got, "nothing was heard") {
		t.Errorf("it was taken for hanging: %s", got)
	}
	r.check(t)
}

// TestRealCost: what an agent costs is told within a turn, before there is a result.
func TestRealCost(t *testing.T) {
	r := newReal(t, `
rules:
  - name: a
    steps:
      - {tool: Bash, input: {command: echo 1, description: d}, usage: {input: 10000, output: 500}}
      - {tool: Bash, input: {command: "until test -e paid.txt; do sleep 0.05; done", description: d}}
      - `+reportStep+`
      - {text: The end.}
`, launch.Options{})
	s, err := r.Start(t.Context(), r.spec)
	if err != nil {
		t.Fatal(err)
	}
	await(t, func() bool {
		r.desk.mu.Lock()
		defer r.desk.mu.Unlock()
		return r.desk.used.CostUSD > 0 && r.desk.used.Turns == 0
	})
	if err := os.WriteFile(filepath.Join(r.spec.Workspace, "paid.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantReport(t, r.wait(t, s), event.ReportDone, "all there")
	if r.desk.used.Turns == 0 || r.desk.used.CostUSD <= 0 {
		t.Errorf("used is %+v", r.desk.used)
	}
}
