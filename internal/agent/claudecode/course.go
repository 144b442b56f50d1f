package claudecode

import (
	"fmt"
	"strings"
	"time"

	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/core/event"
	"popkit/internal/core/quota"
)

// Limits bound what is done for an agent before it counts as failed.
type Limits struct {
	Retries int           // of a turn that failed at the model's service, without progress in between
	Base    time.Duration // before the first of them; doubled for each further one
	Longest time.Duration // that a retry is waited for
	Resumes int           // of a process that died, or was ended because it hung
	Nudges  int           // of an agent that hangs, before its process is ended
	Afresh  int           // sessions that begin anew, after one that can't go on
	Compact int           // attempts to shorten a session that got too long
	// Refusals are those of a login that held before, in a row.
	Refusals int

	Start    time.Duration // until the CLI answers for the first time
	Quiet    time.Duration // without a word while the model is at work
	ToolTime time.Duration // without a word while a tool runs
	Patience time.Duration // for an interrupt to show
	Leave    time.Duration // for a CLI that has nothing more to do to end
	BadLines int           // in a process, before it counts as broken
	Line     int           // bytes of a line
}

// DefaultLimits are those of a run.
func DefaultLimits() Limits {
	return Limits{
		Retries: 6, Base: 2 * time.Second, Longest: 2 * time.Minute, Resumes: 3, Nudges: 1, Afresh: 2, Compact: 2, Refusals: 3,
		Start: 90 * time.Second, Quiet: 9 * time.Minute, ToolTime: 25 * time.Minute, Patience: 20 * time.Second,
		Leave: 15 * time.Second, BadLines: 100, Line: wire.DefaultLimit,
	}
}

// way is what is done next.
type way int

const (
	fail   way = iota // the attempt is over, and failed
	finish            // it is over, and the report counts
	say               // the next turn, in the same process
	resume            // a new process goes on with the session
	afresh            // a new session takes over, in the same workspace
)

// step is the answer of the course.
type step struct {
	way   way
	after time.Duration // say, resume, afresh: wait so long before
	text  string        // what the agent is told
	why   string        // in words, for the transcript and the report
	// report is what the attempt ends with, in place of the agent's own; fail only.
	report *event.Report
}

// turn is how a turn of the agent ended, with what was seen in it.
type turn struct {
	result wire.Result
	fault  string // of the last message that stands for an error
	limit  *wire.RateLimit
	tools  int // results of tools that the model was given
	// compacted: the session was shortened; unshortened: it could not be.
	compacted, unshortened bool
	interrupted            bool // by popkit, because the agent hung
	began                  bool // the model has said something in this process
}

// course decides what is done after each turn and each death of a process. It is
// pure: it counts, and answers.
type course struct {
	limits Limits
	now    func() time.Time

	reminded bool // of the report
	wrapped  bool // told that its turns are used up
	retries  int
	resumes  int
	nudges   int
	renewed  int // sessions begun anew
	compact  int
	// shortening: the CLI was told to shorten the session.
	shortening bool
	empty      int // turns in which nothing happened
}

// after says what follows on a turn that ended. reported: the agent has given its
// report.
func (c *course) after(t turn, reported bool) step {
	if t.tools > 0 {
		c.retries = 0 // it got somewhere
	}
	r := t.result
	switch {
	case t.interrupted:
		return step{way: say, text: textHung, why: "it was silent for too long and was interrupted"}
	case c.shortening:
		return c.shortened(t)
	case r.Finished():
		return c.finished(reported)
	case r.Subtype == wire.ResultMaxTurns:
		return c.outOfTurns(r)
	case r.Subtype == wire.ResultMaxBudget:
		return failed("it has used up what it may cost: %s (raise limits.max_task_cost_usd)", first(r))
	case r.TooLong():
		return c.tooLong(t)
	case r.Subtype == wire.ResultExecution && !t.began:
		return c.anew("its session could not be resumed: " + first(r))
	case r.IsError:
		return c.refused(t)
	default: // a success without a turn: what was said was taken for a command
		return c.nothing(r)
	}
}

func (c *course) finished(reported bool) step {
	c.retries = 0
	switch {
	case reported:
		return step{way: finish}
	case !c.reminded:
		c.reminded = true
		return step{way: say, text: textNoReport, why: "it ended its turn without a report and was reminded"}
	}
	return failed("it ended without a report, though it was reminded")
}

// outOfTurns lets an agent say what it has done.
func (c *course) outOfTurns(r wire.Result) step {
	if c.wrapped {
		return failed("it used up its turns twice (%s; raise claude.max_turns)", first(r))
	}
	c.wrapped, c.reminded = true, true
	return step{way: say, text: textNoTurns, why: "its turns are used up: " + first(r)}
}

// shortened says what follows on the command to shorten the session, whose result says
// nothing of how it went.
func (c *course) shortened(t turn) step {
	c.shortening = false
	if t.compacted && !t.result.IsError {
		return step{way: say, text: textShortened, why: "its session was shortened"}
	}
	return c.anew("its session is too long and could not be shortened")
}

