package insight

import (
	"cmp"
	"math"
	"slices"
)

// Threshold is how much of their words two texts share, at least, to be
// near-duplicates: |A ∩ B| / |A ∪ B| over their different content words.
const Threshold = 0.6

// Bounds of a search for near-duplicates.
const (
	maxPostings   = 64  // newest insights looked at for each word
	maxCandidates = 256 // compared in all
	maxSimilar    = 8   // returned
)

// Similar returns the IDs of the insights whose text is nearly the same, the
// most similar first, at most 8. Texts that differ in what they negate, or of
// which one says the opposite word ("passes", "fails"), are not similar. Order
// of words, case and punctuation make no difference, so a text that is the same
// but for inner blanks is found here.
func (x *Index) Similar(content string) []string {
	query := read(content)
	ids := x.rarest(query.words)
	type match struct {
		pos   int32
		score float64
	}
	var matches []match
	for _, pos := range x.candidates(ids, len(query.words)) {
		e := &x.all[pos]
		if score := e.similarity(ids, query); score >= Threshold && !x.opposed(e, query) {
			matches = append(matches, match{pos, score})
		}
	}
	slices.SortFunc(matches, func(a, b match) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.pos, a.pos))
	})
	var out []string
	for _, m := range matches[:min(len(matches), maxSimilar)] {
		out = append(out, x.all[m.pos].ID)
	}
	return out
}

// candidates returns where texts are that may share Threshold of n words. Such
// a text holds at least Threshold·n of them, so it holds at least one of any
// n - Threshold·n + 1, of which the rarest have the shortest lists.
func (x *Index) candidates(ids []uint32, n int) []int32 {
	unknown := n - len(ids) // words that no insight holds
	look := n - int(math.Ceil(Threshold*float64(n)-1e-9)) + 1 - unknown
	var out []int32
	seen := make(map[int32]bool)
	for _, id := range ids[:max(0, min(look, len(ids)))] {
		list := x.posts[id]
		for _, pos := range slices.Backward(list[max(0, len(list)-maxPostings):]) {
			if seen[pos] {
				continue
			}
			if len(out) == maxCandidates {
				return out
			}
			seen[pos] = true
			out = append(out, pos)
		}
	}
	return out
}

// similarity is the share of words that the entry and the query have in common.
// ids are those of the query's words that the index knows.
func (e *entry) similarity(ids []uint32, query text) float64 {
	if e.negators != query.negators {
		return 0
	}
	shared := 0
	for _, id := range ids {
		if _, ok := slices.BinarySearch(e.words, id); ok {
			shared++
		}
	}
	union := len(e.words) + len(query.words) - shared
	if union == 0 {
		return 0
	}
	return float64(shared) / float64(union)
}

// opposed says whether the entry says the opposite of one of the query's words in
// its place: it holds the one and not the other, and the query the reverse.
func (x *Index) opposed(e *entry, query text) bool {
	holds := func(word string) bool {
		id, ok := x.ids[word]
		if ok {
			_, ok = slices.BinarySearch(e.words, id)
		}
		return ok
	}
	for _, w := range query.words {
		for _, o := range opposites[w] {
			if holds(o) && !contains(query.words, o) && !holds(w) {
				return true
			}
		}
	}
	return false
}

func contains(sorted []string, w string) bool {
	_, ok := slices.BinarySearch(sorted, w)
	return ok
}
