package role

import (
	"regexp"
	"strings"

	"popkit/internal/core/nearest"
	"popkit/internal/strictyaml"
)

// head is what stands between the two lines "---".
type head struct {
	file    string
	entries []entry
	errs    []strictyaml.Error
}

// entry is one key and what is said of it, in one of four forms.
type entry struct {
	key   string
	at    strictyaml.Place // of the key
	text  string           // on the key's line, or the lines of a block
	place strictyaml.Place // of the text
	items []item           // "- one" on lines of their own, or "[one, two]"
	below []entry          // "key: value" on lines that are set in
	empty bool             // nothing is said at all
}

type item struct {
	text string
	at   strictyaml.Place
}

func (h *head) fail(at strictyaml.Place, text, hint string) {
	h.errs = append(h.errs, strictyaml.Error{File: h.file, Place: at, Text: text, Hint: hint})
}

// unknown reports a key that is none of those known.
func (h *head) unknown(e entry, where string, known []string) {
	h.fail(e.at, "unknown key \""+e.key+"\""+where, nearest.Hint(e.key, known, "known: "+strings.Join(known, ", ")))
}

// split separates the head's lines from the prompt; the head begins on line 2.
func split(data string) (lines []string, prompt string, ok bool) {
	data = strings.ReplaceAll(strings.TrimPrefix(data, "\ufeff"), "\r\n", "\n")
	rest, ok := strings.CutPrefix(data, "---\n")
	if !ok {
		return nil, "", false
	}
	for line := range strings.Lines(rest) {
		rest = rest[len(line):]
		if line = strings.TrimRight(line, "\n"); strings.TrimRight(line, " ") == "---" {
			return lines, rest, true
		}
		lines = append(lines, line)
	}
	return nil, "", false
}

// parseHead reads the lines of a head; first is the number of the first one.
func parseHead(file string, lines []string, first int) *head {
	h := &head{file: file}
	h.entries = h.block(lines, first, 0)
	return h
}

// block reads the entries that are set in by so many blanks.
func (h *head) block(lines []string, first, indent int) []entry {
	var out []entry
	seen := map[string]bool{}
	for i := 0; i < len(lines); {
		line, no := lines[i], first+i
		i++
		if blank(line) {
			continue
		}
		if tab := strings.IndexByte(line, '\t'); tab >= 0 && blank(line[:tab]) {
			h.fail(strictyaml.Place{Line: no, Col: tab + 1}, "a tab at the beginning of a line", "set lines in with blanks")
			continue
		}
		in := setIn(line)
		key, rest, ok := strings.Cut(line[in:], ":")
		switch {
		case in != indent:
			h.fail(strictyaml.Place{Line: no, Col: in + 1}, "this line is set in and belongs to no key", "")
			continue
		case !ok || !isKey(key):
			h.fail(strictyaml.Place{Line: no, Col: in + 1}, "this line is no \"key: value\"", "")
			continue
		}
		end := i
		for end < len(lines) && (blank(lines[end]) || setIn(lines[end]) > indent || strings.HasPrefix(lines[end][setIn(lines[end]):], "- ")) {
			end++
		}
		e := entry{key: key, at: strictyaml.Place{Line: no, Col: in + 1}}
		h.value(&e, rest, in+len(key)+1, no, lines[i:end], first+i)
		i = end
		if seen[key] {
			h.fail(e.at, "the key \""+key+"\" is there twice", "")
			continue
		}
		seen[key] = true
		out = append(out, e)
	}
	return out
}

// blockMark begins a text of several lines.
var blockMark = regexp.MustCompile(`^[|>][+-]?[1-9]?[+-]?$`)

// value reads what follows a key: rest on its line, from the column after col, and
// the lines that are set in below it.
func (h *head) value(e *entry, rest string, col, line int, below []string, first int) {
	text := strings.TrimSpace(rest)
	e.place = strictyaml.Place{Line: line, Col: col + 1 + len(rest) - len(strings.TrimLeft(rest, " "))}
	if blockMark.MatchString(text) {
		e.text = blockText(below, text[0] == '>')
		return
	}
	for len(below) > 0 && blank(below[len(below)-1]) {
		below = below[:len(below)-1]
	}
	for len(below) > 0 && blank(below[0]) {
		below, first = below[1:], first+1
	}
	switch {
	case text == "" && len(below) == 0:
		e.empty = true
	case text == "" && strings.HasPrefix(strings.TrimLeft(below[0], " "), "- "):
		h.items(e, below, first)
	case text == "":
		e.below = h.block(below, first, setIn(below[0]))
	case strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]"):
		e.items = list(text[1:len(text)-1], strictyaml.Place{Line: line, Col: e.place.Col + 1})
	default:
		e.text = unquote(strings.Join(append([]string{text}, trimmed(below)...), " "))
	}
}

func (h *head) items(e *entry, lines []string, first int) {
	for i, line := range lines {
		in := setIn(line)
		if blank(line) {
			continue
		}
		text, ok := strings.CutPrefix(line[in:], "- ")
		if !ok {
			h.fail(strictyaml.Place{Line: first + i, Col: in + 1}, "this line is no \"- item\" of "+e.key, "")
			continue
		}
		e.items = append(e.items, item{unquote(strings.TrimSpace(text)), strictyaml.Place{Line: first + i, Col: in + 3}})
	}
}

// list is an entry's items: those that it has, or its text cut at commas.
func (e entry) list() []item {
	if e.items != nil || e.text == "" {
		return e.items
	}
	return list(e.text, e.place)
}

// list cuts at commas that are not within parentheses: "Read, Bash(git log:*, ls)".
func list(text string, at strictyaml.Place) []item {
	var out []item
	depth, begin := 0, 0
	take := func(end int) {
		part := text[begin:end]
		if t := unquote(strings.TrimSpace(part)); t != "" {
			out = append(out, item{t, strictyaml.Place{Line: at.Line, Col: at.Col + begin + len(part) - len(strings.TrimLeft(part, " "))}})
		}
		begin = end + 1
	}
	for i, r := range text {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			take(i)
		}
	}
	take(len(text))
	return out
}

func blank(line string) bool {
	t := strings.TrimLeft(line, " ")
	return t == "" || strings.HasPrefix(t, "#")
}

func setIn(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

func isKey(s string) bool {
	if s == "" {
		return false
	}
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-') {
			return false
		}
	}
	return true
}

func trimmed(lines []string) []string {
	var out []string
	for _, l := range lines {
		if t := strings.TrimSpace(l); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// blockText joins the lines of a block: by blanks where it is folded.
func blockText(lines []string, folded bool) string {
	if folded {
		return strings.Join(trimmed(lines), " ")
	}
	in := -1
	for _, l := range lines {
		if t := strings.TrimSpace(l); t != "" && (in < 0 || setIn(l) < in) {
			in = setIn(l)
		}
	}
	var out []string
	for _, l := range lines {
		out = append(out, strings.TrimRight(l[min(max(in, 0), len(l)):], " "))
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

func unquote(s string) string {
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}
