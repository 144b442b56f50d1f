package claudecode

import (
	"context"
	"errors"
	"fmt"
	"time"

	"popkit/internal/agent/claudecode/launch"
	"popkit/internal/agent/claudecode/wire"
)

// sitting is the time of one process: turns, and what popkit says between them.
type sitting struct {
	*life
	p       *process
	account account
	turn    turn
	began   bool              // the model has said something in this process
	running map[string]string // tools that run, by the call's ID
	bad     int               // lines that are no events

	cost     <-chan wire.ControlResponse // what all has cost; nil: not asked
	costless bool                        // this CLI does not say so

	init    <-chan wire.ControlResponse // nil once it is there
	begun   bool                        // the agent may begin
	ready   bool                        // the CLI is up
	idle    bool                        // no turn is under way
	later   string                      // what is said when timer fires
	timer   <-chan time.Time
	quiet   context.Context // nil: nothing is waited for
	unquiet context.CancelFunc

	helpers map[string]bool // subagents that run, by their tasks' IDs
	held    *step           // decided, but for them

	next   *step  // decided: what follows on the end of the process
	broken string // why popkit ended the process
	ladder ladder
}

// sit leads a process from its start to its end and returns what follows.
func (l *life) sit(ctx context.Context, b body, text string) step {
	s := &sitting{
		life: l, p: run(ctx, b, l.host, l.kept, l.limits.Line), helpers: map[string]bool{}, running: map[string]string{}, later: text, idle: true,
		unquiet: func() {},
	}
	defer func() { s.unquiet() }()
	defer l.up()
	s.init = s.p.ask(l.host.initialize())
	s.listen(ctx, l.limits.Start)
	stopping, begin := l.stopping, l.spec.Begin
	s.begun = begin == nil
	for {
		select {
		case h, ok := <-s.p.events:
			if !ok {
				return s.over(ctx)
			}
			s.hear(ctx, h)
		case r := <-s.init:
			s.initialized(ctx, r)
		case r := <-s.cost:
			s.costs(ctx, r)
		case <-begin:
			begin, s.begun = nil, true
			if s.ready {
				s.task(ctx)
			}
		case <-s.timer:
			s.timer = nil
			s.tell(ctx, s.later)
		case text := <-l.urgent:
			s.urge(text)
		case <-done(s.quiet):
			s.silent(ctx)
		case <-s.ladder.next:
			s.ladder.down(s.p)
		case <-stopping:
			stopping = nil
			s.stop(ctx)
		}
	}
}

// done is a context's; no context is never done.
func done(ctx context.Context) <-chan struct{} {
	if ctx == nil {
		return nil
	}
	return ctx.Done()
}

// listen waits so long for a word of the CLI. That clock stands still while the run
// does.
func (s *sitting) listen(ctx context.Context, d time.Duration) {
	s.unquiet()
	s.quiet, s.unquiet = s.spec.Freezer.WithTimeout(ctx, d)
}

// deaf waits for nothing.
func (s *sitting) deaf() {
	s.unquiet()
	s.quiet, s.unquiet = nil, func() {}
}

// attend listens on, as long as what is under way may take.
func (s *sitting) attend(ctx context.Context) {
	switch {
	case s.init != nil || s.turn.interrupted: // its own limit holds
	case s.idle || s.ladder.stepped():
		s.deaf()
	case len(s.running)+len(s.helpers) > 0:
		s.listen(ctx, s.limits.ToolTime)
	default:
		s.listen(ctx, s.limits.Quiet)
	}
}

// initialized is told that the CLI is up: now it is given its task.
func (s *sitting) initialized(ctx context.Context, r wire.ControlResponse) {
	s.init = nil
	s.up()
	if s.ladder.stepped() {
		return
	}
	if err := r.Err(); err != nil {
		s.act(ctx, failed("the CLI could not be set up: %v", err))
		return
	}
	s.ready = true
	if s.begun {
		s.task(ctx)
	} else {
		s.deaf()
	}
}

