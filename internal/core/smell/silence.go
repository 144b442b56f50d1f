package smell

import (
	"strings"

	"popkit/internal/core/source"
	"popkit/internal/core/source/marker"
)

// silenced finds checks that are silenced by a line that is new. Where as many
// such lines are gone, one was only rewritten.
func (f *file) silenced() []Finding {
	gone := map[marker.Marker]int{}
	for _, i := range f.removed {
		for _, m := range marker.In(f.lang, f.old[i]) {
			gone[m]++
		}
	}
	var out []Finding
	begun := false
	for _, i := range f.added {
		for _, m := range marker.In(f.lang, f.new[i]) {
			if gone[m]--; gone[m] >= 0 || f.usual(m, i) {
				continue
			}
			if m.Word == ":nocov:" {
				if begun = !begun; !begun {
					continue // the one that ends it
				}
			}
			scope := ""
			if m.Wide {
				scope = " from here on"
			}
			out = append(out, f.finding("check_silenced", i, m.What+" is silenced"+scope+": "+m.Word))
		}
	}
	return append(out, f.untyped()...)
}

// usual reports whether a marker is the accepted way to write what the line says.
func (f *file) usual(m marker.Marker, i int) bool {
	l := f.new[i]
	if f.sample {
		return true
	}
	switch m.Word {
	case "@ts-expect-error":
		return f.test // in a test of types it is the assertion
	case "noqa":
		if strings.HasSuffix(f.Path, "__init__.py") && source.Has(l.Comment, "F401", "F403") {
			return true
		}
	case "pragma: no cover":
		return f.test || f.elsewhere(i)
	case "biome-ignore":
		if strings.Contains(l.Comment, "biome-ignore format") {
			return true
		}
	}
	return f.test && !m.Wide && (marker.Names(l) || f.lang == source.Python && !f.Fragment || f.lang == source.Java || f.lang == source.Rust)
}

// elsewhere reports whether a line of Python can only be run where a package is
// missing, by a type checker, or by nobody.
func (f *file) elsewhere(i int) bool {
	for j := i; j >= 0 && j > i-20; j-- {
		l := f.new[j]
		if j < i && (l.Key == "" || l.Indent() >= f.new[i].Indent()) {
			continue
		}
		if source.Has(l.Code, "TYPE_CHECKING", "NotImplementedError", "ImportError", "ModuleNotFoundError", "sys.version_info", "sys.platform") || strings.Contains(l.Raw, "__main__") {
			return true
		}
		if j < i {
			return false
		}
	}
	return false
}

// untyped finds casts to any that were put on an expression that had none.
func (f *file) untyped() []Finding {
	if f.lang != source.TypeScript || f.test || f.sample {
		return nil
	}
	var out []Finding
	for _, i := range f.added {
		code := spaced(f.new[i].Code)
		for _, cast := range []string{" as any", " as unknown as ", " as never", ": any", "<any>"} {
			at := strings.Index(code, cast)
			if at < 0 || at+len(cast) < len(code) && !source.Prefixed(cast, " as unknown", "<any>") && source.InName(code[at+len(cast)]) {
				continue
			}
			if f.had(code[:at], cast) {
				out = append(out, f.finding("check_silenced", i, "the type checker is silenced:"+cast))
				break
			}
		}
	}
	return out
}

// had reports whether a line that is gone began alike and had no such cast.
func (f *file) had(start, cast string) bool {
	start = source.Squeeze(start)
	if n, _, ok := strings.Cut(start, "="); ok {
		n, _, _ = strings.Cut(n, ":")
		start = n
	}
	for _, i := range f.removed {
		if l := f.old[i]; len(start) > 2 && strings.HasPrefix(l.Key, start) && !strings.Contains(spaced(l.Code), cast) {
			return true
		}
	}
	return false
}
