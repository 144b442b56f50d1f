package agent

import "strings"

// MaxDetail bounds the last words that an Outcome carries, in bytes.
const MaxDetail = 2 << 10

// Clip keeps the end of a detail, where the reason is.
func Clip(s string) string {
	s = strings.Trim(s, "\n")
	if n := len(s) - MaxDetail; n > 0 {
		s = strings.ToValidUTF8(s[n:], "")
	}
	return s
}
