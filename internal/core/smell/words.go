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

// spaced makes single blanks of all stretches of blanks.
func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }
