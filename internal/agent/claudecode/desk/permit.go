package desk

import (
	"context"
	"encoding/json"
	"fmt"

	"popkit/internal/agent/claudecode/wire"
)

// permission answers a can_use_tool. An allow without the input is no allow to the CLI.
type permission struct {
	Behavior string          `json:"behavior"`
	Input    json.RawMessage `json:"updatedInput,omitempty"`
	Message  string          `json:"message,omitempty"`
}

// CanUseTool answers where the CLI asks for permission by itself, although its hook
// was answered. It permits what the guard has allowed: that very call, by its ID, its
// tool and its input. Nobody is asked here; that was done before.
func (d *Desk) CanUseTool(_ context.Context, c wire.CanUseTool) json.RawMessage {
	input, err := compact(c.Input)
	j := d.judgement(c.ToolUseID)
	switch {
	case err != nil:
		return forbid("its input can't be read: %v", err)
	case c.ToolUseID == "" || j.tool == "":
		return forbid("popkit's guard was not asked about it")
	case !j.allowed:
		return forbid("popkit's guard has denied it")
	case j.tool != c.Tool || j.input != input:
		return forbid("popkit's guard was asked about another call")
	}
	return encoded(permission{Behavior: "allow", Input: c.Input})
}

func forbid(format string, args ...any) json.RawMessage {
	return encoded(permission{Behavior: "deny", Message: "This call was not made: " + fmt.Sprintf(format, args...) + ". Go on without it."})
}
