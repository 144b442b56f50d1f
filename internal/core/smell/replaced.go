package smell

import (
	"strings"

	"popkit/internal/core/source"
)

// maxRenames bounds the tests that are looked at for a renamed one.
const maxRenames = 200

// replaced returns which of the new tests took the place of an old one, -1 for
// none: one that shares at least half of its lines, or that stands where it stood
// or has half of the words of its name, and demands at least half as much. In a
// fragment, where bodies are cut, any will do.
func (d *diff) replaced(u *source.Unit, fresh []*source.Unit, after map[*source.Unit]*source.Unit) int {
	fresh = fresh[:min(len(fresh), maxRenames)]
	for i, n := range fresh {
		if len(u.Body()) == 0 || len(n.Body()) == 0 || alike(u, n) >= 0.5 {
			return i
		}
	}
	s, w := tally(u)
	for i, n := range fresh {
		s1, w1 := tally(n)
		if (2*(s1+w1) >= s+w || d.helped(n)) && (after[u] == after[n] || related(u.Name, n.Name)) {
			return i
		}
	}
	return -1
}

// helped reports whether a test calls a new function that asserts.
func (d *diff) helped(u *source.Unit) bool {
	for _, l := range u.Body() {
		if uses(l.Code, d.begun) {
			return true
		}
	}
	return false
}

// table reports whether a test runs once for each row of a table.
func table(u *source.Unit) bool {
	for _, l := range u.Lines() {
		if strings.Contains(l.Code, "parametrize") || strings.Contains(l.Code, ".each(") || strings.Contains(l.Code, "@Parameterized") || strings.Contains(l.Code, "#[case") ||
			strings.Contains(l.Code, "[]struct") || strings.Contains(l.Code, ":= range ") {
			return true
		}
	}
	return false
}

// twin reports whether a test was there twice, and still is once.
func (f *file) twin(u *source.Unit) bool {
	for i := range f.after {
		if n := &f.after[i]; n.Name == u.Name && !n.Group && len(u.Body()) > 0 && alike(u, n) >= 0.9 {
			return true
		}
	}
	return false
}

// kept reports whether most lines of a test stand in a file of tests anew.
func (d *diff) kept(u *source.Unit) bool {
	n, all := 0, 0
	for _, l := range u.Body() {
		if strings.Trim(l.Key, "(){}[];,") == "" || l.Key == "end" {
			continue
		}
		if all++; d.come[l.Key] {
			n++
		}
	}
	return all > 0 && 4*n >= 3*all
}

// anchors returns for each test that is gone or new the one before it that stayed,
// as it is in the new text; nil at the beginning.
func (f *file) anchors() map[*source.Unit]*source.Unit {
	is := map[*source.Unit]*source.Unit{}
	for _, p := range f.both {
		is[p[0]], is[p[1]] = p[1], p[1]
	}
	out := map[*source.Unit]*source.Unit{}
	for _, list := range [][]source.Unit{f.before, f.after} {
		var last *source.Unit
		for i := range list {
			u := &list[i]
			if now := is[u]; now != nil {
				last = now
			} else {
				out[u] = last
			}
		}
	}
	return out
}

// related reports whether two names have at least half of their words in common.
func related(a, b string) bool {
	x, y := words(a), words(b)
	n := 0
	for w := range x {
		if y[w] {
			n++
		}
	}
	return n > 1 && 2*n >= max(len(x), len(y))
}

// words cuts a name at underscores, blanks, and where lower case turns into upper.
func words(s string) map[string]bool {
	out := map[string]bool{}
	from := 0
	put := func(end int) {
		if end > from {
			out[strings.ToLower(s[from:end])] = true
		}
	}
	for i := range len(s) {
		switch c := s[i]; {
		case !source.InName(c) || c == '_':
			put(i)
			from = i + 1
		case c >= 'A' && c <= 'Z' && i > from && s[i-1] >= 'a' && s[i-1] <= 'z':
			put(i)
			from = i
		}
	}
	put(len(s))
	return out
}

// alike is the part of a test's lines that another has, too.
func alike(a, b *source.Unit) float64 {
	has := map[string]int{}
	for _, l := range b.Body() {
		has[l.Key]++
	}
	n, all := 0, 0
	for _, l := range a.Body() {
		if strings.Trim(l.Key, "(){}[];,") == "" || l.Key == "end" {
			continue
		}
		all++
		if has[l.Key]--; has[l.Key] >= 0 {
			n++
		}
	}
	if all == 0 {
		return 1
	}
	return float64(n) / float64(all)
}
