package planning

import (
	"context"
	"fmt"
	"time"

	"popkit/internal/cli/command"
	"popkit/internal/show"
)

// tick is how often it is said what goes on: what takes less is not talked about.
const tick = time.Second

// watch does work in a goroutine of its own, says what goes on while it takes long,
// and ends it with Ctrl-C.
func (p *Planner) watch(ctx context.Context, work func(ctx context.Context, say func(string)) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	said, done := make(chan string), make(chan error, 1)
	go func() {
		done <- work(ctx, func(text string) {
			select {
			case said <- text:
			case <-ctx.Done():
			}
		})
	}()
	interrupts, stop := p.e.Interrupts()
	defer stop()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	line := progress{p: p, since: p.e.Now()}
	for stopped := false; ; {
		select {
		case err := <-done:
			line.clear()
			if stopped && err == context.Canceled { //nolint:errorlint // joined with another one it is not all
				return command.Fail(command.ExitStopped, "", "planning was stopped; nothing was started, and nothing is left of it")
			}
			return err
		case text := <-said:
			line.now = text
		case <-ticker.C:
			line.show()
		case <-interrupts:
			stopped = true
			line.now = "stopping"
			line.show()
			cancel()
		}
	}
}

// progress is one line that says what goes on.
type progress struct {
	p     *Planner
	since time.Time
	now   string
	shown string // the last one, where lines stay
	drawn bool
}

func (l *progress) show() {
	e, text := l.p.e, show.Line(l.now)
	switch {
	case text == "":
	case e.Interactive && e.Live:
		l.drawn = true
		width := e.Width()
		if width <= 0 {
			width = 80
		}
		took := e.Now().Sub(l.since).Round(time.Second)
		fmt.Fprintf(e.Err, "\r\x1b[K%s", show.Cut(fmt.Sprintf("planning (%s): %s", took, text), width-1))
	case text != l.shown:
		l.shown = text
		e.Say("planning: %s", text)
	}
}

// clear takes away a line that is drawn again and again.
func (l *progress) clear() {
	if l.drawn {
		fmt.Fprint(l.p.e.Err, "\r\x1b[K")
	}
}
