package nearest

import "strings"

// maxWord bounds the words that are compared, in runes: the comparison takes
// time and space in the product of both lengths, and no name is longer.
const maxWord = 100

// Of returns the known word nearest to word, and whether one is near enough to
// be worth a hint: at most a third of its letters differ (always one, when the
// word has two or more). A difference of case or of "-", "_" and blanks counts
// for nothing. The first of several equally near ones is returned.
func Of(word string, known []string) (string, bool) {
	w := fold(word)
	if len(w) == 0 || len(w) > maxWord {
		return "", false
	}
	best, at := "", -1
	for _, k := range known {
		f := fold(k)
		if len(f) == 0 || len(f) > maxWord {
			continue
		}
		limit := max(len(w), len(f)) / 3
		if limit == 0 && min(len(w), len(f)) > 1 {
			limit = 1
		}
		if d := distance(w, f); d <= limit && (at < 0 || d < at) {
			best, at = k, d
		}
	}
	return best, at >= 0
}

// Hint is `did you mean "X"?`, or otherwise when no known word is near.
func Hint(word string, known []string, otherwise string) string {
	if k, ok := Of(word, known); ok {
		return `did you mean "` + k + `"?`
	}
	return otherwise
}

func fold(s string) []rune {
	return []rune(strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s)))
}

// distance is the number of letters to insert, delete, replace or swap with a
// neighbour to turn a into b (optimal string alignment).
func distance(a, b []rune) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
