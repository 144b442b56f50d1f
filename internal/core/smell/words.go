package smell

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxExcerpt bounds what is shown of a line.
const maxExcerpt = 160

func place(path string, line int) string { return path + ":" + strconv.Itoa(line) }

// cut shortens a line for showing, between runes.
func cut(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if len(s) <= maxExcerpt {
		return s
	}
	n := maxExcerpt
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// inName reports whether a byte can be part of a name.
func inName(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// find returns where w stands in s as a word of its own, -1 where it does not.
func find(s, w string) int {
	for from := 0; ; {
		i := strings.Index(s[from:], w)
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(w)
		if (i == 0 || !inName(s[i-1]) || !inName(w[0])) && (end == len(s) || !inName(s[end]) || !inName(w[len(w)-1])) {
			return i
		}
		from = i + 1
	}
}

// has reports whether one of the words stands in s.
func has(s string, words ...string) bool {
	for _, w := range words {
		if find(s, w) >= 0 {
			return true
		}
	}
	return false
}

// first returns the first of the words that stands in s.
func first(s string, words []string) string {
	for _, w := range words {
		if find(s, w) >= 0 {
			return w
		}
	}
	return ""
}

// call returns where the arguments of a call of w begin in s, -1 where w is not
// called, or is a method of something (x.w).
func call(s, w string) int {
	for from := 0; ; {
		i := find(s[from:], w)
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(w)
		rest := strings.TrimLeft(s[end:], " ")
		if (i == 0 || s[i-1] != '.') && strings.HasPrefix(rest, "(") {
			return len(s) - len(rest) + 1
		}
		from = end
	}
}

// calls reports whether one of the words is called in s.
func calls(s string, words ...string) bool {
	for _, w := range words {
		if call(s, w) >= 0 {
			return true
		}
	}
	return false
}

// prefixed reports whether s begins with one of the prefixes.
func prefixed(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// name returns the name that s begins with.
func name(s string) string {
	n := 0
	for n < len(s) && inName(s[n]) {
		n++
	}
	return s[:n]
}

// spaced makes single blanks of all stretches of blanks.
func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }
