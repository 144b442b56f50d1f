package transcript

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// maxOpen bounds the calls whose result a Teller waits for.
const maxOpen = 1000

// Teller says what the lines of one transcript mean, in their order. The zero value
// is ready.
type Teller struct {
	began    bool
	prompted bool
	at       time.Time
	calls    map[string]call   // without a result so far, by the host's ID
	hooks    map[string]string // request of a hook or a permission → its call
	commands map[string]bool   // tasks that are a call's own command: the call tells of them
}

// call is a tool call.
type call struct {
	tool, subject string
	denied        bool
}

// message is a line of the agent's program, or one to it, as far as it is told.
type message struct {
	Type    string `json:"type"`
	Subtype string `json:"subtype"`
	Parent  string `json:"parent_tool_use_id"`
	Replay  bool   `json:"isReplay"`
	Message struct {
		Content json.RawMessage `json:"content"`
	} `json:"message"`

	RequestID string   `json:"request_id"`
	Request   request  `json:"request"`
	Response  response `json:"response"`

	system
	result
}

// Tell returns what a line says: nothing, where it is a step on the way.
func (t *Teller) Tell(l Line) []Entry {
	if l.At.IsZero() {
		l.At = t.at // not stored with its time
	}
	t.at = l.At
	entries := t.tell(l)
	for i := range entries {
		entries[i].At = l.At
	}
	return entries
}

func (t *Teller) tell(l Line) []Entry {
	switch {
	case l.From == FromNote:
		return one(Entry{Kind: Note, Text: l.Text})
	case len(l.Line) == 0:
		if strings.TrimSpace(l.Text) == "" {
			return nil
		}
		return one(Entry{Kind: Other, Text: l.Text})
	}
	m, err := decode(l.Line)
	if err != nil {
		return one(Entry{Kind: Other, Text: string(l.Line)})
	}
	if l.From == FromPopkit {
		return t.told(m)
	}
	switch m.Type {
	case "assistant":
		return t.assistant(m)
	case "user":
		return t.user(m)
	case "system":
		return t.system(m)
	case "result":
		return one(turn(m.result))
	case "control_request":
		t.asked(m)
		return nil
	case "stream_event", "control_response", "control_cancel_request", "keep_alive":
		return nil
	}
	return one(Entry{Kind: Other, Text: strings.TrimSpace(m.Type + " " + m.Subtype)})
}

func one(e Entry) []Entry { return []Entry{e} }

// decode reads a line. A field of another kind than it had so far is left out, so
// that the rest can be told.
func decode(raw json.RawMessage) (message, error) {
	var m message
	err := json.Unmarshal(raw, &m)
	if err == nil {
		return m, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return m, err
	}
	m = message{}
	for name, value := range fields {
		part := message{}
		field, err := json.Marshal(map[string]json.RawMessage{name: value})
		if err != nil {
			return m, err
		}
		if json.Unmarshal(field, &part) == nil {
			if err := json.Unmarshal(field, &m); err != nil {
				return m, err
			}
		}
	}
	return m, nil
}

// result is the end of a turn.
type result struct {
	IsError  bool     `json:"is_error"`
	Turns    float64  `json:"num_turns"`
	CostUSD  float64  `json:"total_cost_usd"`
	TookMS   float64  `json:"duration_ms"`
	Text     string   `json:"result"`
	Reason   string   `json:"terminal_reason"`
	Errors   []string `json:"errors"`
	UsedText struct {
		Input         float64 `json:"input_tokens"`
		CacheRead     float64 `json:"cache_read_input_tokens"`
		CacheCreation float64 `json:"cache_creation_input_tokens"`
		Output        float64 `json:"output_tokens"`
	} `json:"usage"`
}

func turn(r result) Entry {
	u := r.UsedText
	e := Entry{Kind: Turn, Bad: r.IsError, Used: &Used{
		Turns: whole(r.Turns), Input: whole(u.Input + u.CacheRead + u.CacheCreation), Output: whole(u.Output),
		CostUSD: r.CostUSD, Took: time.Duration(whole(r.TookMS)) * time.Millisecond, Reason: r.Reason,
	}}
	if len(r.Errors) > 0 {
		e.Bad = true
	}
	if e.Bad { // else it is what the agent said last
		e.Text = strings.TrimSpace(strings.Join(append([]string{r.Text}, r.Errors...), "\n"))
	}
	return e
}

