package claudecode

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"popkit/internal/agent/claudecode/wire"
)

func control(subtype, body string) wire.ControlRequest {
	return wire.ControlRequest{ID: "1", Subtype: subtype, Request: json.RawMessage(body)}
}

// TestAnswers: what can't be answered is said to be so, whatever goes wrong; the CLI is not
// left waiting.
func TestAnswers(t *testing.T) {
	h := (&fakeDesk{}).host()
	broken := h
	broken.hook = func(context.Context, wire.HookCallback) json.RawMessage { panic("oops") }
	for name, tt := range map[string]struct {
		host host
		ask  wire.ControlRequest
		want string // in the message
	}{
		"a hook":        {h, control(wire.AskHook, `{"callback_id":"pre"}`), `"subtype":"success"`},
		"a permission":  {h, control(wire.AskTool, `{"tool_name":"Bash"}`), `"behavior":"deny"`},
		"mcp":           {h, control(wire.AskMCP, `{"server_name":"popkit","message":{"params":{"arguments":{"status":"done"}}}}`), `"mcp_response"`},
		"bad mcp":       {h, control(wire.AskMCP, `{"message":7}`), `"subtype":"error"`},
		"a bad hook":    {h, control(wire.AskHook, `{"callback_id":7}`), `"subtype":"error"`},
		"a panic":       {broken, control(wire.AskHook, `{}`), `popkit failed over it: oops`},
		"something new": {h, control("elicitation", `{}`), `does not know the request`},
	} {
		raw, err := json.Marshal(tt.host.answer(t.Context(), tt.ask))
		if err != nil || !strings.Contains(string(raw), tt.want) || !strings.Contains(string(raw), `"request_id":"1"`) {
			t.Errorf("%s: %s, %v; want %s", name, raw, err, tt.want)
		}
	}
}

// TestWithdrawn: an answer that nobody waits for any more is given back, not sent.
func TestWithdrawn(t *testing.T) {
	onStage(t, "turn\nwithdraw Bash\nreport done all\nresult", func(t *testing.T, s *stage) {
		s.desk.hold = make(chan struct{}) // until its context ends
		if o := s.run(t); o.Report == nil || o.Report.Summary != "all" {
			t.Errorf("outcome is %+v", o)
		}
		if told := s.toldTexts(t); len(s.desk.unsent) != 1 || strings.Contains(told, `"ask-1"`) {
			t.Errorf("given back are %v; it was told %s", s.desk.unsent, told)
		}
	})
}
