package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"sync"
	"testing"

	"popkit/internal/api"
	"popkit/internal/cli/command"
)

// liveCaller is an engine whose stream the test feeds.
type liveCaller struct {
	feed  chan api.Progress
	calls chan string
	err   error // of every call
}

func (c liveCaller) Call(_ context.Context, op api.Op, args, _ any) error {
	raw, err := json.Marshal(args)
	c.calls <- fmt.Sprintf("%s %s", op, raw)
	return errors.Join(err, c.err)
}

func (c liveCaller) Stream(context.Context, api.Op, any) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for p := range c.feed {
			raw, err := json.Marshal(p)
			if !yield(raw, err) {
				return
			}
		}
	}
}

// syncBuffer may be read while a command writes it.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// attached runs `popkit power attach` on a terminal until the feed is closed.
type attached struct {
	engine     liveCaller
	interrupts chan os.Signal
	typed      *io.PipeWriter
	out, errs  syncBuffer
	code       chan int
}

func attach(t *testing.T, w *world, err error) *attached {
	in, typed := io.Pipe()
	a := &attached{
		engine:     liveCaller{feed: make(chan api.Progress), calls: make(chan string), err: err},
		interrupts: make(chan os.Signal), typed: typed, code: make(chan int, 1),
	}
	w.tty = true
	w.engine(runID)
	e := w.env(&a.out, &a.errs)
	e.In = in
	e.Dial = func(string) api.Caller { return a.engine }
	e.Interrupts = func() (<-chan os.Signal, func()) { return a.interrupts, func() {} }
	ctx := t.Context()
	go func() { a.code <- Main(ctx, []string{"power", "attach"}, e) }()
	t.Cleanup(func() { typed.Close() })
	return a
}

// feed hands a status to the terminal and returns once it was shown: a status
// is taken from the stream only when the one before was.
func (a *attached) feed(list ...api.Progress) {
	for _, p := range list {
		a.engine.feed <- p
	}
	last := list[len(list)-1]
	a.engine.feed <- last
	a.engine.feed <- last
}

func want(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestInterrupt: Ctrl-C stops, a second one ends at once; the command goes on
// watching until the run has ended.
func TestInterrupt(t *testing.T) {
	w := newWorld(t)
	w.log(stopped(w.repo))
	a := attach(t, w, nil)
	a.interrupts <- os.Interrupt
	want(t, <-a.engine.calls, `stop {"by":"Ada","reason":"Ctrl-C"}`)
	a.interrupts <- os.Interrupt
	want(t, <-a.engine.calls, `stop {"by":"Ada","reason":"Ctrl-C","now":true}`)
	close(a.engine.feed)
	if code := <-a.code; code != command.ExitStopped {
		t.Errorf("exit code %d: %s", code, a.errs.String())
	}
	for _, text := range []string{"Ctrl-C again", "ending at once; work is kept"} {
		if !strings.Contains(a.errs.String(), text) {
			t.Errorf("%q was not said: %s", text, a.errs.String())
		}
	}
}

// TestThirdInterrupt: an engine that does not end keeps nobody.
func TestThirdInterrupt(t *testing.T) {
	w := newWorld(t)
	w.log(implementing(w.repo))
	a := attach(t, w, nil)
	for range 2 {
		a.interrupts <- os.Interrupt
		<-a.engine.calls
	}
	a.interrupts <- os.Interrupt
	if code := <-a.code; code != 130 {
		t.Errorf("exit code %d: %s", code, a.errs.String())
	}
	close(a.engine.feed)
}

// TestAnswerWhileAttached: what is typed while a question is open answers it.
func TestAnswerWhileAttached(t *testing.T) {
	w := newWorld(t)
	w.log(done(w.repo))
	a := attach(t, w, nil)
	a.feed(watched(t, implementing(w.repo))...)
	for _, line := range []string{"perhaps\n", "\n", "q-1 no\n"} {
		if _, err := io.WriteString(a.typed, line); err != nil {
			t.Fatal(err)
		}
	}
	want(t, <-a.engine.calls, `answer {"id":"q-1","answer":"no","by":"Ada"}`)
	close(a.engine.feed)
	if code := <-a.code; code != 0 {
		t.Errorf("exit code %d: %s", code, a.errs.String())
	}
	if !strings.Contains(a.errs.String(), `"perhaps" is none of the answers: yes, no`) {
		t.Errorf("the wrong answer was not refused: %s", a.errs.String())
	}
}

// TestAnswerRefused: an answer that came too late is said, and the run goes on.
func TestAnswerRefused(t *testing.T) {
	w := newWorld(t)
	w.log(done(w.repo))
	a := attach(t, w, &api.Error{Kind: api.KindRefused, Text: `question q-1 was answered "yes" by Bo`})
	a.feed(watched(t, implementing(w.repo))...)
	if _, err := io.WriteString(a.typed, "no\n"); err != nil {
		t.Fatal(err)
	}
	<-a.engine.calls
	close(a.engine.feed)
	if code := <-a.code; code != 0 {
		t.Errorf("exit code %d: %s", code, a.errs.String())
	}
	if !strings.Contains(a.errs.String(), "answered \"yes\" by Bo") {
		t.Errorf("the refusal was not said: %s", a.errs.String())
	}
}

// TestTerminalClosed: standard input ends, the watch goes on.
func TestTerminalClosed(t *testing.T) {
	w := newWorld(t)
	w.log(done(w.repo))
	a := attach(t, w, nil)
	a.typed.Close()
	a.feed(watched(t, implementing(w.repo), 5, 20)...)
	close(a.engine.feed)
	if code := <-a.code; code != 0 {
		t.Errorf("exit code %d: %s", code, a.errs.String())
	}
}

// TestCoalesced: where events are missing beside a status, the log has them.
func TestCoalesced(t *testing.T) {
	w := newWorld(t)
	w.log(done(w.repo))
	a := attach(t, w, nil)
	all := watched(t, done(w.repo), 3, 20, 40)
	for i, p := range all {
		if i == 1 || i == 2 {
			p.Events = nil
		}
		a.engine.feed <- p
	}
	close(a.engine.feed)
	<-a.code
	for _, line := range []string{"task map merged", "task api merged", "task tests merged"} {
		if n := strings.Count(a.out.String(), line); n != 1 {
			t.Errorf("%q is there %d times:\n%s", line, n, a.out.String())
		}
	}
}
