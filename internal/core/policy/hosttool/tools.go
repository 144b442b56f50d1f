package hosttool

import (
	"encoding/json"
	"slices"
	"strings"
)

// Kind is what a tool does, whatever its host calls it.
type Kind int

// The kinds.
const (
	Unknown Kind = iota
	Read
	Write
	Edit
	Delete
	Move
	Command
	Fetch
	Search
	Patch
	Harmless
	Astray // it would go on out of popkit's sight: see Warn
)

// Of returns the kind of a tool.
func Of(name string) Kind { return tools[strings.ToLower(strings.TrimSpace(name))] }

// Names are those under which people restrict a kind, too.
func (k Kind) Names() []string { return kindNames[k] }

// tools are the names that hosts give: Claude Code's, ACP's kinds, and those of the
// agents behind it.
var tools = map[string]Kind{
	"read": Read, "read_file": Read, "readfile": Read, "view": Read, "read_many_files": Read, "notebookread": Read, "cat": Read,
	"write": Write, "write_file": Write, "writefile": Write, "create": Write, "create_file": Write, "save": Write,
	"edit": Edit, "multiedit": Edit, "replace": Edit, "edit_file": Edit, "notebookedit": Edit, "str_replace": Edit,
	"str_replace_based_edit_tool": Edit, "str_replace_editor": Edit, "insert": Edit, "update": Edit,
	"delete": Delete, "delete_file": Delete, "remove": Delete,
	"move": Move, "move_file": Move, "rename": Move, "rename_file": Move,
	"bash": Command, "shell": Command, "execute": Command, "run_shell_command": Command, "local_shell": Command, "exec": Command,
	"exec_command": Command, "run_command": Command, "terminal": Command, "run_terminal_cmd": Command, "shell_command": Command, "monitor": Command,
	"fetch": Fetch, "webfetch": Fetch, "web_fetch": Fetch, "websearch": Fetch, "web_search": Fetch, "google_web_search": Fetch,
	"search": Search, "grep": Search, "glob": Search, "ls": Search, "list": Search, "list_directory": Search, "search_file_content": Search,
	"grep_search": Search, "file_search": Search, "find": Search, "codebase_search": Search,
	"apply_patch": Patch, "patch": Patch, "applypatch": Patch,
	"think": Harmless, "switch_mode": Harmless, "todowrite": Harmless, "todoread": Harmless, "task": Harmless, "agent": Harmless,
	"taskcreate": Harmless, "taskget": Harmless, "tasklist": Harmless, "taskoutput": Harmless, "taskupdate": Harmless, "taskstop": Harmless,
	"bashoutput": Harmless, "killshell": Harmless, "killbash": Harmless, "exitplanmode": Astray, "enterplanmode": Astray,
	"askuserquestion": Astray, "skill": Harmless, "slashcommand": Harmless, "sendmessage": Harmless, "toolsearch": Harmless, "tool_search": Harmless,
	"reportfindings": Harmless, "update_plan": Harmless, "save_memory": Harmless, "listmcpresources": Harmless, "readmcpresource": Harmless, "listmcpresourcestool": Harmless,
	"readmcpresourcetool": Harmless, "listagents": Harmless,
	"workflow": Astray, "lsp": Harmless, "structuredoutput": Harmless, "croncreate": Astray, "crondelete": Harmless, "cronlist": Harmless,
	"schedulewakeup": Astray, "enterworktree": Astray, "exitworktree": Astray,
}

// kindNames are the names under which people restrict a kind, too.
var kindNames = map[Kind][]string{
	Read: {"Read", "read"}, Write: {"Write", "edit"}, Edit: {"Edit", "edit"}, Delete: {"delete"}, Move: {"move"},
	Command: {"Bash", "execute"}, Fetch: {"fetch"}, Search: {"search"}, Patch: {"Edit", "edit"},
}

// Input is what a call's input may hold, in any host's spelling.
type Input struct {
	FilePath  string `json:"file_path"`
	FilePath2 string `json:"filepath"`
	FilePath3 string `json:"filePath"`
	Path      string `json:"path"`
	AbsPath   string `json:"absolute_path"`
	Target    string `json:"target_file"`
	Notebook  string `json:"notebook_path"`
	FileName  string `json:"file"`

	Content   *string `json:"content"`
	FileText  *string `json:"file_text"`
	Old       *string `json:"old_string"`
	New       *string `json:"new_string"`
	OldText   *string `json:"oldText"`
	NewText   *string `json:"newText"`
	OldStr    *string `json:"old_str"`
	NewStr    *string `json:"new_str"`
	NewSource *string `json:"new_source"`
	All       bool    `json:"replace_all"`

	Edits []struct {
		Old *string `json:"old_string"`
		New *string `json:"new_string"`
		All bool    `json:"replace_all"`
	} `json:"edits"`

	Command json.RawMessage `json:"command"`
	Cmd     json.RawMessage `json:"cmd"`
	Workdir string          `json:"workdir"`
	Dir     string          `json:"directory"`
	URL     string          `json:"url"`
	Prompt  string          `json:"prompt"`
	Pattern string          `json:"pattern"`
	Glob    string          `json:"glob"`

	From  string `json:"from"`
	To    string `json:"to"`
	Src   string `json:"source"`
	Dst   string `json:"destination"`
	Patch string `json:"patch"`
	Input string `json:"input"`
	Diff  string `json:"diff"`

	Paths     []string `json:"paths"`
	Locations []struct {
		Path string `json:"path"`
	} `json:"locations"`
	RawInput json.RawMessage `json:"rawInput"`
	Title    string          `json:"title"`
}

// Files are those that a call names.
func (in Input) Files() []string {
	var out []string
	add := func(list ...string) {
		for _, f := range list {
			f = strings.TrimPrefix(f, "file://")
			if f != "" && !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	add(in.FilePath, in.FilePath2, in.FilePath3, in.Path, in.AbsPath, in.Target, in.Notebook, in.FileName, in.From, in.Src, in.To, in.Dst)
	add(in.Paths...)
	for _, l := range in.Locations {
		add(l.Path)
	}
	return out
}

// Text is the first of the texts that is given.
func Text(list ...*string) string {
	for _, s := range list {
		if s != nil {
			return *s
		}
	}
	return ""
}

// First is the first of the texts that says something.
func First(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}
