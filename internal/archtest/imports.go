package archtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// checkImports holds a package to its entry: which of popkit's packages it may
// import, and which libraries exist for it.
func checkImports(p *pkg, r Rules) []Finding {
	i := slices.IndexFunc(r.Packages, func(e Package) bool { return matches(e.Dir, p.dir) })
	if i < 0 {
		return []Finding{{Rule: ruleNoRule, File: p.dir, Where: p.dir, Text: "no import rule: add " + p.dir +
			" to Packages in internal/archtest/tables.go with its band and what it may import"}}
	}
	var found []Finding
	for _, f := range p.files {
		for _, im := range f.ast.Imports {
			target, err := strconv.Unquote(im.Path.Value)
			if err != nil {
				continue // load refused such a file
			}
			if im.Name != nil && im.Name.Name == "." {
				found = append(found, f.finding(ruleImport, im, p.dir, "dot import of %s hides where names come from", target))
			}
			test := f.test || r.Packages[i].Band == Tests
			if rule, text := judgeImport(p.dir, test, target, r.Packages[i], r); rule != "" {
				found = append(found, f.finding(rule, im, p.dir, "%s", text))
			}
		}
	}
	return found
}

// judgeImport answers with the rule that the import breaks and what to say about it.
func judgeImport(dir string, test bool, target string, entry Package, r Rules) (rule, text string) {
	if own, ok := strings.CutPrefix(target, r.Module+"/"); ok {
		may := slices.Clone(entry.May)
		if test {
			may = append(append(may, entry.Tests...), r.TestSupport...)
		}
		if own == dir || matchesAny(may, own) {
			return "", ""
		}
		return ruleImport, fmt.Sprintf("%s (band %s) may not import %s", dir, entry.Band, own)
	}
	if first, _, _ := strings.Cut(target, "/"); !strings.Contains(first, ".") {
		return "", "" // standard library; checkPurity judges those of core
	}
	i := slices.IndexFunc(r.Libraries, func(l Library) bool {
		return target == l.Path || strings.HasPrefix(target, l.Path+"/")
	})
	switch {
	case i < 0:
		return ruleLibrary, fmt.Sprintf("%s has no entry in Libraries: say which package exists for it", target)
	case matchesAny(r.Libraries[i].In, dir), test && matchesAny(r.Libraries[i].Tests, dir):
		return "", ""
	}
	return ruleLibrary, misplaced(dir, test, r.Libraries[i])
}

func misplaced(dir string, test bool, l Library) string {
	switch {
	case test:
		return fmt.Sprintf("%s is for tests of %s, not of %s", l.Path, strings.Join(append(slices.Clone(l.In), l.Tests...), ", "), dir)
	case len(l.In) == 0:
		return fmt.Sprintf("%s is for tests, not for %s", l.Path, dir)
	}
	return fmt.Sprintf("%s belongs in %s, not in %s", l.Path, strings.Join(l.In, ", "), dir)
}

// matches says whether dir is meant by the pattern: the directory itself, or with
// a trailing "/..." everything below it too, as the go command writes it.
func matches(pattern, dir string) bool {
	prefix, tree := strings.CutSuffix(pattern, "...")
	if !tree {
		return pattern == dir
	}
	return dir == strings.TrimSuffix(prefix, "/") || strings.HasPrefix(dir, prefix)
}

func matchesAny(patterns []string, dir string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, dir) })
}
