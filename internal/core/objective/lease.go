package objective

import (
	"slices"
	"strings"
)

// maxCost bounds the work of contained, whose worst case is exponential.
const maxCost = 500_000

// lease is a scope made ready to compare with others.
type lease struct {
	written []string
	parts   [][]part // for each written pattern; nil: it can't be compared
}

type part struct {
	prefix string // every path that the pattern matches begins with it
	auto   *automaton
}

func newLease(scope []string) *lease {
	l := &lease{written: scope, parts: make([][]part, len(scope))}
	for i, g := range scope {
		alts, _ := normal(g)
		for _, a := range alts {
			l.parts[i] = append(l.parts[i], part{prefix(a), compile([]string{a})})
		}
	}
	return l
}

// prefix is the plain beginning of a pattern. It leaves out the "/" before "**",
// which matches without it, too.
func prefix(p string) string {
	i := strings.IndexAny(p, `*?[{\`)
	if i < 0 {
		return p
	}
	if strings.HasPrefix(p[i:], "**") {
		return strings.TrimSuffix(p[:i], "/")
	}
	return p[:i]
}

// meet returns a pattern of each lease that can match the same path. What can't
// be compared meets everything.
func meet(a, b *lease) (x, y string, ok bool) {
	if a == nil || b == nil {
		return "", "", false
	}
	for i, as := range a.parts {
		for j, bs := range b.parts {
			if partsMeet(as, bs) {
				return a.written[i], b.written[j], true
			}
		}
	}
	return "", "", false
}

func partsMeet(as, bs []part) bool {
	if as == nil || bs == nil {
		return true
	}
	for _, a := range as {
		for _, b := range bs {
			if !strings.HasPrefix(a.prefix, b.prefix) && !strings.HasPrefix(b.prefix, a.prefix) {
				continue
			}
			if intersect(a.auto, b.auto) {
				return true
			}
		}
	}
	return false
}

// intersect reports whether a path is accepted by both. It walks the pairs of
// states that a path can lead to; fresh pairs are those where a segment has just
// begun, since a path has no empty segments.
func intersect(a, b *automaton) bool {
	w := walk{a: a, b: b, seen: make([]bool, 2*len(a.states)*len(b.states))}
	for _, x := range a.start {
		for _, y := range b.start {
			w.push(x, y, true)
		}
	}
	for len(w.work) > 0 {
		p := w.work[len(w.work)-1]
		w.work = w.work[:len(w.work)-1]
		if p.a == a.accept && p.b == b.accept && !p.fresh {
			return true
		}
		x, y := &a.states[p.a], &b.states[p.b]
		for _, e := range x.eps {
			w.push(e, p.b, p.fresh)
		}
		for _, e := range y.eps {
			w.push(p.a, e, p.fresh)
		}
		plain, sep := x.on.meets(y.on)
		if plain {
			w.push(x.next, y.next, false)
		}
		if sep && !p.fresh {
			w.push(x.next, y.next, true)
		}
	}
	return false
}

type pair struct {
	a, b  int
	fresh bool
}

type walk struct {
	a, b *automaton
	seen []bool
	work []pair
}

func (w *walk) push(x, y int, fresh bool) {
	i := 2 * (x*len(w.b.states) + y)
	if fresh {
		i++
	}
	if !w.seen[i] {
		w.seen[i] = true
		w.work = append(w.work, pair{x, y, fresh})
	}
}

// contained reports whether every path that a accepts is accepted by b. It is
// false when that takes too long to find out.
func contained(a, b *automaton) bool {
	abc := letters(a, b)
	seen := map[string]bool{}
	work := []point{{a.closure(a.start), b.closure(b.start), true}}
	for cost := 0; len(work) > 0; {
		p := work[len(work)-1]
		work = work[:len(work)-1]
		if slices.ContainsFunc(p.b, b.acceptsAll) {
			continue
		}
		if !p.fresh && slices.Contains(p.a, a.accept) && !slices.Contains(p.b, b.accept) {
			return false
		}
		for _, r := range abc {
			if cost += len(p.a) + len(p.b); cost > maxCost {
				return false
			}
			if r == '/' && p.fresh {
				continue
			}
			to := point{a.step(p.a, r), b.step(p.b, r), r == '/'}
			if len(to.a) == 0 {
				continue
			}
			if key := to.key(); !seen[key] {
				seen[key] = true
				work = append(work, to)
			}
		}
	}
	return true
}

// point is the states of two automatons that a path can lead to.
type point struct {
	a, b  []int
	fresh bool
}

func (p point) key() string {
	out := make([]byte, 0, 4*(len(p.a)+len(p.b)+1)+1)
	for _, s := range p.a {
		out = append(out, byte(s>>24), byte(s>>16), byte(s>>8), byte(s))
	}
	out = append(out, 0xff, 0xff, 0xff, 0xff) // no state
	for _, s := range p.b {
		out = append(out, byte(s>>24), byte(s>>16), byte(s>>8), byte(s))
	}
	if p.fresh {
		out = append(out, 1)
	}
	return string(out)
}
