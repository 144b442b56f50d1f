package effects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/engine"
)

// maxOutput is how much of a check's output, its end, is kept.
const maxOutput = 8 << 10

// check runs a check on the tree at the order's commit.
func (e *Effects) check(ctx context.Context, o engine.Order) (event.Data, error) {
	res, err := e.runCheck(ctx, o, o.Commit)
	if err != nil {
		return nil, err
	}
	return res, nil
}

func (e *Effects) runCheck(ctx context.Context, o engine.Order, commit string) (res event.CheckEnded, err error) {
	res = event.CheckEnded{Effect: o.Key, Phase: o.Phase, Check: o.Check, Commit: commit}
	dir, release, err := e.cfg.Work.CheckTree(ctx, commit)
	if err != nil {
		return res, err
	}
	defer release()
	limit := time.Duration(o.Spec.Timeout)
	var out tailBuffer
	began := time.Now()
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if limit <= 0 {
		timed = ctx
	}
	end, err := e.cfg.Command(timed, dir, o.Spec.Run, &out)
	if ctx.Err() != nil {
		return res, fmt.Errorf("the check was broken off: %w", ctx.Err())
	}
	if err != nil && !errors.Is(timed.Err(), context.DeadlineExceeded) {
		return res, err
	}
	end.TimedOut = end.TimedOut || errors.Is(timed.Err(), context.DeadlineExceeded)
	res.Duration, res.ExitCode, res.Output = time.Since(began), end.Code, e.cfg.Redact(out.String())
	res.Status, res.Reason = judge(o, end, res.Output, limit)
	return res, nil
}

// judge says what a check's end means. Only exit status 0 with the expected
// output is a pass; what could not run is no pass either.
func judge(o engine.Order, end CommandEnd, output string, limit time.Duration) (event.CheckStatus, string) {
	switch {
	case end.TimedOut:
		return event.CheckCouldNotRun, fmt.Sprintf("it took longer than %s", limit)
	case end.Signal != "":
		return event.CheckCouldNotRun, "it was killed by " + end.Signal
	case end.Code == 127:
		return event.CheckCouldNotRun, "exit status 127: the command was not found"
	case end.Code == 126:
		return event.CheckCouldNotRun, "exit status 126: the command can't be executed"
	case end.Code != 0:
		return event.CheckFailed, fmt.Sprintf("exit status %d", end.Code)
	}
	if o.Spec.Expect == "" {
		return event.CheckPassed, ""
	}
	re, err := regexp.Compile("(?m)" + o.Spec.Expect)
	if err != nil {
		return event.CheckCouldNotRun, "expect is no regular expression: " + err.Error()
	}
	if !re.MatchString(output) {
		return event.CheckFailed, fmt.Sprintf("exit status 0, but its output does not match %q", o.Spec.Expect)
	}
	return event.CheckPassed, ""
}

// blame finds the merge that turned the check red, by bisection over the
// phase's merges.
func (e *Effects) blame(ctx context.Context, o engine.Order) (event.Data, error) {
	out := event.CheckBlamed{Effect: o.Key, Phase: o.Phase, Check: o.Check}
	if len(o.Merged) == 0 {
		out.Reason = "nothing was merged in this phase, so it was red before"
		return out, nil
	}
	base, err := e.runCheck(ctx, o, o.Onto)
	if err != nil {
		return nil, err
	}
	if base.Status != event.CheckPassed {
		if base.Status == event.CheckCouldNotRun && o.Last != nil && o.Last.Status == event.CheckCouldNotRun {
			out.Reason = "it could not run before this phase either: " + base.Reason
			return out, nil
		}
		out.Task, out.Reason = fixer(o)
		return out, nil
	}
	green, red := -1, len(o.Merged)-1 // indices of merges known to be so
	for red-green > 1 {
		mid := (green + red) / 2
		res, err := e.runCheck(ctx, o, o.Merged[mid].Commit)
		if err != nil {
			return nil, err
		}
		if res.Status == event.CheckPassed {
			green = mid
		} else {
			red = mid
		}
	}
	m := o.Merged[red]
	out.Task = m.Task
	out.Reason = fmt.Sprintf("green before the merge of task %s (%.12s), red after it", m.Task, m.Commit)
	return out, nil
}

// fixer chooses who mends a check that was red before the phase: the task whose
// file the output or the command names, else the one merged last.
func fixer(o engine.Order) (task, reason string) {
	const red = "it was red before this phase; "
	output := ""
	if o.Last != nil {
		output = o.Last.Output
	}
	for i := len(o.Merged) - 1; i >= 0; i-- {
		for _, f := range o.Merged[i].Files {
			switch {
			case f == "":
			case strings.Contains(output, f):
				return o.Merged[i].Task, red + "its output names " + f
			case strings.Contains(o.Spec.Run, f):
				return o.Merged[i].Task, red + "the check names " + f
			}
		}
	}
	last := o.Merged[len(o.Merged)-1]
	return last.Task, red + "task " + last.Task + " was merged last"
}

// tailBuffer keeps the end of what is written to it.
type tailBuffer struct {
	buf bytes.Buffer
	cut bool
}

func (t *tailBuffer) Write(p []byte) (int, error) {
	t.buf.Write(p)
	if t.buf.Len() > 2*maxOutput {
		t.cut = true
		t.buf.Next(t.buf.Len() - maxOutput)
	}
	return len(p), nil
}

func (t *tailBuffer) String() string {
	b := t.buf.Bytes()
	if len(b) > maxOutput {
		b, t.cut = b[len(b)-maxOutput:], true
	}
	text := strings.ToValidUTF8(string(b), "\uFFFD")
	if t.cut {
		return "[…]\n" + text
	}
	return text
}
