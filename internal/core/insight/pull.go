package insight

import "slices"

// Reader is the agent that asks what it should know.
type Reader struct {
	Agent string
	Task  string // ID
	Role  string
	Tags  []string // of its task
	Scope []string // path patterns of its task
	Needs []Need   // what it asked for and was not told yet
	// Seen says whether it was given the insight before; nil: it was given none.
	Seen func(id string) bool
	// Unseen is how many insights it does not know (see has), so that nothing is
	// looked for once they are found; 0: not counted.
	Unseen int
	// FullRouting: by kind and topic (see the package's text). Without it every
	// reader gets the newest insights.
	FullRouting bool
}

// Pull returns what the reader should be told now, at most limit insights, the
// most important first (see the package's text for the order). It changes
// nothing: what was really given is the caller's to remember, for Reader.Seen.
func (x *Index) Pull(r Reader, limit int) []*Insight {
	if limit <= 0 || len(x.all) == 0 {
		return nil
	}
	p := &pull{x: x, r: &r, limit: limit, taken: make(map[int32]bool)}
	if !r.FullRouting {
		p.newest()
		return p.chosen
	}
	p.list(x.lists[blockers])
	p.late() // no blocker is held back
	for _, n := range r.Needs {
		p.answers(n)
	}
	p.topics(r.topics(true))
	p.list(x.lists[patterns])
	p.topics(r.topics(false))
	p.list(x.lists[open])
	if !r.hasTopics() {
		p.list(x.lists[plain])
	}
	p.late()
	return p.chosen
}

// Blockers returns those that the reader has not, at most limit, the newest first.
func (x *Index) Blockers(r Reader, limit int) []*Insight {
	if len(x.lists[blockers]) == 0 {
		return nil // as nearly always: this is asked after each batch of events
	}
	p := &pull{x: x, r: &r, limit: limit, taken: make(map[int32]bool)}
	p.list(x.lists[blockers])
	p.late()
	return p.chosen
}

// has says that the reader knows the insight: it shared it, confirmed it, or was
// given it.
func (r *Reader) has(in *Insight) bool {
	return in.knows(r.Agent) || r.Seen != nil && r.Seen(in.ID)
}

// topics returns what the reader's task touches, as the index files it.
func (r *Reader) topics(question bool) []topic {
	var out []topic
	for _, tag := range CleanTags(append(slices.Clone(r.Tags), r.Role, r.Task, r.Agent)) {
		out = append(out, topic{question: question, name: tag})
	}
	for _, pattern := range r.Scope {
		if path := fixedPart(pattern); path != "" {
			out = append(out, topic{question: question, path: true, name: path})
		}
	}
	return out
}

// hasTopics says whether the plan said what the reader's task is about.
func (r *Reader) hasTopics() bool {
	return len(CleanTags(r.Tags)) > 0 || slices.ContainsFunc(r.Scope, func(p string) bool { return fixedPart(p) != "" })
}

// pull is one call of Pull.
type pull struct {
	x       *Index
	r       *Reader
	limit   int
	chosen  []*Insight
	reserve []*Insight     // near-duplicates of what the reader has, kept for late
	taken   map[int32]bool // of both
}

func (p *pull) full() bool { return len(p.chosen) >= p.limit }

// done says that there is nothing more to find.
func (p *pull) done() bool { return p.full() || p.r.Unseen > 0 && len(p.taken) >= p.r.Unseen }

// skip says that the insight at pos is nothing for this reader, or is chosen.
func (p *pull) skip(pos int32) bool {
	return p.taken[pos] || p.r.has(p.x.all[pos].Insight)
}

// offer chooses the insight at pos, or keeps it for late when the reader has
// one like it.
func (p *pull) offer(pos int32) {
	e := &p.x.all[pos]
	near := slices.ContainsFunc(e.near, func(other int32) bool {
		return p.taken[other] || p.r.has(p.x.all[other].Insight)
	})
	switch {
	case !near:
		p.chosen = append(p.chosen, e.Insight)
	case len(p.reserve) < p.limit:
		p.reserve = append(p.reserve, e.Insight)
	default:
		return
	}
	p.taken[pos] = true
}

// newest offers everything, newest first, without regard to what is alike.
func (p *pull) newest() {
	for pos := int32(len(p.x.all)) - 1; pos >= 0 && !p.full(); pos-- {
		if !p.skip(pos) {
			p.chosen = append(p.chosen, p.x.all[pos].Insight)
		}
	}
}

// late chooses from what was held back, in the order it was found.
func (p *pull) late() {
	n := min(len(p.reserve), p.limit-len(p.chosen))
	p.chosen = append(p.chosen, p.reserve[:n]...)
	p.reserve = p.reserve[n:]
}

func (p *pull) list(list []int32) { p.merged([][]int32{list}) }

func (p *pull) topics(topics []topic) {
	var lists [][]int32
	for _, t := range topics {
		if list := p.x.topic[t]; len(list) > 0 {
			lists = append(lists, list)
		}
	}
	p.merged(lists)
}

// merged offers what the lists hold, newest first over all of them.
func (p *pull) merged(lists [][]int32) {
	for !p.done() {
		newest := -1
		for i, list := range lists {
			if len(list) > 0 && (newest < 0 || list[len(list)-1] > last(lists[newest])) {
				newest = i
			}
		}
		if newest < 0 {
			return
		}
		pos := last(lists[newest])
		lists[newest] = lists[newest][:len(lists[newest])-1]
		if !p.skip(pos) {
			p.offer(pos)
		}
	}
}

func last(list []int32) int32 { return list[len(list)-1] }

func (p *pull) answers(n Need) {
	if p.full() {
		return
	}
	for _, pos := range p.x.answering(n, p.skip) {
		if p.full() {
			return
		}
		p.offer(pos)
	}
}

// Answer returns the insight that answers the need best, of those that the
// reader has not; nil when nobody knows yet.
func (x *Index) Answer(r Reader, n Need) *Insight {
	p := &pull{x: x, r: &r, limit: 1, taken: make(map[int32]bool)}
	p.answers(n)
	p.late()
	if len(p.chosen) == 0 {
		return nil
	}
	return p.chosen[0]
}
