package audit

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ShowPath writes a path as findings and answers name it: as it is, or, where it
// is not plain text, quoted as Go quotes a string.
func ShowPath(p string) string {
	if utf8.ValidString(p) && p != "" && p[0] != '"' && !strings.ContainsFunc(p, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return p
	}
	return strconv.Quote(p)
}

// Visible writes out what a reader would not see, or what would steer the
// terminal: "\u202e" becomes "<U+202E>". Line breaks and tabs stay.
func Visible(s string) string {
	if !strings.ContainsFunc(s, invisible) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		if invisible(r) {
			fmt.Fprintf(&b, "<U+%04X>", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func invisible(r rune) bool {
	return r != '\n' && r != '\t' && r != ' ' && !unicode.IsPrint(r) || filler(r) || selector(r)
}

// hides returns what a character of a source text does to its reader, "" where it
// is harmless. before and after are its neighbours.
func hides(before, r, after rune) string {
	switch {
	case r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
		return "changes the order in which the line reads"
	case r == 0x200b || r >= 0x2060 && r <= 0x2064 || r == 0x180e || r == 0xfeff || filler(r) || r >= 0xe0000 && r <= 0xe007f || selector(r) && r > 0xffff:
		return "is invisible"
	case (r == 0x200c || r == 0x200d || r == 0x200e || r == 0x200f || r == 0x061c || r == 0xad) && ascii(before) && ascii(after):
		return "is invisible"
	case r == 0x1b || r == '\b' || r == 0x9b || r == 0x7f:
		return "steers the terminal of who looks at the file"
	case r == '\r' && after != '\n' && after != 0:
		return "hides the line's beginning on a terminal"
	}
	return ""
}

// filler reports whether r is a letter without a picture.
func filler(r rune) bool { return r == 0x3164 || r == 0xffa0 || r == 0x115f || r == 0x1160 }

// selector reports whether r is a variation selector: a run of them can carry text.
func selector(r rune) bool { return r >= 0xe0100 && r <= 0xe01ef }

func ascii(r rune) bool { return r > ' ' && r < 0x7f }

// suspicious is a quick look whether a text may hold something that hides.
func suspicious(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == 0x1b || c == '\b' || c == 0x7f, c == '\r' && i+1 < len(s) && s[i+1] != '\n':
			return true
		case c >= 0xc2 && strings.IndexByte("\xc2\xd8\xe1\xe2\xe3\xef\xf3", c) >= 0: // where such characters begin
			return true
		}
	}
	return false
}

// hidden looks for text that reads otherwise than it runs.
func (j *judge) hidden() {
	for i := range j.diff.Changes {
		c := &j.diff.Changes[i]
		if c.Commit != "" || !c.New.Regular() || !c.New.Read || !suspicious(c.New.Content) || binary(c.New.Content) {
			continue
		}
		for _, l := range j.added(c) {
			if r, why := firstHidden(l.text, l.new == 1); why != "" {
				j.add(found{rule: Hidden, change: c, line: l.new, same: l.text,
					text: fmt.Sprintf(":%d: U+%04X, which %s", l.new, r, why)})
			}
		}
	}
}

func firstHidden(line string, first bool) (rune, string) {
	runes := []rune(line)
	for i, r := range runes {
		if r == 0xfeff && first && i == 0 {
			continue // a byte order mark
		}
		var before, after rune
		if i > 0 {
			before = runes[i-1]
		}
		if i+1 < len(runes) {
			after = runes[i+1]
		}
		if why := hides(before, r, after); why != "" {
			return r, why
		}
	}
	return 0, ""
}

// binary reports whether the content is no text. Git looks at its beginning only,
// behind which a script can carry anything.
func binary(content string) bool { return strings.IndexByte(content, 0) >= 0 }
