package toolbox

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// line is the way between a host and a session of the MCP SDK: it implements
// mcp.Transport and mcp.Connection in memory.
type line struct {
	in   chan jsonrpc.Message
	gone chan struct{} // closed when it is hung up

	mu      sync.Mutex
	hung    bool
	waiting map[any]chan jsonrpc.Message // by the ID of the request
}

func newLine() *line {
	return &line{in: make(chan jsonrpc.Message), gone: make(chan struct{}), waiting: map[any]chan jsonrpc.Message{}}
}

// Connect implements mcp.Transport.
func (l *line) Connect(context.Context) (mcp.Connection, error) { return l, nil }

// SessionID implements mcp.Connection.
func (l *line) SessionID() string { return "" }

// Read implements mcp.Connection.
func (l *line) Read(ctx context.Context) (jsonrpc.Message, error) {
	select {
	case m := <-l.in:
		return m, nil
	case <-l.gone:
		return nil, io.EOF
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Write implements mcp.Connection. What nobody waits for is dropped: requests and
// notices of the server's own, and answers that come too late.
func (l *line) Write(_ context.Context, m jsonrpc.Message) error {
	r, ok := m.(*jsonrpc.Response)
	if !ok {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if to := l.waiting[r.ID.Raw()]; to != nil {
		to <- m // it has room for one, and there is no second
		delete(l.waiting, r.ID.Raw())
	}
	return nil
}

// Close implements mcp.Connection.
func (l *line) Close() error {
	l.hangUp()
	return nil
}

func (l *line) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.hung {
		l.hung = true
		close(l.gone)
	}
}

// hand gives the session a message.
func (l *line) hand(ctx context.Context, m jsonrpc.Message) error {
	select {
	case l.in <- m:
		return nil
	case <-l.gone:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ask gives the session a request and waits for its answer.
func (l *line) ask(ctx context.Context, r *jsonrpc.Request) (jsonrpc.Message, error) {
	answer := make(chan jsonrpc.Message, 1)
	l.mu.Lock()
	l.waiting[r.ID.Raw()] = answer
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		if l.waiting[r.ID.Raw()] == answer {
			delete(l.waiting, r.ID.Raw())
		}
		l.mu.Unlock()
	}()
	if err := l.hand(ctx, r); err != nil {
		return nil, err
	}
	select {
	case m := <-answer:
		return m, nil
	case <-l.gone:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), l.cancel(r.ID))
	}
}

// cancel tells the session that nobody waits for an answer any more.
func (l *line) cancel(id jsonrpc.ID) error {
	params, err := json.Marshal(map[string]any{"requestId": id.Raw()})
	if err != nil {
		return err
	}
	select {
	case l.in <- &jsonrpc.Request{Method: "notifications/cancelled", Params: params}:
	case <-l.gone:
	}
	return nil
}
