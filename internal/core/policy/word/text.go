package word

import (
	"strconv"
	"strings"
)

var ansiPlain = map[byte]string{'n': "\n", 't': "\t", 'r': "\r", 'a': "\a", 'b': "\b", 'e': "\x1b", 'E': "\x1b", 'f': "\f",
	'v': "\v", '\\': `\`, '\'': "'", '"': `"`, '?': "?"}

// Ansi decodes $'…', and what echo -e and printf take; zero is how many digits
// may follow a backslash with the 0 counted.
func Ansi(s string, zero int) Word {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if t, ok := ansiPlain[s[i]]; ok {
			b.WriteString(t)
			continue
		}
		at, most, base := i+1, 0, 16
		switch s[i] {
		case 'x':
			most = 2
		case 'u':
			most = 4
		case 'U':
			most = 8
		case '0', '1', '2', '3', '4', '5', '6', '7':
			at, most, base = i, 3, 8
			if s[i] == '0' {
				most = zero
			}
		}
		digits := "0123456789abcdefABCDEF"
		if base == 8 {
			digits = "01234567"
		}
		end := at
		for end < len(s) && end < at+most && strings.IndexByte(digits, s[end]) >= 0 {
			end++
		}
		n, err := strconv.ParseUint(s[at:end], base, 32)
		switch {
		case err != nil || end == at:
			b.WriteString(s[i-1 : i+1])
			continue
		case s[i] == 'u' || s[i] == 'U':
			b.WriteRune(rune(n))
		default:
			b.WriteByte(byte(n))
		}
		i = end - 1
	}
	return Word(b.String())
}

// maxTurns bounds how often printf goes through its format.
const maxTurns = 64

// Printed is what printf writes, as far as its format is a plain one.
func Printed(args []Word) Word {
	if len(args) == 0 {
		return ""
	}
	format, rest := string(Ansi(string(args[0]), 3)), args[1:]
	if !strings.Contains(format, "%") {
		return Word(format)
	}
	var b strings.Builder
	for turn := 0; turn == 0 || len(rest) > 0 && turn < maxTurns; turn++ {
		for i := 0; i < len(format); i++ {
			if format[i] != '%' || i+1 == len(format) {
				b.WriteByte(format[i])
				continue
			}
			i++
			if format[i] == '%' {
				b.WriteByte('%')
				continue
			}
			arg := Word("")
			if len(rest) > 0 {
				arg, rest = rest[0], rest[1:]
			}
			switch format[i] {
			case 's', 'd', 'i', 'q':
				b.WriteString(string(arg))
			case 'b':
				b.WriteString(string(Ansi(string(arg), 4)))
			default:
				return Word(Unknown)
			}
		}
	}
	return Word(b.String())
}

// Texts are words as plain texts.
func Texts(list []Word) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}
