package role

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"popkit/internal/core/event"
	"popkit/internal/core/nearest"
	"popkit/internal/core/objective"
	"popkit/internal/strictyaml"
)

// Bounds of a role's file.
const (
	MaxFile        = 64 << 10 // bytes
	MaxPrompt      = 32 << 10
	MaxDescription = 4 << 10
	MaxTools       = 100
	maxName        = 200 // of a tool, a model
)

// File is a role's file as it is read.
type File struct {
	Name  string
	Role  event.Role
	Notes []string // what popkit makes no use of, one line each
	given map[string]bool
}

// The keys of a head that popkit reads, those that are Claude Code's own business,
// and popkit's.
var (
	ourKeys    = []string{"name", "description", "tools", "model", "popkit"}
	claudeKeys = []string{"color", "permissionMode", "skills", "hooks", "mcpServers", "memory", "background", "isolation", "maxTurns",
		"effort", "initialPrompt", "proactive", "when_to_use", "version", "author"}
	popkitKeys = []string{"names", "runtime", "plan_required", "reviews"}
)

// toolNames are Claude Code's, for hints: others are taken as they are.
var toolNames = []string{"Read", "Write", "Edit", "MultiEdit", "NotebookEdit", "Bash", "BashOutput", "KillShell", "Glob", "Grep", "LS",
	"WebFetch", "WebSearch", "TodoWrite", "Task", "Agent", "Skill", "SlashCommand", "TaskOutput", "TaskStop", "ToolSearch", "LSP"}

// Parse reads a role's file; name is what messages call it. The error is a
// *strictyaml.Errors with every mistake; the role's name is returned even so, if it
// can be read.
func Parse(name string, data []byte) (File, error) {
	if err := readable(name, data); err != nil {
		return File{}, err
	}
	lines, prompt, ok := split(string(data))
	if !ok {
		return File{}, one(name, strictyaml.Place{Line: 1, Col: 1}, `the file has no head: keys between two lines "---"`, "---, name: …, description: …, ---, and below it the prompt")
	}
	h := parseHead(name, lines, 2)
	f := File{given: map[string]bool{}}
	for _, e := range h.entries {
		f.entry(h, e)
	}
	f.Role.Prompt = strings.TrimSpace(prompt)
	f.check(h, len(lines)+3)
	if len(h.errs) == 0 {
		return f, nil
	}
	slices.SortStableFunc(h.errs, func(a, b strictyaml.Error) int { return (a.Line-b.Line)*10_000 + a.Col - b.Col })
	return File{Name: f.Name}, &strictyaml.Errors{List: h.errs}
}

func one(file string, at strictyaml.Place, text, hint string) error {
	return &strictyaml.Errors{List: []strictyaml.Error{{File: file, Place: at, Text: text, Hint: hint}}}
}

// readable refuses what is no text that a person can look at.
func readable(name string, data []byte) error {
	if len(data) > MaxFile {
		return one(name, strictyaml.Place{Line: 1, Col: 1}, fmt.Sprintf("the file is larger than %d KiB", MaxFile>>10), "")
	}
	line, col := 1, 0
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		col++
		switch {
		case r == '\n':
			line, col = line+1, 0
		case r == utf8.RuneError && n < 2:
			return one(name, strictyaml.Place{Line: line, Col: col}, "this is no UTF-8", "save it as UTF-8")
		case r != '\t' && r != '\r' && !(r == '\ufeff' && i == 0) && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d'):
			return one(name, strictyaml.Place{Line: line, Col: col}, fmt.Sprintf("an invisible character (%U), which nobody would see", r), "take it out")
		}
		i += n
	}
	return nil
}

func (f *File) entry(h *head, e entry) {
	f.given[e.key] = !e.empty
	if one := []string{"name", "description", "model"}; slices.Contains(one, e.key) && !e.empty && e.text == "" {
		h.fail(e.at, e.key+" must be text", "")
		return
	}
	switch e.key {
	case "name":
		f.Name = e.text
		if err := objective.CheckRole(f.Name); err != nil && !e.empty {
			h.fail(e.place, fmt.Sprintf("%q can't be a role: %v", f.Name, err), "")
		}
	case "description":
		f.Role.Description = strings.Join(strings.Fields(e.text), " ")
		if len(f.Role.Description) > MaxDescription {
			h.fail(e.place, fmt.Sprintf("the description is longer than %d KiB", MaxDescription>>10), "")
		}
	case "tools":
		f.Role.Tools = h.tools(e)
	case "model":
		f.Role.Model = h.model(e)
	case "popkit":
		f.popkit(h, e)
	case "disallowedTools":
		if !e.empty {
			h.fail(e.at, "popkit can't take tools away from what is not listed", "list those that are left: tools: Read, Grep, …")
		}
	default:
		f.ignored(h, e)
	}
}

