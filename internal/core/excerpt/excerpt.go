package excerpt

import "unicode/utf8"

// Of is s, or where it is longer than n bytes its first n at most, up to a rune's
// end, and "…".
func Of(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
