package smell

import (
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
// they hold in place. A result that was only added is a new test's.
func (d *diff) rewritten(f *file) []Finding {
	if !golden(f.Path) || f.Kind == Created || f.Kind == Deleted || len(f.removed) == 0 || f.Old == "" {
		return nil
	}
	if !f.Fragment && !d.code {
		return nil
	}
	with := ", with the code that it holds in place"
	if f.Fragment {
		with = ", by hand"
	}
	old := f.old[f.removed[0]].Raw
	return []Finding{f.about("snapshot_rewritten", "a recorded result was rewritten"+with+" ("+count(len(f.removed), "line")+" changed)", old)}
}