// ignored notes a key that popkit has no use for, unless it was meant as another.
func (f *File) ignored(h *head, e entry) {
	if slices.Contains(popkitKeys, e.key) {
		h.fail(e.at, fmt.Sprintf("%q is popkit's own key", e.key), "set it in below popkit:")
		return
	}
	if slices.Contains(claudeKeys, e.key) {
		f.Notes = append(f.Notes, fmt.Sprintf("%s is left to Claude Code: popkit's agents do not go by it", e.key))
		return
	}
	if _, near := nearest.Of(e.key, append(slices.Clone(ourKeys), "disallowedTools")); near {
		h.unknown(e, "", ourKeys)
		return
	}
	f.Notes = append(f.Notes, fmt.Sprintf("the key %s is not known to popkit", e.key))
}

func (h *head) tools(e entry) []string {
	out := []string{}
	if e.text == "*" {
		return nil
	}
	for _, it := range e.list() {
		if err := CheckTool(it.text); err != nil {
			h.fail(it.at, err.Error(), "")
		} else if !slices.Contains(out, it.text) {
			out = append(out, it.text)
		}
	}
	if len(out) > MaxTools {
		h.fail(e.at, fmt.Sprintf("more than %d tools", MaxTools), "")
	}
	if e.empty {
		return nil // as Claude Code takes it: all
	}
	return out
}

// CheckTool says what is wrong with the name of a tool, or nil. Tools that are not
// known are taken, as Claude Code gets new ones; a slip of the finger is not.
func CheckTool(tool string) error {
	name, _, _ := strings.Cut(tool, "(")
	if name == "" || len(tool) > maxName || strings.ContainsAny(name, " \"'") {
		return fmt.Errorf("%q is no tool (e.g. Read, Grep, Bash)", short(tool))
	}
	if meant, near := nearest.Of(name, toolNames); near && meant != name && !strings.HasPrefix(name, "mcp__") {
		return fmt.Errorf("unknown tool %q (did you mean %q?)", name, meant)
	}
	return nil
}

func (h *head) model(e entry) string {
	if e.text == "inherit" || e.empty {
		return ""
	}
	if strings.ContainsAny(e.text, " \n") || len(e.text) > maxName {
		h.fail(e.place, fmt.Sprintf("%q is no model", short(e.text)), "e.g. model: sonnet, or inherit")
		return ""
	}
	return e.text
}

// popkit reads popkit's own keys.
func (f *File) popkit(h *head, e entry) {
	if e.text != "" || e.items != nil {
		h.fail(e.place, "popkit must be keys of their own lines, set in", "popkit:, and below it e.g. plan_required: true")
		return
	}
	for _, k := range e.below {
		f.given[e.key+"."+k.key] = true
		switch k.key {
		case "names":
			for _, it := range k.list() {
				if err := objective.CheckRole(it.text); err != nil {
					h.fail(it.at, fmt.Sprintf("%q can't be a role: %v", short(it.text), err), "")
					continue
				}
				f.Role.Names = append(f.Role.Names, it.text)
			}
		case "runtime":
			f.Role.Runtime = k.text
			if err := objective.CheckRuntime(k.text); err != nil {
				h.fail(k.place, err.Error(), "")
			}
		case "plan_required":
			f.Role.PlanRequired = h.yes(k)
		case "reviews":
			f.Role.Reviews = h.yes(k)
		default:
			h.unknown(k, " in popkit", popkitKeys)
		}
	}
}

func (h *head) yes(e entry) bool {
	if e.text != "true" && e.text != "false" {
		h.fail(e.place, fmt.Sprintf("%s must be true or false", e.key), "")
	}
	return e.text == "true"
}

// check looks at what has to be there; body is the line where the prompt begins.
func (f *File) check(h *head, body int) {
	for _, key := range []string{"name", "description"} {
		if !f.given[key] {
			h.fail(strictyaml.Place{Line: 1, Col: 1}, "the key \""+key+"\" is missing", "Claude Code needs it, too")
		}
	}
	switch n := len(f.Role.Prompt); {
	case n == 0:
		h.fail(strictyaml.Place{Line: body, Col: 1}, "there is no prompt below the head", "say what the role is for, and what proof of done is")
	case n > MaxPrompt:
		h.fail(strictyaml.Place{Line: body, Col: 1}, fmt.Sprintf("the prompt is longer than %d KiB", MaxPrompt>>10), "")
	}
}

func short(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
