package insight

import (
	"cmp"
	"slices"

	"popkit/internal/core/event"
)

// Need is what an agent said it needs to know.
type Need struct {
	Text string
	Tags []string
}

// Answers says whether the insight tells what the need asks for: the need's
// content words are found in the insight's text and tags, at least half of them
// and at least two; one is enough when the need has no other, when they also
// share a tag, and when the insight is of kind answer. A need without content
// words is answered by a shared tag. Questions answer nothing.
func Answers(n Need, in *Insight) bool {
	if in.Kind == event.InsightQuestion {
		return false
	}
	words := read(n.Text).words
	tagged := shareTag(n.Tags, in.Tags)
	if len(words) == 0 {
		return tagged
	}
	found := read(in.Content).words
	for _, tag := range in.Tags {
		found = append(found, read(tag).words...)
	}
	slices.Sort(found)
	shared := 0
	for _, w := range words {
		if contains(found, w) {
			shared++
		}
	}
	if shared > 0 && (tagged || in.Kind == event.InsightAnswer) {
		return true
	}
	return shared >= enough(len(words))
}

// enough returns how many of a need's n words an answer must hold.
func enough(n int) int { return max((n+1)/2, min(n, 2)) }

func shareTag(a, b []string) bool {
	a = CleanTags(a)
	return slices.ContainsFunc(CleanTags(b), func(tag string) bool { return slices.Contains(a, tag) })
}

// Bounds of a search for answers.
const (
	maxNeedWords = 8
	maxScanned   = 1024 // insights looked at for each word
	maxFound     = 64   // insights kept for each word
)

// answering returns where answers to the need may be that skip lets pass: those
// that share most of its words first, the newest first among equals. What it
// returns is still to be tested with Answers.
func (x *Index) answering(n Need, skip func(pos int32) bool) []int32 {
	shared := make(map[int32]int)
	count := func(list []int32) {
		kept := 0
		for _, pos := range slices.Backward(list[max(0, len(list)-maxScanned):]) {
			if skip(pos) {
				continue
			}
			shared[pos]++
			if kept++; kept == maxFound {
				return
			}
		}
	}
	ids := x.rarest(read(n.Text).words)
	for _, id := range ids[:min(len(ids), maxNeedWords)] {
		count(x.posts[id])
	}
	if len(ids) == 0 {
		for _, tag := range CleanTags(n.Tags) {
			count(x.topic[topic{name: tag}])
		}
	}
	out := make([]int32, 0, len(shared))
	for pos := range shared {
		out = append(out, pos)
	}
	slices.SortFunc(out, func(a, b int32) int {
		return cmp.Or(cmp.Compare(shared[b], shared[a]), cmp.Compare(b, a))
	})
	return out
}
