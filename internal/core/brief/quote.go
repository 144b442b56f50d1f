package brief

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escape matches the sequences by which commands colour their output.
var escape = regexp.MustCompile("\x1b(\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)?)")

// clean takes out what a text has no use for in a prompt: a terminal's escape
// sequences, control characters but for tab and newline, invisible characters and those that change the direction
// of text. All that ends a line somewhere is a newline afterwards.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	s = escape.ReplaceAllString(s, "")
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

// line returns the text as one line.
func line(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// quote returns the text as quoted lines, each with its newline; nothing for
// nothing. Blank lines at both ends are dropped.
func quote(s string) string {
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

// Line returns what an agent or a command wrote as one line, without what could hide
// in it.
func Line(s string) string { return line(s) }

// code returns the text as one line of code, however many backticks it holds.
func code(s string) string {
	s = line(s)
	longest, run := 0, 0
	for _, r := range s {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	if longest == 0 {
		return "`" + s + "`"
	}
	fence := strings.Repeat("`", longest+1)
	return fence + " " + s + " " + fence
}

func codes(all []string) string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = code(s)
	}
	return strings.Join(out, ", ")
}

// head returns the beginning of s, at most n bytes, whole characters, with … at
// its end when something was cut.
func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if n < len("…") {
		return ""
	}
	n -= len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// tail returns the end of s, at most n bytes, whole lines where there is one.
func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if n < len("…\n") {
		return ""
	}
	rest := s[len(s)-n+len("…\n"):]
	if i := strings.IndexByte(rest, '\n'); i >= 0 && i+1 < len(rest) {
		return "…\n" + rest[i+1:]
	}
	for rest != "" && !utf8.RuneStart(rest[0]) {
		rest = rest[1:]
	}
	return "…\n" + rest
}
