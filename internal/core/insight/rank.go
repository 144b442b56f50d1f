package insight

import (
	"slices"

	"popkit/internal/core/event"
)

// Rank returns the insights for a new agent's prompt, in the order of Pull: all
// that the reader may have when their Size together is at most limit bytes, or
// else those that fit, the most important first. left is how many more there
// are. A limit of zero or less is none.
func (x *Index) Rank(r Reader, limit int) (chosen []*Insight, left int) {
	size := 0
	for _, in := range x.ranked(&r) {
		n := Size(in)
		if limit > 0 && size+n > limit {
			left++
			continue
		}
		size += n
		chosen = append(chosen, in)
	}
	return chosen, left
}

// Size is about how many bytes an insight takes in a prompt.
func Size(in *Insight) int {
	n := len(in.Content) + len(in.Agent) + len(in.Phase) + len(in.Kind) + len(in.ID) + 40
	for _, tag := range in.Tags {
		n += len(tag) + 2
	}
	return n
}

// The lines of the package's text, as Rank uses them.
const (
	lineBlocker = iota
	lineAnswer
	lineQuestion
	linePattern
	lineTopic
	lineOpen
	lineOther // touches nothing of the reader's: a prompt has room for it
	lineNear
	numLines
)

// ranked returns everything the reader may have, line by line.
func (x *Index) ranked(r *Reader) []*Insight {
	var lines [numLines][]*Insight
	at := x.marks(r)
	var given positions
	for pos := int32(len(x.all)) - 1; pos >= 0; pos-- {
		e := &x.all[pos]
		if r.has(e.Insight) {
			continue
		}
		l := line(e, r, at)
		if l != lineBlocker && r.FullRouting && slices.ContainsFunc(e.near, func(other int32) bool {
			return given.has(other) || r.has(x.all[other].Insight)
		}) {
			l = lineNear
		}
		given.add(pos)
		lines[l] = append(lines[l], e.Insight)
	}
	return slices.Concat(lines[:]...)
}

// marks are where what touches a reader's topics is, and what has no topic.
type marks struct{ topic, open positions }

func (x *Index) marks(r *Reader) (m marks) {
	for _, question := range []bool{true, false} {
		for _, t := range r.topics(question) {
			for _, pos := range x.topic[t] {
				m.topic.add(pos)
			}
		}
	}
	for _, pos := range x.lists[open] {
		m.open.add(pos)
	}
	return m
}

// positions is a set of positions in an Index.
type positions struct{ bits []uint64 }

func (s *positions) add(pos int32) {
	for int(pos/64) >= len(s.bits) {
		s.bits = append(s.bits, 0)
	}
	s.bits[pos/64] |= 1 << (pos % 64)
}

func (s *positions) has(pos int32) bool {
	return int(pos/64) < len(s.bits) && s.bits[pos/64]&(1<<(pos%64)) != 0
}

func line(e *entry, r *Reader, at marks) int {
	switch {
	case !r.FullRouting:
		return lineTopic
	case e.Kind == event.InsightBlocker:
		return lineBlocker
	case slices.ContainsFunc(r.Needs, func(n Need) bool { return Answers(n, e.Insight) }):
		return lineAnswer
	case e.Kind == event.InsightPattern:
		return linePattern
	case at.topic.has(e.pos) && e.Kind == event.InsightQuestion:
		return lineQuestion
	case at.topic.has(e.pos):
		return lineTopic
	case at.open.has(e.pos):
		return lineOpen
	}
	return lineOther
}
