package launch

import (
	"strconv"
	"strings"
)

// notOffered are tools that make no sense for an agent of popkit: they work in a
// folder that is not its workspace, ask a person who is not there, or go on after it
// has reported.
var notOffered = []string{
	"EnterWorktree", "ExitWorktree", "AskUserQuestion", "EnterPlanMode", "ExitPlanMode",
	"CronCreate", "CronDelete", "CronList", "ScheduleWakeup", "Workflow",
}

// fixed are the arguments of every session. Of what could grant more than the
// guard nothing is in them: no allowed tools, no other permission mode.
func (l *Launcher) fixed() []string {
	args := []string{
		"claude", "-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose",
		"--replay-user-messages", // what the model is given is known then
		"--permission-prompt-tool", "stdio", "--permission-mode", "default",
		"--disallowedTools", strings.Join(notOffered, ","),
	}
	if !l.options.Inherit {
		args = append(args, "--setting-sources", "", "--strict-mcp-config")
	}
	return args
}

// maxText is how long a text on the command line may be; the kernel refuses an
// argument of 128 KiB.
const maxText = 100 << 10

// finish adds what the session asks for.
func (l *Launcher) finish(c Command, s Spec, own settings, instructions string) Command {
	if s.Resume {
		c.Args = append(c.Args, "--resume", s.Session)
	} else {
		c.Args = append(c.Args, "--session-id", s.Session)
	}
	if model := first(s.Model, l.options.Model, own.Model); model != "" {
		c.Args = append(c.Args, "--model", model)
	}
	if n := first(s.MaxTurns, l.options.MaxTurns); n > 0 {
		c.Args = append(c.Args, "--max-turns", strconv.Itoa(n))
	}
	if s.MaxCost > 0 && l.features.Budget {
		c.Args = append(c.Args, "--max-budget-usd", strconv.FormatFloat(s.MaxCost, 'f', -1, 64))
	}
	if s.Tools != nil {
		c.Args = append(c.Args, "--tools", strings.Join(s.Tools, ","))
	}
	if s.Schema != "" {
		c.Args = append(c.Args, "--json-schema", s.Schema)
	}
	text := strings.TrimSpace(s.System)
	if instructions != "" {
		text = strings.TrimSpace(text + "\n\n" + instructions)
	}
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
		l.note("the role's prompt and the instructions are longer than " + strconv.Itoa(maxText) + " bytes: the end is cut off")
	}
	if text != "" {
		c.Args = append(c.Args, "--append-system-prompt", text)
	}
	return c
}

// settings are what every session is given on its command line, where no file has
// to be trusted; they go before all that is read from files.
func (l *Launcher) settings(own settings, login login) map[string]any {
	s := map[string]any{
		"disableAllHooks": false,
		"permissions":     map[string]any{"disableBypassPermissionsMode": "disable"},
		// popkit's own is around all of the CLI, and inside it no other one can be made.
		"sandbox": map[string]any{"enabled": false},
	}
	for name, value := range map[string]string{
		"apiKeyHelper": login.helper, "awsAuthRefresh": own.AWSAuthRefresh, "awsCredentialExport": own.AWSCredentialExport,
	} {
		if value != "" {
			s[name] = value
		}
	}
	return s
}
