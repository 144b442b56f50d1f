package policy

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"popkit/internal/core/policy/patch"
	"popkit/internal/core/policy/shell"
	"popkit/internal/core/policy/word"
	"popkit/internal/core/smell"
)

// toolKind is what a tool does, whatever its host calls it.
type toolKind int

const (
	toolUnknown toolKind = iota
	toolRead
	toolWrite
	toolEdit
	toolDelete
	toolMove
	toolCommand
	toolFetch
	toolSearch
	toolPatch
	toolHarmless
)

// tools are the names that hosts give: Claude Code's, ACP's kinds, and those of the
// agents behind it.
var tools = map[string]toolKind{
	"read": toolRead, "read_file": toolRead, "readfile": toolRead, "view": toolRead, "read_many_files": toolRead, "notebookread": toolRead, "cat": toolRead,
	"write": toolWrite, "write_file": toolWrite, "writefile": toolWrite, "create": toolWrite, "create_file": toolWrite, "save": toolWrite,
	"edit": toolEdit, "multiedit": toolEdit, "replace": toolEdit, "edit_file": toolEdit, "notebookedit": toolEdit, "str_replace": toolEdit,
	"str_replace_based_edit_tool": toolEdit, "str_replace_editor": toolEdit, "insert": toolEdit, "update": toolEdit,
	"delete": toolDelete, "delete_file": toolDelete, "remove": toolDelete,
	"move": toolMove, "move_file": toolMove, "rename": toolMove, "rename_file": toolMove,
	"bash": toolCommand, "shell": toolCommand, "execute": toolCommand, "run_shell_command": toolCommand, "local_shell": toolCommand, "exec": toolCommand,
	"exec_command": toolCommand, "run_command": toolCommand, "terminal": toolCommand, "run_terminal_cmd": toolCommand, "shell_command": toolCommand, "monitor": toolCommand,
	"fetch": toolFetch, "webfetch": toolFetch, "web_fetch": toolFetch, "websearch": toolFetch, "web_search": toolFetch, "google_web_search": toolFetch,
	"search": toolSearch, "grep": toolSearch, "glob": toolSearch, "ls": toolSearch, "list": toolSearch, "list_directory": toolSearch, "search_file_content": toolSearch,
	"grep_search": toolSearch, "file_search": toolSearch, "find": toolSearch, "codebase_search": toolSearch,
	"apply_patch": toolPatch, "patch": toolPatch, "applypatch": toolPatch,
	"think": toolHarmless, "switch_mode": toolHarmless, "todowrite": toolHarmless, "todoread": toolHarmless, "task": toolHarmless, "agent": toolHarmless,
	"taskcreate": toolHarmless, "taskget": toolHarmless, "tasklist": toolHarmless, "taskoutput": toolHarmless, "taskupdate": toolHarmless, "taskstop": toolHarmless,
	"bashoutput": toolHarmless, "killshell": toolHarmless, "killbash": toolHarmless, "exitplanmode": toolHarmless, "enterplanmode": toolHarmless,
	"askuserquestion": toolHarmless, "skill": toolHarmless, "slashcommand": toolHarmless, "sendmessage": toolHarmless, "toolsearch": toolHarmless, "tool_search": toolHarmless,
	"reportfindings": toolHarmless, "update_plan": toolHarmless, "save_memory": toolHarmless, "listmcpresources": toolHarmless, "readmcpresource": toolHarmless,
	"workflow": toolHarmless, "lsp": toolHarmless, "structuredoutput": toolHarmless, "croncreate": toolHarmless, "crondelete": toolHarmless, "cronlist": toolHarmless,
	"schedulewakeup": toolHarmless, "enterworktree": toolHarmless, "exitworktree": toolHarmless,
}

// kindNames are the names under which people restrict a kind, too.
var kindNames = map[toolKind][]string{
	toolRead: {"Read", "read"}, toolWrite: {"Write", "edit"}, toolEdit: {"Edit", "edit"}, toolDelete: {"delete"}, toolMove: {"move"},
	toolCommand: {"Bash", "execute"}, toolFetch: {"fetch"}, toolSearch: {"search"}, toolPatch: {"Edit", "edit"},
}

