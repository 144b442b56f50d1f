package smell

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"popkit/internal/core/source"
)

// judgeTests compares the tests of a file before and after.
func (d *diff) judgeTests(f *file) []Finding {
	if len(f.before)+len(f.after) == 0 && !f.test {
		return nil
	}
	var out []Finding
	covered := map[int]bool{} // lines that belong to a test, which was judged
	for _, p := range f.both {
		out = append(out, d.changed(f, p[0], p[1])...)
		cover(covered, p[1])
	}
	for _, u := range f.fresh {
		was := d.moved(u)
		if was != nil {
			out = append(out, d.changed(f, was, u)...)
		} else {
			out = append(out, f.created(u)...)
		}
		cover(covered, u)
	}
	out = append(out, d.deleted(f)...)
	return slices.Concat(out, f.loose(covered), f.looseAsserts())
}

func cover(covered map[int]bool, u *source.Unit) {
	end := u.End
	if u.Group {
		end = u.Head + 1
	}
	for i := u.Start; i < end; i++ {
		covered[i] = true
	}
}

// moved returns the test of that name which another file had, and has no more.
func (d *diff) moved(u *source.Unit) *source.Unit {
	for _, was := range d.left[u.Name] {
		if was.Group == u.Group {
			return was
		}
	}
	return nil
}

// changed judges a test that was there before.
func (d *diff) changed(f *file, was, is *source.Unit) []Finding {
	var out []Finding
	if !was.Group && same(was, is) {
		return nil
	}
	had := map[how]int{}
	for _, l := range was.Lines() {
		h := skips(was.Lang, l)
		if h == runs && (strings.Contains(l.Code, "Skip") || strings.Contains(l.Code, "skip_") || strings.Contains(l.Code, "skip!")) {
			h = conditional // a helper that skips
		}
		had[h]++
	}
	for i := is.Start; i < is.Start+len(is.Lines()); i++ {
		h := skips(f.lang, is.In[i])
		if had[h]--; h == runs || had[h] >= 0 {
			continue
		}
		if h == skipped && guarded(f.lang, is.In, i) {
			h = conditional
		}
		out = append(out, f.skipFinding(is, i, h))
	}
	if !was.Group {
		if empty := f.emptied(was, is); len(empty) > 0 {
			return append(out, empty...)
		}
		out = append(out, d.asserted(f, was, is)...)
	}
	return out
}

func same(a, b *source.Unit) bool {
	x, y := a.Lines(), b.Lines()
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i].Key != y[i].Key {
			return false
		}
	}
	return true
}

// created judges a test that was not there before: it may depend on what the
// machine has, but it is there to be run.
func (f *file) created(is *source.Unit) []Finding {
	var out []Finding
	for i := is.Start; i < is.Start+len(is.Lines()); i++ {
		switch h := skips(f.lang, is.In[i]); h {
		case runs, conditional:
		case skipped:
			if !guarded(f.lang, is.In, i) {
				out = append(out, f.skipFinding(is, i, h))
			}
		default:
			out = append(out, f.skipFinding(is, i, h))
		}
	}
	return out
}

func (f *file) skipFinding(u *source.Unit, i int, h how) Finding {
	what := "test " + u.Name
	if u.Group {
		what = "the tests of " + u.Name
	}
	return f.skipText(what, i, h)
}

func (f *file) skipText(what string, i int, h how) Finding {
	switch h {
	case focused:
		return f.finding("test_focused", i, what+" is focused: all others are not run")
	case conditional:
		return f.finding("test_skipped", i, what+" is skipped under a condition")
	}
	return f.finding("test_skipped", i, what+" is skipped")
}

// loose judges the new lines of a test file that belong to no test: fragments,
// helpers, marks for a whole file.
func (f *file) loose(covered map[int]bool) []Finding {
	if !f.test {
		return nil
	}
	var out []Finding
	gone := map[how]int{}
	for _, i := range f.removed {
		gone[skips(f.lang, f.old[i])]++
	}
	for _, i := range f.added {
		if covered[i] {
			continue
		}
		if f.lang == source.Go && f.Kind != Created && excludes(f.new[i].Comment) {
			out = append(out, f.finding("test_skipped", i, "the tests of this file are left out of the build"))
			continue
		}
		h := skips(f.lang, f.new[i])
		if h == runs || h != focused && !f.Fragment && guarded(f.lang, f.new, i) {
			continue
		}
		if h == conditional && !f.Fragment && f.lang != source.Python && !f.lang.JS() {
			continue // in a helper that tests call
		}
		if gone[h]--; gone[h] >= 0 {
			continue
		}
		out = append(out, f.skipText("a test", i, h))
	}
	return out
}

