package smell

import "popkit/internal/core/source"

// pairs matches the units of a name before with those of the same name after, in
// their order, and returns those that stay alone.
func pairs(before, after []source.Unit) (both [][2]*source.Unit, gone, fresh []*source.Unit) {
	key := func(u *source.Unit) string {
		if u.Group {
			return "group " + u.Name
		}
		return u.Name
	}
	left := map[string][]*source.Unit{}
	for i := range before {
		u := &before[i]
		left[key(u)] = append(left[key(u)], u)
	}
	paired := map[*source.Unit]bool{}
	for i := range after {
		u := &after[i]
		if was := left[key(u)]; len(was) > 0 {
			both, left[key(u)] = append(both, [2]*source.Unit{was[0], u}), was[1:]
			paired[was[0]] = true
			continue
		}
		fresh = append(fresh, u)
	}
	for i := range before {
		if u := &before[i]; !paired[u] {
			gone = append(gone, u)
		}
	}
	return both, gone, fresh
}
