package wire

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// The types of events that popkit looks at; there are more.
const (
	TypeSystem    = "system"
	TypeAssistant = "assistant"
	TypeUser      = "user"
	TypeResult    = "result"
	TypeRequest   = "control_request"
	TypeResponse  = "control_response"
	TypeCancel    = "control_cancel_request"
	TypeKeepAlive = "keep_alive"
	TypeStream    = "stream_event"     // a piece of an answer, where those are asked for
	TypeRateLimit = "rate_limit_event" // RateLimit
)

// The subtypes of system events that popkit looks at; there are more.
const (
	SystemInit     = "init"      // at the start of every turn: Init
	SystemRetry    = "api_retry" // Retry
	SystemStatus   = "status"    // Status
	SystemCompact  = "compact_boundary"
	SystemTask     = "task_started" // Task; its updates and end likewise
	SystemTaskOver = "task_notification"
)

// Event is one line of the CLI.
type Event struct {
	Type      string `json:"type"`
	Subtype   string `json:"subtype"`
	SessionID string `json:"session_id"`
	UUID      string `json:"uuid"`
	// Parent is the tool call of the main agent that a subagent's event belongs to;
	// "" for the main agent's own.
	Parent string `json:"parent_tool_use_id"`
	// Replay: it is a message of the host's, with its UUID, that the model is given now.
	Replay bool `json:"isReplay"`
	// Raw is the line as it came.
	Raw json.RawMessage `json:"-"`
}

// Is reports whether the event is of that type and subtype.
func (e Event) Is(kind, subtype string) bool { return e.Type == kind && e.Subtype == subtype }

// As decodes the event into what it is.
func As[T any](e Event) (T, error) {
	var v T
	if err := json.Unmarshal(e.Raw, &v); err != nil {
		return v, fmt.Errorf("event %s %s: %w", e.Type, e.Subtype, err)
	}
	return v, nil
}

// Init is how a turn begins.
type Init struct {
	SessionID  string      `json:"session_id"`
	Cwd        string      `json:"cwd"`
	Model      string      `json:"model"`
	Permission string      `json:"permissionMode"`
	Version    string      `json:"claude_code_version"`
	Tools      []string    `json:"tools"`
	Agents     []string    `json:"agents"`
	Skills     []string    `json:"skills"`
	Servers    []MCPServer `json:"mcp_servers"`
}

// MCPServer is a server of tools and how it is.
type MCPServer struct {
	Name   string `json:"name"`
	Status string `json:"status"` // connected, failed, …
}

// Message is an event of type assistant or user.
type Message struct {
	Parent  string `json:"parent_tool_use_id"`
	Message struct {
		ID      string          `json:"id"`
		Role    string          `json:"role"`
		Model   string          `json:"model"`
		Content json.RawMessage `json:"content"` // a text or a list of Blocks
		Usage   Usage           `json:"usage"`   // as the request began
	} `json:"message"`
	// Error is set where an assistant's message stands for an error of the API: one of
	// the Fault constants, or another.
	Error string `json:"error"`
}

// Synthetic reports whether no model said it.
func (m Message) Synthetic() bool { return m.Message.Model == "<synthetic>" }

// What kind of error a Message stands for, as far as popkit tells them apart.
const (
	FaultAuth      = "authentication_failed"
	FaultBilling   = "billing_error"
	FaultRateLimit = "rate_limit"
	FaultInvalid   = "invalid_request"
	FaultServer    = "server_error"
	FaultOverload  = "overloaded"
)

// RateLimit says how a limit of the model's service stands, when that changes.
type RateLimit struct {
	Info struct {
		Status   string  `json:"status"`   // allowed, allowed_warning, rejected
		ResetsAt float64 `json:"resetsAt"` // seconds since 1970; 0: not said
		Kind     string  `json:"rateLimitType"`
	} `json:"rate_limit_info"`
}

// Rejected reports whether requests are refused.
func (r RateLimit) Rejected() bool { return r.Info.Status == "rejected" }

// Status says that the CLI is at something of its own.
type Status struct {
	Status        string `json:"status"` // compacting
	CompactResult string `json:"compact_result"`
	CompactError  string `json:"compact_error"`
}

// Blocks returns the content as blocks; a plain text is one of them.
func (m Message) Blocks() []Block {
	var text string
	if json.Unmarshal(m.Message.Content, &text) == nil {
		return []Block{{Type: "text", Text: text}}
	}
	var blocks []Block
	if json.Unmarshal(m.Message.Content, &blocks) != nil {
		return nil // of a kind that is not known: nothing is made of it
	}
	return blocks
}

// Block is a part of a message.
type Block struct {
	Type      string          `json:"type"` // text, thinking, tool_use, tool_result, …
	Text      string          `json:"text,omitempty"`
	Thinking  string          `json:"thinking,omitempty"`
	ID        string          `json:"id,omitempty"`
	Name      string          `json:"name,omitempty"`
	Input     json.RawMessage `json:"input,omitempty"`
	ToolUseID string          `json:"tool_use_id,omitempty"`
	Content   json.RawMessage `json:"content,omitempty"`
	IsError   bool            `json:"is_error,omitempty"`
}