// whole is a number that a program wrote as a count.
func whole(f float64) int64 {
	const most = 1e15
	if math.IsNaN(f) || f < 0 || f > most {
		return 0
	}
	return int64(f)
}

// system is what the agent's program says of itself.
type system struct {
	Model       string          `json:"model"`
	Version     string          `json:"claude_code_version"`
	Status      string          `json:"status"`
	Attempt     float64         `json:"attempt"`
	MaxRetries  float64         `json:"max_retries"`
	DelayMS     float64         `json:"retry_delay_ms"`
	ErrorStatus float64         `json:"error_status"`
	Error       json.RawMessage `json:"error"`
	TaskID      string          `json:"task_id"`
	Description string          `json:"description"`
	Subagent    string          `json:"subagent_type"`
	Kind        string          `json:"task_type"`
	Summary     string          `json:"summary"`
}

func (t *Teller) system(m message) []Entry {
	switch m.Subtype {
	case "init":
		if t.began {
			return nil // each turn begins so
		}
		t.began = true
		return one(Entry{Kind: Began, Text: join(m.Model, prefixed("Claude Code ", m.Version))})
	case "api_retry":
		return one(Entry{Kind: Retry, Text: retry(m.system)})
	case "status":
		if m.Status == "" {
			return nil
		}
		return one(Entry{Kind: Other, Text: m.Status})
	case "compact_boundary":
		return one(Entry{Kind: Other, Text: "the conversation so far was summed up, to make room"})
	case "task_started":
		if m.Kind == "local_bash" {
			if t.commands == nil || len(t.commands) >= maxOpen {
				t.commands = map[string]bool{}
			}
			t.commands[m.TaskID] = true
			return nil
		}
		return one(Entry{Kind: Other, Text: join("starts "+or(m.Subagent, or(m.Kind, "a task")), m.Description), Sub: true})
	case "task_notification":
		if t.commands[m.TaskID] {
			delete(t.commands, m.TaskID)
			return nil
		}
		return one(Entry{Kind: Other, Text: join("task "+or(m.Status, "over"), m.Summary), Sub: true, Bad: m.Status == "failed"})
	case "task_progress", "task_updated", "hook_started", "hook_response", "hook_progress":
		return nil
	}
	return one(Entry{Kind: Other, Text: join("system "+m.Subtype, m.Description)})
}

func retry(s system) string {
	text := "the model does not answer"
	if n := whole(s.ErrorStatus); n != 0 {
		text = fmt.Sprintf("the model answers %d", n)
	}
	if why := reason(s.Error); why != "" {
		text += " (" + why + ")"
	}
	text += fmt.Sprintf("; try %d", whole(s.Attempt))
	if n := whole(s.MaxRetries); n > 0 {
		text += fmt.Sprintf(" of %d", n)
	}
	if d := time.Duration(whole(s.DelayMS)) * time.Millisecond; d > 0 {
		text += " in " + d.Round(100*time.Millisecond).String()
	}
	return text
}

// reason is an error as a text, or the message in it.
func reason(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var e struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(raw, &e) == nil {
		return e.Message
	}
	return ""
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func or(s, alt string) string {
	if s == "" {
		return alt
	}
	return s
}

// join puts what is not empty together.
func join(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, ": ")
}

// texts returns what a message's content says, and its blocks: it is a text, or a
// list of blocks.
func texts(content json.RawMessage) []block {
	content = bytes.TrimSpace(content)
	if len(content) == 0 {
		return nil
	}
	var text string
	if json.Unmarshal(content, &text) == nil {
		return []block{{Type: "text", Text: text}}
	}
	var raw []json.RawMessage
	if json.Unmarshal(content, &raw) != nil {
		return []block{{Type: "text", Text: string(content)}}
	}
	var out []block
	for _, r := range raw {
		var b block
		if json.Unmarshal(r, &b) != nil {
			b = block{Type: "text", Text: string(r)}
		}
		out = append(out, b)
	}
	return out
}

// block is a part of a message.
type block struct {
	Type      string          `json:"type"`
	Text      string          `json:"text"`
	Thinking  string          `json:"thinking"`
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Input     json.RawMessage `json:"input"`
	ToolUseID string          `json:"tool_use_id"`
	Content   json.RawMessage `json:"content"`
	IsError   bool            `json:"is_error"`
}
