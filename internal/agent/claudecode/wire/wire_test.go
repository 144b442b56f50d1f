package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"popkit/internal/agent/claudecode/wire"
)

func TestReaderGoesOnAfterBadLines(t *testing.T) {
	in := strings.Join([]string{
		`{"type":"system","subtype":"init","session_id":"s-1","cwd":"/w"}`,
		``,
		`not json`,
		`{"no":"type"}`,
		`[1]`,
		`{"type":"new kind","x":1}`,
		`{"type":"result","subtype":"success","num_turns":2}`,
		`{"type":"cut`,
	}, "\n")
	r := wire.NewReader(strings.NewReader(in), 0)
	var got []string
	for {
		e, err := r.Next()
		var bad *wire.BadLine
		switch {
		case errors.Is(err, io.EOF):
			want := "system bad bad bad new kind result bad"
			if s := strings.Join(got, " "); s != want {
				t.Errorf("read %q, want %q", s, want)
			}
			return
		case errors.As(err, &bad):
			got = append(got, "bad")
		case err != nil:
			t.Fatal(err)
		default:
			got = append(got, e.Type)
		}
	}
}

func TestLinesOfManyMegabytes(t *testing.T) {
	long := `{"type":"user","text":"` + strings.Repeat("x", 9<<20) + `"}`
	in := long + "\n" + long + "\n" + `{"type":"result"}` + "\n"
	r := wire.NewReader(strings.NewReader(in), 10<<20)
	for range 2 {
		e, err := r.Next()
		if err != nil || len(e.Raw) != len(long) {
			t.Fatalf("a line of %d bytes is read as %d, %v", len(long), len(e.Raw), err)
		}
	}
	r = wire.NewReader(strings.NewReader(in), 1<<20)
	for range 2 {
		_, err := r.Next()
		var bad *wire.BadLine
		if !errors.As(err, &bad) || bad.Size != len(long) || len(bad.Text) > 300 {
			t.Fatalf("a line past the limit is %.300v, want it named as too long", err)
		}
	}
	if e, err := r.Next(); err != nil || e.Type != wire.TypeResult {
		t.Errorf("after the long lines comes %v, %v", e.Type, err)
	}
}

func TestFinished(t *testing.T) {
	for line, want := range map[string]bool{
		`{"type":"result","subtype":"success","is_error":false,"num_turns":3}`:                        true,
		`{"type":"result","subtype":"success","is_error":true,"api_error_status":500,"num_turns":3}`:  false,
		`{"type":"result","subtype":"success","is_error":false,"num_turns":0}`:                        false,
		`{"type":"result","subtype":"error_max_turns","is_error":false,"num_turns":4}`:                false,
		`{"type":"result","subtype":"success","is_error":true,"api_error_status":null,"num_turns":1}`: false,
	} {
		r, err := wire.As[wire.Result](wire.Event{Raw: json.RawMessage(line)})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Finished(); got != want {
			t.Errorf("%s: finished is %v, want %v", line, got, want)
		}
	}
}

// TestStatus: what went wrong, as newer and older releases say it.
func TestStatus(t *testing.T) {
	for _, tt := range []struct {
		result           wire.Result
		status           int
		tooLong, refused bool
	}{
		{wire.Result{IsError: true, APIStatus: 529, Text: "API Error: 500"}, 529, false, false},
		{wire.Result{IsError: true, Text: `API Error: 429 {"error":{}}`}, 429, false, false},
		{wire.Result{IsError: true, Text: "API Error: Request rejected (429) · slow"}, 429, false, false},
		{wire.Result{IsError: true, Text: "API Error: terminated"}, 0, false, false},
		{wire.Result{IsError: true, Text: "Invalid API key · Fix external API key"}, 401, false, false},
		{wire.Result{IsError: true, Text: "Prompt is too long"}, 0, true, false},
		{wire.Result{IsError: true, Reason: wire.EndPromptTooLong, APIStatus: 400}, 400, true, false},
		{wire.Result{IsError: true, StopReason: "refusal"}, 0, false, true},
		{wire.Result{Text: "API Error: 500 is what the server says"}, 0, false, false}, // the agent's own words
		{wire.Result{Text: "Prompt is too long, says the issue"}, 0, false, false},
	} {
		if r := tt.result; r.Status() != tt.status || r.TooLong() != tt.tooLong || r.Refused() != tt.refused {
			t.Errorf("%+v: %d, %t, %t", r, r.Status(), r.TooLong(), r.Refused())
		}
	}
}

func TestControlRequests(t *testing.T) {
	line := `{"type":"control_request","request_id":"ab","request":{"subtype":"hook_callback","callback_id":"pre","tool_use_id":"toolu_1",` +
		`"input":{"hook_event_name":"PreToolUse","tool_name":"Write","tool_input":{"file_path":"/w/a"},"agent_id":"a1"}}}`
	e, err := wire.NewReader(strings.NewReader(line), 0).Next()
	if err != nil {
		t.Fatal(err)
	}
	r, err := wire.AsRequest(e)
	if err != nil || r.ID != "ab" || r.Subtype != wire.AskHook {
		t.Fatalf("request is %+v, %v", r, err)
	}
	h, err := wire.Ask[wire.HookCallback](r)
	if err != nil || h.CallbackID != "pre" || h.ToolUseID != "toolu_1" {
		t.Fatalf("hook is %+v, %v", h, err)
	}
	var in wire.HookInput
	if err := json.Unmarshal(h.Input, &in); err != nil || in.Tool != "Write" || in.AgentID != "a1" {
		t.Errorf("hook's input is %+v, %v", in, err)
	}
	for _, bad := range []string{`{"type":"control_request","request":{"subtype":"x"}}`, `{"type":"control_request","request_id":"1"}`} {
		e, err := wire.NewReader(strings.NewReader(bad), 0).Next()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := wire.AsRequest(e); err == nil {
			t.Errorf("%s is taken for a request", bad)
		}
	}
}

