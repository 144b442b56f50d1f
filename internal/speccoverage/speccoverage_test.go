package speccoverage

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

var update = flag.Bool("update", false, "rewrite docs/spec-coverage.md: rows in order, missing ones added as open")

const (
	root     = "../.."
	specPath = root + "/docs/spec/power-mode.md"
	pagePath = root + "/docs/spec-coverage.md"
)

// TestEveryUnitHasItsRow holds the page to the specification and to the tests
// that are really there.
func TestEveryUnitHasItsRow(t *testing.T) {
	units := Split(read(t, specPath))
	page := read(t, pagePath)
	if *update {
		page = Format(page, units)
		if err := os.WriteFile(pagePath, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tests, err := Find(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	rows := Parse(page)
	for _, p := range Check(units, rows, tests) {
		t.Errorf("docs/spec-coverage.md: %s", p)
	}
	count := map[string]int{}
	for _, r := range rows {
		kind, _, _ := strings.Cut(r.Status, ":")
		count[kind]++
	}
	t.Logf("%d units: %v", len(units), count)
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestSplit shows each kind of unit.
func TestSplit(t *testing.T) {
	const spec = `---
name: power
description: "One thing. Another (2.0.64+) thing."
---

# Title

Intro by ` + "`run: true`" + `. Second
line of it! Third.

## How It Works (long)

**Lead in:**
- first
  - nested
1. numbered

| A | B |
|---|:--|
| x | y \| z |

Run this:

` + "```bash" + `
# comment
one \
  two

┌───────┐
│ boxed │
│ text  │
├───────┤
│ more  │

Head:
├── branch
│   └── leaf
└── last
    └── leaf
` + "```" + `

### Sub

Free paragraph.

## Next: more

- alone
`
	want := []Unit{
		{"front-matter.1", "Front matter", "power"},
		{"front-matter.2", "Front matter", "One thing."},
		{"front-matter.3", "Front matter", "Another (2.0.64+) thing."},
		{"front-matter.4", "Front matter", "Intro by `run: true`."},
		{"front-matter.5", "Front matter", "Second line of it!"},
		{"front-matter.6", "Front matter", "Third."},
		{"how-it-works-long.1", "How It Works (long)", "**Lead in:** first"},
		{"how-it-works-long.2", "How It Works (long)", "**Lead in:** nested"},
		{"how-it-works-long.3", "How It Works (long)", "**Lead in:** numbered"},
		{"how-it-works-long.4", "How It Works (long)", "**Lead in:** A · B"},
		{"how-it-works-long.5", "How It Works (long)", "**Lead in:** x · y | z"},
		{"how-it-works-long.6", "How It Works (long)", `Run this: # comment one \ two`},
		{"how-it-works-long.7", "How It Works (long)", "Run this: boxed text"},
		{"how-it-works-long.8", "How It Works (long)", "Run this: more"},
		{"how-it-works-long.9", "How It Works (long)", "Run this: Head:"},
		{"how-it-works-long.10", "How It Works (long)", "Run this: branch leaf"},
		{"how-it-works-long.11", "How It Works (long)", "Run this: last leaf"},
		{"how-it-works-long.12", "How It Works (long)", "Free paragraph."},
		{"next.1", "Next: more", "alone"},
	}
	if got := Split(spec); !slices.Equal(got, want) {
		t.Errorf("got:")
		for _, u := range got {
			t.Errorf("  %q", u)
		}
	}
}

// TestNothingLost: each word of the specification is in some unit or heading.
func TestNothingLost(t *testing.T) {
	spec := read(t, specPath)
	var all strings.Builder
	seen := map[string]bool{}
	for _, u := range Split(spec) {
		all.WriteString(u.Text + "\n")
		if seen[u.ID] {
			t.Errorf("two units are called %s", u.ID)
		}
		seen[u.ID] = true
	}
	for i, line := range strings.Split(spec, "\n") {
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "```") {
			continue
		}
		for _, word := range strings.Fields(boxes.ReplaceAllString(item.ReplaceAllString(line, ""), " ")) {
			word = strings.Trim(word, `|"-`)
			if !strings.Contains(all.String(), word) && word != "name:" && word != "description:" {
				t.Errorf("line %d: %q is in no unit", i+1, word)
			}
		}
	}
}

// TestCheck shows that each problem is found.
func TestCheck(t *testing.T) {
	units := []Unit{{"a.1", "A", "one"}, {"a.2", "A", "two | three"}}
	tests := Tests{
		Funcs: map[string]string{"TestOne": `t.Run("a case of it", …)`, "internal/a.TestOne": `t.Run("a case of it", …)`},
		Files: map[string]bool{"e2e/testdata/start.txtar": true},
	}
	const one, two = "| a.1 | one | test: TestOne | x |\n", "| a.2 | two \\| three | open: guard | |\n"
	for name, tc := range map[string]struct {
		rows string
		want string
	}{
		"good":           {one + two, ""},
		"case":           {"| a.1 | one | test: TestOne/a_case_of_it | x |\n" + two, ""},
		"script":         {"| a.1 | one | test: TestOne, e2e/testdata/start.txtar | x |\n" + two, ""},
		"in a package":   {"| a.1 | one | test: internal/a.TestOne/a_case_of_it | x |\n" + two, ""},
		"elsewhere":      {"| a.1 | one | test: internal/b.TestOne | x |\n" + two, `line 3: a.1: no test "internal/b.TestOne" in the tree`},
		"changed":        {"| a.1 | one | changed: was unsafe; instead type two | x |\n" + two, ""},
		"missing":        {one, `no row for a.2: "two | three" (run the test with -update)`},
		"surplus":        {one + two + "| a.3 | x | open: guard | |\n", "line 5: the spec has no a.3"},
		"twice":          {one + one + two, "line 4: a.1 is there already, in line 3"},
		"order":          {two + one, "line 3: a.2 is out of order"},
		"misquoted":      {"| a.1 | uno | test: TestOne | |\n" + two, `line 3: a.1 quotes "uno", the spec says "one"`},
		"no such test":   {"| a.1 | one | test: TestTwo | |\n" + two, `line 3: a.1: no test "TestTwo" in the tree`},
		"one of several": {"| a.1 | one | test: TestOne, TestTwo | |\n" + two, `line 3: a.1: no test "TestTwo" in the tree`},
		"no test":        {"| a.1 | one | test: | |\n" + two, `line 3: a.1: no script ""`},
		"no such case":   {"| a.1 | one | test: TestOne/other | |\n" + two, `line 3: a.1: TestOne has no case "other"`},
		"no such script": {"| a.1 | one | test: e2e/testdata/stop.txtar | |\n" + two, "line 3: a.1: no script \"e2e/testdata/stop.txtar\""},
		"unknown status": {"| a.1 | one | done | |\n" + two, `line 3: a.1: status "done" is none of test:, changed:, open:`},
		"no status":      {"| a.1 | one |\n" + two, `line 3: a.1: status "" is none of test:, changed:, open:`},
		"unknown area":   {"| a.1 | one | open: someday | |\n" + two, `line 3: a.1: open for "someday", which is none of ` + strings.Join(areas, ", ")},
		"no reason":      {"| a.1 | one | changed: yes | |\n" + two, `line 3: a.1: changed: give the reason, and after "instead" what to type or expect`},
	} {
		t.Run(name, func(t *testing.T) {
			page := tableHead + "\n|---|---|---|---|\n" + tc.rows
			if got := strings.Join(Check(units, Parse(page), tests), "\n"); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestFormat keeps what rows say and adds what is missing.
func TestFormat(t *testing.T) {
	const page = "# Coverage\n\nIntro.\n\n## Old\n\n" + tableHead + "\n|---|---|---|---|\n| a.2 | two | test: TestX | here \\| there |\n"
	units := []Unit{{"a.1", "A", "one"}, {"a.2", "A", "two | three"}}
	want := "# Coverage\n\nIntro.\n\n## A\n\n" + tableHead + "\n|---|---|---|---|\n" +
		"| a.1 | one | open: unsorted |  |\n| a.2 | two \\| three | test: TestX | here \\| there |\n"
	got := Format(page, units)
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if again := Format(got, units); again != got {
		t.Errorf("not stable:\n%s", again)
	}
}

// TestFind finds functions and scripts, and nothing in hidden directories.
func TestFind(t *testing.T) {
	tests, err := Find(fstest.MapFS{
		"a/a_test.go":           {Data: []byte("package a\n\nfunc TestA(t *testing.T) {}\n\nfunc FuzzA(f *testing.F) {}\n\n// func TestNot(\n")},
		"a/a.go":                {Data: []byte("func TestNot(t *testing.T) {}\n")},
		".x/b_test.go":          {Data: []byte("func TestNot(t *testing.T) {}\n")},
		"e2e/testdata/x.txtar":  {},
		"e2e/elsewhere/y.txtar": {},
	})
	if err != nil {
		t.Fatal(err)
	}
	if tests.Funcs["TestA"] == "" || tests.Funcs["a.TestA"] == "" || tests.Funcs["FuzzA"] == "" || len(tests.Funcs) != 4 {
		t.Errorf("functions: %v", tests.Funcs)
	}
	if !tests.Files["e2e/testdata/x.txtar"] || len(tests.Files) != 1 {
		t.Errorf("scripts: %v", tests.Files)
	}
}

var named = regexp.MustCompile("`((?:internal|e2e)/[\\w/]+(?:\\.Test\\w+(?:/\\w+)?|/testdata/[\\w-]+\\.(?:txtar|txt)))`")

// TestPagesNameTestsThatExist: other pages name tests, too.
func TestPagesNameTestsThatExist(t *testing.T) {
	tests, err := Find(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, page := range []string{"docs/tiers.md", "docs/ARCHITECTURE.md", "README.md"} {
		for _, m := range named.FindAllStringSubmatch(read(t, root+"/"+page), -1) {
			count++
			if p := tests.missing(m[1]); p != "" {
				t.Errorf("%s: %s", page, p)
			}
		}
	}
	if count < 10 {
		t.Errorf("only %d tests are named in the pages", count)
	}
}
