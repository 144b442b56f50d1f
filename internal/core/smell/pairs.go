package smell

import (
	"hash/fnv"
	"slices"

	"popkit/internal/core/source"
)

// pairs matches the tests before with those after: by their text, their place and
// their name, each a looser match for those that the one before it left alone.
func pairs(before, after []source.Unit) (both [][2]*source.Unit, gone, fresh []*source.Unit) {
	for i := range before {
		gone = append(gone, &before[i])
	}
	for i := range after {
		fresh = append(fresh, &after[i])
	}
	for _, key := range []func(u *source.Unit) string{text, placed, named} {
		left := map[string][]*source.Unit{}
		for _, u := range gone {
			left[key(u)] = append(left[key(u)], u)
		}
		paired := map[*source.Unit]bool{}
		fresh = slices.DeleteFunc(fresh, func(u *source.Unit) bool {
			k := key(u)
			if len(left[k]) == 0 {
				return false
			}
			was := left[k][0]
			left[k], paired[was] = left[k][1:], true
			both = append(both, [2]*source.Unit{was, u})
			return true
		})
		gone = slices.DeleteFunc(gone, func(u *source.Unit) bool { return paired[u] })
	}
	return both, gone, fresh
}

func named(u *source.Unit) string {
	if u.Group {
		return "group\x00" + u.Name
	}
	return u.Name
}

func placed(u *source.Unit) string { return u.Path + "\x00" + named(u) }

// text stands for a test's lines; two tests of one text differ only in blanks.
func text(u *source.Unit) string {
	h := fnv.New64a()
	for _, l := range u.Lines() {
		h.Write([]byte(l.Key)) // a hash takes everything
		h.Write([]byte{'\n'})
	}
	return placed(u) + "\x00" + string(h.Sum(nil))
}