// input is what a call's input may hold, in any host's spelling.
type input struct {
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

// call judges a tool call.
func (j *judge) call(c Call) {
	name := strings.ToLower(strings.TrimSpace(c.Tool))
	kind := tools[name]
	j.restricted(c.Tool, kind)
	if kind == toolHarmless {
		return
	}
	if kind == toolUnknown {
		j.unknownTool(c)
		return
	}
	var in input
	if err := json.Unmarshal(c.Input, &in); err != nil {
		j.found(ruleUnparsable, c.Tool, "the input of %s cannot be read", c.Tool)
		return
	}
	dir := c.Cwd
	if dir == "" {
		dir = j.f.Workspace
	}
	if !path.IsAbs(dir) {
		dir = path.Join("/", j.f.Workspace, dir)
	}
	j.toolCall(kind, c.Tool, in, shell.Word(dir))
}

func (j *judge) toolCall(kind toolKind, tool string, in input, dir shell.Word) {
	switch kind {
	case toolCommand:
		j.command(in, dir)
		return
	case toolFetch:
		j.fetch(in)
		return
	case toolPatch:
		j.patchText(first(in.Patch, in.Input, in.Diff, text(in.Content)), dir)
		return
	}
	files := in.files()
	if len(files) == 0 && len(in.RawInput) > 0 {
		var raw input
		if json.Unmarshal(in.RawInput, &raw) == nil {
			files, in = raw.files(), raw
		}
	}
	if len(files) == 0 && kind != toolSearch {
		j.found(ruleUnparsable, tool, "the input of %s names no file", tool)
		return
	}
	for _, f := range files {
		switch kind {
		case toolRead:
			j.read(dir, shell.Word(f))
		case toolSearch:
			j.search(dir, shell.Word(f))
		case toolDelete:
			j.remove(dir, shell.Word(f), true)
		case toolWrite, toolEdit:
			j.write(dir, shell.Word(f))
			j.edit(kind, in, dir, shell.Word(f))
		}
	}
	if kind == toolMove {
		j.move(dir, files)
	}
	if in.Glob != "" {
		j.read(dir, word.Globbed(in.Glob)) // greps what it matches
	}
	if strings.EqualFold(tool, "glob") && strings.HasPrefix(in.Pattern, "/") {
		j.search(dir, shell.Word(in.Pattern))
	}
}

// search lists and greps; it is a read of what it is aimed at.
func (j *judge) search(dir, w shell.Word) {
	if !strings.ContainsAny(string(w), "*?[{") {
		j.read(dir, w)
	}
}

func (j *judge) move(dir shell.Word, files []string) {
	if len(files) < 2 {
		j.found(ruleUnparsable, "move", "the input of a move does not name two files")
		return
	}
	j.renamed(dir, shell.Word(files[0]))
	j.write(dir, shell.Word(files[1]))
}

func (in input) files() []string {
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

func text(list ...*string) string {
	for _, s := range list {
		if s != nil {
			return *s
		}
	}
	return ""
}

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// edit judges what is written: whole texts where they are known, else the fragments.
func (j *judge) edit(kind toolKind, in input, dir, f shell.Word) {
	p := j.places(dir, f)[0]
	if !p.inside || p.rel == "" {
		return
	}
	if whole := text(in.Content, in.FileText); kind == toolWrite || in.Content != nil || in.FileText != nil {
		j.written(dir, f, whole, false)
		return
	}
	type edit struct {
		old, new string
		all      bool
	}
	edits := []edit{{text(in.Old, in.OldText, in.OldStr), text(in.New, in.NewText, in.NewStr, in.NewSource), in.All}}
	if len(in.Edits) > 0 {
		edits = nil
		for _, e := range in.Edits {
			edits = append(edits, edit{text(e.Old), text(e.New), e.All})
		}
	}
	if before, ok := j.content(string(p.rel)); ok {
		after := before
		for _, e := range edits {
			n := 1
			if e.all {
				n = -1
			}
			if e.old != "" {
				after = strings.Replace(after, e.old, e.new, n)
			} else {
				after += e.new
			}
		}
		j.change(string(p.rel), smell.Change{Kind: smell.Modified, Old: before, New: after})
		return
	}
	for _, e := range edits {
		j.change(string(p.rel), smell.Change{Kind: smell.Modified, Old: e.old, New: e.new, Fragment: true})
	}
}

func (j *judge) content(rel string) (string, bool) {
	if j.f.Content == nil {
		return "", false
	}
	return j.f.Content(rel)
}

// restricted judges the tool itself.
func (j *judge) restricted(tool string, kind toolKind) {
	for _, r := range j.r.spec.RestrictedTools {
		name, _, _ := strings.Cut(r, "(")
		names := append([]string{tool}, kindNames[kind]...)
		if slices.ContainsFunc(names, func(n string) bool { return wild(strings.ToLower(name), strings.ToLower(n)) }) {
			j.found(ruleTool, tool, "%s is withheld from agents", tool)
			return
		}
	}
}

// wild matches a text against a pattern in which "*" is any text.
func wild(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return strings.HasSuffix(s, parts[len(parts)-1])
}

// unknownTool judges a tool of which nothing is known: popkit's own are for agents.
func (j *judge) unknownTool(c Call) {
	name := c.Tool
	if strings.HasPrefix(name, "mcp__popkit__") || strings.HasPrefix(name, "mcp__plugin_popkit_popkit__") {
		return
	}
	if strings.TrimSpace(name) == "" {
		j.decide(ruleUnparsable, "", j.r.does[ruleUnparsable], "a call without a tool")
		return
	}
	j.found(ruleUnknownTool, name, "what %s does is not known", name)
}

// patchText judges a patch, in git's form or Codex's.
func (j *judge) patchText(text string, dir shell.Word) {
	changes := patch.Read(text)
	if len(changes) == 0 {
		j.found(ruleUnparsable, "patch", "a patch that names no file")
		return
	}
	for _, c := range changes {
		if c.Deleted {
			j.remove(dir, shell.Word(c.Path), false)
			continue
		}
		j.write(dir, shell.Word(c.Path))
		if p := j.places(dir, shell.Word(c.Path))[0]; p.inside && p.rel.Known() && p.rel != "" {
			kind := smell.Modified
			if c.Created {
				kind = smell.Created
			}
			j.change(string(p.rel), smell.Change{Kind: kind, Old: c.Old, New: c.New, Fragment: !c.Created})
		}
	}
}

// cut returns what follows the first of the prefixes that a line has.
func cut(line string, prefixes ...string) string {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(line, p); ok {
			return rest
		}
	}
	return ""
}