func TestWhatIsWritten(t *testing.T) {
	var out bytes.Buffer
	w := wire.NewWriter(&out)
	for _, m := range []any{
		wire.UserMessage{Text: "do\nthis"},
		wire.UserMessage{Text: "now", UUID: "u-1"},
		wire.Request{ID: "1", What: wire.Initialize{
			Hooks:   map[string][]wire.HookMatcher{"PreToolUse": {{Matcher: "*", CallbackIDs: []string{"pre"}, Timeout: 30}}},
			Servers: []string{"popkit"},
		}},
		wire.Request{ID: "2", What: wire.Interrupt{}},
		wire.Request{ID: "4", What: wire.SessionCost{}},
		wire.Answer{ID: "a"},
		wire.Answer{ID: "b", Response: json.RawMessage(`{"behavior":"deny"}`)},
		wire.Answer{ID: "c", Err: "no"},
	} {
		if err := w.Write(m); err != nil {
			t.Fatal(err)
		}
	}
	want := strings.Join([]string{
		`{"type":"user","message":{"role":"user","content":"do\nthis"}}`,
		`{"type":"user","message":{"role":"user","content":"now"},"uuid":"u-1"}`,
		`{"type":"control_request","request_id":"1","request":{"subtype":"initialize","hooks":{"PreToolUse":[{"matcher":"*","hookCallbackIds":["pre"],"timeout":30}]},"sdkMcpServers":["popkit"]}}`,
		`{"type":"control_request","request_id":"2","request":{"subtype":"interrupt"}}`,
		`{"type":"control_request","request_id":"4","request":{"subtype":"get_session_cost"}}`,
		`{"type":"control_response","response":{"subtype":"success","request_id":"a","response":{}}}`,
		`{"type":"control_response","response":{"subtype":"success","request_id":"b","response":{"behavior":"deny"}}}`,
		`{"type":"control_response","response":{"subtype":"error","request_id":"c","error":"no"}}`,
	}, "\n") + "\n"
	if got := out.String(); got != want {
		t.Errorf("written is\n%swant\n%s", got, want)
	}
}

// Answers are written while other messages are: each must be one whole line.
func TestConcurrentWrites(t *testing.T) {
	r, pipe := io.Pipe()
	w := wire.NewWriter(pipe)
	const writers, each = 8, 50
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for j := range each {
				if err := w.Write(wire.UserMessage{Text: fmt.Sprint(i, " ", j, strings.Repeat("y", 9000))}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	go func() { wg.Wait(); pipe.Close() }()
	in := wire.NewReader(r, 0)
	n := 0
	for ; ; n++ {
		if _, err := in.Next(); err != nil {
			if !errors.Is(err, io.EOF) {
				t.Error(err)
			}
			break
		}
	}
	if n != writers*each {
		t.Errorf("%d messages were read, want %d", n, writers*each)
	}
}

func TestCost(t *testing.T) {
	for line, want := range map[string]float64{
		`{"type":"control_response","response":{"subtype":"success","request_id":"1","response":{"text":"Total cost:            $0.0006\nTotal duration (API):  0s"}}}`: 0.0006,
		`{"type":"control_response","response":{"subtype":"success","request_id":"1","response":{"text":"Estimated cost: $12"}}}`:                                       12,
		`{"type":"control_response","response":{"subtype":"success","request_id":"1","response":{"text":"It was free"}}}`:                                               -1,
		`{"type":"control_response","response":{"subtype":"success","request_id":"1","response":{}}}`:                                                                   -1,
		`{"type":"control_response","response":{"subtype":"error","request_id":"1","error":"unknown"}}`:                                                                 -1,
	} {
		r, err := wire.As[wire.ControlResponse](wire.Event{Raw: json.RawMessage(line)})
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := r.Cost(); ok != (want >= 0) || ok && got != want {
			t.Errorf("%s: %g, %t", line, got, ok)
		}
	}
}

func TestBlocks(t *testing.T) {
	for line, want := range map[string]string{
		`{"type":"user","message":{"role":"user","content":"hello"}}`:                                                        "text:hello",
		`{"type":"assistant","message":{"content":[{"type":"text","text":"a"},{"type":"tool_use","name":"Bash","id":"1"}]}}`: "text:a tool_use:",
		`{"type":"assistant","message":{"content":7}}`:                                                                       "",
	} {
		m, err := wire.As[wire.Message](wire.Event{Raw: json.RawMessage(line)})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, b := range m.Blocks() {
			got = append(got, b.Type+":"+b.Text)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: blocks are %q, want %q", line, s, want)
		}
	}
}
