package transcript

import (
	"encoding/json"
	"strings"
)

// assistant tells what the model answered.
func (t *Teller) assistant(m message) []Entry {
	var out []Entry
	for _, b := range texts(m.Message.Content) {
		e := Entry{Sub: m.Parent != ""}
		switch b.Type {
		case "text":
			e.Kind, e.Text = Said, b.Text
		case "thinking":
			e.Kind, e.Text = Thought, b.Thinking
		case "redacted_thinking":
			continue
		case "tool_use", "server_tool_use":
			e.Kind, e.Tool, e.Call = Call, b.Name, b.ID
			e.Subject, e.Text = Subject(b.Name, b.Input)
			t.open(b.ID, call{tool: b.Name, subject: e.Subject})
		default:
			e.Kind, e.Text = Other, or(b.Type, "a block without a type")
		}
		if e.Kind == Call || strings.TrimSpace(e.Text) != "" {
			out = append(out, e)
		}
	}
	return out
}

func (t *Teller) open(id string, c call) {
	if id == "" {
		return
	}
	if t.calls == nil || len(t.calls) >= maxOpen {
		t.calls = map[string]call{}
	}
	t.calls[id] = c
}

// user tells what came of tools, and other words that reach the model.
func (t *Teller) user(m message) []Entry {
	if m.Replay {
		return nil // popkit's own words, said again
	}
	var out []Entry
	for _, b := range texts(m.Message.Content) {
		switch b.Type {
		case "tool_result":
			c := t.calls[b.ToolUseID]
			delete(t.calls, b.ToolUseID)
			if c.denied {
				continue // it was told why
			}
			out = append(out, Entry{
				Kind: Result, Tool: c.tool, Subject: c.subject, Call: b.ToolUseID, Text: plain(b.Content), Bad: b.IsError, Sub: m.Parent != "",
			})
		case "text":
			if m.Parent == "" && strings.TrimSpace(b.Text) != "" { // else it is a helper's prompt
				out = append(out, Entry{Kind: Other, Text: b.Text})
			}
		}
	}
	return out
}

// plain is a tool's result as text.
func plain(content json.RawMessage) string {
	var parts []string
	for _, b := range texts(content) {
		switch b.Type {
		case "text":
			parts = append(parts, b.Text)
		default:
			parts = append(parts, "("+or(b.Type, "something")+")")
		}
	}
	return strings.Join(parts, "\n")
}

// request is what the agent's program asks popkit.
type request struct {
	Subtype   string          `json:"subtype"`
	ToolUseID string          `json:"tool_use_id"`
	ToolName  string          `json:"tool_name"`
	Input     json.RawMessage `json:"input"`
}

// response is popkit's answer.
type response struct {
	RequestID string          `json:"request_id"`
	Response  json.RawMessage `json:"response"`
}

// answer is what it says of a tool.
type answer struct {
	Behavior string `json:"behavior"`
	Message  string `json:"message"`
	Decision string `json:"decision"`
	Reason   string `json:"reason"`
	Specific struct {
		Decision string `json:"permissionDecision"`
		Reason   string `json:"permissionDecisionReason"`
		Context  string `json:"additionalContext"`
	} `json:"hookSpecificOutput"`
}

// asked notes which call a request is about.
func (t *Teller) asked(m message) {
	switch m.Request.Subtype {
	case "hook_callback", "can_use_tool":
	default:
		return
	}
	if t.hooks == nil || len(t.hooks) >= maxOpen {
		t.hooks = map[string]string{}
	}
	t.hooks[m.RequestID] = m.Request.ToolUseID
}

// told tells what popkit wrote to the agent.
func (t *Teller) told(m message) []Entry {
	switch m.Type {
	case "user":
		var parts []string
		for _, b := range texts(m.Message.Content) {
			parts = append(parts, b.Text)
		}
		e := Entry{Kind: Told, Text: strings.Join(parts, "\n")}
		if !t.prompted {
			e.Kind, t.prompted = Prompt, true
		}
		return one(e)
	case "control_response":
		return t.answered(m.Response)
	case "control_request":
		if m.Request.Subtype == "interrupt" {
			return one(Entry{Kind: Note, Text: "told to interrupt what it is at"})
		}
	}
	return nil
}

// answered tells a denial, and what was given to the agent.
func (t *Teller) answered(r response) []Entry {
	id, ok := t.hooks[r.RequestID]
	delete(t.hooks, r.RequestID)
	var a answer
	if !ok || json.Unmarshal(r.Response, &a) != nil {
		return nil // an answer to something else, or of another form: it says nothing to people
	}
	var out []Entry
	if a.Specific.Decision == "deny" || a.Behavior == "deny" || a.Decision == "block" {
		c := t.calls[id]
		if c.tool != "" && !c.denied {
			c.denied = true
			t.calls[id] = c
			out = append(out, Entry{
				Kind: Denied, Tool: c.tool, Subject: c.subject, Call: id, Text: or(a.Specific.Reason, or(a.Message, a.Reason)), Bad: true,
			})
		}
	}
	if strings.TrimSpace(a.Specific.Context) != "" {
		out = append(out, Entry{Kind: Given, Text: a.Specific.Context, Call: id})
	}
	return out
}