// excludes reports whether a build constraint keeps a file out of ordinary builds.
func excludes(comment string) bool {
	rest, ok := strings.CutPrefix(comment, "//go:build ")
	if !ok {
		rest, ok = strings.CutPrefix(comment, "// +build ")
	}
	return ok && source.Has(rest, "ignore", "never", "disabled", "skip", "exclude", "none", "todo", "broken", "flaky")
}

// emptied finds a test of which nothing is left, or that returns at once.
func (f *file) emptied(was, is *source.Unit) []Finding {
	before, after := statements(was), statements(is)
	if f.Fragment && len(before) == 0 && len(after) > 0 && leaves(after[0].Code) {
		return []Finding{f.finding("test_emptied", is.Head, "test "+is.Name+" returns before it tests anything")}
	}
	if len(before) == 0 || len(before) == 1 && leaves(before[0].Code) {
		return nil
	}
	switch {
	case len(after) == 0 && is.End > is.Head+1 || len(after) == 0 && strings.TrimSpace(was.In[was.Head].Code) != strings.TrimSpace(is.In[is.Head].Code):
		return []Finding{f.finding("test_emptied", is.Head, "test "+is.Name+" does nothing any more")}
	case len(after) > 0 && leaves(after[0].Code) && !leaves(before[0].Code):
		return []Finding{f.finding("test_emptied", is.Head, "test "+is.Name+" returns before it tests anything")}
	}
	return nil
}

// statements returns the lines of a test's body that do something.
func statements(u *source.Unit) []source.Line {
	var out []source.Line
	for _, l := range u.Body() {
		code := strings.TrimSpace(l.Code)
		if l.Inside || code == "" || strings.Trim(code, "(){}[];,") == "" || code == "end" || code == "pass" || code == "..." || isDocstring(code) || code == "});" {
			continue
		}
		out = append(out, l)
	}
	return out
}

// isDocstring reports whether nothing but a string stands on a line.
func isDocstring(code string) bool { return strings.Trim(code, "\"' ") == "" }

// leaves reports whether a statement ends the test there.
func leaves(code string) bool {
	c := strings.TrimRight(strings.TrimSpace(code), ";")
	return c == "return" || c == "return nil" || c == "return None" || c == "return true" || c == "return undefined"
}

// deleted judges the tests that are gone.
func (d *diff) deleted(f *file) []Finding {
	if f.Kind == Deleted {
		return nil // judged as a file
	}
	var out []Finding
	var lost []*source.Unit
	for _, u := range f.gone {
		if u.Group || d.fresh[u.Name] || d.goesWith(u) || d.kept(u) {
			continue
		}
		lost = append(lost, u)
	}
	fresh := ungrouped(f.fresh)
	after := f.anchors()
	for _, u := range lost {
		if i := d.replaced(u, fresh, after); i >= 0 {
			if alike(u, fresh[i]) >= 0.5 {
				out = append(out, d.asserted(f, u, fresh[i])...)
			}
			if !table(fresh[i]) { // which can take the place of several
				fresh = append(fresh[:i:i], fresh[i+1:]...)
			}
			continue
		}
		out = append(out, f.about("test_deleted", "test "+u.Name+" is deleted", u.In[u.Head].Raw))
	}
	return out
}

func ungrouped(units []*source.Unit) []*source.Unit {
	var out []*source.Unit
	for _, u := range units {
		if !u.Group {
			out = append(out, u)
		}
	}
	return out
}

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
	case n > 0 && moved == n, n > 0 && (d.namesake(f) || d.successor(f, n)):
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

// successor reports whether a new test file that holds as many tests has the name
// of one that is gone, or one that is made of it.
func (d *diff) successor(f *file, n int) bool {
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
		if o.Kind == Deleted && !o.test && o.lang == f.lang && stem(o.Path) == name {
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
	return strings.TrimPrefix(name, "test_")
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
