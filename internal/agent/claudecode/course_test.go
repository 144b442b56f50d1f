package claudecode

import (
	"strings"
	"testing"
	"time"

	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/core/event"
)

func newCourse() *course {
	return &course{limits: DefaultLimits(), now: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }}
}

func result(r wire.Result) turn { return turn{result: r, began: true} }

// apiError is a turn that ended with an error of the model's service.
func apiError(fault string, status int, text string) turn {
	t := result(wire.Result{Subtype: wire.ResultSuccess, IsError: true, APIStatus: status, NumTurns: 1, Text: text})
	t.fault = fault
	return t
}

var well = result(wire.Result{Subtype: wire.ResultSuccess, NumTurns: 2})

// TestCourse: what follows on one turn, by how it ended.
func TestCourse(t *testing.T) {
	limit := apiError(wire.FaultRateLimit, 429, "You've hit your session limit · resets 1:30pm (UTC)")
	told := limit
	told.limit = &wire.RateLimit{}
	told.limit.Info.Status, told.limit.Info.ResetsAt = "rejected", 1772377200
	absurd := apiError(wire.FaultRateLimit, 429, "slow down")
	absurd.limit = &wire.RateLimit{}
	absurd.limit.Info.Status, absurd.limit.Info.ResetsAt = "rejected", 1772377200000 // milliseconds
	allowed := apiError(wire.FaultRateLimit, 429, "slow down")
	allowed.limit = &wire.RateLimit{}
	allowed.limit.Info.Status, allowed.limit.Info.ResetsAt = "allowed_warning", 1772377200
	tooLong := result(wire.Result{Subtype: wire.ResultSuccess, IsError: true, APIStatus: 400, NumTurns: 3, Reason: wire.EndPromptTooLong, Text: "Prompt is too long"})
	unshortened := tooLong
	unshortened.unshortened = true
	unknown := turn{result: wire.Result{Subtype: wire.ResultExecution, IsError: true, Errors: []string{"No conversation found"}}}
	interrupted := result(wire.Result{Subtype: wire.ResultExecution, IsError: true, Reason: wire.EndAbortedTools})
	interrupted.interrupted = true
	for _, tt := range []struct {
		name     string
		turn     turn
		reported bool
		way      way
		text     string // is in what is said, or in the reason where nothing is
		status   event.ReportStatus
		resets   string
	}{
		{"done", well, true, finish, "", "", ""},
		{"no report", well, false, say, "without a report", "", ""},
		{"an error, though it has reported", apiError("", 500, "oops"), true, say, "service failed", "", ""},
		{"overloaded", apiError(wire.FaultOverload, 529, "overloaded"), false, say, "service failed", "", ""},
		{"a broken stream", apiError("unknown", 0, "malformed response"), false, say, "service failed", "", ""},
		{"too long an answer", apiError("unknown", 0, "exceeded the output token maximum"), false, say, "service failed", "", ""},
		{"no login", apiError(wire.FaultAuth, 401, "Not logged in"), false, fail, "log in", event.ReportFailed, ""},
		{"no permission", apiError("", 403, "no"), false, fail, "log in", event.ReportFailed, ""},
		{"no money", apiError(wire.FaultBilling, 400, "Credit balance is too low"), false, fail, "not paid", event.ReportFailed, ""},
		{"a limit that names its time", limit, false, fail, "session limit", event.ReportQuota, "2026-03-01T13:30:00Z"},
		{"a limit whose time the service told", told, false, fail, "session limit", event.ReportQuota, "2026-03-01T15:00:00Z"},
		{"a limit of the moment", apiError(wire.FaultRateLimit, 429, "slow down"), false, say, "service failed", "", ""},
		{"a time that can't be meant", absurd, false, say, "service failed", "", ""},
		{"a time of a limit that is not reached", allowed, false, say, "service failed", "", ""},
		{"an odd request", apiError(wire.FaultInvalid, 400, "tool_use ids"), false, afresh, "earlier session", "", ""},
		{"refused", result(wire.Result{Subtype: wire.ResultSuccess, IsError: true, NumTurns: 1, StopReason: "refusal", Text: "no"}), false, fail, "refused", event.ReportFailed, ""},
		{"too long", tooLong, false, say, "/compact", "", ""},
		{"too long, and the CLI could not help it", unshortened, false, afresh, "earlier session", "", ""},
		{"turns used up", result(wire.Result{Subtype: wire.ResultMaxTurns, IsError: true, NumTurns: 9}), false, say, "used up your turns", "", ""},
		{"money used up", result(wire.Result{Subtype: wire.ResultMaxBudget, IsError: true, NumTurns: 9}), false, fail, "may cost", event.ReportFailed, ""},
		{"a session that is not there", unknown, false, afresh, "earlier session", "", ""},
		{"a turn that broke off by itself", result(wire.Result{Subtype: wire.ResultExecution, IsError: true, NumTurns: 2, Reason: wire.EndAbortedStream}), false, say, "service failed", "", ""},
		{"interrupted by popkit", interrupted, false, say, "nothing was heard", "", ""},
		{"no turn at all", result(wire.Result{Subtype: wire.ResultSuccess, Text: "Unknown command: /x"}), true, say, "go on with your task", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newCourse().after(tt.turn, tt.reported)
			if s.way != tt.way || !strings.Contains(s.text+s.why, tt.text) {
				t.Errorf("step is %d, %q, %q; want %d, %q", s.way, s.text, s.why, tt.way, tt.text)
			}
			var status event.ReportStatus
			resets := ""
			if s.report != nil {
				status = s.report.Status
				if !s.report.ResetsAt.IsZero() {
					resets = s.report.ResetsAt.Format(time.RFC3339)
				}
			}
			if status != tt.status || resets != tt.resets {
				t.Errorf("report is %s, %s; want %s, %s", status, resets, tt.status, tt.resets)
			}
		})
	}
}

