package smell

import (
	"slices"
	"strings"
)

// file is a change as the rules see it.
type file struct {
	Change
	lang    lang
	test    bool // holds tests
	foreign bool
	sample  bool
	old     []line
	new     []line
	added   []int // indexes into new of the lines that were not there before
	removed []int // indexes into old of the lines that are gone
	before  []unit
	after   []unit
	both    [][2]*unit // tests that were there before and are after
	gone    []*unit    // tests that are gone from this file
	fresh   []*unit    // tests that are new in this file
}

// diff is all changes together.
type diff struct {
	files []*file
	left  map[string][]*unit // tests that are gone from their file, by name
	gone  map[string]int     // lines that were removed anywhere, by key
	come  map[string]int     // lines that were added anywhere, by key
	ended map[string]bool    // names that were defined in code and are not any more
	fresh map[string]bool    // names of tests that are new in their file
}

// read scans the changes. What can not be looked at has no lines.
func read(changes []Change) *diff {
	d := &diff{left: map[string][]*unit{}, gone: map[string]int{}, come: map[string]int{}, fresh: map[string]bool{}}
	for _, c := range changes {
		f := &file{Change: c, lang: langOf(c.Path), test: TestFile(c.Path), foreign: foreign(c.Path), sample: sample(c.Path)}
		d.files = append(d.files, f)
		if Unread(c) != "" || c.Old == c.New {
			continue
		}
		f.old, f.new = scan(c.Old, f.lang), scan(c.New, f.lang)
		f.compare()
		for _, i := range f.removed {
			d.gone[f.old[i].key]++
		}
		for _, i := range f.added {
			d.come[f.new[i].key]++
		}
		if len(f.added)+len(f.removed) == 0 {
			continue
		}
		f.before, f.after = units(f, f.old), units(f, f.new)
		f.both, f.gone, f.fresh = pairs(f.before, f.after)
		for _, u := range f.gone {
			d.left[u.name] = append(d.left[u.name], u)
		}
		for _, u := range ungrouped(f.fresh) {
			d.fresh[u.name] = true
		}
	}
	d.ended = d.namesEnded()
	return d
}

// compare finds the lines that are new and those that are gone. A line that only
// moved within its file, or whose blanks changed, is neither.
func (f *file) compare() {
	a, b := f.old, f.new
	start := 0
	for start < len(a) && start < len(b) && a[start].key == b[start].key {
		start++
	}
	enda, endb := len(a), len(b)
	for enda > start && endb > start && a[enda-1].key == b[endb-1].key {
		enda--
		endb--
	}
	had := make(map[string]int, enda-start)
	for _, l := range a[start:enda] {
		had[l.key]++
	}
	has := make(map[string]int, endb-start)
	for i := start; i < endb; i++ {
		key := b[i].key
		has[key]++
		if key != "" && has[key] > had[key] {
			f.added = append(f.added, i)
		}
	}
	for i := start; i < enda; i++ {
		key := a[i].key
		if has[key]--; key != "" && has[key] < 0 {
			f.removed = append(f.removed, i)
		}
	}
}

// finding makes a finding about a line of the new text.
func (f *file) finding(smell string, i int, text string) Finding {
	return Finding{Rule: Unconventional, Smell: smell, Path: f.Path, Line: i + 1,
		Text: place(f.Path, i+1) + ": " + text, Excerpt: cut(strings.TrimSpace(f.new[i].raw))}
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
		out = slices.Concat(f.secrets(), d.judgeTests(f), f.silenced())
	}
	return append(out, d.lost(f)...)
}

// same reports whether nothing but blanks changed.
func (f *file) same() bool { return len(f.added)+len(f.removed) == 0 }
