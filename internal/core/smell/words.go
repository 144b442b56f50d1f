package smell

import (
	"strconv"
	"strings"

	"popkit/internal/core/excerpt"
)

// maxExcerpt bounds what is shown of a line.
const maxExcerpt = 160

func place(path string, line int) string { return path + ":" + strconv.Itoa(line) }

// cut shortens a line for showing, between runes.
func cut(s string) string {
	return excerpt.Of(strings.ToValidUTF8(s, "?"), maxExcerpt)
}

// spaced makes single blanks of all stretches of blanks.
func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }
