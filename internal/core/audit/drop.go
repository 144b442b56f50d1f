package audit

import (
	"fmt"
	"slices"
	"strings"
)

// Drop returns the changes that are left out with the files that are named, as
// ShowPath names them: these, the other half of a file that was only moved (or
// its content would be gone), and what could not be there together with what is
// put back. Naming a file of an earlier commit leaves out nothing of the result:
// its commit goes anyway.
func Drop(changes []Change, names, earlier []string) (dropped []Change, err error) {
	want := map[string]bool{}
	for _, n := range names {
		want[n] = true
	}
	out := make([]bool, len(changes))
	for i, c := range changes {
		if name := ShowPath(c.Path); want[name] {
			out[i] = true
			delete(want, name)
		}
	}
	for _, n := range earlier {
		delete(want, n)
	}
	if len(want) > 0 {
		left := make([]string, 0, len(want))
		for n := range want {
			left = append(left, n)
		}
		slices.Sort(left)
		return nil, fmt.Errorf("not among the changed files: %s", strings.Join(left, ", "))
	}
	for spread(changes, out) {
	}
	for i, c := range changes {
		if out[i] {
			dropped = append(dropped, c)
		}
	}
	return dropped, nil
}

// spread marks what has to go with what is marked, and reports whether it did.
func spread(changes []Change, out []bool) bool {
	moved := map[string]bool{} // contents that a marked change takes away or brings
	below := map[string]bool{} // directories of what is put back
	back := map[string]bool{}  // files that are put back
	for i, c := range changes {
		if !out[i] {
			continue
		}
		if c.Old.There() != c.New.There() {
			moved[c.Old.Object+c.New.Object] = true
		}
		if c.Old.There() {
			back[c.Path] = true
			for p := parent(c.Path); p != ""; p = parent(p) {
				below[p] = true
			}
		}
	}
	more := false
	for i, c := range changes {
		if out[i] {
			continue
		}
		half := c.Old.There() != c.New.There() && moved[c.Old.Object+c.New.Object]
		if half || c.New.There() && (below[c.Path] || under(c.Path, back)) {
			out[i], more = true, true
		}
	}
	return more
}

// under reports whether a path is below one of the files.
func under(p string, files map[string]bool) bool {
	for p = parent(p); p != ""; p = parent(p) {
		if files[p] {
			return true
		}
	}
	return false
}
