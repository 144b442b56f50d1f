package scriptmodel_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"popkit/internal/scriptmodel"
)

func start(t *testing.T, script string) *scriptmodel.Server {
	t.Helper()
	s, err := scriptmodel.Parse("script.yaml", []byte(script))
	if err != nil {
		t.Fatal(err)
	}
	srv, err := scriptmodel.Start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	return srv
}

// said is a conversation: user and model in turns, the user first; an element
// that is no string is content as it is.
func said(turns ...any) []map[string]any {
	var out []map[string]any
	for i, content := range turns {
		role := "user"
		if i%2 == 1 {
			role = "assistant"
		}
		out = append(out, map[string]any{"role": role, "content": content})
	}
	return out
}

func result(text string) []map[string]any {
	return []map[string]any{{"type": "tool_result", "tool_use_id": "x", "content": []map[string]any{{"type": "text", "text": text}}}}
}

// ask sends a request with a tool and returns the status and the body.
func ask(t *testing.T, srv *scriptmodel.Server, stream bool, messages []map[string]any) (int, http.Header, string) {
	t.Helper()
	status, header, text, err := try(t.Context(), srv, stream, messages)
	if err != nil {
		t.Fatal(err)
	}
	return status, header, text
}

func try(ctx context.Context, srv *scriptmodel.Server, stream bool, messages []map[string]any) (int, http.Header, string, error) {
	data, err := json.Marshal(map[string]any{
		"model": "m", "stream": stream, "system": []map[string]any{{"type": "text", "text": "Be brief."}},
		"messages": messages, "tools": []map[string]any{{"name": "Bash"}}, "a_field_of_tomorrow": true,
	})
	if err != nil {
		return 0, nil, "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+"/v1/messages?beta=true", strings.NewReader(string(data)))
	if err != nil {
		return 0, nil, "", err
	}
	req.Header.Set("X-Claude-Code-Session-Id", "session-1")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, string(body), err
}

const two = `
rules:
  - name: one
    steps:
      - {text: "Looking.", tool: Bash, input: {command: ls, n: 3, deep: [true, null, 1.5]}, usage: {input: 7, output: 9, cache_read: 2}}
      - {text: done}
  - name: fix
    marker: "@@one@@"
    when: "Fix a red check"
    steps: [{text: mended}]
  - name: other
    steps: [{text: other}]
`

func TestWholeAnswer(t *testing.T) {
	srv := start(t, two)
	_, _, body := ask(t, srv, false, said("@@one@@"))
	var m struct {
		StopReason string `json:"stop_reason"`
		Content    []struct {
			Type, Text, Name string
			Input            json.RawMessage
		}
		Usage map[string]int
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatal(err)
	}
	if m.StopReason != "tool_use" || len(m.Content) != 2 || m.Content[0].Text != "Looking." || m.Content[1].Name != "Bash" ||
		string(m.Content[1].Input) != `{"command":"ls","deep":[true,null,1.5],"n":3}` ||
		m.Usage["input_tokens"] != 7 || m.Usage["output_tokens"] != 9 || m.Usage["cache_read_input_tokens"] != 2 {
		t.Errorf("got %s", body)
	}
}

// TestStream puts the stream together as a client does.
func TestStream(t *testing.T) {
	srv := start(t, two)
	_, header, body := ask(t, srv, true, said("@@one@@"))
	if header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("content type %q", header.Get("Content-Type"))
	}
	var text, input, stop string
	var kinds []string
	for line := range strings.Lines(body) {
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		var e struct {
			Type  string
			Delta struct {
				Text        string
				PartialJSON string `json:"partial_json"`
				StopReason  string `json:"stop_reason"`
			}
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		text, input, stop = text+e.Delta.Text, input+e.Delta.PartialJSON, stop+e.Delta.StopReason
		kinds = append(kinds, e.Type)
	}
	if text != "Looking." || input != `{"command":"ls","deep":[true,null,1.5],"n":3}` || stop != "tool_use" {
		t.Errorf("text %q, input %q, stop %q", text, input, stop)
	}
	if kinds[0] != "message_start" || kinds[len(kinds)-1] != "message_stop" {
		t.Errorf("events %v", kinds)
	}
}

func TestWhoSpeaks(t *testing.T) {
	srv := start(t, two)
	for _, c := range []struct {
		name     string
		messages []map[string]any
		want     string
	}{
		{"the marker", said("@@one@@"), "Looking."},
		{"the second step", said("@@one@@", "x", result("a")), "done"},
		{"the last marker", said("@@one@@ @@other@@"), `"other"`},
		{"a later message", said("@@other@@", "x", "@@one@@"), "Looking."},
		{"when it holds", said("# Fix a red check: a\n\n@@one@@\n@@other@@"), "mended"},
		{"a tool's result chooses nobody", said("@@other@@", "x", result("@@one@@")), "Nothing left"},
		{"a quotation chooses nobody", said("@@other@@\n> asked for: @@one@@\n"), `"other"`},
		{"a blank conversation", said("hello"), "ok"},
	} {
		if _, _, body := ask(t, srv, false, c.messages); !strings.Contains(body, c.want) {
			t.Errorf("%s: want %s, got %s", c.name, c.want, body)
		}
	}
	err := srv.Check()
	if err == nil || !strings.Contains(err.Error(), "no rule's marker; it brought: hello") || !strings.Contains(err.Error(), "rule other has 1 steps") {
		t.Errorf("Check: %v", err)
	}
}

// TestSystemMessages: the newest clients put system messages into a conversation.
func TestSystemMessages(t *testing.T) {
	srv := start(t, "rules: [{name: a, steps: [{text: hi, expect: [note well]}]}]")
	messages := append(said("@@a@@"), map[string]any{"role": "system", "content": "note well"})
	if _, _, body := ask(t, srv, false, messages); !strings.Contains(body, "hi") {
		t.Error(body)
	}
	if err := srv.Check(); err != nil {
		t.Error(err)
	}
}

func TestFailures(t *testing.T) {
	srv := start(t, `
rules:
  - name: busy
    steps: [{text: at last, fail: {status: 529, times: 2}}]
  - name: quota
    steps: [{fail: {status: 429, retry_after: "7", reset: 60s, message: usage limit reached}}]
  - name: error
    steps: [{text: no, fail: {broken: error, times: 1}}]
  - name: cut
    steps: [{text: no, fail: {broken: cut, times: 1}}]
`)
	for i, want := range []int{529, 529, 200} {
		if status, _, body := ask(t, srv, true, said("@@busy@@")); status != want {
			t.Errorf("request %d: %d %s", i, status, body)
		}
	}
	status, header, body := ask(t, srv, true, said("@@quota@@"))
	if status != 429 || header.Get("Retry-After") != "7" || header.Get("Anthropic-Ratelimit-Unified-Reset") == "" ||
		!strings.Contains(body, "rate_limit_error") || !strings.Contains(body, "usage limit reached") {
		t.Errorf("%d %v %s", status, header, body)
	}
	if _, _, body = ask(t, srv, true, said("@@error@@")); !strings.Contains(body, "event: error") || strings.Contains(body, "message_stop") {
		t.Error(body)
	}
	if _, _, body, err := try(t.Context(), srv, true, said("@@cut@@")); err == nil || strings.Contains(body, "message_stop") {
		t.Errorf("a cut stream ended well: %s", body)
	}
	if _, _, body = ask(t, srv, true, said("@@cut@@")); !strings.Contains(body, "message_stop") {
		t.Error(body)
	}
}

// TestHangs: a silent step keeps its client waiting, and nobody else.
func TestHangs(t *testing.T) {
	srv := start(t, `
rules:
  - {name: start, steps: [{fail: {hang: start}}]}
  - {name: middle, steps: [{fail: {hang: middle}}]}
  - {name: a, steps: [{text: fine}]}
`)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	for _, name := range []string{"start", "middle"} {
		go func() {
			_, _, _, err := try(ctx, srv, true, said("@@"+name+"@@"))
			ended <- err
		}()
		if err := srv.Wait(t.Context(), scriptmodel.At{Rule: name, Step: 1}, 1); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, body := ask(t, srv, false, said("@@a@@")); !strings.Contains(body, "fine") {
		t.Error(body)
	}
	cancel()
	for range 2 {
		if err := <-ended; err == nil {
			t.Error("a silent model answered")
		}
	}
}

// TestAfter: a step waits until another was asked for.
func TestAfter(t *testing.T) {
	srv := start(t, `
rules:
  - {name: late, steps: [{text: now, after: [early.1], delay: 1ms}]}
  - {name: early, steps: [{text: first}]}
`)
	late := make(chan string)
	go func() {
		_, _, body, err := try(t.Context(), srv, false, said("@@late@@"))
		late <- fmt.Sprint(body, err)
	}()
	if err := srv.Wait(t.Context(), scriptmodel.At{Rule: "late", Step: 1}, 1); err != nil {
		t.Fatal(err)
	}
	select {
	case body := <-late:
		t.Fatalf("it did not wait: %s", body)
	default:
	}
	ask(t, srv, false, said("@@early@@"))
	if body := <-late; !strings.Contains(body, "now") {
		t.Error(body)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := srv.Wait(ctx, scriptmodel.At{Rule: "early", Step: 1}, 2); err == nil {
		t.Error("waited for two, there was one")
	}
}

func TestLoopAndLongText(t *testing.T) {
	srv := start(t, "rules: [{name: a, loop: true, steps: [{text: ab, times: 1000000}, {tool: Bash, input: {command: ls}}]}]")
	if _, _, body := ask(t, srv, true, said("@@a@@", "x", "y", "x", "y")); len(body) < 2_000_000 {
		t.Errorf("%d bytes", len(body))
	}
	if _, _, body := ask(t, srv, false, said("@@a@@", "x", result("y"), "x", result("y"), "x", result("y"))); !strings.Contains(body, "tool_use") {
		t.Error(body)
	}
}

func TestOtherCalls(t *testing.T) {
	srv := start(t, two)
	head, err := http.Head(srv.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	head.Body.Close()
	resp, err := http.Post(srv.URL+"/v1/messages/count_tokens", "application/json", strings.NewReader(strings.Repeat("x", 400)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if data, err := io.ReadAll(resp.Body); err != nil || strings.TrimSpace(string(data)) != `{"input_tokens":100}` {
		t.Errorf("%s %v", data, err)
	}
	if err := srv.Check(); err != nil {
		t.Error(err)
	}
	bad, err := http.Get(srv.URL + "/v1/elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	bad.Body.Close()
	if err := srv.Check(); err == nil || !strings.Contains(err.Error(), "GET /v1/elsewhere") {
		t.Errorf("Check: %v", err)
	}
}
