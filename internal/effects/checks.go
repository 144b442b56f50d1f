package effects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"popkit/internal/core/event"
	"popkit/internal/engine"
)

// What is kept of a check's output is its end.
const (
	maxOutput = 8 << 10 // bytes that are recorded
	maxExpect = 1 << 20 // bytes in which what it expects is looked for
)

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
	var bare interface {
		CouldNotRun() (reason, output string)
	}
	if errors.As(err, &bare) && ctx.Err() == nil { // the tree's own fault, or the setup command's
		reason, output := bare.CouldNotRun()
		res.Status, res.Reason, res.Output = event.CheckCouldNotRun, reason, e.cfg.Redactor.String(output)
		return res, nil
	}
	if err != nil {
		return res, err
	}
	defer release()
	limit := time.Duration(o.Spec.Timeout)
	whole, kept := tail{limit: maxExpect}, tail{limit: maxOutput}
	redacted := e.cfg.Redactor.Writer(&kept)
	began := time.Now()
	timed, cancel := ctx, context.CancelFunc(func() {})
	if limit > 0 { // by a clock that stands still while the run is paused
		timed, cancel = e.cfg.Freezer.WithTimeout(ctx, limit)
	}
	defer cancel()
	end, err := e.cfg.Command(timed, dir, o.Spec.Run, io.MultiWriter(&whole, redacted))
	err = errors.Join(err, redacted.Close())
	if ctx.Err() != nil {
		return res, fmt.Errorf("the check was broken off: %w", ctx.Err())
	}
	if err != nil && !errors.Is(context.Cause(timed), context.DeadlineExceeded) {
		return res, err
	}
	end.TimedOut = end.TimedOut || errors.Is(context.Cause(timed), context.DeadlineExceeded)
	res.Duration, res.ExitCode, res.Output = time.Since(began), end.Code, kept.String()
	res.Status, res.Reason = judge(o, end, whole.buf.Bytes(), limit)
	return res, nil
}

// judge says what a check's end means. Only exit status 0 with the expected
// output is a pass; what could not run is no pass either.
func judge(o engine.Order, end CommandEnd, output []byte, limit time.Duration) (event.CheckStatus, string) {
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
	if !re.Match(output) {
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
	for _, where := range []struct{ text, says string }{{output, "its output names "}, {o.Spec.Run, "the check names "}} {
		for _, m := range slices.Backward(o.Merged) {
			for _, f := range m.Files {
				if names(where.text, f) {
					return m.Task, red + where.says + f
				}
			}
		}
	}
	last := o.Merged[len(o.Merged)-1]
	return last.Task, red + "task " + last.Task + " was merged last"
}

// names reports whether a text has a file's name in it, not as a part of a
// longer word.
func names(text, file string) bool {
	if file == "" {
		return false
	}
	inWord := func(r rune) bool { return r == '_' || r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r) }
	for at := 0; ; {
		i := strings.Index(text[at:], file)
		if i < 0 {
			return false
		}
		before, _ := utf8.DecodeLastRuneInString(text[:at+i])
		after, _ := utf8.DecodeRuneInString(text[at+i+len(file):])
		if !inWord(before) && before != '.' && !inWord(after) {
			return true
		}
		at += i + len(file)
	}
}

// tail keeps the end of what is written to it: limit bytes at least, when there
// are so many.
type tail struct {
	limit int
	buf   bytes.Buffer
	cut   bool
}

func (t *tail) Write(p []byte) (int, error) {
	t.buf.Write(p)
	if t.buf.Len() > 2*t.limit {
		t.cut = true
		t.buf.Next(t.buf.Len() - t.limit)
	}
	return len(p), nil
}

// String returns the last limit bytes as text, and says when they are not all.
func (t *tail) String() string {
	b := t.buf.Bytes()
	if len(b) > t.limit {
		b, t.cut = b[len(b)-t.limit:], true
	}
	if !t.cut {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	for len(b) > 0 && !utf8.RuneStart(b[0]) { // not in the middle of a character
		b = b[1:]
	}
	return "[…]\n" + strings.ToValidUTF8(string(b), "\uFFFD")
}
