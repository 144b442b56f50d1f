package launch

import (
	"bytes"
	"regexp"
	"slices"
)

// described are the keys at the head of a skill, command or agent that say what it
// is and how it thinks. Among the others are some that grant (allowed-tools makes
// its shell lines run without a question to the guard), that run commands (hooks) or
// that bring servers along; a key that nobody knows today may do so tomorrow.
var described = []string{
	"name", "description", "when_to_use", "when-to-use", "argument-hint", "arguments", "model", "effort", "color", "version", "license",
	"tools", "disallowedTools", "disallowed-tools", "disable-model-invocation", "user-invocable", "context", "agent", "skills", "paths", "globs",
}

var headKey = regexp.MustCompile(`^([A-Za-z_-]+)[ \t]*:`)

// harmless leaves of a file's head what only describes. A head that is written in a
// way that is not understood here is none: an empty one before it says so.
func harmless(text []byte) []byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	out := []byte("---\n")
	end := 0
	if fence(bytes.TrimPrefix(lines[0], []byte("\xef\xbb\xbf"))) {
		end = slices.IndexFunc(lines[1:], fence) + 1
	}
	if end == 0 {
		return append(append(out, "---\n"...), text...)
	}
	keep := false
	for _, line := range lines[1:end] {
		if m := headKey.FindSubmatch(line); m != nil {
			keep = slices.Contains(described, string(m[1]))
		} else if c := line[0]; c != ' ' && c != '\t' && c != '-' && c != '\n' && c != '\r' {
			keep = false
		}
		if keep {
			out = append(out, line...)
		}
	}
	return append(append(out, "---\n"...), bytes.Join(lines[end+1:], nil)...)
}

func fence(line []byte) bool { return string(bytes.TrimRight(line, " \t\r\n")) == "---" }
