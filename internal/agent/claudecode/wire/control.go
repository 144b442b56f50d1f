package wire

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
)

// What the CLI asks of its host.
const (
	AskHook      = "hook_callback" // HookCallback
	AskTool      = "can_use_tool"  // CanUseTool
	AskMCP       = "mcp_message"   // MCPMessage
	doInitialize = "initialize"
	doInterrupt  = "interrupt"
)

// ControlRequest is an event of type control_request: the CLI waits for an Answer
// with its ID.
type ControlRequest struct {
	ID      string `json:"request_id"`
	Subtype string
	Request json.RawMessage `json:"request"`
}

// AsRequest decodes an event of type control_request.
func AsRequest(e Event) (ControlRequest, error) {
	r, err := As[ControlRequest](e)
	if err != nil {
		return r, err
	}
	var kind struct {
		Subtype string `json:"subtype"`
	}
	if err := json.Unmarshal(r.Request, &kind); err != nil || r.ID == "" {
		return r, fmt.Errorf("a control request without a request or an ID: %w", err)
	}
	r.Subtype = kind.Subtype
	return r, nil
}

// HookCallback is a hook that was registered by Initialize and fires.
type HookCallback struct {
	CallbackID string          `json:"callback_id"`
	ToolUseID  string          `json:"tool_use_id"`
	Input      json.RawMessage `json:"input"` // HookInput and more
}

// HookInput is what hooks are told, as far as popkit looks at it.
type HookInput struct {
	Event      string          `json:"hook_event_name"`
	SessionID  string          `json:"session_id"`
	Transcript string          `json:"transcript_path"`
	Cwd        string          `json:"cwd"`
	AgentID    string          `json:"agent_id"` // "" for the main agent
	AgentType  string          `json:"agent_type"`
	Tool       string          `json:"tool_name"`
	ToolUseID  string          `json:"tool_use_id"`
	Input      json.RawMessage `json:"tool_input"`
	Response   json.RawMessage `json:"tool_response"`
	Error      string          `json:"error"`
	Interrupt  bool            `json:"is_interrupt"`
	StopActive bool            `json:"stop_hook_active"`
}

// CanUseTool asks for permission; it comes where no hook has decided.
type CanUseTool struct {
	Tool        string          `json:"tool_name"`
	Input       json.RawMessage `json:"input"`
	ToolUseID   string          `json:"tool_use_id"`
	AgentID     string          `json:"agent_id"`
	Reason      string          `json:"decision_reason"`
	BlockedPath string          `json:"blocked_path"`
}

// MCPMessage is a message to a server of tools that lives in the host.
type MCPMessage struct {
	Server  string          `json:"server_name"`
	Message json.RawMessage `json:"message"` // JSON-RPC
}

// Ask decodes what a control request asks.
func Ask[T any](r ControlRequest) (T, error) {
	var v T
	if err := json.Unmarshal(r.Request, &v); err != nil {
		return v, fmt.Errorf("control request %s: %w", r.Subtype, err)
	}
	return v, nil
}

// Cancelled is an event of type control_cancel_request: nobody waits any more for the
// answer to the request with that ID.
type Cancelled struct {
	ID string `json:"request_id"`
}

// ControlResponse is an event of type control_response: the answer to a Request of the
// host.
type ControlResponse struct {
	Response struct {
		Subtype  string          `json:"subtype"` // success, error
		ID       string          `json:"request_id"`
		Response json.RawMessage `json:"response"`
		Error    string          `json:"error"`
	} `json:"response"`
}

// Err is why a request was not done.
func (r ControlResponse) Err() error {
	if r.Response.Subtype == "success" {
		return nil
	}
	return fmt.Errorf("the CLI refused request %s: %s", r.Response.ID, r.Response.Error)
}

// Answer is the host's answer to a control request.
type Answer struct {
	ID       string
	Response json.RawMessage // nil is {}
	Err      string          // set: the request could not be answered
}

// MarshalJSON makes the message of it.
func (a Answer) MarshalJSON() ([]byte, error) {
	type response struct {
		Subtype  string          `json:"subtype"`
		ID       string          `json:"request_id"`
		Response json.RawMessage `json:"response,omitempty"`
		Error    string          `json:"error,omitempty"`
	}
	r := response{Subtype: "success", ID: a.ID, Response: a.Response}
	switch {
	case a.Err != "":
		r = response{Subtype: "error", ID: a.ID, Error: a.Err}
	case len(r.Response) == 0:
		r.Response = json.RawMessage("{}")
	}
	return json.Marshal(struct {
		Type     string   `json:"type"`
		Response response `json:"response"`
	}{TypeResponse, r})
}

// Request is something that the host asks of the CLI; the answer is an event of type
// control_response with the same ID. What must have a JSON object's form, with a field
// subtype: Initialize, Interrupt, ….
type Request struct {
	ID   string
	What any
}

// MarshalJSON makes the message of it.
func (r Request) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Type    string `json:"type"`
		ID      string `json:"request_id"`
		Request any    `json:"request"`
	}{TypeRequest, r.ID, r.What})
}

// Initialize is the first thing that a host asks: it registers hooks and its own
// servers of tools. Its answer lists what the CLI offers.
type Initialize struct {
	// Hooks by event, e.g. "PreToolUse".
	Hooks map[string][]HookMatcher `json:"hooks,omitempty"`
	// Servers are the names of in-band MCP servers; their messages come as MCPMessage.
	Servers            []string        `json:"sdkMcpServers,omitempty"`
	AppendSystemPrompt string          `json:"appendSystemPrompt,omitempty"`
	Agents             json.RawMessage `json:"agents,omitempty"`
}

// HookMatcher registers callbacks for the tools that match.
type HookMatcher struct {
	Matcher     string   `json:"matcher,omitempty"` // "*": all
	CallbackIDs []string `json:"hookCallbackIds"`
	Timeout     int      `json:"timeout,omitempty"` // seconds
}

// MarshalJSON adds what it is.
func (i Initialize) MarshalJSON() ([]byte, error) {
	type plain Initialize
	return json.Marshal(struct {
		Subtype string `json:"subtype"`
		plain
	}{doInitialize, plain(i)})
}

// Interrupt ends what the agent is at, tools included.
type Interrupt struct{}

// MarshalJSON makes the request of it.
func (Interrupt) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"subtype": doInterrupt})
}

// SessionCost asks what the process has cost so far; the answer has a Cost. Releases
// that do not know it do not answer.
type SessionCost struct{}

// MarshalJSON makes the request of it.
func (SessionCost) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"subtype": "get_session_cost"})
}

// totalCost is where the answer says it, in words for people. (There is get_usage, with
// numbers; but for subscribers it may ask the service for their limits each time.)
var totalCost = regexp.MustCompile(`(?:Total|Estimated) cost:\s+\$(\d+(?:\.\d+)?)`)

// Cost reads the answer to a SessionCost: US dollars. false: the release says it in
// another way, or not at all.
func (r ControlResponse) Cost() (float64, bool) {
	var said struct {
		Text string `json:"text"`
	}
	if r.Err() != nil || json.Unmarshal(r.Response.Response, &said) != nil {
		return 0, false
	}
	m := totalCost.FindStringSubmatch(said.Text)
	if m == nil {
		return 0, false
	}
	usd, err := strconv.ParseFloat(m[1], 64)
	return usd, err == nil
}
