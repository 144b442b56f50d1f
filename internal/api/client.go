package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"syscall"
)

// Caller makes calls. Client is one over a socket; a run without an engine is
// reached by another.
type Caller interface {
	// Call does op and decodes its answer into out (nil: there is none). An
	// *Error says why it was not done.
	Call(ctx context.Context, op Op, args, out any) error
	// Stream does an op that answers with several values.
	Stream(ctx context.Context, op Op, args any) iter.Seq2[json.RawMessage, error]
}

// Client calls over the unix socket at Path.
type Client struct{ Path string }

// ErrNoEngine says that nobody listens at the socket.
var ErrNoEngine = errors.New("no engine answers")

// ErrCutOff says that the engine ended before it had answered: what was asked of it
// may have been done.
var ErrCutOff = errors.New("the engine ended before it answered")

// Call implements Caller.
func (c Client) Call(ctx context.Context, op Op, args, out any) error {
	for raw, err := range c.Stream(ctx, op, args) {
		if err != nil {
			return err
		}
		if out == nil {
			return nil
		}
		if err := json.Unmarshal(raw, out); err != nil {
			return fmt.Errorf("%s: answer: %w", op, err)
		}
		return nil
	}
	return nil
}

// Stream implements Caller.
func (c Client) Stream(ctx context.Context, op Op, args any) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		line, err := request(op, args)
		if err != nil {
			yield(nil, err)
			return
		}
		var d net.Dialer
		conn, err := d.DialContext(ctx, "unix", c.Path)
		if err != nil {
			yield(nil, fmt.Errorf("%w at %s: %w", ErrNoEngine, c.Path, err))
			return
		}
		defer conn.Close()
		stop := context.AfterFunc(ctx, func() { conn.Close() })
		defer stop()
		// A server that has no room says so and hangs up without reading: its
		// answer is there all the same.
		_, writeErr := conn.Write(line)
		r := bufio.NewReader(conn)
		for {
			resp, err := receive(r)
			if err != nil {
				switch {
				case ctx.Err() != nil:
					err = ctx.Err()
				case errors.Is(writeErr, syscall.EPIPE), errors.Is(writeErr, syscall.ECONNRESET):
					err = ErrCutOff
				case writeErr != nil:
					err = writeErr
				}
				yield(nil, fmt.Errorf("%s: %w", op, err))
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

// request returns the line that asks for op.
func request(op Op, args any) ([]byte, error) {
	raw, err := json.Marshal(args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	line, err := json.Marshal(Request{V: Protocol, Op: op, Args: raw})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	if line = append(line, '\n'); len(line) > MaxLine {
		return nil, &Error{Kind: KindUsage, Text: fmt.Sprintf("%s: %d bytes are too long, %d are the limit", op, len(line), MaxLine)}
	}
	return line, nil
}

func receive(r *bufio.Reader) (Response, error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
			err = ErrCutOff
		}
		return Response{}, err
	}
	var resp Response
	if err := json.Unmarshal(line, &resp); err != nil {
		return Response{}, fmt.Errorf("answer: %w", err)
	}
	return resp, nil
}
