package watching

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"popkit/internal/api"
	"popkit/internal/cli/command"
	"popkit/internal/core/event"
	"popkit/internal/core/transcript"
	"popkit/internal/core/view"
	"popkit/internal/runs"
	"popkit/internal/runs/tail"
	"popkit/internal/show"
	"popkit/internal/show/talk"
)

// watch shows one agent. All its fields belong to the goroutine that made it.
type watch struct {
	env     *command.Env
	run     runs.Run
	agent   view.Agent
	watched bool // the file is watched for more
	json    bool
	plain   bool // the transcript is output, not events
	style   talk.Style

	file    *tail.File // nil: there is none yet
	teller  transcript.Teller
	events  *talk.Events
	waiting []transcript.Entry // of events, that are not shown yet
	denied  map[string]bool    // calls whose error only says again what an event says
	next    int64              // event that comes next
	ended   bool               // an event said that the agent has
}

// backlog shows what is there already, by time.
func (w *watch) backlog(ctx context.Context, title string) error {
	w.next = 1
	if !w.plain && !w.json {
		if err := w.print(title + "\n"); err != nil {
			return err
		}
	}
	if err := w.log(ctx); err != nil {
		return err
	}
	return w.drain()
}

// log reads the run's events so far.
func (w *watch) log(ctx context.Context) (err error) {
	log, err := w.run.Open()
	if err != nil {
		return command.Environment(err)
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	for ev, err := range log.Read(ctx, w.next) {
		if err != nil {
			return command.Environment(err)
		}
		w.take(ev)
	}
	return nil
}

// take takes in an event, once.
func (w *watch) take(ev event.Event) {
	if ev.Seq < w.next {
		return
	}
	w.next = ev.Seq + 1
	w.ended = w.ended || w.over(ev.Data)
	if w.plain || w.json {
		return
	}
	for _, e := range w.events.Tell(ev) {
		if w.waiting = append(w.waiting, e); e.Bad && e.Call != "" {
			w.denied[e.Call] = true
		}
	}
}

// upTo shows the entries of events until at; zero is all.
func (w *watch) upTo(at time.Time) error {
	for len(w.waiting) > 0 && (at.IsZero() || !w.waiting[0].At.After(at)) {
		if err := w.entry(w.waiting[0]); err != nil {
			return err
		}
		w.waiting = w.waiting[1:]
	}
	return nil
}

// drain shows the whole lines of the transcript that are there.
func (w *watch) drain() error {
	for w.file != nil {
		line, cut, err := w.file.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return command.Environment(fmt.Errorf("read the transcript: %w", err))
		}
		if err := w.line(line, cut); err != nil {
			return err
		}
	}
	return nil
}

// rest shows a last line that has no end, and never will, and the last events.
func (w *watch) rest() error {
	if w.file != nil {
		if line, cut := w.file.Rest(); len(line) > 0 {
			if err := w.line(line, cut); err != nil {
				return err
			}
		}
	}
	return w.upTo(time.Time{})
}

// line shows a line of the transcript, of which some bytes may have been left out.
func (w *watch) line(line []byte, cut int) error {
	more := ""
	if cut > 0 {
		more = fmt.Sprintf("… [%d bytes left out]", cut)
	}
	if w.plain && !w.json {
		return w.print(strings.TrimRight(show.Clean(string(bytes.TrimRight(line, "\r"))), "\n") + more + "\n")
	}
	l := transcript.Line{From: transcript.FromAgent, Text: string(line)}
	if !w.plain {
		l = transcript.Read(line)
	}
	if l.Text != "" {
		l.Text += more
	}
	if w.json {
		return w.raw(l)
	}
	for _, e := range w.teller.Tell(l) {
		if !talk.Besides(e) || e.Kind == transcript.Result && w.denied[e.Call] || e.Kind == transcript.Told && w.events.Knows(e.Text) {
			continue
		}
		if !e.At.IsZero() {
			if err := w.upTo(e.At); err != nil {
				return err
			}
		}
		if err := w.entry(e); err != nil {
			return err
		}
	}
	return nil
}

// entry shows one, with paths as the agent's workspace has them.
func (w *watch) entry(e transcript.Entry) error {
	if ws := w.events.Workspace; ws != "" {
		e.Subject = strings.ReplaceAll(e.Subject, ws+"/", "")
		e.Text = strings.ReplaceAll(e.Text, ws+"/", "")
	}
	w.style.Width = w.env.Width() // the terminal may have been made wider
	return w.print(talk.Render(e, w.style))
}

func (w *watch) print(text string) error { return w.env.Print(text) }

// raw prints a line as it is kept, in ASCII where another character could steer a
// terminal.
func (w *watch) raw(l transcript.Line) error {
	raw, err := transcript.Encode(l)
	if err != nil {
		return fmt.Errorf("transcript: %w", err)
	}
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(string(raw), "\uFFFD") {
		switch {
		case r == '\n' || !unicode.Is(unicode.C, r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return w.print(b.String())
}

// news is an event, or the end of the stream.
type news struct {
	event event.Event
	err   error
}

// follow shows what happens from now on, until the agent or its engine has ended.
func (w *watch) follow(ctx context.Context) error {
	h, err := w.run.Holder()
	if err != nil {
		return err
	}
	if h == nil {
		return w.log(ctx) // it ended just now
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream := make(chan news)
	go w.stream(ctx, *h, w.next, stream)
	for {
		if err := errors.Join(w.open(), w.drain(), w.upTo(time.Time{})); err != nil {
			return err
		}
		var changed <-chan struct{}
		if w.file != nil {
			changed = w.file.Changed()
		}
		select {
		case n := <-stream:
			if n.err != nil {
				return errors.Join(w.gone(ctx, n.err), w.open(), w.drain())
			}
			// What the agent said before it is shown first.
			if err := errors.Join(w.open(), w.drain()); err != nil {
				return err
			}
			if w.take(n.event); w.ended {
				return w.drain()
			}
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// gone takes in what an engine had no time to tell.
func (w *watch) gone(ctx context.Context, err error) error {
	var call *api.Error
	if errors.As(err, &call) && call.Kind != api.KindEnded {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return w.log(ctx)
}

// over reports whether an event is the agent's end: nothing is added to its
// transcript after it.
func (w *watch) over(d event.Data) bool {
	switch d := d.(type) {
	case event.AgentExited:
		return d.Agent == w.agent.ID
	case event.AgentRejected:
		return d.Agent == w.agent.ID
	}
	return false
}

// stream hands over the engine's events until it ends.
func (w *watch) stream(ctx context.Context, h runs.Holder, from int64, to chan<- news) {
	send := func(n news) bool {
		select {
		case to <- n:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for raw, err := range w.env.Dial(h.Socket).Stream(ctx, api.OpFollow, api.FollowArgs{From: from, Live: true}) {
		n := news{err: err}
		if err == nil {
			n.event, n.err = decode(raw)
		}
		if !send(n) || n.err != nil {
			return
		}
	}
	send(news{err: io.EOF})
}

// decode reads an event as OpFollow gives it.
func decode(raw json.RawMessage) (event.Event, error) {
	var line api.Event
	if err := json.Unmarshal(raw, &line); err != nil {
		return event.Event{}, fmt.Errorf("the engine's answer: %w", err)
	}
	return line.Decode()
}
