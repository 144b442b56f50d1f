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
	words := read(n.Text).words
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
	return enough(n, in, len(words), shared)
}

// enough says whether an insight that shares that many of a need's words answers
// it.
func enough(n Need, in *Insight, words, shared int) bool {
	switch {
	case in.Kind == event.InsightQuestion:
		return false
	case words == 0:
		return shareTag(n.Tags, in.Tags)
	case shared == 0:
		return false
	case shared >= max((words+1)/2, min(words, 2)):
		return true
	}
	return in.Kind == event.InsightAnswer || shareTag(n.Tags, in.Tags)
}

func shareTag(a, b []string) bool {
	a = CleanTags(a)
	return slices.ContainsFunc(CleanTags(b), func(tag string) bool { return slices.Contains(a, tag) })
}

// shared returns how many of the words the entry's content and tags hold.
func (e *entry) shared(ids []uint32) int {
	n := 0
	for _, id := range ids {
		if _, ok := slices.BinarySearch(e.words, id); ok || slices.Contains(e.tagWords, id) {
			n++
		}
	}
	return n
}

// Answering returns what answers the need, at most limit: what answers it best first.
func (x *Index) Answering(n Need, limit int) []*Insight {
	var out []*Insight
	for _, pos := range x.answering(n, func(int32) bool { return false }) {
		if len(out) == limit {
			break
		}
		out = append(out, x.all[pos].Insight)
	}
	return out
}

// Bounds of a search for answers.
const (
	maxNeedWords = 8
	maxScanned   = 1024 // insights looked at for each word
	maxFound     = 64   // insights kept for each word
)

// answering returns where answers to the need are that skip lets pass: those
// that share most of its words first, the newest first among equals. It looks at
// the newest insights of each of the need's rarest words.
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
	words := read(n.Text).words
	ids := x.rarest(words)
	for _, id := range ids[:min(len(ids), maxNeedWords)] {
		count(x.posts[id])
	}
	if len(words) == 0 {
		for _, tag := range CleanTags(n.Tags) {
			count(x.topic[topic{name: tag}])
		}
	}
	out := make([]int32, 0, len(shared))
	for pos := range shared {
		e := &x.all[pos]
		shared[pos] = e.shared(ids) // of all its words, not only those looked at
		if enough(n, e.Insight, len(words), shared[pos]) {
			out = append(out, pos)
		}
	}
	slices.SortFunc(out, func(a, b int32) int {
		return cmp.Or(cmp.Compare(shared[b], shared[a]), cmp.Compare(b, a))
	})
	return out
}
