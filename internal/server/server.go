package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"popkit/internal/api"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
	"popkit/internal/eventlog"
)

// MaxCalls bounds the calls under way on one socket.
const MaxCalls = 256

// lastWrite is how long a caller may take to read its answer once the server is
// being closed.
const lastWrite = 2 * time.Second

// requestTime is how long a connection may take to say what it wants: one that
// says nothing would take a place from those that do.
const requestTime = 10 * time.Second

// Run is the run that is served; an engine is one.
type Run interface {
	Submit(ctx context.Context, in decide.Input, read func(*state.State, []event.Event)) error
	Query(ctx context.Context, read func(*state.State)) error
	Await(ctx context.Context, until func(*state.State) bool) error
}

// Server serves one run.
type Server struct {
	run    Run
	log    eventlog.Reader
	engine func(*state.State) *view.Engine
	admit  Admit // nil: everybody is who their socket says
	guard  Guard
	redact func(string) string // nil: nothing is secret

	ctx    context.Context // ended by Close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu       sync.Mutex // guards what follows
	attached int        // terminals that can answer
	closed   bool
}

// New returns a server. about says, for a state, which engine answers.
func New(ctx context.Context, run Run, log eventlog.Reader, about func(*state.State) *view.Engine) *Server {
	ctx, cancel := context.WithCancel(ctx)
	return &Server{run: run, log: log, engine: about, ctx: ctx, cancel: cancel}
}

// Close ends all calls and waits for them.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.wg.Wait()
}

// begin starts what Close waits for; false once it does.
func (s *Server) begin(do func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.wg.Go(do)
	return true
}

// tooLate is said to who comes too late.
func tooLate() *api.Error {
	return &api.Error{Kind: api.KindEnded, Text: "the run's engine is ending"}
}

// caller is who speaks over a socket; "" is a person.
type caller string

// ListenPeople serves the people's socket at path until the returned closer is
// closed.
func (s *Server) ListenPeople(path string) (io.Closer, error) { return s.listen(path, "") }

// ListenAgent serves an agent's own socket at path, in a folder of its own.
func (s *Server) ListenAgent(path, agent string) (io.Closer, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("socket of %s: %w", agent, err)
	}
	return s.listen(path, caller(agent))
}

// socket is a listening socket and its connections.
type socket struct {
	net.Listener
	cancel context.CancelFunc
}

// Close ends the socket's calls and removes it.
func (k *socket) Close() error {
	k.cancel()
	if err := k.Listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) { // cancel closes it too
		return err
	}
	return nil
}

func (s *Server) listen(path string, who caller) (io.Closer, error) {
	// A socket that a killed engine left there is in the way; the run's lock
	// says that nobody else serves this run.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("socket %s: %w", path, err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("socket %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("socket %s: %w", path, err), l.Close())
	}
	ctx, cancel := context.WithCancel(s.ctx)
	k := &socket{Listener: l, cancel: cancel}
	context.AfterFunc(ctx, func() { l.Close() })
	if !s.begin(func() { s.accept(ctx, l, who) }) {
		return nil, errors.Join(fmt.Errorf("socket %s: %w", path, tooLate()), k.Close())
	}
	return k, nil
}

func (s *Server) accept(ctx context.Context, l net.Listener, who caller) {
	slots := make(chan struct{}, MaxCalls)
	for {
		conn, err := l.Accept()
		if err != nil {
			return // closed: by Close, or with its agent
		}
		select {
		case slots <- struct{}{}:
			s.wg.Go(func() {
				defer func() { <-slots }()
				s.serve(ctx, conn, who)
			})
		default:
			answer := &answer{conn: conn}
			answer.fail(&api.Error{Kind: api.KindRefused, Text: "too many calls at once", Hint: "try again"})
			conn.Close()
		}
	}
}

// serve answers the one call of a connection.
func (s *Server) serve(ctx context.Context, conn net.Conn, who caller) {
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The end of the call unblocks what reads, and leaves what was decided the
	// time to be written.
	stop := context.AfterFunc(ctx, func() {
		if conn.SetReadDeadline(time.Now()) != nil || conn.SetWriteDeadline(time.Now().Add(lastWrite)) != nil {
			conn.Close()
		}
	})
	defer stop()
	out := &answer{conn: conn}
	req, err := hear(conn)
	if err != nil {
		if !errors.Is(err, errSilent) && ctx.Err() == nil {
			out.fail(wireError(err))
		}
		return
	}
	if err := s.admitted(ctx, conn, who); err != nil {
		out.fail(wireError(err))
		return
	}
	if ops[req.Op].waits {
		if err := conn.SetReadDeadline(time.Time{}); err != nil {
			return // it is closed
		}
		s.wg.Go(func() { // the caller hung up: nobody wants the answer
			if _, err := io.Copy(io.Discard, conn); err != nil || ctx.Err() == nil {
				cancel()
			}
		})
	}
	s.answer(ctx, who, req, out)
}

