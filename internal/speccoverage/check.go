package speccoverage

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// areas are the parts of the work that a row can be open for.
var areas = []string{
	"spine",        // one objective, several agents, merged and verified
	"guard",        // protected paths, escalation, drift, cheating
	"claude",       // the headless Claude Code runtime
	"plugin",       // slash commands, hosted agents, hooks, skills, output style
	"redis",        // agents on other machines, Upstash
	"patterns",     // memory across runs
	"issue-driven", // GitHub issues, activation by label
}

// Tests is what a row may name: Go tests and the files of scripted ones.
type Tests struct {
	Funcs map[string]string // test function, also as directory.function → text of its file
	Files map[string]bool   // path of each script
}

var testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)\w*)\(`)

// Find looks for the tree's tests: functions in files named _test.go, and
// scripts (.txtar, .txt) in a testdata directory.
func Find(fsys fs.FS) (Tests, error) {
	t := Tests{Funcs: map[string]string{}, Files: map[string]bool{}}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("walk %s: %w", name, err)
		}
		base := path.Base(name)
		switch {
		case d.IsDir() && name != "." && (base[0] == '.' || base == "vendor" || base == "bin" || base == "dist"):
			return fs.SkipDir
		case d.IsDir():
		case strings.HasSuffix(base, "_test.go"):
			text, err := fs.ReadFile(fsys, name)
			if err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
			for _, m := range testFunc.FindAllSubmatch(text, -1) {
				t.Funcs[string(m[1])] += string(text)
				t.Funcs[path.Dir(name)+"."+string(m[1])] += string(text)
			}
		case strings.Contains(name, "testdata/") && (path.Ext(base) == ".txtar" || path.Ext(base) == ".txt"):
			t.Files[name] = true
		}
		return nil
	})
	if err != nil {
		return Tests{}, fmt.Errorf("look for tests: %w", err)
	}
	return t, nil
}

// Check compares the page with the specification and the tree. Each problem is
// one line that says where and what to do.
func Check(units []Unit, rows []Row, tests Tests) []string {
	var problems []string
	byID := map[string]Row{}
	for _, r := range rows {
		if first, twice := byID[r.ID]; twice {
			problems = append(problems, fmt.Sprintf("line %d: %s is there already, in line %d", r.Line, r.ID, first.Line))
			continue
		}
		byID[r.ID] = r
	}
	last := 0
	for _, u := range units {
		r, ok := byID[u.ID]
		delete(byID, u.ID)
		switch {
		case !ok:
			problems = append(problems, fmt.Sprintf("no row for %s: %q (run the test with -update)", u.ID, u.Text))
			continue
		case r.Text != u.Text:
			problems = append(problems, fmt.Sprintf("line %d: %s quotes %q, the spec says %q", r.Line, u.ID, r.Text, u.Text))
		case r.Line < last:
			problems = append(problems, fmt.Sprintf("line %d: %s is out of order", r.Line, u.ID))
		}
		last = max(last, r.Line)
		for _, p := range judge(r, tests) {
			problems = append(problems, fmt.Sprintf("line %d: %s: %s", r.Line, r.ID, p))
		}
	}
	for _, r := range rows {
		if _, left := byID[r.ID]; left {
			problems = append(problems, fmt.Sprintf("line %d: the spec has no %s", r.Line, r.ID))
			delete(byID, r.ID)
		}
	}
	return problems
}

// judge holds a row's status to the three forms that it may have.
func judge(r Row, tests Tests) []string {
	kind, rest, _ := strings.Cut(r.Status, ":")
	rest = strings.TrimSpace(rest)
	switch kind {
	case "open":
		if !slices.Contains(areas, rest) {
			return []string{fmt.Sprintf("open for %q, which is none of %s", rest, strings.Join(areas, ", "))}
		}
	case "changed":
		if len(strings.Fields(rest)) < 4 || !strings.Contains(rest, "instead") {
			return []string{`changed: give the reason, and after "instead" what to type or expect`}
		}
	case "test":
		var problems []string
		for name := range strings.SplitSeq(rest, ",") {
			if p := tests.missing(strings.TrimSpace(name)); p != "" {
				problems = append(problems, p)
			}
		}
		return problems
	default:
		return []string{fmt.Sprintf("status %q is none of test:, changed:, open:", r.Status)}
	}
	return nil
}

// testName is TestName or directory.TestName, and perhaps /a_case.
var testName = regexp.MustCompile(`^((?:[\w/-]+\.)?(?:Test|Fuzz|Benchmark|Example)\w*)(?:/(.+))?$`)

// missing says what is wrong with the name of a test, if anything: a script's
// path, or a function's name, perhaps with its directory before it and a case
// after it, whose words must stand in the same file.
func (t Tests) missing(name string) string {
	m := testName.FindStringSubmatch(name)
	if m == nil {
		if !t.Files[name] {
			return fmt.Sprintf("no script %q", name)
		}
		return ""
	}
	text, ok := t.Funcs[m[1]]
	switch {
	case !ok:
		return fmt.Sprintf("no test %q in the tree", m[1])
	case !strings.Contains(text, m[2]) && !strings.Contains(text, strings.ReplaceAll(m[2], "_", " ")):
		return fmt.Sprintf("%s has no case %q", m[1], m[2])
	}
	return ""
}
