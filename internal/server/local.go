package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"

	"popkit/internal/api"
)

// Local returns a caller that needs no socket: a person's, in this process.
func (s *Server) Local() api.Caller { return local{s: s} }

// Agent returns a caller that needs no socket: an agent's, for whatever drives it in
// this process. It may do what the agent's socket may, and no more.
func (s *Server) Agent(name string) api.Caller { return local{s: s, who: caller(name), agent: true} }

type local struct {
	s     *Server
	who   caller
	agent bool
}

// Call implements api.Caller.
func (l local) Call(ctx context.Context, op api.Op, args, out any) error {
	for raw, err := range l.Stream(ctx, op, args) {
		if err != nil || out == nil {
			return err
		}
		return json.Unmarshal(raw, out)
	}
	return nil
}

// Stream implements api.Caller.
func (l local) Stream(ctx context.Context, op api.Op, args any) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		if l.agent && l.who == "" { // it would pass for a person
			yield(nil, &api.Error{Kind: api.KindForbidden, Text: "an agent without a name calls nothing"})
			return
		}
		raw, err := json.Marshal(args)
		if err != nil {
			yield(nil, fmt.Errorf("%s: %w", op, err))
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stop := context.AfterFunc(l.s.ctx, cancel) // Close ends it as it ends a socket's
		defer stop()
		r, w := io.Pipe()
		defer r.Close()
		if !l.s.begin(func() {
			l.s.answer(ctx, l.who, api.Request{V: api.Protocol, Op: op, Args: raw}, &answer{conn: w})
			w.Close()
		}) {
			yield(nil, tooLate())
			return
		}
		lines := json.NewDecoder(bufio.NewReader(r))
		for {
			var resp api.Response
			if err := lines.Decode(&resp); err != nil {
				if err != io.EOF {
					yield(nil, fmt.Errorf("%s: %w", op, err))
				}
				return
			}
			if resp.Error != nil {
				yield(nil, resp.Error)
				return
			}
			if len(resp.Data) > 0 && !yield(resp.Data, nil) || !resp.More {
				return
			}
		}
	}
}