// task gives the agent its task, once the guard has proved that it holds.
func (s *sitting) task(ctx context.Context) {
	if err := s.host.canary(ctx); err != nil {
		s.act(ctx, failed("the guard did not prove that it holds: %v", err))
		return
	}
	s.tell(ctx, s.later)
}

// tell begins a turn.
func (s *sitting) tell(ctx context.Context, text string) {
	if s.ladder.stepped() {
		return
	}
	if text != compactCommand { // a command stands alone
		text, s.waiting = with(text, s.waiting), nil
	}
	s.send(text, false)
	s.idle, s.turn = false, turn{}
	s.attend(ctx)
}

func (s *sitting) send(text string, urgent bool) {
	m := message{id: launch.NewSession(), text: text, urgent: urgent}
	s.unread = append(s.unread, m)
	s.p.box.put(wire.UserMessage{Text: text, UUID: m.id})
}

// urge passes on what can't wait: to an agent that is in a turn at once, and it gets it
// at the next boundary between its tools; to another one with what it is told next.
func (s *sitting) urge(text string) {
	if s.idle || s.ladder.stepped() {
		s.waiting = append(s.waiting, text)
		return
	}
	s.send(text, true)
}

// act does what the course says.
func (s *sitting) act(ctx context.Context, next step) {
	if next.why != "" {
		s.kept.Note(next.why)
	}
	s.idle = true
	if next.way != say {
		s.next = &next
		s.leave(ctx, leaveRungs(s.limits.Leave))
		return
	}
	if next.after <= 0 {
		s.tell(ctx, next.text)
		return
	}
	s.later, s.timer = next.text, time.After(next.after)
	s.attend(ctx)
}

// leave begins to end the process.
func (s *sitting) leave(ctx context.Context, rungs []rung) {
	s.timer = nil
	s.ladder.begin(s.p, rungs)
	s.attend(ctx)
}

// stop is called when the agent is asked to end. One that is done is let go anyway.
func (s *sitting) stop(ctx context.Context) {
	if s.next == nil || s.next.way != finish {
		s.stopped = true
		s.leave(ctx, stopRungs(s.grace))
	}
}

// silent is called when nothing was heard for too long.
func (s *sitting) silent(ctx context.Context) {
	switch {
	case !errors.Is(context.Cause(s.quiet), context.DeadlineExceeded):
		s.deaf() // the end of all
	case s.held != nil:
		s.act(ctx, *s.held)
	case s.p.asking(): // it waits for popkit, or for a person
		s.listen(ctx, s.limits.Quiet)
	case s.init != nil:
		s.breakOff(fmt.Sprintf("it did not answer within %s", s.limits.Start))
	case !s.turn.interrupted && s.course.hung():
		s.kept.Note("nothing was heard for too long: interrupted")
		s.turn.interrupted = true
		s.p.ask(wire.Interrupt{})
		s.listen(ctx, s.limits.Patience)
	default:
		s.breakOff("it hung")
	}
}

// breakOff ends a process that is of no use any more; its death decides what follows.
func (s *sitting) breakOff(why string) {
	if s.broken == "" {
		s.kept.Note(why + ": its process is ended")
		s.broken = why
	}
	s.deaf()
	s.p.kill()
}

// over is called when the process and all below it are gone.
func (s *sitting) over(ctx context.Context) step {
	exit, err := s.p.wait()
	s.exit, s.lost = exit, err
	if exit.Detail != "" {
		s.kept.Note(exit.Detail)
	}
	s.keepUnread()
	switch {
	case s.stopped || ctx.Err() != nil:
		s.stopped = true
		return step{way: fail, why: "stopped"}
	case s.next != nil:
		return *s.next
	case s.init != nil && s.broken == "" && exit.Signal == "":
		// It never came up, and said why if it did: another try would be the same.
		why := or(s.words.last(), "it said nothing")
		if exit.NotThere() {
			why += " (name what the sandbox hides of Claude Code in sandbox_read)"
		}
		return failed("the CLI ended before it was up, %s: %s", how(exit), why)
	}
	next := s.course.died(or(s.broken, how(exit)), s.known)
	s.kept.Note(next.why)
	return next
}

// or returns the first that says something.
func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
