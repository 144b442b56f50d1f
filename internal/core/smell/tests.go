package smell

import (
	"slices"
	"strings"

	"popkit/internal/core/source"
	"popkit/internal/core/source/testcase"
)

// judgeTests compares the tests of a file before and after.
func (d *diff) judgeTests(f *file) []Finding {
	if len(f.before)+len(f.after) == 0 && !f.test {
		return nil
	}
	var out []Finding
	covered := make([]bool, len(f.new)) // lines that belong to a test, which was judged
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

func cover(covered []bool, u *source.Unit) {
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
	had := map[testcase.How]int{}
	for _, l := range was.Lines() {
		h := testcase.Skips(was.Lang, l)
		if h == testcase.Runs && (strings.Contains(l.Code, "Skip") || strings.Contains(l.Code, "skip_") || strings.Contains(l.Code, "skip!")) {
			h = testcase.Conditional // a helper that skips
		}
		had[h]++
	}
	for i := is.Start; i < is.Start+len(is.Lines()); i++ {
		h := testcase.Skips(f.lang, is.In[i])
		if had[h]--; h == testcase.Runs || had[h] >= 0 {
			continue
		}
		if h == testcase.Skipped && testcase.Guarded(f.lang, is.In, i) {
			h = testcase.Conditional
		}
		out = append(out, f.skipFinding(is, i, h))
	}
	if !was.Group {
		if empty := f.emptied(was, is); len(empty) > 0 {
			return append(out, empty...)
		}
		out = append(out, d.asserted(f, was, is)...)
		out = append(out, f.panics(was, is)...)
	}
	return out
}

// panics finds a test of Rust that is to panic now.
func (f *file) panics(was, is *source.Unit) []Finding {
	const mark = "#[should_panic"
	for _, l := range was.In[was.Start:was.End] {
		if strings.Contains(l.Code, mark) {
			return nil
		}
	}
	for i := is.Start; i < is.Head && f.lang == source.Rust; i++ {
		if strings.Contains(is.In[i].Code, mark) {
			return []Finding{f.finding("assertion_weakened", i, "test "+is.Name+" passes when it panics")}
		}
	}
	return nil
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
		switch h := testcase.Skips(f.lang, is.In[i]); h {
		case testcase.Runs, testcase.Conditional:
		case testcase.Skipped:
			if !testcase.Guarded(f.lang, is.In, i) {
				out = append(out, f.skipFinding(is, i, h))
			}
		default:
			out = append(out, f.skipFinding(is, i, h))
		}
	}
	return out
}

func (f *file) skipFinding(u *source.Unit, i int, h testcase.How) Finding {
	what := "test " + u.Name
	if u.Group {
		what = "the tests of " + u.Name
	}
	return f.skipText(what, i, h)
}

func (f *file) skipText(what string, i int, h testcase.How) Finding {
	switch h {
	case testcase.Focused:
		return f.finding("test_focused", i, what+" is focused: all others are not run")
	case testcase.Conditional:
		return f.finding("test_skipped", i, what+" is skipped under a condition")
	default:
		return f.finding("test_skipped", i, what+" is skipped")
	}
}

// loose judges the new lines of a test file that belong to no test: fragments,
// helpers, marks for a whole file.
func (f *file) loose(covered []bool) []Finding {
	if !f.test {
		return nil
	}
	var out []Finding
	gone := map[testcase.How]int{}
	for _, i := range f.removed {
		gone[testcase.Skips(f.lang, f.old[i])]++
	}
	for _, i := range f.added {
		if covered[i] {
			continue
		}
		if f.lang == source.Go && f.Kind != Created && excludes(f.new[i].Comment) {
			out = append(out, f.finding("test_skipped", i, "the tests of this file are left out of the build"))
			continue
		}
		h := testcase.Skips(f.lang, f.new[i])
		if h == testcase.Runs || h != testcase.Focused && !f.Fragment && testcase.Guarded(f.lang, f.new, i) {
			continue
		}
		if h == testcase.Conditional && !f.Fragment && f.lang != source.Python && !f.lang.JS() {
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
	return c == "return" || c == "return nil" || c == "return None" || c == "return true" || c == "return undefined" || source.Prefixed(source.Squeeze(c), "if(true)return", "iftrue{return", "ifTrue:return", "returniftrue")
}

// deleted judges the tests that are gone.
func (d *diff) deleted(f *file) []Finding {
	if f.Kind == Deleted {
		return nil // judged as a file
	}
	var out []Finding
	var lost []*source.Unit
	for _, u := range f.gone {
		if u.Group && f.lang == source.Python && f.hidden(u.Name) {
			out = append(out, f.about("test_deleted", "the tests of "+u.Name+" are not found any more by the name that it has now", u.In[u.Head].Raw))
		}
		if u.Group || d.fresh[u.Name] || d.goesWith(u) || d.kept(u) || f.twin(u) {
			continue
		}
		lost = append(lost, u)
	}
	fresh := ungrouped(f.fresh)
	after := f.anchors()
	for n, u := range lost {
		i := -1
		if n < maxRenames {
			i = d.replaced(u, fresh, after)
		}
		if i >= 0 {
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

// hidden reports whether a class of tests got a name that is longer at its beginning,
// under which no runner finds it.
func (f *file) hidden(name string) bool {
	for _, i := range f.added {
		now := source.Defined(f.new[i].Code)
		if strings.HasSuffix(now, name) && now != name && !strings.HasPrefix(now, "Test") {
			return true
		}
	}
	return false
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
