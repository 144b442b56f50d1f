package smell

import (
	"strings"

	"popkit/internal/core/source"
)

// marker is a word in a comment, or in code, that silences a check.
type marker struct {
	word string
	what string // what is silenced
	wide bool   // for the whole file, not for one line
}

// markers are looked for in comments, and those that begin with # or @ in code.
var markers = map[source.Lang][]marker{
	source.Go: {{"nolint", "a linter", false}, {"#nosec", "a security check", false}, {"lint:ignore", "a linter", false}, {"lint:file-ignore", "a linter", true},
		{"revive:disable", "a linter", false}, {"exhaustive:ignore", "a linter", false}},
	source.Python: {{"type: ignore", "the type checker", false}, {"type:ignore", "the type checker", false}, {"pyright: ignore", "the type checker", false},
		{"pyright: basic", "the type checker", true}, {"mypy: ignore-errors", "the type checker", true}, {"mypy: disable-error-code", "the type checker", true},
		{"ty: ignore", "the type checker", false}, {"pyre-ignore", "the type checker", false}, {"pyre-fixme", "the type checker", false}, {"pytype: disable", "the type checker", false},
		{"flake8: noqa", "a linter", true}, {"ruff: noqa", "a linter", true}, {"noqa", "a linter", false}, {"pylint: disable", "a linter", false}, {"pylint:disable", "a linter", false},
		{"nosec", "a security check", false}, {"pragma: no cover", "the coverage check", false}},
	source.JavaScript: jsMarkers,
	source.TypeScript: jsMarkers,
	source.Java: {{"NOPMD", "a linter", false}, {"NOSONAR", "a linter", false}, {"CHECKSTYLE:OFF", "a linter", true}, {"CHECKSTYLE.OFF", "a linter", true}, {"noinspection", "an inspection", false},
		{"@SuppressWarnings", "a compiler warning", false}, {"@SuppressFBWarnings", "a bug finder", false}, {"@Suppress", "a warning", false}, {"@file:Suppress", "a warning", true}},
	source.Rust: {{"#![allow", "a lint", true}, {"#[allow", "a lint", false}, {"#[expect", "a lint", false}, {"#[cfg_attr(coverage_nightly, coverage(off))]", "the coverage check", false}},
	source.Ruby: {{"rubocop:disable", "a linter", false}, {"rubocop:todo", "a linter", false}, {"standard:disable", "a linter", false}, {":nocov:", "the coverage check", true},
		{"typed: false", "the type checker", true}, {"typed: ignore", "the type checker", true}, {"reek:", "a linter", false}, {"steep:ignore", "the type checker", false}},
	source.Shell: {{"shellcheck disable", "a linter", false}, {"hadolint ignore", "a linter", false}},
	source.YAML:  {{"yamllint disable", "a linter", false}},
}

var jsMarkers = []marker{
	{"@ts-nocheck", "the type checker", true}, {"@ts-ignore", "the type checker", false}, {"@ts-expect-error", "the type checker", false}, {"$FlowFixMe", "the type checker", false},
	{"eslint-disable-next-line", "a linter", false}, {"eslint-disable-line", "a linter", false}, {"eslint-disable", "a linter", true}, {"tslint:disable-next-line", "a linter", false}, {"tslint:disable-line", "a linter", false}, {"tslint:disable", "a linter", true},
	{"biome-ignore", "a linter", false}, {"biome-ignore-all", "a linter", true}, {"oxlint-disable-next-line", "a linter", false}, {"oxlint-disable", "a linter", true}, {"jshint ignore", "a linter", false},
	{"istanbul ignore", "the coverage check", false}, {"c8 ignore", "the coverage check", false}, {"v8 ignore", "the coverage check", false},
}

// silences returns the markers that stand on a line.
func silences(l source.Lang, ln source.Line) []marker {
	var out []marker
	for _, m := range markers[l] {
		if inCode := m.word[0] == '@' && l == source.Java || l == source.Rust; inCode {
			code := strings.TrimSpace(ln.Code)
			if l == source.Java && source.Has(code, m.word) || strings.HasPrefix(code, m.word) {
				out = append(out, m)
			}
		} else if ln.Comment != "" && begins(l, ln, m.word) {
			out = append(out, m)
		}
		if len(out) > 0 && m.word == out[0].word && (l.JS() || l == source.Java) {
			break // eslint-disable stands in eslint-disable-line, too
		}
	}
	return out
}

// begins reports whether a comment begins with a marker: one that is only spoken
// of stands further in. Python and Ruby take several comments on one line.
func begins(l source.Lang, ln source.Line, word string) bool {
	comment := ln.Comment
	if !strings.Contains(comment, word) {
		return false
	}
	if l == source.Python || l == source.Ruby || l == source.Shell || l == source.YAML {
		for i, part := range strings.Split(comment[1:], "#") {
			if i > 0 && strings.TrimSpace(ln.Code) == "" {
				break // an example in a comment
			}
			if part = strings.TrimLeft(part, " "); marks(part, word) {
				return i > 0 || len(comment)-1-len(part) >= 0 && !strings.HasPrefix(comment, "#  ")
			}
		}
		return strings.HasPrefix(word, "#") && marks(strings.TrimLeft(comment, "/ "), word)
	}
	for _, mark := range []string{"//", "/**", "/*"} {
		if rest, ok := strings.CutPrefix(comment, mark); ok {
			return marks(strings.TrimLeft(rest, " "), word)
		}
	}
	return ln.Inside && marks(comment, word)
}

// marks reports whether a text begins with a marker.
func marks(text, word string) bool {
	return strings.HasPrefix(text, word) && source.Find(text, word) == 0
}

// silenced finds checks that are silenced by a line that is new. Where as many
// such lines are gone, one was only rewritten.
func (f *file) silenced() []Finding {
	gone := map[marker]int{}
	for _, i := range f.removed {
		for _, m := range silences(f.lang, f.old[i]) {
			gone[m]++
		}
	}
	var out []Finding
	begun := false
	for _, i := range f.added {
		for _, m := range silences(f.lang, f.new[i]) {
			if gone[m]--; gone[m] >= 0 || f.usual(m, i) {
				continue
			}
			if m.word == ":nocov:" {
				if begun = !begun; !begun {
					continue // the one that ends it
				}
			}
			scope := ""
			if m.wide {
				scope = " from here on"
			}
			out = append(out, f.finding("check_silenced", i, m.what+" is silenced"+scope+": "+m.word))
		}
	}
	return append(out, f.untyped()...)
}

// usual reports whether a marker is the accepted way to write what the line says.
func (f *file) usual(m marker, i int) bool {
	l := f.new[i]
	if f.sample {
		return true
	}
	switch m.word {
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
	return f.test && !m.wide && (names(l) || f.lang == source.Python && !f.Fragment || f.lang == source.Java || f.lang == source.Rust)
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

// names reports whether a marker says which check it silences. In a test, that is
// how one writes what the check would rightly refuse.
func names(l source.Line) bool {
	for _, m := range []string{"ignore[", "noqa: ", "noqa:", "disable=", "disable ", "nolint:", "disable-line ", "disable-next-line ", "biome-ignore "} {
		if i := strings.Index(l.Comment, m); i >= 0 {
			rest := strings.TrimSpace(l.Comment[i+len(m):])
			return rest != "" && !source.Prefixed(rest, "*/", "all", "-")
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
		for _, cast := range []string{" as any", " as unknown as ", " as never"} {
			at := strings.Index(code, cast)
			if at < 0 || at+len(cast) < len(code) && cast != " as unknown as " && source.InName(code[at+len(cast)]) {
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
