package objective

import (
	"path"
	"regexp"
	"slices"
)

// Bounds are where an attempt's work has to stay. Empty lists set no bound.
type Bounds struct {
	Protected  []string // globs no file may match
	Boundaries []string // globs of the objective; each file must match one
	Scope      []string // globs of the task; likewise
}

// Finding is a file that lies outside its bounds, and which one.
type Finding struct {
	File string
	Rule string // protected_path, out_of_boundary, out_of_scope
	Text string // "src/x.go is outside …"
}

// Audit returns the files that lie outside the bounds, each once, by the
// strictest bound it breaks. Files are slash paths relative to the repository.
func Audit(files []string, b Bounds) []Finding {
	var out []Finding
	for _, f := range files {
		switch {
		case Protected(f, b.Protected):
			out = append(out, Finding{f, "protected_path", f + " is protected (guardrails.protected_paths)"})
		case len(b.Boundaries) > 0 && !InScope(f, b.Boundaries):
			out = append(out, Finding{f, "out_of_boundary", f + " is outside the objective's boundaries"})
		case len(b.Scope) > 0 && !InScope(f, b.Scope):
			out = append(out, Finding{f, "out_of_scope", f + " is outside the task's scope"})
		}
	}
	return out
}

// templates are files that show what a protected one looks like: no pattern with a
// wildcard protects them.
var templates = []string{".env.example", ".env.sample", ".env.template"}

// Protected reports whether the globs match the file or a directory that it is in:
// what is protected is protected with all that is below it. A template such as
// .env.example is protected only by its own name.
func Protected(file string, globs []string) bool {
	for p := path.Clean(file); p != "." && p != "/"; p = path.Dir(p) {
		by := globs
		if base := path.Base(p); slices.Contains(templates, base) {
			by = slices.DeleteFunc(slices.Clone(globs), func(g string) bool { return path.Base(g) != base })
		}
		if InScope(p, by) {
			return true
		}
	}
	return false
}

// MatchText reports whether the RE2 pattern matches the text; a pattern that
// does not compile matches nothing (configuration refuses it before).
func MatchText(pattern, text string) bool {
	re, err := regexp.Compile(pattern)
	return err == nil && re.MatchString(text)
}