func (c *course) tooLong(t turn) step {
	if !t.unshortened && c.compact < c.limits.Compact {
		c.compact++
		c.shortening = true
		return step{way: say, text: compactCommand, why: "its session is too long and is shortened"}
	}
	return c.anew("its session is too long and could not be shortened")
}

func (c *course) nothing(r wire.Result) step {
	c.empty++
	if c.empty > 1 {
		return failed("nothing came of what it was told: %s", orNothing(r.Text))
	}
	return step{way: say, text: textGoOn, why: "nothing came of what it was told: " + orNothing(r.Text)}
}

// refused says what follows on an error of the model's service.
func (c *course) refused(t turn) step {
	r := t.result
	words, status := first(r), r.Status()
	switch {
	case t.fault == wire.FaultAuth || status == 401 || status == 403:
		return barred(words)
	case t.fault == wire.FaultBilling:
		return failed("the model's service is not paid for: %s", words)
	case t.fault == wire.FaultRateLimit || status == 429:
		return c.limited(t, words)
	case r.Refused():
		return failed("the model refused the task: %s", words)
	case status >= 400 && status < 500:
		return c.anew(fmt.Sprintf("the model's service takes no more of its session: %s", words))
	}
	return c.retry("the model's service failed: "+words, c.limits.Retries, nil)
}

func barred(words string) step {
	return failed("the model's service does not let it in: %s (log in with claude, or set ANTHROPIC_API_KEY, then popkit power retry TASK)", words)
}

// trying says what follows when the CLI tries a request again: nothing, but where the login
// is refused, which no other try mends, and the CLI says only after minutes. A login that held
// before in this session is given a few tries.
func (c *course) trying(r wire.Retry, held bool) (next step, over bool) {
	if r.Status != 401 && r.Status != 403 || held && r.Attempt < c.limits.Refusals {
		return step{}, false
	}
	return barred(fmt.Sprintf("it refuses the login with status %d", r.Status)), true
}

// limited parks the run where the service said until when it refuses, and tries again
// a few times where it did not: such limits are often about the last minute.
func (c *course) limited(t turn, words string) step {
	report := &event.Report{Status: event.ReportQuota, Summary: words}
	if at := resetsAt(t.limit, c.now()); !at.IsZero() {
		report.ResetsAt = at
	} else if a, ok := quota.Find(words, c.now(), time.LoadLocation); ok {
		report.ResetsAt = a.Until
	}
	if !report.ResetsAt.IsZero() {
		return step{way: fail, why: words, report: report}
	}
	return c.retry("the model's service limits requests: "+words, min(c.limits.Retries, 3), report)
}

// resetsAt is when a limit that is reached is reset; zero where that is not said, or can't
// be meant: a run that waits for it would wait for ever.
func resetsAt(l *wire.RateLimit, now time.Time) time.Time {
	if l == nil || !l.Rejected() {
		return time.Time{}
	}
	in := l.Info.ResetsAt - float64(now.Unix())
	if in <= 0 || in > quota.Longest.Seconds() {
		return time.Time{}
	}
	return time.Unix(int64(l.Info.ResetsAt), 0).UTC()
}

// retry waits, longer each time, and goes on; past the bound it ends with the report,
// or as failed.
func (c *course) retry(why string, bound int, report *event.Report) step {
	if c.retries >= bound {
		if report != nil {
			return step{way: fail, why: why, report: report}
		}
		return failed("%s, %d times in a row", why, c.retries+1)
	}
	wait := min(c.limits.Base<<c.retries, c.limits.Longest)
	c.retries++
	return step{way: say, after: wait, text: textTryAgain, why: why}
}

// died says what follows on the end of a process in which a turn was under way.
// known: the session has begun, so that it can be gone on with.
func (c *course) died(how string, known bool) step {
	if c.resumes >= c.limits.Resumes {
		return failed("its process ended %d times before it was done, at last %s", c.resumes+1, how)
	}
	c.resumes++
	c.shortening = false
	why := "its process ended before it was done: " + how
	if !known {
		return step{way: afresh, why: why}
	}
	return step{way: resume, text: textKilled, why: why}
}

// hung says what follows on silence: an interrupt, or the end of the process.
func (c *course) hung() (interrupt bool) {
	c.nudges++
	return c.nudges <= c.limits.Nudges
}

// anew begins another session on the same work.
func (c *course) anew(why string) step {
	if c.renewed >= c.limits.Afresh {
		return failed("%s, and it had begun anew %d times", why, c.renewed)
	}
	c.renewed++
	return step{way: afresh, text: textAfresh, why: why}
}

func failed(format string, args ...any) step {
	why := fmt.Sprintf(format, args...)
	return step{way: fail, why: why, report: &event.Report{Status: event.ReportFailed, Summary: why}}
}

// first is what a result says went wrong, in one line.
func first(r wire.Result) string {
	text := r.Text
	if len(r.Errors) > 0 {
		text = strings.Join(r.Errors, "; ")
	}
	if line, _, more := strings.Cut(strings.TrimSpace(text), "\n"); more || line != "" {
		return line
	}
	return strings.TrimSpace(r.Subtype + " " + r.Reason)
}

func orNothing(s string) string {
	if s = strings.TrimSpace(s); s != "" {
		return s
	}
	return "no answer"
}
