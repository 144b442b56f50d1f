package brief

import (
	"fmt"
	"strings"

	"popkit/internal/core/event"
)

// general is for roles of which popkit knows nothing.
const general = "Do what the task says, no more than that. You are done when the result is in the workspace, or in your report where the task " +
	"changes no file, and you have seen it work; say how."

func (in *Input) role() string {
	role := in.Role
	switch in.Purpose {
	case event.PurposeFix:
		role = "fixer"
	case event.PurposeResolve:
		role = "resolver"
	}
	text := strings.TrimSpace(in.RoleDef.Prompt)
	switch {
	case text == "":
		text = general
	case in.equipped(): // it is in the system prompt, which outlasts whatever the conversation grows to
		return fmt.Sprintf("## Your role: %s\n\nYour role's instructions hold: how to work, what to share, what done means, what to leave alone.\n\n", line(role))
	}
	return fmt.Sprintf("## Your role: %s\n\n%s\n\n", line(role), clean(text))
}

// equipped reports whether the runtime hands the agent its role's instructions and
// popkit's tools itself, as that of Claude Code does; to others popkit is a command,
// and all is in the prompt.
func (in *Input) equipped() bool { return in.Runtime == "claude" }

// ways are how an agent does what a prompt asks of it.
type ways struct{ share, list, checkIn, need, ask, plan, report, noCode string }

// byCommand is for agents that can run a command, byTool for those whose runtime has
// popkit's tools.
var (
	byCommand = ways{
		share:   "`popkit insight add --tags %s --confidence 0.8 \"Found existing User model at src/models\"`.\n  With `--type blocker` it reaches everyone first, `--type question` those whose task touches the tags, `--type pattern` everyone.",
		list:    "`popkit insight list --for-me`",
		checkIn: "`popkit check-in --progress 0.4 \"created login route\"`",
		need:    "with `--need \"user model location\"` you get the answer as soon as somebody knows",
		ask:     "`popkit ask \"Which database?\" --options postgres,sqlite` waits for the answer and prints it",
		plan:    "`popkit plan present -`, with the plan on standard input, waits for the answer and prints it; it ends with exit code 0 once you may go on",
		report:  "`popkit report --status done --summary \"what you did, and what showed that it works\"`",
		noCode:  "`popkit report --status done --no-code --summary \"what you found\"`",
	}
	byTool = ways{
		share:   "the tool `mcp__popkit__share_insight` with type, content, tags (such as %s) and confidence.\n  Type blocker reaches everyone first, question those whose task touches the tags, pattern everyone; else it is a discovery.",
		list:    "`mcp__popkit__read_insights`; what concerns you is also handed to you after a tool call",
		checkIn: "`mcp__popkit__check_in` with progress (0 to 1) and doing",
		need:    "what you lack, ask of the others by `mcp__popkit__request_help`: you get the answer as soon as somebody knows",
		ask:     "`mcp__popkit__ask` with question and options waits for the answer and returns it",
		plan:    "`mcp__popkit__present_plan` with the plan waits for the answer and returns it",
		report:  "a call of `mcp__popkit__report` with status done and a summary of what you did, and what showed that it works",
		noCode:  "a call of `mcp__popkit__report` with status done, no_code true and a summary of what you found",
	}
)

func (in *Input) ways() ways {
	if in.equipped() {
		return byTool
	}
	return byCommand
}

func (in *Input) talk() string {
	tags := strings.Join(in.Task.Tags, ",")
	if tags == "" {
		tags = "api,database"
	}
	w := in.ways()
	return "## Talking to the others\n\n" +
		"- Share what others should know, when you find it: " + fmt.Sprintf(w.share, line(tags)) + "\n" +
		"- See what others found: " + w.list + ".\n" +
		"- Say where you are every few steps: " + w.checkIn + ";\n" +
		"  " + w.need + ".\n" +
		"- Ask a person only what you can't decide: " + w.ask + ".\n\n"
}

func (in *Input) finish() string {
	w := in.ways()
	proof, report := "popkit looks at what changed in the workspace: done without a change is taken for a failure. You need not commit.", w.report
	if in.Task.NoCode && !in.repairs() {
		proof, report = "The plan says that this task changes no file, so the summary is what others will work from: make it complete.", w.noCode
	}
	return fmt.Sprintf("## When you are done\n\n%s\n\nEnd with %s.\n"+
		"Report blocked when somebody else must act first and failed when it can't be done, with the reason as summary.\n",
		proof, report)
}
