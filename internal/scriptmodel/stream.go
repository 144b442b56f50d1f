package scriptmodel

import (
	"encoding/json"
	"fmt"
	"net/http"
	"unicode/utf8"
)

// stream writes server-sent events. A client that went away is noticed by its
// next request, or by none.
type stream struct {
	w http.ResponseWriter
	c *http.ResponseController
}

func newStream(w http.ResponseWriter) *stream {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusOK)
	return &stream{w: w, c: http.NewResponseController(w)}
}

func (s *stream) event(name string, v any) {
	data, err := json.Marshal(v)
	if err != nil { // only what the script's own values hold
		panic(fmt.Sprintf("scriptmodel: event %s: %v", name, err))
	}
	_, _ = fmt.Fprintf(s.w, "event: %s\ndata: %s\n\n", name, data) // see stream
	_ = s.c.Flush()                                                // see stream
}

// whole is an answer from its beginning to its end.
func whole(s *stream, step *Step, r Request) {
	s.event("message_start", map[string]any{"type": "message_start", "message": start(step, r)})
	s.event("ping", map[string]any{"type": "ping"})
	for i, b := range blocks(step, r) {
		s.content(i, b)
		s.event("content_block_stop", map[string]any{"type": "content_block_stop", "index": i})
	}
	s.event("message_delta", map[string]any{
		"type": "message_delta", "delta": map[string]any{"stop_reason": step.stop(), "stop_sequence": nil},
		"usage": map[string]any{"output_tokens": step.usage()["output_tokens"]},
	})
	s.event("message_stop", map[string]any{"type": "message_stop"})
}

// half is an answer that gets no further than the middle of its first block.
func half(s *stream, step *Step, r Request) {
	s.event("message_start", map[string]any{"type": "message_start", "message": start(step, r)})
	s.event("content_block_start", map[string]any{
		"type": "content_block_start", "index": 0, "content_block": map[string]any{"type": "text", "text": ""}})
	s.delta(0, map[string]any{"type": "text_delta", "text": "I was about to say"})
}

// content is a block in two pieces: whoever reads it has to put it together.
func (s *stream) content(i int, b map[string]any) {
	head, kind, key, whole := map[string]any{"type": "text", "text": ""}, "text_delta", "text", ""
	if b["type"] == "text" {
		whole, _ = b["text"].(string)
	} else {
		input, _ := b["input"].(json.RawMessage)
		head = map[string]any{"type": "tool_use", "id": b["id"], "name": b["name"], "input": map[string]any{}}
		kind, key, whole = "input_json_delta", "partial_json", string(input)
	}
	s.event("content_block_start", map[string]any{"type": "content_block_start", "index": i, "content_block": head})
	for _, part := range halves(whole) {
		s.delta(i, map[string]any{"type": kind, key: part})
	}
}

func (s *stream) delta(i int, delta map[string]any) {
	s.event("content_block_delta", map[string]any{"type": "content_block_delta", "index": i, "delta": delta})
}

// halves cuts a text in two, not within a character.
func halves(text string) []string {
	at := len(text) / 2
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	if at == 0 {
		return []string{text}
	}
	return []string{text[:at], text[at:]}
}
