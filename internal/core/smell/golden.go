package smell

import (
	"fmt"

	"popkit/internal/core/source"
)

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
	if d.whole.recorded[0] != f {
		return nil // said of the first
	}
	n := len(d.whole.recorded)
	more := ""
	if n > 1 {
		more = fmt.Sprintf(" (and %d more files of them)", n-1)
	}
	return []Finding{f.about("snapshot_rewritten", "a recorded result was rewritten with the code that it holds in place, "+count(len(f.removed), "line")+more, old)}
}

// records reports whether recorded results that were there before changed.
func (f *file) records() bool {
	return source.Golden(f.Path) && f.Kind != Created && f.Kind != Deleted && len(f.removed) > 0 && f.Old != ""
}
