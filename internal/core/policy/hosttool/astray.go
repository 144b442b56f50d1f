package hosttool

import (
	"encoding/json"
	"strings"
)

// Warning says why a call would get around popkit, and what to do instead.
type Warning struct{ Reason, Hint string }

// astray are the tools that do so whatever they are called with.
var astray = map[string]Warning{
	"croncreate":      {"a schedule runs when nobody looks", "do it now, or name it as a follow-up in your report"},
	"schedulewakeup":  {"popkit does not wait for an agent that sleeps", "wait in a command, or report what there is"},
	"workflow":        {"a workflow starts agents that popkit does not know", "use the Agent tool, or leave it to other tasks: name it in your report"},
	"enterworktree":   {"what lies in a work tree of its own is not merged", "work in the folder you are in; it is a clone of your own"},
	"exitworktree":    {"popkit gave you the folder you are in", "stay in it"},
	"askuserquestion": {"nobody sits at this agent's terminal", "ask with mcp__popkit__ask, or popkit ask"},
	"enterplanmode":   {"nobody sits at this agent's terminal to leave it again", "plan in your own words; a role that has to present a plan has mcp__popkit__present_plan"},
	"exitplanmode":    {"nobody sits at this agent's terminal to agree", "go on; a role that has to present a plan has mcp__popkit__present_plan"},
}

// Warn says what about a call would get around popkit; no reason: nothing.
func Warn(tool string, raw json.RawMessage) Warning {
	name := strings.ToLower(strings.TrimSpace(tool))
	if w, ok := astray[name]; ok {
		return w
	}
	if name != "agent" && name != "task" {
		return Warning{}
	}
	var in map[string]any // by their exact names, as the host reads them
	if len(raw) == 0 || json.Unmarshal(raw, &in) != nil {
		return Warning{} // what can't be read is another rule's
	}
	switch {
	case in["isolation"] != nil && in["isolation"] != "":
		return Warning{"what a subagent leaves in a place of its own is not merged", "leave isolation out"}
	case !usual(in["mode"]) || !usual(in["permissionMode"]):
		return Warning{"a subagent is permitted what its agent is, and no more", "leave the mode out"}
	}
	return Warning{}
}

// usual reports whether a mode of permission asks for everything.
func usual(mode any) bool { return mode == nil || mode == "" || mode == "default" || mode == "plan" }
