package smell

import (
	"strings"

	"popkit/internal/core/source"
)

// guards are parts of names of what refuses what is not right. They are fewer than
// those of functions that judge: a line is gone for many reasons.
var guards = []string{"validat", "verif", "authenticat", "authoriz", "authoris", "permission", "sanitiz", "isvalid", "csrf", "forgery", "allowed", "signature"}

// maxGuards bounds how many checks of one file are looked for.
const maxGuards = 50

// unguarded finds lines that refused what is not right and are gone, or are a
// comment now, where nothing took their place.
func (d *diff) unguarded(f *file) []Finding {
	if !f.product() || f.Kind == Deleted {
		return nil
	}
	var out []Finding
	for _, i := range f.added {
		if f.disarmed(i) {
			out = append(out, f.finding("validation_bypassed", i-1, "nothing comes of this check any more"))
		}
	}
	said := map[string]bool{}
	for _, i := range f.removed {
		l := f.old[i]
		name := f.guard(i)
		if name == "" || said[name] || len(said) >= maxGuards || f.lang == source.Rust && inUnit(f.before, i) {
			continue
		}
		commented := f.commented(l.Key)
		if !commented && (d.still(name) || !f.Fragment && !f.stays(i)) {
			continue
		}
		said[name] = true
		how := "is gone"
		if commented {
			how = "is a comment now"
		}
		out = append(out, f.about("validation_bypassed", "a check "+how+": "+cut(strings.TrimSpace(l.Raw)), l.Raw))
	}
	return out
}

func inUnit(units []source.Unit, i int) bool {
	for _, u := range units {
		if i >= u.Start && i < u.End {
			return true
		}
	}
	return false
}

// guard returns the name of the check that an old line makes and acts upon: the
// condition of an if that leaves, a call of its own, a declaration. "" for none.
func (f *file) guard(i int) string {
	code := strings.TrimSpace(f.old[i].Code)
	name := guardName(code)
	if name == "" {
		return ""
	}
	switch {
	case source.Prefixed(code, "if ", "if(", "unless ", "} else if"):
		if leavesAfter(f.old, i) {
			return name
		}
	case f.lang == source.Ruby && source.Prefixed(code, "before_action :", "validates ", "validates :", "validate :", "protect_from_forgery"),
		(f.lang == source.Python || f.lang == source.Java) && code[0] == '@' && !strings.Contains(code, "@Suppress"):
		return name
	case source.Name(code) != "" && (strings.HasSuffix(code, ")") || strings.HasSuffix(code, ");") || strings.HasSuffix(code, ")?;")) && !strings.Contains(code, "=") && !source.Prefixed(code, "return", "def ", "func ", "fn ", "assert"):
		if callee, _, _ := strings.Cut(code, "("); strings.HasSuffix(callee, name) {
			return name
		}
	}
	return ""
}

// guardName returns the first name on a line that says that something is refused.
func guardName(code string) string {
	name := ""
	source.EachName(code, func(n string) {
		low := strings.ToLower(strings.ReplaceAll(n, "_", ""))
		for _, g := range guards {
			if name == "" && (strings.Contains(low, g) && !strings.Contains(low, "invalidat") || low == "valid") {
				name = n
			}
		}
	})
	return name
}

// leavesAfter reports whether a condition is followed by leaving the function.
func leavesAfter(lines []source.Line, i int) bool {
	for j := i; j < len(lines) && j <= i+3; j++ {
		code := lines[j].Code
		if j > i && strings.TrimSpace(code) == "}" {
			return false
		}
		if source.Has(code, "return", "raise", "throw", "panic", "abort", "reject", "halt", "bail!", "Err") {
			return true
		}
	}
	return false
}

// disarmed reports whether the line before a new one is a check as it was, but
// nothing comes of it any more.
func (f *file) disarmed(i int) bool {
	if i == 0 || !source.Prefixed(strings.TrimSpace(f.new[i-1].Code), "if ", "if(", "unless ") || guardName(f.new[i-1].Code) == "" || leavesAfter(f.new, i-1) {
		return false
	}
	for j, l := range f.old {
		if l.Key == f.new[i-1].Key {
			return leavesAfter(f.old, j)
		}
	}
	return false
}

// commented reports whether a line of code is a comment in the new text.
func (f *file) commented(key string) bool {
	for _, i := range f.added {
		l := f.new[i]
		if strings.TrimSpace(l.Code) == "" && len(key) > 4 && strings.Contains(l.Key, strings.TrimRight(key, ";{")) {
			return true
		}
	}
	return false
}

// still reports whether a new line of the diff makes the check, or the check itself
// is gone.
func (d *diff) still(name string) bool { return d.ended[name] || d.whole.names[name] }

// stays reports whether the function around an old line is still there, and little
// else of it is gone: it was not rewritten.
func (f *file) stays(i int) bool {
	near := 0
	for _, j := range f.removed {
		if j > i-15 && j < i+15 {
			near++
		}
	}
	if near > 6 {
		return false
	}
	for j := i; j >= 0 && j > i-60; j-- {
		if n := routineName(f.lang, f.old[j]); n != "" {
			for _, l := range f.new {
				if l.Key == f.old[j].Key {
					return true
				}
			}
			return false
		}
	}
	return true
}
