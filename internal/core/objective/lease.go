package objective

import (
	"fmt"
	"slices"
	"strings"
)

// maxSteps bounds the work of one comparison; see meet and contained for what
// they answer when it is used up.
const maxSteps = 200_000

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

// pair is a state of each of two automatons, and whether a segment has just
// begun: a path has no empty segments.
type pair struct {
	a, b  int
	fresh bool
}

// intersect reports whether a path is accepted by both.
func intersect(a, b *automaton) bool {
	abc := letters(a, b)
	seen := map[pair]bool{}
	var work []pair
	push := func(as, bs []int, fresh bool) {
		for _, x := range a.closure(as) {
			for _, y := range b.closure(bs) {
				if p := (pair{x, y, fresh}); !seen[p] {
					seen[p] = true
					work = append(work, p)
				}
			}
		}
	}
	push(a.start, b.start, true)
	for steps := 0; len(work) > 0; steps++ {
		if steps > maxSteps {
			return true // never miss an overlap
		}
		p := work[len(work)-1]
		work = work[:len(work)-1]
		if p.a == a.accept && p.b == b.accept && !p.fresh {
			return true
		}
		x, y := a.states[p.a], b.states[p.b]
		for _, r := range abc {
			if (r != '/' || !p.fresh) && x.on.has(r) && y.on.has(r) {
				push([]int{x.next}, []int{y.next}, r == '/')
			}
		}
	}
	return false
}

// contained reports whether every path that a accepts is accepted by b. It is
// false when that takes too long to find out.
func contained(a, b *automaton) bool {
	type point struct {
		a, b  []int
		fresh bool
	}
	abc := letters(a, b)
	seen := map[string]bool{}
	work := []point{{a.closure(a.start), b.closure(b.start), true}}
	for steps := 0; len(work) > 0; steps++ {
		p := work[len(work)-1]
		work = work[:len(work)-1]
		if !p.fresh && slices.Contains(p.a, a.accept) && !slices.Contains(p.b, b.accept) {
			return false
		}
		for _, r := range abc {
			if steps++; steps > maxSteps {
				return false
			}
			if r == '/' && p.fresh {
				continue
			}
			to := point{a.step(p.a, r), b.step(p.b, r), r == '/'}
			if key := fmt.Sprint(to); len(to.a) > 0 && !seen[key] {
				seen[key] = true
				work = append(work, to)
			}
		}
	}
	return true
}
