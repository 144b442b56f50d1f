package phrase

import "strings"

// dataWords are what a database is told to lose data.
var dataWords = []string{"drop table", "drop database", "drop schema", "drop view", "drop index", "drop column", "drop keyspace", "drop user", "drop role", "drop materialized", "drop owned",
	"truncate", "delete from", "alter table", "dropdatabase", ".drop(", "deletemany({})", "remove({})", "drop collection", "flushall", "flushdb", "drop tablespace", "purge", "deletemany(", "drop sequence", "drop type", "drop extension", "drop function"}

// LosesData reports whether a database is told, in lower case, to lose data.
func LosesData(said string) bool {
	said = strings.Join(strings.Fields(stripComments(said)), " ")
	for _, w := range dataWords {
		if saidWords(said, w) && (w != "alter table" || strings.Contains(said, " drop ")) {
			return true
		}
	}
	return false
}

// saidWords reports whether a text holds a phrase that is no part of a longer word.
func saidWords(text, phrase string) bool {
	letter := func(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }
	for from := 0; ; {
		i := strings.Index(text[from:], phrase)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(phrase)
		if !(i > 0 && letter(text[i-1]) && letter(phrase[0])) && !(end < len(text) && letter(text[end]) && letter(phrase[len(phrase)-1])) {
			return true
		}
		from = i + 1
	}
}

// stripComments takes SQL's comments out, which can stand between any two words.
func stripComments(s string) string {
	for {
		i := strings.Index(s, "/*")
		if i < 0 {
			return s
		}
		j := strings.Index(s[i+2:], "*/")
		if j < 0 {
			return s[:i]
		}
		s = s[:i] + " " + s[i+2+j+2:]
	}
}
