package scriptmodel

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// errorTypes are the service's names of its errors.
var errorTypes = map[int]string{
	400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
	413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 529: "overloaded_error",
}

func (f *Fail) body() map[string]any {
	kind, message := f.Type, f.Message
	if kind == "" {
		kind = errorTypes[f.Status]
	}
	if kind == "" {
		kind = "api_error"
	}
	if message == "" {
		message = "scripted: " + f.String()
	}
	return map[string]any{"type": "error", "error": map[string]string{"type": kind, "message": message}}
}

func (f *Fail) String() string {
	switch {
	case f.Broken != "":
		return "a stream that breaks: " + f.Broken
	case f.Hang != "":
		return "silence from the " + f.Hang
	}
	return fmt.Sprintf("status %d", f.Status)
}

func (s *Step) String() string {
	var parts []string
	if s.Text != "" {
		parts = append(parts, s.Text)
	}
	for _, c := range s.calls() {
		parts = append(parts, c.Tool+string(c.Input))
	}
	return strings.Join(parts, " ")
}

// fail fails as the step says.
func fail(ctx context.Context, w http.ResponseWriter, step *Step, r Request) {
	f := step.Fail
	switch {
	case f.Status != 0:
		answerError(w, f)
	case f.Hang == "start":
		<-ctx.Done()
	default:
		out := newStream(w)
		half(out, step, r)
		if f.Hang != "" {
			<-ctx.Done()
		} else if f.Broken == "cut" {
			panic(http.ErrAbortHandler) // how net/http closes a connection in the middle of an answer
		} else {
			out.event("error", f.body())
		}
	}
}

func answerError(w http.ResponseWriter, f *Fail) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	if f.Reset > 0 {
		at := time.Now().Add(time.Duration(f.Reset)).Add(time.Second - 1).Unix()
		w.Header().Set("X-Should-Retry", "false")
		w.Header().Set("Anthropic-Ratelimit-Unified-Status", "rejected")
		w.Header().Set("Anthropic-Ratelimit-Unified-Representative-Claim", "five_hour")
		w.Header().Set("Anthropic-Ratelimit-Unified-Reset", strconv.FormatInt(at, 10))
	}
	writeJSON(w, f.Status, f.body())
}

// writeJSON can't say that a client went away, and need not: its next request does.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // see above
}

// answer is a whole answer, in the form that was asked for.
func answer(w http.ResponseWriter, step *Step, r Request, stream bool) {
	if stream {
		whole(newStream(w), step, r)
		return
	}
	m := start(step, r)
	m["content"], m["stop_reason"], m["usage"] = blocks(step, r), step.stop(), step.usage()
	writeJSON(w, http.StatusOK, m)
}

// start is the answer without its content.
func start(step *Step, r Request) map[string]any {
	usage := step.usage()
	usage["output_tokens"] = 1
	return map[string]any{
		"id": "msg_" + strconv.Itoa(r.N), "type": "message", "role": "assistant", "model": r.Model,
		"content": []any{}, "stop_reason": nil, "stop_sequence": nil, "usage": usage,
	}
}

// blocks is the content. The numbers of calls are those of requests, so that
// they are unique in a session and the same in a failure's output.
func blocks(step *Step, r Request) []map[string]any {
	list := []map[string]any{}
	if text := step.text(); text != "" {
		list = append(list, map[string]any{"type": "text", "text": text})
	}
	for i, c := range step.calls() {
		input := json.RawMessage(c.Input)
		if input == nil {
			input = json.RawMessage("{}")
		}
		list = append(list, map[string]any{
			"type": "tool_use", "id": fmt.Sprintf("toolu_%06d%02d", r.N, i+1), "name": c.Tool, "input": input,
		})
	}
	return list
}

func (s *Step) text() string { return strings.Repeat(s.Text, max(s.Times, 1)) }

func (s *Step) stop() string {
	switch {
	case s.Stop != "":
		return s.Stop
	case len(s.calls()) > 0:
		return "tool_use"
	}
	return "end_turn"
}

// usage is a small round sum unless the script says otherwise.
func (s *Step) usage() map[string]any {
	u := Usage{Input: 100, Output: 20}
	if s.Usage != nil {
		u = *s.Usage
	}
	return map[string]any{
		"input_tokens": u.Input, "output_tokens": u.Output,
		"cache_read_input_tokens": u.CacheRead, "cache_creation_input_tokens": u.CacheWrite,
	}
}
