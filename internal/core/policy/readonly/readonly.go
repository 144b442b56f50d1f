package readonly

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"popkit/internal/core/policy/hosttool"
	"popkit/internal/core/policy/shell"
)

// looking are the tools that only look, or only concern the agent itself, by the names
// that hosts give them; popkit's own are for agents.
var looking = []string{
	"read", "read_file", "readfile", "view", "read_many_files", "notebookread", "cat", "search", "grep", "glob", "ls", "list", "list_directory",
	"search_file_content", "grep_search", "file_search", "find", "codebase_search", "fetch", "webfetch", "web_fetch", "websearch", "web_search",
	"google_web_search", "lsp", "think", "todowrite", "todoread", "task", "agent", "taskcreate", "taskget", "tasklist", "taskoutput", "taskupdate", "taskstop",
	"bashoutput", "killshell", "killbash", "exitplanmode", "enterplanmode", "askuserquestion", "skill", "slashcommand", "sendmessage", "toolsearch",
	"tool_search", "reportfindings", "update_plan", "listmcpresources", "readmcpresource", "structuredoutput",
}

// Call says why a call of a tool does more than read, or "". o is what is known of the
// place where a command would run.
func Call(tool string, input json.RawMessage, o shell.Options) string {
	name := strings.ToLower(strings.TrimSpace(tool))
	switch {
	case slices.Contains(looking, name), strings.HasPrefix(tool, "mcp__popkit__"), strings.HasPrefix(tool, "mcp__plugin_popkit_popkit__"):
		return ""
	case hosttool.Of(tool) == hosttool.Command:
		src, ok := script(input)
		if !ok {
			return "the input of " + tool + " names no command that can be read"
		}
		return Script(src, o)
	}
	return tool + " is not known to only read"
}

// script returns the command that an input names: one, under a name that the host
// reads as the rules do.
func script(input json.RawMessage) (string, bool) {
	in, err := hosttool.ReadInput(input)
	if err != nil || len(in.Command) > 0 && len(in.Cmd) > 0 {
		return "", false
	}
	if len(in.Command) > 0 {
		return hosttool.CommandText(in.Command)
	}
	return hosttool.CommandText(in.Cmd)
}

// Script says why a shell script does more than read, or "".
func Script(src string, o shell.Options) string {
	s, err := shell.Find(src, o)
	if err != nil {
		return "the command can't be parsed"
	}
	if len(s.Notes) > 0 {
		return s.Notes[0].Text
	}
	for i := range s.Commands {
		if why := command(&s.Commands[i]); why != "" {
			return why
		}
	}
	return ""
}

// ways are the wrappers through which a command may be started: they change nothing.
var ways = []string{"env", "timeout", "nice", "time", "command", "builtin", "xargs", "sh", "bash", "dash", "zsh", "stdbuf", "nohup", "eval", "git"}

// quiet are variables that make no program do anything else than it does.
var quiet = regexp.MustCompile(`^([a-z_][a-z0-9_]*|LC_[A-Z]+|LANG|LANGUAGE|TZ|NO_COLOR|CLICOLOR|COLUMNS|LINES|TERM|GIT_PAGER=cat|PAGER=cat)$`)

func command(c *shell.Command) string {
	for _, f := range c.Files {
		if f.Op != shell.Read && f.Path != "/dev/null" && f.Path != "/dev/stderr" && f.Path != "/dev/stdout" {
			return f.Path.String() + " would be changed"
		}
	}
	for _, v := range c.Via {
		if !slices.Contains(ways, v) {
			return "it would run by " + v
		}
	}
	for _, e := range c.Env {
		name, _, _ := strings.Cut(string(e), "=")
		if !quiet.MatchString(name) && !quiet.MatchString(string(e)) {
			return "the variable " + name + " would be set"
		}
	}
	if len(c.Args) == 0 {
		return ""
	}
	name := strings.TrimPrefix(string(c.Args[0]), `\`)
	if strings.Contains(name, "/") {
		if dir := path.Dir(name); dir != "/bin" && dir != "/usr/bin" {
			return name + " is not known to only read"
		}
		name = path.Base(name)
	}
	return program(name, c.Args[1:])
}

// program says why a program with these words does more than read.
func program(name string, args []shell.Word) string {
	if len(args) == 1 && (args[0] == "--version" || args[0] == "--help") {
		return ""
	}
	if slices.Contains(readers, name) || name == "popkit" && popkit(args) {
		return ""
	}
	line := strings.TrimSpace(name + " " + text(args))
	check, known := checked[name]
	if !known {
		return fmt.Sprintf("%s is not known to only read", line)
	}
	for _, a := range args {
		if a.Open() {
			return "what " + line + " is told is not known"
		}
	}
	if !check(args) {
		return line + " may do more than read"
	}
	return ""
}

func text(args []shell.Word) string {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = a.String()
	}
	s := strings.Join(words, " ")
	const most = 80
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
