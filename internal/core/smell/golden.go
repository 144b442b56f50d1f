package smell

import (
	"fmt"
	"path"
	"strings"

	"popkit/internal/core/source"
)

// goldenEnds are how files of recorded results end.
var goldenEnds = []string{".snap", ".golden", ".approved.txt", ".approved.json", ".snapshot", ".want", ".expected", ".ambr"}

// goldenDirs are folders of recorded results.
var goldenDirs = []string{"__snapshots__", "snapshots", "golden", "goldens", "__image_snapshots__", "approvals"}

// golden reports whether a file holds recorded results.
func golden(p string) bool {
	name := path.Base(p)
	for _, e := range goldenEnds {
		if strings.HasSuffix(name, e) {
			return true
		}
	}
	return source.InDir(p, goldenDirs) && !source.LangOf(p).Program() || strings.Contains(name, ".golden.") || strings.HasPrefix(name, "golden.") || strings.HasPrefix(name, "expected.") && source.InDir(p, []string{"testdata"})
}

// rewritten finds recorded results that were changed together with the code that
// they hold in place, and says so once. A result that was only added is a new
// test's.
func (d *diff) rewritten(f *file) []Finding {
	if !f.records() || f.Fragment && len(f.removed) == 0 {
		return nil
	}
	old := f.old[f.removed[0]].Raw
	if f.Fragment {
		return []Finding{f.about("snapshot_rewritten", "a recorded result is rewritten by hand", old)}
	}
	if !d.code {
		return nil
	}
	n := 0
	for _, o := range d.files {
		if o.records() {
			if n++; n == 1 && o != f {
				return nil // said of the first
			}
		}
	}
	more := ""
	if n > 1 {
		more = fmt.Sprintf(" (and %d more files of them)", n-1)
	}
	return []Finding{f.about("snapshot_rewritten", "a recorded result was rewritten with the code that it holds in place, "+count(len(f.removed), "line")+more, old)}
}

// records reports whether recorded results that were there before changed.
func (f *file) records() bool {
	return golden(f.Path) && f.Kind != Created && f.Kind != Deleted && len(f.removed) > 0 && f.Old != ""
}
