package claudecode

import (
	"context"
	"fmt"
	"time"

	"popkit/internal/agent"
	"popkit/internal/agent/claudecode/launch"
	"popkit/internal/agent/keep"
	"popkit/internal/core/event"
	"popkit/internal/proc"
)

// life is an agent's, from its first process to its last. One goroutine, that of live,
// owns all but what is said otherwise.
type life struct {
	spec   agent.Spec
	limits Limits
	grace  time.Duration
	course course
	host   host
	kept   *keep.Transcript
	// start starts a process for a session, one that there is (resume) or a new one.
	start func(ctx context.Context, session string, resume bool) (body, error)
	// up is called once a process answers, or will not.
	up     func()
	report func() *event.Report
	use    func(context.Context, event.Usage)
	again  func(id proc.Ident, why string) // another process goes on
	urgent chan string

	stopping <-chan struct{} // closed: the agent is asked to end

	session string
	known   bool // the model has said something in the session
	unread  []message
	waiting []string // urgent, for the next message
	mute    bool     // the CLI does not say what it has read
	words   *words   // shared with what reads standard error
	stopped bool
	exit    proc.Exit
	lost    error // of the last process's output
}

// message is one that the CLI was sent and that the model was perhaps not given yet.
type message struct {
	id, text string
	urgent   bool
}

// live lives the life that began with a process. It returns what came of it.
func (l *life) live(ctx context.Context, b body) step {
	text := opening(l.spec.Prompt)
	for {
		next := l.sit(ctx, b, text)
		if next.way == fail || next.way == finish || !l.pause(ctx, next.after) {
			return next
		}
		text = next.text
		if next.way == afresh {
			l.session, l.known = launch.NewSession(), false
			text = takeover(l.spec.Prompt, next.text, l.words.done())
		}
		var err error
		if b, err = l.start(ctx, l.session, next.way == resume); err != nil {
			l.stopped = l.stopped || l.isStopping(ctx)
			return failed("%s; it could not be started again: %v", next.why, err)
		}
		l.again(b.ident, next.why)
	}
}

// pause waits before another process is started, unless the agent is to end.
func (l *life) pause(ctx context.Context, d time.Duration) bool {
	if l.stopped || ctx.Err() != nil {
		l.stopped = true
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.stopping:
	case <-ctx.Done():
	}
	l.stopped = true
	return false
}

// isStopping reports whether the agent is to end.
func (l *life) isStopping(ctx context.Context) bool {
	select {
	case <-l.stopping:
		return true
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

// outcome puts together how the agent ended.
func (l *life) outcome(last step) agent.Outcome {
	o := agent.Outcome{Reason: event.ExitExited, Code: l.exit.Code, Signal: l.exit.Signal, Report: last.report}
	switch {
	case l.stopped:
		o.Reason, o.Report = event.ExitStopped, l.report()
	case last.way == finish:
		// How the CLI left, once there was nothing more for it to do, is of no interest.
		o.Code, o.Signal, o.Report = 0, "", l.report()
	case l.exit.Signal != "" && !l.exit.Stopped:
		o.Reason = event.ExitKilled
	case l.exit.Signal != "": // by popkit, which had given it up
		o.Code, o.Signal = 1, ""
	}
	return o
}

// read is told that the model was given a message.
func (l *life) read(id string) {
	for i, m := range l.unread {
		if m.id == id {
			l.unread = append(l.unread[:i:i], l.unread[i+1:]...)
			return
		}
	}
}

// keepUnread makes what is urgent and was not read wait for the next message.
func (l *life) keepUnread() {
	for _, m := range l.unread {
		if m.urgent && !l.mute {
			l.waiting = append(l.waiting, m.text)
		}
	}
	l.unread = nil
}

// how says in words how a process ended.
func how(exit proc.Exit) string {
	text := fmt.Sprintf("with exit status %d", exit.Code)
	if exit.Signal != "" {
		text = "by " + exit.Signal
	}
	if exit.Detail != "" {
		text += " (" + exit.Detail + ")"
	}
	return text
}
