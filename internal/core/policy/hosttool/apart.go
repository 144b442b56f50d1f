package hosttool

import "slices"

// agents are programs that are agents themselves, with what they can be asked without
// working as one.
var agents = map[string][]string{
	"claude": {"mcp", "config", "doctor", "update", "plugin", "install", "agents"}, "codex": {"login", "logout", "mcp", "completion"}, "gemini": {"mcp", "extensions"},
	"qwen": {"mcp"}, "opencode": {"models", "auth", "upgrade", "stats"}, "aider": {}, "cursor-agent": {"status", "login", "logout"},
}

// Apart says why a command would work out of popkit's sight, or "".
func Apart(program string, args []string) string {
	first := ""
	if len(args) > 0 {
		first = args[0]
	}
	asks := slices.ContainsFunc(args, func(a string) bool { return a == "--version" || a == "--help" })
	known, agent := agents[program]
	switch {
	case asks, first == "-h", first == "-v" || first == "-V":
		return ""
	case agent && !slices.Contains(known, first):
		return "an agent that nothing guards"
	case program == "at" || program == "batch":
		return "it would run when nobody looks"
	}
	return ""
}
