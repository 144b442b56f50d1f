package smell

import (
	"fmt"
	"path"
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

// follower reports whether a new test file that holds as many tests has the name
// of one that is gone, or one that is made of it.
func (d *diff) follower(f *file, n int) bool {
	name := stem(f.Path)
	for _, o := range d.files {
		if other := stem(o.Path); o.test && o.Kind == Created && len(name) > 3 && len(ungrouped(o.fresh)) >= n && (strings.HasPrefix(other, name) || strings.HasPrefix(name, other)) {
			return true
		}
	}
	return false
}

// namesake reports whether a file of code went together with the test file that
// has its name: thing.rb with thing_spec.rb.
func (d *diff) namesake(f *file) bool {
	name := stem(f.Path)
	for _, o := range d.files {
		place := "_" + strings.ReplaceAll(strings.TrimSuffix(o.Path, path.Ext(o.Path)), "/", "_")
		if o.Kind == Deleted && !o.test && o.lang == f.lang && (stem(o.Path) == name || strings.HasSuffix(place, "_"+name)) {
			return true
		}
	}
	return false
}

// stem is a file's name without what makes it a test.
func stem(p string) string {
	name, _, _ := strings.Cut(path.Base(p), ".")
	for _, affix := range []string{"_test", "_spec", "-test", "Tests", "Test", "Spec"} {
		name = strings.TrimSuffix(name, affix)
	}
	return strings.TrimPrefix(strings.TrimPrefix(name, "test_"), "spec_")
}

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
			if n := defined(f.old[i].Code); len(n) > 3 { // shorter ones can not be told from others
				ended[n] = true
			}
		}
	}
	if len(ended) == 0 {
		return ended
	}
	for _, f := range d.files {
		for _, i := range f.added {
			delete(ended, defined(f.new[i].Code))
		}
	}
	return ended
}

// definers are the words before a name that is defined.
var definers = []string{"func", "def", "class", "fn", "function", "const", "type", "struct", "enum", "trait", "interface", "module"}

// defined returns the name that a line of code defines, "" for none.
func defined(code string) string {
	for _, w := range definers {
		i := source.Find(code, w)
		if i < 0 {
			continue
		}
		rest := strings.TrimSpace(code[i+len(w):])
		if w == "func" && strings.HasPrefix(rest, "(") {
			if _, after, ok := strings.Cut(rest, ")"); ok {
				rest = strings.TrimSpace(after)
			}
		}
		rest = strings.TrimPrefix(rest, "self.")
		if n := source.Name(rest); n != "" {
			return n
		}
	}
	return ""
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
	for rest := code; rest != ""; {
		n := source.Name(rest)
		if n == "" {
			rest = rest[1:]
			continue
		}
		if list[n] {
			return true
		}
		rest = rest[len(n):]
	}
	return false
}
