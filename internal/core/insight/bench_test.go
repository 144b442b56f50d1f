package insight

import (
	"fmt"
	"testing"

	"popkit/internal/core/event"
)

// filled returns an Index of n insights about n/50 topics.
func filled(n int) *Index {
	x := NewIndex()
	kinds := []string{event.InsightDiscovery, event.InsightDiscovery, event.InsightDiscovery, event.InsightQuestion, event.InsightPattern, event.InsightBlocker}
	for i := range n {
		x.Add(Insight{
			ID: fmt.Sprintf("i-%d", i+1), Agent: fmt.Sprintf("agent-%d", i%100), Kind: kinds[i%len(kinds)], Content: sentence(i),
			Tags: []string{fmt.Sprintf("tag%d", i%(n/50)), "common"},
		})
	}
	return x
}

func sentence(i int) string {
	return fmt.Sprintf("Found the handler%d of route%d with model%d in src/pkg%d/file%d.go, which returns error %d", i, i%97, i%89, i%53, i, i%11)
}

// The cost of each must not grow with the number of insights.
func BenchmarkIndex(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		x := filled(n)
		given := map[string]bool{}
		for i := range n / 2 {
			given[fmt.Sprintf("i-%d", n-i)] = true
		}
		r := Reader{Agent: "agent-7", Tags: []string{"tag3"}, Scope: []string{"src/pkg3/**"}, FullRouting: true}
		b.Run(fmt.Sprintf("find/%d", n), func(b *testing.B) {
			for b.Loop() {
				x.Find(event.InsightDiscovery, sentence(n/2))
			}
		})
		b.Run(fmt.Sprintf("similar/%d", n), func(b *testing.B) {
			for b.Loop() {
				x.Similar(sentence(n / 2))
			}
		})
		b.Run(fmt.Sprintf("pull/%d", n), func(b *testing.B) {
			for b.Loop() {
				x.Pull(r, 3)
			}
		})
		b.Run(fmt.Sprintf("answer/%d", n), func(b *testing.B) {
			for b.Loop() {
				x.Answer(r, Need{Text: "where is the handler7 of route3?"})
			}
		})
		half := r
		half.Seen = func(id string) bool { return given[id] }
		b.Run(fmt.Sprintf("pull-half-seen/%d", n), func(b *testing.B) {
			for b.Loop() {
				x.Pull(half, 3)
			}
		})
	}
}

func BenchmarkAdd(b *testing.B) {
	x := NewIndex()
	for i := 0; b.Loop(); i++ {
		x.Add(Insight{ID: fmt.Sprint(i), Agent: "a", Kind: event.InsightDiscovery, Content: sentence(i), Tags: []string{"common"}, Similar: x.Similar(sentence(i))})
	}
}
