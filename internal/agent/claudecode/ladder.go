package claudecode

import (
	"time"

	"popkit/internal/agent/claudecode/wire"
)

// rung is one way to end a process, and how long it is given.
type rung struct {
	do   func(*process)
	wait time.Duration
	calm bool // the end of the turn is enough
}

// stopRungs are for an agent that is at work, within the grace period. An interrupt
// is the only thing by which the CLI itself ends the commands that it runs; what lives
// on after its death dies with the process's namespace.
func stopRungs(grace time.Duration) []rung {
	part := grace / 5
	return []rung{
		{do: interrupt, wait: 2 * part, calm: true}, {do: closeInput, wait: part}, {do: sigint, wait: part}, {do: sigterm, wait: part}, {do: sigkill},
	}
}

// leaveRungs are for one that has nothing more to do: it ends by itself when its input
// does, after what it runs in the background.
func leaveRungs(patience time.Duration) []rung {
	part := patience / 5
	return []rung{{do: closeInput, wait: 3 * part}, {do: sigint, wait: part}, {do: sigterm, wait: part}, {do: sigkill}}
}

func interrupt(p *process)  { p.ask(wire.Interrupt{}) }
func closeInput(p *process) { p.box.finish() }
func sigint(p *process)     { p.interrupt() }
func sigterm(p *process)    { p.stop() }
func sigkill(p *process)    { p.kill() }

// ladder is a process's way down, one rung after the other until it has ended.
type ladder struct {
	rungs []rung // that are left
	began bool
	calm  bool             // the end of the turn leads to the next
	next  <-chan time.Time // when the next rung is taken
}

// stepped reports whether the process is on its way down.
func (l *ladder) stepped() bool { return l.began }

// begin takes the first rung. A process that leaves can be stopped: then the other
// ladder holds.
func (l *ladder) begin(p *process, rungs []rung) {
	l.began, l.rungs = true, rungs
	l.down(p)
}

// down takes the next rung.
func (l *ladder) down(p *process) {
	l.next = nil
	if len(l.rungs) == 0 {
		return
	}
	r := l.rungs[0]
	l.rungs, l.calm = l.rungs[1:], r.calm
	r.do(p)
	if len(l.rungs) > 0 {
		l.next = time.After(r.wait)
	}
}

// turned is told that a turn has ended.
func (l *ladder) turned(p *process) {
	if l.calm {
		l.down(p)
	}
}
