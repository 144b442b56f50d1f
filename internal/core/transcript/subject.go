package transcript

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// says are the fields of tools' inputs that say best what a tool is used on, in this
// order.
var says = []string{
	"file_path", "notebook_path", "path", "command", "pattern", "url", "query", "skill", "description", "content", "question", "doing",
	"summary", "plan", "about", "prompt", "subject",
}

// maxSubject is how much of a value is taken for a subject, in bytes.
const maxSubject = 500

// Subject returns what a tool is used on, in one line, and what else people want to
// know of its input.
func Subject(tool string, input json.RawMessage) (subject, more string) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(input, &fields) != nil {
		return line(string(input)), ""
	}
	get := func(name string) string {
		var s string
		if json.Unmarshal(fields[name], &s) != nil {
			return ""
		}
		return s
	}
	switch tool {
	case "Grep", "Glob":
		return join2(line(get("pattern")), line(get("path")), " in "), ""
	case "Task", "Agent":
		return join2(line(get("subagent_type")), line(get("description")), ": "), get("prompt")
	case "Edit":
		return line(get("file_path")) + change(get("old_string"), get("new_string")), ""
	case "Write":
		return line(get("file_path")) + change("", get("content")), ""
	case "TodoWrite":
		var list []json.RawMessage
		if json.Unmarshal(fields["todos"], &list) == nil {
			return fmt.Sprintf("%d entries", len(list)), ""
		}
	}
	for _, name := range says {
		text := get(name)
		if strings.TrimSpace(text) == "" {
			continue
		}
		if subject = line(text); name == "command" || name == "content" || name == "question" || name == "plan" {
			more = rest(text)
		}
		return subject, more
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		return line(name + " " + string(fields[name])), ""
	}
	return "", ""
}

func join2(a, b, between string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + between + b
}

// change is how many lines an edit takes and brings.
func change(old, new string) string {
	count := func(s string) int {
		if s == "" {
			return 0
		}
		return strings.Count(strings.TrimSuffix(s, "\n"), "\n") + 1
	}
	return fmt.Sprintf(" (+%d -%d)", count(new), count(old))
}

// line is the first line of a text that says something.
func line(text string) string {
	text = strings.TrimSpace(text)
	text, _, _ = strings.Cut(text, "\n")
	if len(text) > maxSubject {
		text = strings.ToValidUTF8(text[:maxSubject], "") + "…"
	}
	return strings.TrimSpace(text)
}

// rest is a text of several lines without the first.
func rest(text string) string {
	_, more, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return more
}
