package toolbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"popkit/internal/api"
	"popkit/internal/core/event"
)

// Name is the server's name, by which its tools are called mcp__popkit__….
const Name = "popkit"

// alwaysLoad asks a host that shows its model only some tools, and lets it search for
// the others, to show these: a model does not search for what it does not know of.
const alwaysLoad = "anthropic/alwaysLoad"

// Config says for whom the tools are.
type Config struct {
	Caller  api.Caller // speaks as the agent
	Version string
	// Plan offers present_plan.
	Plan bool
	// HelpWait is how long others may take to answer a call for help until a person is
	// asked; 0 is api.DefaultHelpWait.
	HelpWait time.Duration
}

// Box is one agent's tools.
type Box struct {
	cfg Config

	mu       sync.Mutex
	now      *wiring // the session that messages go to; nil: none was begun
	reported *event.Report
	closed   bool
}

// wiring is one session and the way to it.
type wiring struct {
	line    *line
	session *mcp.ServerSession
	end     context.CancelFunc // gives up what its tools wait for
}

// New returns the tools of an agent.
func New(cfg Config) *Box { return &Box{cfg: cfg} }

// wire begins a session that lasts until its end is called.
func (b *Box) wire(ctx context.Context) (*wiring, error) {
	ctx, end := context.WithCancel(context.WithoutCancel(ctx)) // it outlives the message that begins it
	server := mcp.NewServer(&mcp.Implementation{Name: Name, Version: b.cfg.Version}, &mcp.ServerOptions{
		Instructions: instructions(b.cfg.Plan), Capabilities: &mcp.ServerCapabilities{},
	})
	for _, t := range tools {
		if t.name != presentPlan || b.cfg.Plan {
			server.AddTool(&mcp.Tool{Meta: mcp.Meta{alwaysLoad: true}, Name: t.name, Description: t.tells, InputSchema: t.schema()}, b.handler(ctx, t))
		}
	}
	w := &wiring{line: newLine(), end: end}
	var err error
	if w.session, err = server.Connect(ctx, w.line, nil); err != nil {
		end()
		return nil, fmt.Errorf("popkit's tools: %w", err)
	}
	return w, nil
}

// handler does a tool's calls while its session lasts.
func (b *Box) handler(session context.Context, t tool) mcp.ToolHandler {
	return func(ctx context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stop := context.AfterFunc(session, cancel)
		defer stop()
		var said string
		given, err := t.read(r.Params.Arguments)
		if err == nil {
			said, err = t.do(b, ctx, given)
		}
		if err != nil {
			said = problem(err)
		}
		return &mcp.CallToolResult{IsError: err != nil, Content: []mcp.Content{&mcp.TextContent{Text: said}}}, nil
	}
}

// Report is what the agent reported last, nil when it has not.
func (b *Box) Report() *event.Report {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.reported
}

// ErrClosed says that the tools are no longer there.
var ErrClosed = errors.New("popkit's tools are closed")

// noAnswer is what a notification is answered with: hosts want something.
const noAnswer = `{"jsonrpc":"2.0","result":{},"id":0}`

// Answer hands a host's message over and returns what is answered.
func (b *Box) Answer(ctx context.Context, raw json.RawMessage) (json.RawMessage, error) {
	m, err := jsonrpc.DecodeMessage(raw)
	if err != nil {
		return nil, fmt.Errorf("message to popkit's tools: %w", err)
	}
	r, ok := m.(*jsonrpc.Request)
	if !ok {
		return json.RawMessage(noAnswer), nil // an answer: nothing was asked
	}
	l, err := b.to(ctx, r)
	if err != nil {
		return nil, err
	}
	if !r.ID.IsValid() {
		return json.RawMessage(noAnswer), l.hand(ctx, r)
	}
	answer, err := l.ask(ctx, r)
	if err != nil {
		return nil, err
	}
	return jsonrpc.EncodeMessage(answer)
}

// to returns the line to the session that a request belongs to.
func (b *Box) to(ctx context.Context, r *jsonrpc.Request) (*line, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return nil, ErrClosed
	case b.now != nil && r.Method != "initialize":
		return b.now.line, nil
	}
	w, err := b.wire(ctx)
	if err != nil {
		return nil, err
	}
	old := b.now
	b.now = w
	if old != nil {
		old.hangUp()
	}
	return w.line, nil
}

// Close gives up what is under way and returns when that has ended.
func (b *Box) Close() error {
	b.mu.Lock()
	now := b.now
	b.now, b.closed = nil, true
	b.mu.Unlock()
	if now == nil {
		return nil
	}
	now.hangUp()
	return now.session.Wait()
}

// hangUp ends the session; what it still waits for is given up.
func (w *wiring) hangUp() {
	w.end()
	w.line.hangUp()
}
