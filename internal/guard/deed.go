package guard

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"popkit/internal/core/policy"
)

// Bounds of what goes to the log and to people, in bytes.
const (
	maxDeed  = 4000 // of a call as a person is shown it
	maxText  = 500  // of one text of a verdict
	maxFlags = 20
)

// first are the inputs that say most of what a call does, in the order in which
// they are shown; the others come after them.
var first = []string{"command", "file_path", "notebook_path", "path", "url", "pattern", "old_string", "new_string", "content"}

// deed says in words what a call would do: its input, a line for each part, and
// what has several lines below its name.
func deed(c policy.Call) string {
	var input map[string]any
	if err := json.Unmarshal(c.Input, &input); err != nil {
		return string(c.Input)
	}
	names := make([]string, 0, len(input))
	for name := range input {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	var b strings.Builder
	for _, name := range names {
		text, ok := input[name].(string)
		if !ok {
			raw, err := json.Marshal(input[name])
			if err != nil {
				raw = []byte("?")
			}
			text = string(raw)
		}
		if strings.Contains(text, "\n") {
			text = "\n  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ")
		}
		fmt.Fprintf(&b, "%s: %s\n", name, text)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// on is what a call is called on, in short: its path, its command, its address.
func on(c policy.Call) string {
	var input map[string]any
	if err := json.Unmarshal(c.Input, &input); err != nil {
		return ""
	}
	for _, name := range first[:6] {
		if text, ok := input[name].(string); ok {
			return text
		}
	}
	return ""
}

func rank(name string) int {
	if i := slices.Index(first, name); i >= 0 {
		return i
	}
	return len(first)
}