// errSilent: the connection ended without a word, as a probe does that only
// looks whether somebody listens.
var errSilent = errors.New("nothing was asked")

// hear reads a connection's request.
func hear(conn net.Conn) (api.Request, error) {
	if err := conn.SetReadDeadline(time.Now().Add(requestTime)); err != nil {
		return api.Request{}, err
	}
	return readRequest(bufio.NewReaderSize(io.LimitReader(conn, api.MaxLine+1), usualRequest))
}

// usualRequest is as long as most requests are, in bytes.
const usualRequest = 512

func readRequest(in *bufio.Reader) (req api.Request, err error) {
	wrong := func(format string, args ...any) error {
		return &api.Error{Kind: api.KindUsage, Text: fmt.Sprintf(format, args...)}
	}
	line, err := in.ReadBytes('\n')
	switch {
	case err == nil && len(line) <= api.MaxLine:
	case len(line) > api.MaxLine:
		return req, wrong("the request is longer than %d bytes", api.MaxLine)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return req, wrong("the request did not come within %s", requestTime)
	case errors.Is(err, io.EOF) && len(line) > 0:
		return req, wrong("the request has no end of line")
	default:
		return req, errSilent // nobody is there to hear more
	}
	if err := json.Unmarshal(line, &req); err != nil {
		return req, wrong("the request is no JSON: %v", err)
	}
	switch {
	case req.V > api.Protocol:
		return req, &api.Error{Kind: api.KindVersion, Text: fmt.Sprintf("this engine speaks protocol %d, the caller %d", api.Protocol, req.V),
			Hint: "use the popkit that began the run, or popkit power stop and resume"}
	case req.V < 1:
		return req, wrong("the request names no protocol version: want v %d", api.Protocol)
	}
	return req, nil
}

func (s *Server) answer(ctx context.Context, who caller, req api.Request, out *answer) {
	if who != "" {
		req = s.redacted(req)
	}
	c := &call{s: s, ctx: ctx, who: who, req: req, out: out}
	op, ok := ops[req.Op]
	switch {
	case !ok:
		out.fail(&api.Error{Kind: api.KindUsage, Text: fmt.Sprintf("unknown call %q", req.Op)})
	case who == "" && op.agents && !op.people, who != "" && !op.agents:
		out.fail(&api.Error{Kind: api.KindForbidden, Text: fmt.Sprintf("call %q is not for this socket", req.Op)})
	default:
		data, err := op.do(c)
		if err != nil {
			out.fail(wireError(err))
			return
		}
		out.last(data)
	}
}

// wireError says an error in the language of the socket.
func wireError(err error) *api.Error {
	var refusal *decide.Refusal
	var wire *api.Error
	switch {
	case errors.As(err, &wire):
		return wire
	case errors.As(err, &refusal):
		return &api.Error{Kind: api.KindRefused, Text: refusal.Text, Hint: refusal.Hint}
	case errors.Is(err, context.Canceled):
		return tooLate()
	}
	return &api.Error{Kind: api.KindInternal, Text: err.Error()}
}

// answer writes a connection's responses.
type answer struct {
	conn io.Writer
	err  error // the first failed write; the caller is gone
}

func (a *answer) write(r api.Response) {
	if a.err != nil {
		return
	}
	line, err := json.Marshal(r)
	if err != nil {
		line, err = json.Marshal(api.Response{Error: &api.Error{Kind: api.KindInternal, Text: err.Error()}})
	}
	if err == nil {
		_, err = a.conn.Write(append(line, '\n'))
	}
	a.err = err
}

func (a *answer) fail(e *api.Error) { a.write(api.Response{Error: e}) }

func (a *answer) more(data json.RawMessage) { a.write(api.Response{Data: data, More: true}) }

func (a *answer) last(data any) {
	var raw json.RawMessage
	if data != nil {
		var err error
		if raw, err = json.Marshal(data); err != nil {
			a.fail(&api.Error{Kind: api.KindInternal, Text: err.Error()})
			return
		}
	}
	a.write(api.Response{Data: raw})
}
