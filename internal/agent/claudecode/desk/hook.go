package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/core/view"
)

// The events for which hooks are registered.
const (
	preToolUse         = "PreToolUse"
	postToolUse        = "PostToolUse"
	postToolUseFailure = "PostToolUseFailure"
	postToolBatch      = "PostToolBatch"
)

// output is what a hook answers.
type output struct {
	Hook *hookOutput `json:"hookSpecificOutput,omitempty"`
}

type hookOutput struct {
	Event    string          `json:"hookEventName"`
	Decision event.Verdict   `json:"permissionDecision,omitempty"`
	Reason   string          `json:"permissionDecisionReason,omitempty"`
	Input    json.RawMessage `json:"updatedInput,omitempty"` // instead of the call's
	Context  string          `json:"additionalContext,omitempty"`
}

// Hook answers a callback.
func (d *Desk) Hook(ctx context.Context, cb wire.HookCallback) json.RawMessage {
	o, _ := d.hook(ctx, cb)
	return encoded(o)
}

// hook answers a callback; of a call that was judged it says the verdict.
func (d *Desk) hook(ctx context.Context, cb wire.HookCallback) (o output, v api.Verdict) {
	var in wire.HookInput
	defer func() {
		if p := recover(); p != nil { // a fault of ours is no permission
			v = refused(fmt.Errorf("popkit failed on it: %v", p))
			if o = verdictOf(v); cb.CallbackID != callPre {
				o = output{} // a verdict on what has run already would end the CLI
			}
		}
	}()
	err := json.Unmarshal(cb.Input, &in)
	switch {
	case err != nil:
		v = refused(fmt.Errorf("the call can't be read: %w", err))
	case cb.CallbackID == callPre && in.Event == preToolUse:
		v = d.judge(ctx, cb, in)
		o = verdictOf(v)
		o.Hook.Input = d.waitedFor(cb, in, v)
		return o, v
	case cb.CallbackID == callPost && (in.Event == postToolUse || in.Event == postToolUseFailure):
		return d.after(ctx, api.OpTool, func(take string) any {
			return api.ToolArgs{Tool: in.Tool, ID: id(cb, in), Take: take}
		}, in), v
	case cb.CallbackID == callBatch && in.Event == postToolBatch:
		if in.AgentID != "" {
			return output{}, v
		}
		return d.after(ctx, api.OpMine, func(take string) any { return api.PullArgs{Take: take} }, in), v
	default:
		v = refused(fmt.Errorf("nobody registered callback %q for %q", cb.CallbackID, in.Event))
	}
	return verdictOf(v), v
}

// id is the host's name for a call.
func id(cb wire.HookCallback, in wire.HookInput) string {
	if in.ToolUseID != "" {
		return in.ToolUseID
	}
	return cb.ToolUseID
}

// judge puts a call to the guard. Whatever is no clear allow is a deny.
func (d *Desk) judge(ctx context.Context, cb wire.HookCallback, in wire.HookInput) api.Verdict {
	call := id(cb, in)
	input, err := compact(in.Input)
	switch {
	case err != nil:
		return refused(fmt.Errorf("the call's input can't be read: %w", err))
	case in.Tool == "" || call == "":
		return refused(errors.New("the call names no tool, or has no ID"))
	case in.ToolUseID != "" && cb.ToolUseID != "" && in.ToolUseID != cb.ToolUseID:
		return refused(errors.New("the call has two IDs"))
	case in.AgentID != "" && slices.Contains(agentsOwn, in.Tool):
		return api.Verdict{Verdict: event.VerdictDeny, Rule: "subagent", Reason: "this is for the agent that started you to call", Hint: "say it in your answer"}
	}
	var v api.Verdict
	err = d.caller.Call(ctx, api.OpJudge, api.JudgeArgs{Tool: in.Tool, Input: in.Input, Cwd: in.Cwd, ID: call}, &v)
	switch {
	case err != nil:
		v = refused(err)
	case v.Verdict != event.VerdictAllow && v.Verdict != event.VerdictDeny:
		v = refused(fmt.Errorf("the verdict %q is not known", v.Verdict))
	}
	d.remember(call, judged{tool: in.Tool, input: input, allowed: v.Verdict == event.VerdictAllow})
	return v
}

// waitedFor is the input of a call that starts a subagent, so that its agent waits for
// it; nil for all others. A subagent in the background, which newer releases take for
// meant, is still at work when its agent's turn is over, and that is when popkit takes
// what is there. Several in one message run side by side all the same.
func (d *Desk) waitedFor(cb wire.HookCallback, in wire.HookInput, v api.Verdict) json.RawMessage {
	if v.Verdict != event.VerdictAllow || in.Tool != "Agent" && in.Tool != "Task" {
		return nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(in.Input, &fields); err != nil || fields == nil {
		return nil // the CLI will say what is wrong with it
	}
	fields["run_in_background"] = json.RawMessage("false")
	raw := encoded(fields)
	d.remember(id(cb, in), judged{tool: in.Tool, input: string(raw), allowed: true})
	return raw
}

// agentsOwn are tools that speak for the whole attempt; a subagent knows a part of it.
var agentsOwn = []string{"mcp__popkit__report", "mcp__popkit__present_plan"}

// compact is a call's input in one form, by which it is compared.
func compact(raw json.RawMessage) (string, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return "", err
	}
	return b.String(), nil
}

// refused is a verdict for want of one.
func refused(err error) api.Verdict {
	return api.Verdict{Verdict: event.VerdictDeny, Rule: "no_verdict", Reason: "there is no verdict on this call: " + err.Error()}
}

// verdictOf is a verdict as the CLI, and by it the model, hears it.
func verdictOf(v api.Verdict) output {
	h := &hookOutput{Event: preToolUse, Decision: v.Verdict}
	if v.Verdict == event.VerdictAllow {
		h.Reason, h.Context = "popkit's guard allows it", v.Note
		return output{h}
	}
	h.Decision, h.Reason = event.VerdictDeny, denied(v)
	return output{h}
}

// after tells the run what a tool did, and hands the agent what waits for it. The run
// is asked whether the CLI still waits or not: what it hands out is kept then.
func (d *Desk) after(ctx context.Context, op api.Op, args func(take string) any, in wire.HookInput) output {
	var v view.Delivery
	sub, late := in.AgentID != "", time.Now().Add(postTime*time.Second*4/5)
	if err := d.caller.Call(context.WithoutCancel(ctx), op, args(d.take(sub)), &v); err != nil {
		// The run takes nothing any more, or the agent has ended for it: it will be
		// stopped, and a tool that has run is no matter of permission.
		v = view.Delivery{}
	}
	d.keep(said(v))
	if sub || ctx.Err() != nil || time.Now().After(late) { // nobody may be waiting any more
		return output{}
	}
	text := d.withKept("")
	if text == "" {
		return output{}
	}
	return output{&hookOutput{Event: in.Event, Context: text}}
}

// Unsent is told of an answer of Hook's that could not be sent: what it holds for the
// agent goes with the next one.
func (d *Desk) Unsent(answer json.RawMessage) {
	var o output
	if err := json.Unmarshal(answer, &o); err != nil || o.Hook == nil || o.Hook.Event == preToolUse {
		return // it holds nothing that is handed out once
	}
	d.keep(o.Hook.Context)
}

// encoded is an answer as it is sent.
func encoded(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		// Only texts are in it. Were it to happen, an answer that is none lets nothing run.
		return json.RawMessage(`{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny"}}`)
	}
	return raw
}
