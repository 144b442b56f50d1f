package claudecode

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"sync"

	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/agent/keep"
	"popkit/internal/core/event"
	"popkit/internal/proc"
)

// body is what runs as a CLI: a proc.Process and its pipes.
type body struct {
	ident     proc.Ident
	in        io.WriteCloser
	out       io.Reader // ends when all of the process is gone
	interrupt func()    // SIGINT
	stop      func()    // SIGTERM
	kill      func()
	wait      func() (proc.Exit, error)
}

// process is one CLI process. Its reader hands events on and has what the CLI asks
// answered, each question by a goroutine of its own; its writer is the only one that
// writes. All of them have ended when events is closed and wait returned.
type process struct {
	body
	host host
	kept *keep.Transcript
	line int // bytes of a line

	events chan heard
	ctx    context.Context // of the answers; ends with the process
	cancel context.CancelFunc
	box    *outbox
	wg     sync.WaitGroup

	mu      sync.Mutex
	asked   map[string]context.CancelFunc // by request ID: what the CLI waits for
	sent    int                           // requests of popkit's
	answers map[string]chan wire.ControlResponse
	given   []json.RawMessage // answers to hooks that the model has perhaps not seen
	latest  string            // answer of the model, by its ID
}

// heard is a line of the CLI, or one that is no event.
type heard struct {
	wire.Event
	bad *wire.BadLine
}

// run begins to read and write.
func run(ctx context.Context, b body, h host, kept *keep.Transcript, line int) *process {
	ctx, cancel := context.WithCancel(ctx)
	p := &process{
		body: b, host: h, kept: kept, line: line, events: make(chan heard), ctx: ctx, cancel: cancel,
		box: newOutbox(), asked: map[string]context.CancelFunc{}, answers: map[string]chan wire.ControlResponse{},
	}
	p.wg.Go(func() { p.box.empty(ctx, tee{p.in, kept}) })
	go p.read()
	return p
}

// tee keeps what is written; each write is a line.
type tee struct {
	io.WriteCloser
	kept *keep.Transcript
}

func (t tee) Write(line []byte) (int, error) {
	t.kept.Told(line)
	return t.WriteCloser.Write(line)
}

func (p *process) read() {
	defer close(p.events)
	in := wire.NewReader(p.out, p.line)
	for {
		e, err := in.Next()
		var bad *wire.BadLine
		switch {
		case errors.As(err, &bad):
			p.kept.Heard([]byte(bad.Text))
			p.events <- heard{bad: bad}
			continue
		case err != nil: // the end; there is no other error of a pipe of our own
			p.end()
			return
		}
		p.hear(e)
	}
}

// end is called when the process is gone: nobody waits for an answer any more, and
// what the model has not seen is given to it another time.
func (p *process) end() {
	p.cancel()
	p.wg.Wait()
	for _, answer := range p.given {
		p.host.unsent(answer)
	}
}

// seen takes an answer of the model: its request held all that was given before. It is
// called as the line is read, so that what is given after it is not meant.
func (p *process) seen(e wire.Event) {
	m, err := wire.As[wire.Message](e)
	if err != nil || e.Parent != "" || m.Synthetic() || m.Message.ID == p.latest {
		return // no answer of the main agent, or another piece of it
	}
	p.mu.Lock()
	p.latest, p.given = m.Message.ID, nil
	p.mu.Unlock()
}

func (p *process) hear(e wire.Event) {
	switch e.Type {
	case wire.TypeKeepAlive, wire.TypeStream:
		return // noise
	case wire.TypeRequest:
		p.request(e)
	case wire.TypeResponse:
		p.response(e)
	case wire.TypeCancel:
		p.withdrawn(e)
	default:
		if e.Type == wire.TypeAssistant {
			p.seen(e)
		}
		p.kept.Heard(e.Raw)
		p.events <- heard{Event: e}
	}
}

// request has a question of the CLI answered. It is not kept: what it is about comes
// as an event of its own, and the answer is.
func (p *process) request(e wire.Event) {
	r, err := wire.AsRequest(e)
	if err != nil {
		p.kept.Heard(e.Raw)
		p.events <- heard{bad: &wire.BadLine{Text: err.Error(), Size: len(e.Raw), Err: err}}
		return
	}
	ctx, cancel := context.WithCancel(p.ctx)
	p.mu.Lock()
	p.asked[r.ID] = cancel
	p.mu.Unlock()
	p.wg.Go(func() {
		defer cancel()
		a := p.host.answer(ctx, r)
		p.mu.Lock()
		_, wanted := p.asked[r.ID]
		delete(p.asked, r.ID)
		if wanted && r.Subtype == wire.AskHook {
			p.given = append(p.given, a.Response)
		}
		p.mu.Unlock()
		switch {
		case wanted:
			p.box.put(a)
		case r.Subtype == wire.AskHook:
			p.host.unsent(a.Response)
		}
	})
	p.events <- heard{Event: wire.Event{Type: wire.TypeRequest, Subtype: r.Subtype}}
}

