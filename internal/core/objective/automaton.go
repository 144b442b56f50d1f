package objective

import (
	"slices"
	"sort"
	"unicode/utf8"
)

// automaton accepts the paths that a set of patterns matches. It errs on the
// side of accepting: it accepts every path that doublestar matches. Runes are
// its letters, "/" is one of them.
type automaton struct {
	states []node
	start  []int
	accept int
}

// node is a state: it may go to eps without reading, and to next by reading a
// rune of on.
type node struct {
	eps  []int
	on   runes
	next int
}

// runes is a set of runes, as sorted intervals that don't touch.
type runes []interval

type interval struct{ lo, hi rune }

var (
	anyRune  = runes{{0, utf8.MaxRune}}
	slash    = runes{{'/', '/'}}
	notSlash = runes{{0, '/' - 1}, {'/' + 1, utf8.MaxRune}}
)

func (s runes) has(r rune) bool {
	for _, iv := range s {
		if iv.lo <= r && r <= iv.hi {
			return true
		}
	}
	return false
}

// meets says whether two sets share a rune besides "/", and whether they share
// that.
func (s runes) meets(t runes) (plain, sep bool) {
	for i, j := 0, 0; i < len(s) && j < len(t); {
		lo, hi := max(s[i].lo, t[j].lo), min(s[i].hi, t[j].hi)
		if lo <= '/' && '/' <= hi {
			sep = true
		}
		if lo < hi || lo == hi && lo != '/' {
			plain = true
		}
		if s[i].hi < t[j].hi {
			i++
		} else {
			j++
		}
	}
	return plain, sep
}

// compile makes an automaton of plain patterns (see normal).
func compile(patterns []string) *automaton {
	a := &automaton{states: make([]node, 1, 16)} // state 0 accepts
	for _, p := range patterns {
		a.start = append(a.start, a.pattern([]rune(p)))
	}
	return a
}

func (a *automaton) add(n node) int {
	a.states = append(a.states, n)
	return len(a.states) - 1
}

// pattern adds states for p, from its end to its beginning, and returns the
// first of them.
func (a *automaton) pattern(p []rune) int {
	toks := tokens(p)
	next := a.accept
	for i := len(toks) - 1; i >= 0; i-- {
		t := toks[i]
		switch t.kind {
		case one:
			next = a.add(node{on: t.set, next: next})
		case star:
			next = a.loop(t.set, next)
		case below: // "/**" at the end: nothing, or "/" and anything
			rest := a.loop(anyRune, next)
			sep := a.add(node{on: slash, next: rest})
			next = a.add(node{eps: []int{next, sep}})
		case deep: // "**/": nothing, or anything that ends in "/"
			sep := a.add(node{on: slash, next: next})
			rest := a.loop(anyRune, sep)
			next = a.add(node{eps: []int{next, rest}})
		}
	}
	return next
}

// loop adds a state that reads any number of runes of set.
func (a *automaton) loop(set runes, next int) int {
	i := a.add(node{eps: []int{next}, on: set})
	a.states[i].next = i
	return i
}

// closure adds to set all states that are reachable without reading.
func (a *automaton) closure(set []int) []int {
	seen := make([]bool, len(a.states))
	var out []int
	for work := slices.Clone(set); len(work) > 0; {
		s := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[s] {
			continue
		}
		seen[s] = true
		out = append(out, s)
		work = append(work, a.states[s].eps...)
	}
	sort.Ints(out)
	return out
}

// step reads r in each state of set.
func (a *automaton) step(set []int, r rune) []int {
	var to []int
	for _, s := range set {
		if a.states[s].on.has(r) {
			to = append(to, a.states[s].next)
		}
	}
	return a.closure(to)
}

// acceptsAll reports whether the state accepts whatever comes.
func (a *automaton) acceptsAll(s int) bool {
	n := &a.states[s]
	return n.next == s && slices.Contains(n.eps, a.accept) && len(n.on) == 1 && n.on[0] == anyRune[0]
}

// letters returns one rune of each class of runes that neither automaton tells
// apart: the least of the class is the start of an interval or of a gap.
func letters(as ...*automaton) []rune {
	out := []rune{0, '/', '/' + 1}
	for _, a := range as {
		for _, n := range a.states {
			for _, iv := range n.on {
				out = append(out, iv.lo)
				if iv.hi < utf8.MaxRune {
					out = append(out, iv.hi+1)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
