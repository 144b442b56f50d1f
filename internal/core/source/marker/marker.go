package marker

import (
	"strings"

	"popkit/internal/core/source"
)

// Marker is a word in a comment, or in code, that silences a check.
type Marker struct {
	Word string
	What string // what is silenced
	Wide bool   // for the whole file, not for one line
}

// markers are looked for in comments, and those that begin with # or @ in code.
var markers = map[source.Lang][]Marker{
	source.Go: {{"nolint", "a linter", false}, {"#nosec", "a security check", false}, {"lint:ignore", "a linter", false}, {"lint:file-ignore", "a linter", true},
		{"revive:disable", "a linter", false}, {"exhaustive:ignore", "a linter", false}},
	source.Python: {{"type: ignore", "the type checker", false}, {"type:ignore", "the type checker", false}, {"pyright: ignore", "the type checker", false},
		{"pyright: basic", "the type checker", true}, {"mypy: ignore-errors", "the type checker", true}, {"mypy: disable-error-code", "the type checker", true},
		{"ty: ignore", "the type checker", false}, {"pyre-ignore", "the type checker", false}, {"pyre-fixme", "the type checker", false}, {"pytype: disable", "the type checker", false},
		{"flake8: noqa", "a linter", true}, {"ruff: noqa", "a linter", true}, {"noqa", "a linter", false}, {"pylint: skip-file", "a linter", true}, {"@no_type_check", "the type checker", false}, {"@typing.no_type_check", "the type checker", false}, {"pylint: disable", "a linter", false}, {"pylint:disable", "a linter", false},
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

var jsMarkers = []Marker{
	{"@ts-nocheck", "the type checker", true}, {"@ts-ignore", "the type checker", false}, {"@ts-expect-error", "the type checker", false}, {"$FlowFixMe", "the type checker", false},
	{"eslint-disable-next-line", "a linter", false}, {"eslint-disable-line", "a linter", false}, {"eslint-disable", "a linter", true}, {"tslint:disable-next-line", "a linter", false}, {"tslint:disable-line", "a linter", false}, {"tslint:disable", "a linter", true},
	{"biome-ignore", "a linter", false}, {"biome-ignore-all", "a linter", true}, {"oxlint-disable-next-line", "a linter", false}, {"oxlint-disable", "a linter", true}, {"jshint ignore", "a linter", false},
	{"istanbul ignore", "the coverage check", false}, {"c8 ignore", "the coverage check", false}, {"v8 ignore", "the coverage check", false},
}

// In returns the markers that stand on a line.
func In(l source.Lang, ln source.Line) []Marker {
	var out []Marker
	for _, m := range markers[l] {
		if inCode := m.Word[0] == '@' && !l.JS() || l == source.Rust; inCode {
			code := strings.TrimSpace(ln.Code)
			if l == source.Java && source.Has(code, m.Word) || strings.HasPrefix(code, m.Word) {
				out = append(out, m)
			}
		} else if ln.Comment != "" && begins(l, ln, m.Word) {
			out = append(out, m)
		}
		if len(out) > 0 && m.Word == out[0].Word && (l.JS() || l == source.Java) {
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

// Names reports whether a marker says which check it silences. In a test, that is
// how one writes what the check would rightly refuse.
func Names(l source.Line) bool {
	for _, m := range []string{"ignore[", "noqa: ", "noqa:", "disable=", "disable ", "nolint:", "disable-line ", "disable-next-line ", "biome-ignore "} {
		if i := strings.Index(l.Comment, m); i >= 0 {
			rest := strings.TrimSpace(l.Comment[i+len(m):])
			return rest != "" && !source.Prefixed(rest, "*/", "all", "-")
		}
	}
	return false
}
