package smell

import (
	"fmt"
	"strings"

	"popkit/internal/core/source"
)

// lost judges a test file that is gone, or that no test runner finds any more.
func (d *diff) lost(f *file) []Finding {
	switch {
	case f.Kind == Renamed && TestFile(f.From) && !f.test && f.held():
		return []Finding{f.about("test_deleted", "was the test file "+f.From+", and is none by its new name", "")}
	case f.Kind != Deleted || !f.test || !source.LangOf(f.Path).Program():
		return nil
	}
	n, moved := 0, 0
	for i := range f.before {
		u := &f.before[i]
		if u.Group {
			continue
		}
		if n++; d.fresh[u.Name] || d.goesWith(u) || d.kept(u) {
			moved++
		}
	}
	switch {
	case n == 0 && f.Old != "":
		return nil // helpers
	case n > 0 && moved == n, n > 0 && (d.namesake(f) || d.follower(f, n)):
		return nil
	case n == 0:
		return []Finding{f.about("test_deleted", "the test file is deleted", "")}
	}
	return []Finding{f.about("test_deleted", fmt.Sprintf("the test file is deleted, and %s with it", count(n-moved, "test")), "")}
}

// held reports whether a file held tests by the name that it had.
func (f *file) held() bool {
	l := source.LangOf(f.From)
	for _, u := range source.Units(l, source.Scan(f.Old, l)) {
		if !u.Group {
			return true
		}
	}
	return f.Old == "" && l.Program()
}

// maxFollowers bounds the new files of tests that are looked at for one that is gone.
const maxFollowers = 50

// follower reports whether a new test file that holds as many tests has the name
// of one that is gone, or one that is made of it.
func (d *diff) follower(f *file, n int) bool {
	name := source.Stem(f.Path)
	if len(name) < stemStart {
		return false
	}
	list := d.whole.born[name[:stemStart]]
	for _, o := range list[:min(len(list), maxFollowers)] {
		if other := source.Stem(o.Path); len(ungrouped(o.fresh)) >= n && (strings.HasPrefix(other, name) || strings.HasPrefix(name, other)) {
			return true
		}
	}
	return false
}

// namesake reports whether a file of code went together with the test file that
// has its name: thing.rb with thing_spec.rb.
func (d *diff) namesake(f *file) bool { return d.whole.dead[string(f.lang)+source.Stem(f.Path)] }

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// namesEnded returns the names that code outside of tests defined before the
// change, and that no changed file defines after it.
func (d *diff) namesEnded() map[string]bool {
	ended := map[string]bool{}
	for _, f := range d.files {
		if f.test || f.foreign {
			continue
		}
		for _, i := range f.removed {
			if n := source.Defined(f.old[i].Code); len(n) > 3 { // shorter ones can not be told from others
				ended[n] = true
			}
		}
	}
	if len(ended) == 0 {
		return ended
	}
	for _, f := range d.files {
		for _, i := range f.added {
			delete(ended, source.Defined(f.new[i].Code))
		}
	}
	return ended
}

// goesWith reports whether a test uses a name that the change took away: it goes
// together with what it tests.
func (d *diff) goesWith(u *source.Unit) bool {
	if len(d.ended) == 0 {
		return false
	}
	for _, l := range u.In[u.Start:u.End] {
		if uses(l.Code, d.ended) {
			return true
		}
	}
	return false
}

// uses reports whether one of the names stands in a line of code.
func uses(code string, list map[string]bool) bool {
	found := false
	source.EachName(code, func(n string) { found = found || list[n] })
	return found
}
