package objective

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Overlap is a pair of tasks of one phase whose scopes share a path: they run
// one after the other.
type Overlap struct {
	Phase  string
	A, B   string // task IDs, in the plan's order
	ScopeA string // a pattern of A's scope …
	ScopeB string // … and one of B's that can match the same path
}

// Overlaps returns the pairs of tasks of a phase that must not run at once
// because their scopes overlap. A task without scope holds no lease and a task
// with no_code changes nothing, so neither overlaps; `overlap: allow` on either
// side lets both run.
func Overlaps(p Plan) []Overlap {
	var out []Overlap
	for _, ph := range p.Phases {
		leases := make([]*lease, len(ph.Tasks))
		for i, t := range ph.Tasks {
			if t.Overlap != OverlapAllow && !t.NoCode {
				leases[i] = newLease(t.Scope)
			}
		}
		for i, a := range leases {
			for j := i + 1; j < len(leases); j++ {
				if x, y, ok := meet(a, leases[j]); ok {
					out = append(out, Overlap{ph.Name, ph.Tasks[i].ID, ph.Tasks[j].ID, x, y})
				}
			}
		}
	}
	return out
}

// Clashes returns the overlaps that nobody planned: those of tasks of which none
// needs the other.
func Clashes(p Plan) []Overlap {
	return slices.DeleteFunc(Overlaps(p), func(o Overlap) bool { return p.ordered(o.A, o.B) })
}

// ScopesOverlap reports whether a path could be in both scopes. It never misses
// one; scopes that can't be compared (see CheckGlob) overlap. An empty scope
// overlaps with nothing.
func ScopesOverlap(a, b []string) bool {
	_, _, ok := meet(newLease(a), newLease(b))
	return ok
}

// Within reports whether every path that scope names is matched by one of
// boundaries; a plain name need only be within them itself, since it may well be
// a file's. No boundaries allow every path. It is false where it can't tell.
func Within(scope string, boundaries []string) bool {
	if len(boundaries) == 0 {
		return true
	}
	s, ok := named(scope)
	if !ok {
		return false
	}
	var bounds []string
	for _, b := range boundaries {
		alts, ok := normal(b)
		if !ok {
			return false
		}
		bounds = append(bounds, alts...)
	}
	var bound *automaton
	for _, p := range s {
		if slices.ContainsFunc(bounds, func(b string) bool { return p == b || inside(p, b) }) {
			continue
		}
		if bound == nil {
			bound = compile(bounds)
		}
		if !contained(compile([]string{p}), bound) {
			return false
		}
	}
	return true
}

// inside reports whether the bound is a plain directory and everything below it,
// and the pattern begins in it: the usual case, answered at once.
func inside(pattern, bound string) bool {
	dir, ok := strings.CutSuffix(bound, "**")
	return ok && strings.HasSuffix(dir, "/") && !strings.ContainsAny(dir, `*?[{\`) && strings.HasPrefix(pattern, dir)
}

// InScope reports whether one of the globs matches the path, which is relative
// to the repository's top with "/" between segments. A pattern without "/"
// matches at any depth, "./x" is x at the top; one that ends in "/", has no "/" or ends in a plain
// name matches everything below, too. No globs match nothing.
func InScope(file string, globs []string) bool {
	file = path.Clean(file)
	if file == "." || file == ".." || strings.HasPrefix(file, "/") || strings.HasPrefix(file, "../") {
		return false
	}
	for _, g := range globs {
		alts, _ := normal(g)
		for _, a := range alts {
			if doublestar.MatchUnvalidated(a, file) {
				return true
			}
		}
	}
	return false
}

// Allows reports whether the boundaries let agents change the path. Without
// patterns every path of the repository is allowed.
func (b Boundaries) Allows(file string) bool {
	return len(b.FilePatterns) == 0 || InScope(file, b.FilePatterns)
}

// Notes says in words what a valid plan's author may not expect: tasks that run
// one after the other, tasks without scope, phases without tasks.
func Notes(p Plan) []string {
	var out []string
	for _, ph := range p.Phases {
		if len(ph.Tasks) == 0 {
			out = append(out, fmt.Sprintf("phase %q has no tasks: its barrier opens at once", ph.Name))
		}
		var free []string
		for _, t := range ph.Tasks {
			if len(t.Scope) == 0 && !t.NoCode {
				free = append(free, t.ID)
			}
		}
		if len(free) > 0 && len(ph.Tasks) > 1 {
			out = append(out, fmt.Sprintf("phase %q: %s without scope: nothing is reserved, conflicts are found when merging",
				ph.Name, strings.Join(free, ", ")))
		}
	}
	for _, o := range Clashes(p) {
		out = append(out, fmt.Sprintf("phase %q: %s (%s) and %s (%s) overlap: they run one after the other, unless one says overlap: allow%s",
			o.Phase, o.A, o.ScopeA, o.B, o.ScopeB, anyDepth(o.ScopeA, o.ScopeB)))
	}
	return out
}

// anyDepth tells who may not know it that two names without "/" are meant at any
// depth, so that each can lie below the other.
func anyDepth(a, b string) string {
	if strings.Contains(a, "/") || strings.Contains(b, "/") || a == b {
		return ""
	}
	return fmt.Sprintf("; a name without / is one at any depth: for those at the top write ./%s and ./%s", a, b)
}

// ordered reports whether one of two tasks of a phase needs the other, directly
// or through others.
func (p *Plan) ordered(a, b string) bool {
	_, i, ok := p.Task(a)
	return ok && (reaches(p.Phases[i].Tasks, a, b) || reaches(p.Phases[i].Tasks, b, a))
}

func reaches(tasks []Task, from, to string) bool {
	seen := map[string]bool{}
	for work := []string{from}; len(work) > 0; {
		id := work[0]
		work = work[1:]
		if seen[id] {
			continue
		}
		seen[id] = true
		i := slices.IndexFunc(tasks, func(t Task) bool { return t.ID == id })
		if i < 0 {
			continue
		}
		if slices.Contains(tasks[i].Needs, to) {
			return true
		}
		work = append(work, tasks[i].Needs...)
	}
	return false
}
