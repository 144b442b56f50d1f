package insight

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxWords bounds how many different words of one text are looked at.
const maxWords = 256

// stopWords say nothing about what a text is about.
var stopWords = set(
	"a an and any are as at be been being but by can could did do does done for from get had has have how i if in into is " +
		"it its let like may me might more most must my need needed needs now of on onto or our out please should so " +
		"some such than that the their them then there these they this those to too use used using via was we were " +
		"what when where which who why will with would you your")

// negators turn a sentence into its opposite.
var negators = set("not no never none nothing neither nor cannot without nowhere nobody")

// opposites are words of which one in place of the other turns a sentence into
// its opposite. Both directions are looked up.
var opposites = pairs(
	"pass fail passing failing passed failed work broken work break works fails valid invalid safe unsafe " +
		"enabled disabled enable disable true false always never on off allowed forbidden allow deny " +
		"before after sync async synchronous asynchronous mutable immutable possible impossible " +
		"used unused present missing exist missing success failure succeed fail fast slow required optional " +
		"public private supported unsupported deterministic nondeterministic above below more less")

func set(words string) map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

func pairs(words string) map[string][]string {
	m := make(map[string][]string)
	fields := strings.Fields(words)
	for i := 0; i+1 < len(fields); i += 2 {
		a, b := stem(fields[i]), stem(fields[i+1])
		m[a] = append(m[a], b)
		m[b] = append(m[b], a)
	}
	return m
}

// text is a text cut into what comparisons need.
type text struct {
	words    []string // different content words, stemmed, sorted
	negators int      // how many words negate
}

// read cuts a text into words: at everything that is neither letter nor digit
// and where lower case turns into upper, so that src/models/user.ts,
// user_model and UserModel share their words with "user model".
func read(s string) text {
	var t text
	seen := make(map[string]bool)
	for rest := s; len(seen) < maxWords; {
		var word string
		word, rest = nextWord(rest)
		if word == "" {
			break
		}
		word = strings.ToLower(word)
		if negates(word) {
			t.negators++
			continue
		}
		word, _, _ = strings.Cut(word, "'")
		if stopWords[word] || len(word) == 1 && !unicode.IsDigit(rune(word[0])) {
			continue
		}
		if word = stem(word); !seen[word] {
			seen[word] = true
			t.words = append(t.words, word)
		}
	}
	slices.Sort(t.words)
	return t
}

// nextWord returns the first word of s with its apostrophes written as ', and
// what follows it; "" at the end.
func nextWord(s string) (word, rest string) {
	start := strings.IndexFunc(s, inWord)
	if start < 0 {
		return "", ""
	}
	s = s[start:]
	lower := false
	for i, r := range s {
		if apostrophe(r) && letterAt(s, i+utf8.RuneLen(r)) {
			continue
		}
		if !inWord(r) || lower && unicode.IsUpper(r) {
			return plainApostrophes(s[:i]), s[i:]
		}
		lower = unicode.IsLower(r)
	}
	return plainApostrophes(s), ""
}

func inWord(r rune) bool     { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
func apostrophe(r rune) bool { return r == '\'' || r == '’' }

func letterAt(s string, i int) bool {
	r, _ := utf8.DecodeRuneInString(s[i:])
	return unicode.IsLetter(r)
}

func plainApostrophes(word string) string { return strings.ReplaceAll(word, "’", "'") }

func negates(word string) bool { return negators[word] || strings.HasSuffix(word, "n't") }

// stem takes an English plural or third person's ending off.
func stem(word string) string {
	switch {
	case len(word) <= 3 || !strings.HasSuffix(word, "s"):
		return word
	case strings.HasSuffix(word, "ss"), strings.HasSuffix(word, "us"), strings.HasSuffix(word, "is"):
		return word
	case strings.HasSuffix(word, "ies"):
		return strings.TrimSuffix(word, "ies") + "y"
	}
	return strings.TrimSuffix(word, "s")
}

// maxPaths bounds how many paths of one text are looked at, maxDepth how deep.
const (
	maxPaths = 16
	maxDepth = 16
)

// mentioned returns the paths that a text mentions, and every directory above
// each of them, without repetitions, in order.
func mentioned(content string) []string {
	var out []string
	found := 0
	for _, field := range strings.FieldsFunc(content, betweenPaths) {
		path := cleanPath(field)
		if path == "" {
			continue
		}
		if found++; found > maxPaths {
			break
		}
		for _, p := range withParents(path) {
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}

func betweenPaths(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune("\"'`()[]<>|,;=:", r)
}

// cleanPath returns the field as a path relative to the repository, or "" when
// it is none: a path here has a slash inside, so that "and/or" is taken for one
// (it will match no scope) and "README" is not.
func cleanPath(field string) string {
	field = strings.TrimPrefix(strings.TrimRight(field, ".!?/*"), "./")
	if strings.HasPrefix(field, "/") || !strings.Contains(field, "/") || strings.Contains(field, "//") {
		return ""
	}
	return field
}

func withParents(path string) []string {
	var out []string
	for i, r := range path {
		if r == '/' && i > 0 && len(out) < maxDepth {
			out = append(out, path[:i])
		}
	}
	return append(out, path)
}

// fixedPart returns the directories of a scope's pattern up to its first
// wildcard: "src/api" for "src/api/**". It is "" when the pattern begins with
// one: such a scope says nothing about what the task is about.
func fixedPart(pattern string) string {
	pattern = strings.TrimPrefix(pattern, "./")
	i := strings.IndexAny(pattern, "*?[{\\")
	if i < 0 {
		return strings.TrimRight(pattern, "/")
	}
	slash := strings.LastIndexByte(pattern[:i], '/')
	if slash < 0 {
		return ""
	}
	return pattern[:slash]
}
