package smell

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"popkit/internal/core/source"
)

// The rules that a finding can be of, as verdicts and the audit name them.
const (
	Unconventional  = "unconventional"
	HardcodedSecret = "hardcoded_secret"
)

// Kind is what happened to a file.
type Kind string

// The kinds of change.
const (
	Created  Kind = "created"
	Modified Kind = "modified"
	Deleted  Kind = "deleted"
	Renamed  Kind = "renamed"
)

// Change is one file of a diff, or one edit of a file.
type Change struct {
	Path string // slash path relative to the repository, after the change
	From string // the path before it, when it was renamed
	Kind Kind
	Old  string // the text before, "" for a file that was created
	New  string // the text after, "" for a file that was deleted
	// Fragment says that Old and New are parts of the file: what stands around
	// them is not known.
	Fragment bool
}

// Finding is one thing that a person should look at.
type Finding struct {
	Rule    string // Unconventional or HardcodedSecret
	Smell   string // what of it: test_skipped, check_silenced, …
	Path    string
	Line    int    // in New, from 1; 0 where there is none
	Text    string // one line that says what was found and where
	Excerpt string // the line itself, cut, without the secret; "" where there is none
}

// MaxBytes is the size of a text beyond which it is not looked at.
const MaxBytes = 8 << 20

// perSmell bounds how many findings of one smell one file may have: the rest is
// counted in the last of them.
const perSmell = 3

// One returns what smells in a single edit.
func One(c Change) []Finding { return All([]Change{c}) }

// All returns what smells in a whole diff, in the order of its changes and lines.
func All(changes []Change) []Finding {
	d := read(changes)
	var out []Finding
	for _, f := range d.files {
		out = append(out, fold(d.judge(f))...)
	}
	return out
}

// Unread says why a change's text is not looked at: "" when it is.
func Unread(c Change) string {
	switch size := max(len(c.Old), len(c.New)); {
	case binary(c.New) || binary(c.Old):
		return "binary"
	case size > MaxBytes:
		return fmt.Sprintf("%d bytes, more than the %d that are looked at", size, MaxBytes)
	}
	return ""
}

// binary goes by git's rule: a zero byte near the beginning.
func binary(s string) bool { return strings.IndexByte(s[:min(len(s), 8000)], 0) >= 0 }

// fold brings one file's findings into order, drops what was found twice on one
// line, and cuts each smell after perSmell findings.
func fold(found []Finding) []Finding {
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Smell, b.Smell), cmp.Compare(a.Text, b.Text))
	})
	found = slices.CompactFunc(found, func(a, b Finding) bool {
		return a.Line == b.Line && a.Smell == b.Smell && (a.Line > 0 || a.Text == b.Text)
	})
	total, kept := map[string]int{}, map[string]int{}
	for _, f := range found {
		total[f.Smell]++
	}
	var out []Finding
	for _, f := range found {
		if kept[f.Smell]++; kept[f.Smell] > perSmell {
			continue
		}
		if more := total[f.Smell] - perSmell; kept[f.Smell] == perSmell && more > 0 {
			f.Text += fmt.Sprintf(" (and %d more in this file)", more)
		}
		out = append(out, f)
	}
	return out
}

// TestFile reports whether a file holds tests, by its name and its folders.
func TestFile(path string) bool { return source.TestFile(path) }
