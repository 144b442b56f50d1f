package insight

import (
	"cmp"
	"iter"
	"slices"

	"popkit/internal/core/event"
)

// Index holds a run's insights in the order they were added.
type Index struct {
	all   []entry
	byID  map[string]int32
	exact map[string]int32  // by Normalize
	ids   map[string]uint32 // of words, from 0
	posts [][]int32         // by word ID: where the word occurs in content or tags
	topic map[topic][]int32 // questions and plain ones by what they touch
	lists [numLists][]int32
}

// entry is an insight with what comparing it needs.
type entry struct {
	*Insight
	words    []uint32 // IDs of its content's words, sorted
	tagWords []uint32 // and of its tags'
	negators int
	near     []int32 // near-duplicates, both ways
}

// topic is what an insight touches, for those that go by topic.
type topic struct {
	question bool
	path     bool // name is a path, else a tag
	name     string
}

// The lists of insights that are found without a topic.
const (
	blockers = iota // go to everyone
	patterns        // go to everyone
	plain           // all that are neither blocker, pattern nor question
	open            // neither blocker nor pattern, and without any topic
	numLists
)

// NewIndex returns an empty Index.
func NewIndex() *Index {
	return &Index{
		byID: make(map[string]int32), exact: make(map[string]int32),
		ids: make(map[string]uint32), topic: make(map[topic][]int32),
	}
}

// Add appends an insight. It returns false and changes nothing when the ID is
// there already. Its near-duplicates are those that Similar names: they are
// recorded with the insight, so that a later popkit's replay finds the same.
func (x *Index) Add(in Insight) bool {
	if _, ok := x.byID[in.ID]; ok {
		return false
	}
	pos := int32(len(x.all))
	in.pos = pos
	x.byID[in.ID] = pos
	if key := Normalize(in.Kind, in.Content); !x.has(key) {
		x.exact[key] = pos
	}
	x.all = append(x.all, x.newEntry(&in))
	for _, id := range in.Similar {
		if other, ok := x.byID[id]; ok && other != pos {
			x.all[pos].near = append(x.all[pos].near, other)
			x.all[other].near = append(x.all[other].near, pos)
		}
	}
	x.file(&in)
	return true
}

func (x *Index) has(key string) bool { _, ok := x.exact[key]; return ok }

// newEntry reads the insight's words and files it under each of them.
func (x *Index) newEntry(in *Insight) entry {
	content := read(in.Content)
	e := entry{Insight: in, negators: content.negators}
	for _, w := range content.words {
		e.words = append(e.words, x.post(w, in.pos))
	}
	slices.Sort(e.words)
	for _, tag := range in.Tags {
		for _, w := range read(tag).words {
			e.tagWords = append(e.tagWords, x.post(w, in.pos))
		}
	}
	return e
}

// post files pos under the word, once, and returns the word's ID.
func (x *Index) post(word string, pos int32) uint32 {
	id, ok := x.ids[word]
	if !ok {
		id = uint32(len(x.posts))
		x.ids[word] = id
		x.posts = append(x.posts, nil)
	}
	if list := x.posts[id]; len(list) == 0 || list[len(list)-1] != pos {
		x.posts[id] = append(list, pos)
	}
	return id
}

// file puts the insight on the lists by which Pull finds it.
func (x *Index) file(in *Insight) {
	list := func(i int) { x.lists[i] = append(x.lists[i], in.pos) }
	switch in.Kind {
	case event.InsightBlocker:
		list(blockers)
		return
	case event.InsightPattern:
		list(patterns)
		return
	}
	question := in.Kind == event.InsightQuestion
	if !question {
		list(plain)
	}
	topics := topicsOf(in, question)
	if len(topics) == 0 {
		list(open)
	}
	for _, t := range topics {
		x.topic[t] = append(x.topic[t], in.pos)
	}
}

func topicsOf(in *Insight, question bool) []topic {
	var out []topic
	for _, tag := range CleanTags(in.Tags) {
		out = append(out, topic{question: question, name: tag})
	}
	for _, path := range mentioned(in.Content) {
		out = append(out, topic{question: question, path: true, name: path})
	}
	return out
}

// Confirm records that agent found what insight id says; once, and not for the
// agent that shared it. It returns false when there is no such insight.
func (x *Index) Confirm(id, agent string) bool {
	in := x.Get(id)
	if in == nil {
		return false
	}
	if !in.knows(agent) {
		c := *in
		c.Confirmed = append(slices.Clip(in.Confirmed), agent)
		x.all[in.pos].Insight = &c
	}
	return true
}

// knows says whether the agent shared or confirmed the insight.
func (in *Insight) knows(agent string) bool {
	return in.Agent == agent || slices.Contains(in.Confirmed, agent)
}

// Find returns the insight that says exactly the same (see Normalize).
func (x *Index) Find(kind, content string) (id string, ok bool) {
	pos, ok := x.exact[Normalize(kind, content)]
	if !ok {
		return "", false
	}
	return x.all[pos].ID, true
}

// Get returns the insight with that ID, nil when there is none.
func (x *Index) Get(id string) *Insight {
	pos, ok := x.byID[id]
	if !ok {
		return nil
	}
	return x.all[pos].Insight
}

// Len returns how many insights there are.
func (x *Index) Len() int { return len(x.all) }

// All yields the insights in the order they were added.
func (x *Index) All() iter.Seq[*Insight] {
	return func(yield func(*Insight) bool) {
		for i := range x.all {
			if !yield(x.all[i].Insight) {
				return
			}
		}
	}
}

// rarest returns the IDs of the words that the index knows, those that occur
// least often first.
func (x *Index) rarest(words []string) []uint32 {
	var ids []uint32
	for _, w := range words {
		if id, ok := x.ids[w]; ok {
			ids = append(ids, id)
		}
	}
	slices.SortStableFunc(ids, func(a, b uint32) int { return cmp.Compare(len(x.posts[a]), len(x.posts[b])) })
	return ids
}