// TestCourseIsBounded: whatever happens again and again ends.
func TestCourseIsBounded(t *testing.T) {
	forever := func(c *course, next func(*course) step) (n int) {
		for n = 1; n < 100; n++ {
			if s := next(c); s.way == fail {
				if s.report == nil || s.report.Summary == "" {
					t.Error("it ends without a report")
				}
				return n
			}
		}
		return n
	}
	after := func(turn turn) func(*course) step { return func(c *course) step { return c.after(turn, false) } }
	limits := DefaultLimits()
	for name, tt := range map[string]struct {
		next func(*course) step
		most int
	}{
		"server":      {after(apiError("", 500, "oops")), limits.Retries + 1},
		"rate":        {after(apiError(wire.FaultRateLimit, 429, "slow")), 4},
		"no report":   {after(well), 2},
		"turns":       {after(result(wire.Result{Subtype: wire.ResultMaxTurns, IsError: true, NumTurns: 9})), 2},
		"too long":    {after(result(wire.Result{Subtype: wire.ResultSuccess, IsError: true, Reason: wire.EndPromptTooLong, NumTurns: 1})), 2*limits.Afresh + 1},
		"odd request": {after(apiError(wire.FaultInvalid, 400, "x")), limits.Afresh + 1},
		"nothing":     {after(result(wire.Result{Subtype: wire.ResultSuccess})), 2},
		"no session":  {after(turn{result: wire.Result{Subtype: wire.ResultExecution, IsError: true}}), limits.Afresh + 1},
		"death":       {func(c *course) step { return c.died("by SIGKILL", true) }, limits.Resumes + 1},
	} {
		if n := forever(newCourse(), tt.next); n != tt.most {
			t.Errorf("%s: it ends after %d times, want %d", name, n, tt.most)
		}
	}
}

// TestCourseWaits: longer each time, and from the beginning once the agent got somewhere.
func TestCourseWaits(t *testing.T) {
	c := newCourse()
	oops := apiError("", 500, "oops")
	var waits []time.Duration
	for range 3 {
		waits = append(waits, c.after(oops, false).after)
	}
	oops.tools = 1
	waits = append(waits, c.after(oops, false).after)
	for i, want := range []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 2 * time.Second} {
		if waits[i] != want {
			t.Errorf("it waits %v, want %v", waits, want)
		}
	}
	c.limits.Retries, c.retries = 40, 30
	if s := c.after(apiError("", 500, "oops"), false); s.after != c.limits.Longest {
		t.Errorf("it waits %v at most", s.after)
	}
}

// TestCourseOfDeath: a session that never began is not gone on with.
func TestCourseOfDeath(t *testing.T) {
	c := newCourse()
	if s := c.died("by SIGKILL", false); s.way != afresh || s.text != "" {
		t.Errorf("before the first word it goes on by %d, %q", s.way, s.text)
	}
	if s := c.died("by SIGKILL", true); s.way != resume || !strings.Contains(s.text, "git status") {
		t.Errorf("after it, by %d, %q", s.way, s.text)
	}
}

// TestCourseOfLength: what came of shortening a session.
func TestCourseOfLength(t *testing.T) {
	long := result(wire.Result{Subtype: wire.ResultSuccess, IsError: true, Text: "Prompt is too long", NumTurns: 3})
	for name, tt := range map[string]struct {
		turn turn
		way  way
		text string
	}{
		"shortened":                    {turn{result: wire.Result{Subtype: wire.ResultSuccess}, compacted: true, began: true}, say, "was shortened"},
		"not":                          {turn{result: wire.Result{Subtype: wire.ResultSuccess}, unshortened: true, began: true}, afresh, "earlier session"},
		"not, as an older CLI says it": {result(wire.Result{Subtype: wire.ResultSuccess, NumTurns: 12}), afresh, "earlier session"},
	} {
		c := newCourse()
		if s := c.after(long, false); s.text != "/compact" {
			t.Fatalf("what follows on a session that is too long is %q", s.text)
		}
		if s := c.after(tt.turn, false); s.way != tt.way || !strings.Contains(s.text, tt.text) {
			t.Errorf("%s: %d, %q", name, s.way, s.text)
		}
		if s := c.after(well, true); s.way != finish {
			t.Errorf("%s: after that the end is %d", name, s.way)
		}
	}
}