// Retry says that a request to the model's API failed and is made again.
type Retry struct {
	Attempt    int             `json:"attempt"`
	MaxRetries int             `json:"max_retries"`
	DelayMS    float64         `json:"retry_delay_ms"`
	Status     int             `json:"error_status"` // 0: no answer
	Error      json.RawMessage `json:"error"`
}

// Task is a subagent or a command in the background. ID is a subagent's AgentID in
// hooks.
type Task struct {
	ID           string `json:"task_id"`
	ToolUseID    string `json:"tool_use_id"`
	Kind         string `json:"task_type"` // local_agent, local_bash
	Description  string `json:"description"`
	SubagentType string `json:"subagent_type"`
	Status       string `json:"status"` // of a notification: completed, failed, stopped
	Summary      string `json:"summary"`
}

// TaskAgent is the kind of a Task that is a subagent.
const TaskAgent = "local_agent"

// The subtypes of results.
const (
	ResultSuccess   = "success" // also of errors of the API: look at IsError
	ResultMaxTurns  = "error_max_turns"
	ResultMaxBudget = "error_max_budget_usd"
	ResultExecution = "error_during_execution"
)

// The terminal reasons that were seen.
const (
	EndCompleted     = "completed"
	EndMaxTurns      = "max_turns"
	EndAbortedTools  = "aborted_tools"
	EndAbortedStream = "aborted_streaming"
	EndHookStopped   = "hook_stopped"
	EndPromptTooLong = "prompt_too_long"
	EndToolDeferred  = "tool_deferred"
)

// Result ends a turn.
type Result struct {
	Subtype    string                `json:"subtype"`
	IsError    bool                  `json:"is_error"`
	APIStatus  int                   `json:"api_error_status"` // 0: none, or none that was told
	DurationMS float64               `json:"duration_ms"`
	NumTurns   int                   `json:"num_turns"`
	Text       string                `json:"result"`
	StopReason string                `json:"stop_reason"`
	SessionID  string                `json:"session_id"`
	CostUSD    float64               `json:"total_cost_usd"`
	Usage      Usage                 `json:"usage"`
	ModelUsage map[string]ModelUsage `json:"modelUsage"`
	Denials    []Denial              `json:"permission_denials"`
	Reason     string                `json:"terminal_reason"`
	Errors     []string              `json:"errors"`
	Structured json.RawMessage       `json:"structured_output"`
}

// Finished reports whether the turn ended as one that is done ends. The subtype alone
// says nothing, and neither does the exit status: an error of the API is a "success",
// and a slash command that did not run has no turns.
func (r Result) Finished() bool {
	return r.Subtype == ResultSuccess && !r.IsError && r.NumTurns > 0
}

// apiText is how an error of the model's service reads.
var apiText = regexp.MustCompile(`^API Error: (?:Request rejected \()?([45]\d\d)\b`)

// Status is the HTTP status of the error that ended the turn, 0 where none is known. Older
// releases have it in the text only.
func (r Result) Status() int {
	if r.APIStatus != 0 || !r.IsError {
		return r.APIStatus
	}
	if m := apiText.FindStringSubmatch(r.Text); m != nil {
		n, err := strconv.Atoi(m[1])
		if err == nil {
			return n
		}
	}
	for prefix, status := range texts {
		if strings.HasPrefix(r.Text, prefix) {
			return status
		}
	}
	return 0
}

// texts are errors that are told in words, by how they begin.
var texts = map[string]int{
	"Invalid API key": 401, "Not logged in": 401, "Failed to authenticate": 401, "Please run /login": 401,
}

// Tokens are those of all models and of all turns of the process so far: what went in,
// caches included, how much of that was read from caches, and what came out.
func (r Result) Tokens() (input, cached, output int64) {
	for _, m := range r.ModelUsage {
		input += m.Input + m.CacheRead + m.CacheCreation
		cached += m.CacheRead
		output += m.Output
	}
	return input, cached, output
}

// TooLong reports whether the session is longer than the model can take.
func (r Result) TooLong() bool {
	return r.Reason == EndPromptTooLong || r.IsError && strings.HasPrefix(r.Text, "Prompt is too long")
}

// Refused reports whether the model declined to answer.
func (r Result) Refused() bool {
	return r.StopReason == "refusal" || r.IsError && strings.Contains(r.Text, "appears to violate our Usage Policy")
}

// Usage is what one turn's requests used.
type Usage struct {
	Input         int64 `json:"input_tokens"`
	Output        int64 `json:"output_tokens"`
	CacheRead     int64 `json:"cache_read_input_tokens"`
	CacheCreation int64 `json:"cache_creation_input_tokens"`
}

// ModelUsage is what one model used.
type ModelUsage struct {
	Input         int64   `json:"inputTokens"`
	Output        int64   `json:"outputTokens"`
	CacheRead     int64   `json:"cacheReadInputTokens"`
	CacheCreation int64   `json:"cacheCreationInputTokens"`
	CostUSD       float64 `json:"costUSD"`
	Window        int64   `json:"contextWindow"`
}

// Denial is a tool call that was not permitted.
type Denial struct {
	Tool      string          `json:"tool_name"`
	ToolUseID string          `json:"tool_use_id"`
	Input     json.RawMessage `json:"tool_input"`
}
