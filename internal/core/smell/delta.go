package smell

import (
	"slices"
	"strings"

	"popkit/internal/core/source"
	"popkit/internal/core/source/testcase"
)

// file is a change as the rules see it.
type file struct {
	Change
	lang    source.Lang
	test    bool // holds tests
	foreign bool
	sample  bool
	old     []source.Line
	new     []source.Line
	added   []int // indexes into new of the lines that were not there before
	removed []int // indexes into old of the lines that are gone
	moved   bool  // lines changed their places
	before  []source.Unit
	after   []source.Unit
	both    [][2]*source.Unit // tests that were there before and are after
	gone    []*source.Unit    // tests that are gone from this file
	fresh   []*source.Unit    // tests that are new in this file
}

// diff is all changes together.
type diff struct {
	files []*file
	left  map[string][]*source.Unit // tests that are gone from their file, by name
	come  map[string]bool           // lines that are new in a file of tests
	begun map[string]bool           // functions of tests that are new and assert something
	ended map[string]bool           // names that were defined in code and are not any more
	fresh map[string]bool           // names of tests that are new in their file
	code  bool                      // code that is no test changed
	whole whole
}

// read scans the changes. What can not be looked at has no lines.
func read(changes []Change) *diff {
	d := &diff{left: map[string][]*source.Unit{}, fresh: map[string]bool{}, begun: map[string]bool{}, come: map[string]bool{}}
	for _, c := range changes {
		f := &file{Change: c, lang: source.LangOf(c.Path), test: TestFile(c.Path), foreign: source.Foreign(c.Path), sample: source.Sample(c.Path)}
		if f.foreign {
			f.lang, f.test = source.Other, false // nobody reads it line by line
		}
		d.files = append(d.files, f)
		if Unread(c) != "" || c.Old == c.New {
			continue
		}
		f.old, f.new = source.Scan(c.Old, f.lang), source.Scan(c.New, f.lang)
		if f.compare(); !f.same() {
			d.take(f)
		}
	}
	d.ended = d.namesEnded()
	d.whole = d.sum()
	return d
}

// take notes what one file means for the others.
func (d *diff) take(f *file) {
	if f.foreign {
		return
	}
	d.code = d.code || f.lang.Program() && !f.test && len(f.removed) > 0
	if f.test {
		d.helpers(f)
		for _, i := range f.added {
			d.come[f.new[i].Key] = true
		}
	}
	if f.test || f.lang == source.Rust {
		f.before, f.after = source.Units(f.lang, f.old), source.Units(f.lang, f.new)
	}
	f.both, f.gone, f.fresh = pairs(f.before, f.after)
	for _, u := range f.gone {
		d.left[u.Name] = append(d.left[u.Name], u)
	}
	for _, u := range ungrouped(f.fresh) {
		d.fresh[u.Name] = true
	}
}

// helpers notes the functions that are new in a test file and assert something.
func (d *diff) helpers(f *file) {
	for _, i := range f.added {
		n := source.Defined(f.new[i].Code)
		if n == "" {
			continue
		}
		for _, l := range f.new[i+1 : source.EndOf(f.new, i)] {
			if testcase.Assertion(f.lang, l.Code) != testcase.Nothing {
				d.begun[n] = true
				break
			}
		}
	}
}

// compare finds the lines that are new and those that are gone. A line that only
// moved within its file, or whose blanks changed, is neither.
func (f *file) compare() {
	a, b := f.old, f.new
	start := 0
	for start < len(a) && start < len(b) && a[start].Key == b[start].Key {
		start++
	}
	enda, endb := len(a), len(b)
	for enda > start && endb > start && a[enda-1].Key == b[endb-1].Key {
		enda--
		endb--
	}
	had := make(map[string]int, enda-start)
	for _, l := range a[start:enda] {
		had[l.Key]++
	}
	has := make(map[string]int, endb-start)
	for i := start; i < endb; i++ {
		key := b[i].Key
		has[key]++
		if key != "" && has[key] > had[key] {
			f.added = append(f.added, i)
		}
	}
	for i := start; i < enda; i++ {
		key := a[i].Key
		if has[key]--; key != "" && has[key] < 0 {
			f.removed = append(f.removed, i)
		}
	}
	f.moved = len(f.added)+len(f.removed) == 0 && !sameOrder(a[start:enda], b[start:endb])
}

// sameOrder reports whether two texts are the same but for empty lines.
func sameOrder(a, b []source.Line) bool {
	for {
		for len(a) > 0 && a[0].Key == "" {
			a = a[1:]
		}
		for len(b) > 0 && b[0].Key == "" {
			b = b[1:]
		}
		if len(a) == 0 || len(b) == 0 {
			return len(a) == len(b)
		}
		if a[0].Key != b[0].Key {
			return false
		}
		a, b = a[1:], b[1:]
	}
}

// finding makes a finding about a line of the new text.
func (f *file) finding(smell string, i int, text string) Finding {
	return Finding{Rule: Unconventional, Smell: smell, Path: f.Path, Line: i + 1,
		Text: place(f.Path, i+1) + ": " + text, Excerpt: cut(strings.TrimSpace(f.new[i].Raw))}
}

// about makes a finding about the file, or about something that is gone from it.
func (f *file) about(smell, text, excerpt string) Finding {
	return Finding{Rule: Unconventional, Smell: smell, Path: f.Path, Text: f.Path + ": " + text, Excerpt: cut(strings.TrimSpace(excerpt))}
}

// judge applies the rules to one file.
func (d *diff) judge(f *file) []Finding {
	var out []Finding
	switch {
	case Unread(f.Change) != "" || f.same():
	case f.foreign:
		out = f.secrets()
	default:
		out = slices.Concat(f.secrets(), d.judgeTests(f), f.hollow(), f.silenced(), d.loosened(f), f.results(), f.bypassed(), d.unguarded(f), d.rewritten(f))
	}
	return append(out, d.lost(f)...)
}

// same reports whether nothing but blanks changed.
func (f *file) same() bool { return len(f.added)+len(f.removed) == 0 && !f.moved }
