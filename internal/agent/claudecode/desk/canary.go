package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/core/event"
)

// canaryInput is a call that is denied in every configuration.
var canaryInput = wire.HookInput{
	Event: preToolUse, Tool: "Write", ToolUseID: "popkit-canary",
	Input: json.RawMessage(`{"file_path":".git/popkit-canary","content":"this must not be written\n"}`),
}

// Canary proves that the guard answers, by the way that the CLI's own calls take: a
// write that nobody may make has to be denied, by the rule that is meant. An agent is
// given no work before.
func (d *Desk) Canary(ctx context.Context) error {
	raw, err := json.Marshal(canaryInput)
	if err != nil {
		return err
	}
	o, v := d.hook(ctx, wire.HookCallback{CallbackID: callPre, ToolUseID: canaryInput.ToolUseID, Input: raw})
	switch {
	case o.Hook == nil || o.Hook.Decision != event.VerdictDeny:
		return errors.New("the canary was not denied: nothing guards this agent")
	case !v.Canary:
		return fmt.Errorf("the canary was denied by something else than the guard: %s", v.Reason)
	}
	return nil
}