// withdrawn is told that the CLI does not wait for an answer any more.
func (p *process) withdrawn(e wire.Event) {
	c, err := wire.As[wire.Cancelled](e)
	if err != nil {
		return // it names nothing
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if cancel, ok := p.asked[c.ID]; ok {
		cancel()
		delete(p.asked, c.ID)
	}
}

// asking reports whether the CLI waits for an answer of popkit's.
func (p *process) asking() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked) > 0
}

// ask sends a request of popkit's; its answer comes over the channel.
func (p *process) ask(what any) <-chan wire.ControlResponse {
	answer := make(chan wire.ControlResponse, 1)
	p.mu.Lock()
	p.sent++
	id := "popkit-" + strconv.Itoa(p.sent)
	p.answers[id] = answer
	p.mu.Unlock()
	p.box.put(wire.Request{ID: id, What: what})
	return answer
}

func (p *process) response(e wire.Event) {
	r, err := wire.As[wire.ControlResponse](e)
	if err != nil {
		p.events <- heard{bad: &wire.BadLine{Text: err.Error(), Size: len(e.Raw), Err: err}}
		return
	}
	p.mu.Lock()
	answer, ok := p.answers[r.Response.ID]
	delete(p.answers, r.Response.ID)
	p.mu.Unlock()
	if ok {
		answer <- r
	}
}

// outbox is what is to be written, in order. Nobody who puts something in waits for
// a CLI that does not read.
type outbox struct {
	mu    sync.Mutex
	queue []any
	last  bool // after what is in the queue the input is closed
	more  chan struct{}
}

func newOutbox() *outbox { return &outbox{more: make(chan struct{}, 1)} }

func (b *outbox) put(message any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.last {
		b.queue = append(b.queue, message)
		b.wake()
	}
}

// finish closes the CLI's input once all is written.
func (b *outbox) finish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = true
	b.wake()
}

func (b *outbox) wake() {
	select {
	case b.more <- struct{}{}:
	default: // it will look anyway
	}
}

// empty writes what is put in until finish, or the end of ctx. A CLI that does not
// read any more (EPIPE) is about to end, which its reader finds out; a write that
// hangs is ended by closing its input.
func (b *outbox) empty(ctx context.Context, in io.WriteCloser) {
	stop := context.AfterFunc(ctx, func() { _ = in.Close() }) // closing twice is harmless
	defer stop()
	defer in.Close()
	w := wire.NewWriter(in)
	for {
		messages, last := b.take()
		for _, m := range messages {
			if err := w.Write(m); err != nil {
				return
			}
		}
		if last {
			return
		}
		select {
		case <-b.more:
		case <-ctx.Done():
			return
		}
	}
}

func (b *outbox) take() (messages []any, last bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	messages, b.queue = b.queue, nil
	return messages, b.last
}

// host answers what the CLI asks, and knows what the agent said: the functions of a
// desk.
type host struct {
	canary func(context.Context) error
	report func() *event.Report
	urgent func(context.Context) iter.Seq2[string, error]
	unsent func(answer json.RawMessage)
	ran    func(ctx context.Context, tool, id string) error
	close  func() error

	initialize func() wire.Initialize
	hook       func(context.Context, wire.HookCallback) json.RawMessage
	canUse     func(context.Context, wire.CanUseTool) json.RawMessage
	mcp        func(context.Context, json.RawMessage) (json.RawMessage, error)
}

// answer answers one question. What can't be answered is said to be so: without the
// guard's allow the CLI refuses the call.
func (h host) answer(ctx context.Context, r wire.ControlRequest) (a wire.Answer) {
	a.ID = r.ID
	defer func() {
		if p := recover(); p != nil {
			a.Response, a.Err = nil, fmt.Sprintf("popkit failed over it: %v", p)
		}
	}()
	raw, err := h.reply(ctx, r)
	if err != nil {
		a.Err = err.Error()
	}
	a.Response = raw
	return a
}

func (h host) reply(ctx context.Context, r wire.ControlRequest) (json.RawMessage, error) {
	switch r.Subtype {
	case wire.AskHook:
		cb, err := wire.Ask[wire.HookCallback](r)
		if err != nil {
			return nil, err
		}
		return h.hook(ctx, cb), nil
	case wire.AskTool:
		c, err := wire.Ask[wire.CanUseTool](r)
		if err != nil {
			return nil, err
		}
		return h.canUse(ctx, c), nil
	case wire.AskMCP:
		m, err := wire.Ask[wire.MCPMessage](r)
		if err != nil {
			return nil, err
		}
		reply, err := h.mcp(ctx, m.Message)
		if err != nil {
			return nil, err
		}
		return json.Marshal(map[string]json.RawMessage{"mcp_response": reply})
	}
	return nil, fmt.Errorf("popkit does not know the request %q", r.Subtype)
}
