package wire_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"popkit/internal/agent/claudecode/wire"
)

// FuzzReader: whatever is printed is read to its end, and what is taken for an event can be
// looked at from all sides.
func FuzzReader(f *testing.F) {
	for _, line := range []string{
		`{"type":"assistant","message":{"id":"m","content":[{"type":"text","text":"a"},7]}}`,
		`{"type":"result","subtype":"success","is_error":true,"result":"API Error: 529 x","modelUsage":{"m":{"inputTokens":1}}}`,
		`{"type":"control_request","request_id":"1","request":{"subtype":"hook_callback","input":{}}}`,
		`{"type":"control_response","response":{"subtype":"success","response":{"text":"Total cost: $0.1"}}}`,
		`{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1e300}}`,
		"{\"type\":\"user\"}\n\nnot json\n{\"type\":7}\n[", "\xff\n\x00",
	} {
		f.Add([]byte(line), 40)
	}
	f.Fuzz(func(t *testing.T, data []byte, limit int) {
		r := wire.NewReader(bytes.NewReader(data), limit%1000)
		for lines := 0; ; lines++ {
			if lines > bytes.Count(data, []byte("\n"))+1 {
				t.Fatal("it reads more lines than there are")
			}
			e, err := r.Next()
			var bad *wire.BadLine
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.As(err, &bad):
				continue
			case err != nil:
				t.Fatal(err)
			}
			look(e)
		}
	})
}

// look decodes an event as each of the things that it could be.
func look(e wire.Event) {
	if m, err := wire.As[wire.Message](e); err == nil {
		m.Blocks()
	}
	if r, err := wire.As[wire.Result](e); err == nil {
		r.Finished()
		r.Status()
		r.TooLong()
		r.Refused()
	}
	if r, err := wire.As[wire.ControlResponse](e); err == nil {
		r.Cost()
	}
	if r, err := wire.AsRequest(e); err == nil {
		_, _ = wire.Ask[wire.HookCallback](r) // an error is an answer
		_, _ = wire.Ask[wire.MCPMessage](r)
	}
	_, _ = wire.As[wire.RateLimit](e) // likewise
}
