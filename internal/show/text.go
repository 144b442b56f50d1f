package show

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// Line returns s as one line that is safe to print on a terminal.
func Line(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// flat is Line for text in columns: it leaves blanks as they are.
func flat(s string) string { return strings.NewReplacer("\n", " ", "\t", " ").Replace(clean(s)) }

// Quote returns s as lines that begin with "> ", each with its newline.
func Quote(s string) string {
	s = strings.Trim(clean(s), "\n\t ")
	if s == "" {
		return ""
	}
	var b strings.Builder
	for l := range strings.SplitSeq(s, "\n") {
		b.WriteString(strings.TrimRight("> "+l, " \t"))
		b.WriteByte('\n')
	}
	return b.String()
}

// escape matches the sequences by which commands colour their output.
var escape = regexp.MustCompile("\x1b(\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)?)")

// Clean returns s, of one or more lines, safe to print on a terminal.
func Clean(s string) string { return clean(s) }

// clean takes out what could steer a terminal or change the direction of text.
func clean(s string) string {
	s = escape.ReplaceAllString(strings.ToValidUTF8(s, "\uFFFD"), "")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r == '\u200c' || r == '\u200d': // joiners: part of ordinary writing
			return r
		case unicode.Is(unicode.C, r) && !unicode.Is(unicode.Co, r):
			return -1
		}
		return r
	}, s)
}

// Width returns how many columns a terminal needs for s.
func Width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// wide holds the ranges of runes that take two columns.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1}, {Lo: 0x2e80, Hi: 0x303e, Stride: 1}, {Lo: 0x3041, Hi: 0xa4cf, Stride: 1},
		{Lo: 0xac00, Hi: 0xd7a3, Stride: 1}, {Lo: 0xf900, Hi: 0xfaff, Stride: 1}, {Lo: 0xfe30, Hi: 0xfe6f, Stride: 1},
		{Lo: 0xff00, Hi: 0xff60, Stride: 1}, {Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x1f300, Hi: 0x1f64f, Stride: 1}, {Lo: 0x1f900, Hi: 0x1f9ff, Stride: 1}, {Lo: 0x20000, Hi: 0x3fffd, Stride: 1},
	},
}

func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// Cut shortens s to at most width columns, with "…" where something is missing.
func Cut(s string, width int) string {
	if width <= 0 {
		return ""
	}
	if Width(s) <= width {
		return s
	}
	n := 0
	for i, r := range s {
		if n+runeWidth(r) > width-1 {
			return s[:i] + "…"
		}
		n += runeWidth(r)
	}
	return s
}

// pad fills s with blanks to width columns.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-Width(s)))
}

// Table writes rows in columns that are two blanks apart, the first row being
// the heading; what could steer a terminal is taken out of the cells. The last
// column is cut to fit into width (0: it is not).
func Table(rows [][]string, width int) string {
	var widths []int
	for _, row := range rows {
		for i := range row {
			row[i] = flat(row[i])
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Width(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		used := 0
		for i, cell := range row {
			if i == len(row)-1 {
				if width > 0 {
					cell = Cut(cell, max(8, width-used))
				}
				b.WriteString(cell)
				break
			}
			b.WriteString(pad(cell, widths[i]) + "  ")
			used += widths[i] + 2
		}
		trimmed := strings.TrimRight(b.String(), " ")
		b.Reset()
		b.WriteString(trimmed + "\n")
	}
	return b.String()
}

// Count is "1 agent", "3 agents".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Took is a length of time as people say it: "7s", "3m05s", "20m", "2h10m".
func Took(d time.Duration) string {
	d = max(0, d).Round(time.Second)
	switch {
	case d > 0 && d%time.Hour == 0:
		return fmt.Sprintf("%dh", int(d.Hours()))
	case d > 0 && d < time.Hour && d%time.Minute == 0:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// Commit is the short form of a commit's name.
func Commit(c string) string {
	if len(c) > 10 {
		return c[:10]
	}
	return c
}

// or returns s, or alt where s is empty.
func or(s, alt string) string {
	if s == "" {
		return alt
	}
	return s
}

// list joins names, at most max of them.
func list(names []string, most int) string {
	clean := make([]string, 0, len(names))
	for i, n := range names {
		if i == most {
			return strings.Join(clean, ", ") + fmt.Sprintf(" and %d more", len(names)-most)
		}
		clean = append(clean, Line(n))
	}
	return strings.Join(clean, ", ")
}
