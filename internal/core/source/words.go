package source

import "strings"

// InName reports whether a byte can be part of a name.
func InName(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// Find returns where w stands in s as a word of its own, -1 where it does not.
func Find(s, w string) int {
	for from := 0; ; {
		i := strings.Index(s[from:], w)
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(w)
		if (i == 0 || !InName(s[i-1]) || !InName(w[0])) && (end == len(s) || !InName(s[end]) || !InName(w[len(w)-1])) {
			return i
		}
		from = i + 1
	}
}

// Has reports whether one of the words stands in s.
func Has(s string, words ...string) bool {
	for _, w := range words {
		if Find(s, w) >= 0 {
			return true
		}
	}
	return false
}

// Call returns where the arguments of a call of w begin in s, -1 where w is not
// called, or is a method of something (x.w).
func Call(s, w string) int {
	for from := 0; ; {
		i := Find(s[from:], w)
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

// Calls reports whether one of the words is called in s.
func Calls(s string, words ...string) bool {
	for _, w := range words {
		if Call(s, w) >= 0 {
			return true
		}
	}
	return false
}

// Prefixed reports whether s begins with one of the prefixes.
func Prefixed(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// Name returns the name that s begins with.
func Name(s string) string {
	n := 0
	for n < len(s) && InName(s[n]) {
		n++
	}
	return s[:n]
}

// Uncommented returns the line without its comment.
func Uncommented(ln Line) string {
	if ln.Comment == "" {
		return ln.Raw
	}
	return strings.Replace(ln.Raw, ln.Comment, "", 1)
}

// Digits returns the number that s begins with.
func Digits(s string) (number, rest string) {
	n := 0
	for n < len(s) && (s[n] >= '0' && s[n] <= '9' || s[n] == '.' || s[n] == '_') {
		n++
	}
	if n < len(s) && InName(s[n]) {
		return "", s
	}
	return s[:n], s[n:]
}
