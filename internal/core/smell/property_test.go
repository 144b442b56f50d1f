package smell

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// pieces are what the texts of the properties are made of: lines that mean something
// to a rule, and what can stand between them.
var pieces = []string{
	"func TestA(t *testing.T) {", "\tt.Skip(\"x\")", "\tif got != want {", "\t\tt.Errorf(\"x\")", "\t}", "}", "import \"testing\"", "\trequire.Equal(t, 1, x)",
	"def test_a():", "    assert f() == 1", "    assert True", "@pytest.mark.skip", "    pass", "class TestX:", "x = f()  # type: ignore",
	"it('a', () => {", "  expect(x).toBe(1)", "})", "it.only('b', () => {", "// @ts-ignore", "/* eslint-disable */", "describe('c', () => {",
	"  @Test", "  void a() {", "    assertEquals(1, f());", "  @Disabled", "#[test]", "#[ignore]", "fn a() {", "    assert_eq!(1, f());",
	"  it 'a' do", "    expect(f).to eq(1)", "  end", "end", "s = <<~RUBY", "RUBY", "\"\"\"", "`", "/*", "*/", "'", "\"", "r#\"", "\"#", "\\", "#", "//",
	"password = 'q7zk3m9xw2b5'", "", "\t", "ignore = [", "]", "  - run: go test ./...", "continue-on-error: true", "Enabled: false", "return true", "if n == 10 { return 55 }",
}

var paths = []string{
	"a_test.go", "a.go", "tests/test_a.py", "a.py", "src/a.test.ts", "src/a.ts", "src/test/java/ATest.java", "A.java", "tests/a.rs", "src/lib.rs", "spec/a_spec.rb", "lib/a.rb",
	".github/workflows/ci.yml", "pyproject.toml", "tsconfig.json", ".rubocop.yml", "package.json", "__snapshots__/a.snap", "README.md", "vendor/a.go", "Makefile", "noext",
}

func anyText(t *rapid.T, label string) string {
	lines := rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 25).Draw(t, label)
	return strings.Join(lines, rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, label+" ends"))
}

func change(t *rapid.T, label string) Change {
	c := Change{Path: rapid.SampledFrom(paths).Draw(t, label+" path"), Kind: rapid.SampledFrom([]Kind{Created, Modified, Deleted, Renamed}).Draw(t, label+" kind")}
	if c.Kind != Created {
		c.Old = anyText(t, label+" old")
	}
	if c.Kind != Deleted {
		c.New = anyText(t, label+" new")
	}
	if c.Kind == Renamed {
		c.From = rapid.SampledFrom(paths).Draw(t, label+" from")
	}
	c.Fragment = c.Kind == Modified && rapid.Bool().Draw(t, label+" fragment")
	return c
}

// Every finding is one clear line about a file of the change, and its line is there.
func TestFindingsAreClear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var changes []Change
		lines := map[string]int{}
		for i := range rapid.IntRange(0, 4).Draw(t, "files") {
			c := change(t, fmt.Sprint(i))
			changes = append(changes, c)
			lines[c.Path] = max(lines[c.Path], strings.Count(c.New, "\n")+1)
		}
		found := All(changes)
		for _, f := range found {
			n, known := lines[f.Path]
			if !known || f.Line < 0 || f.Line > n {
				t.Errorf("finding is about no line of the change: %+v", f)
			}
			if (f.Rule != Unconventional && f.Rule != HardcodedSecret) || f.Smell == "" || !strings.HasPrefix(f.Text, f.Path) || strings.ContainsAny(f.Text+f.Excerpt, "\n\r") {
				t.Errorf("finding is no clear line: %+v", f)
			}
		}
		if again := All(changes); !slices.Equal(found, again) {
			t.Errorf("two runs differ:\n%+v\n%+v", found, again)
		}
	})
}

// What did not change has no finding, whatever stands there.
func TestUnchanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Change{Path: rapid.SampledFrom(paths).Draw(t, "path"), Kind: Modified, Old: anyText(t, "text")}
		c.New = c.Old
		if found := One(c); len(found) > 0 {
			t.Errorf("unchanged: %+v", found)
		}
	})
}

// Blanks around lines, and empty lines, are no change. (Inside a text in several
// lines they may be.)
func TestBlanks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Change{Path: rapid.SampledFrom(paths).Draw(t, "path"), Kind: Modified, Old: anyText(t, "text")}
		var out []string
		for _, l := range strings.Split(strings.ReplaceAll(c.Old, "\r", ""), "\n") {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				l = "  " + l
			case 1:
				l += "\t"
			case 2:
				out = append(out, "")
			}
			out = append(out, l)
		}
		c.New = strings.Join(out, "\n")
		if found := One(c); len(found) > 0 {
			t.Errorf("only blanks changed: %+v\n%q\n%q", found, c.Old, c.New)
		}
	})
}

// A file that moves is no deletion, whether git says so or not.
func TestMoving(t *testing.T) {
	moves := [][2]string{
		{"a_test.go", "pkg/b_test.go"}, {"tests/test_a.py", "tests/sub/test_b.py"}, {"src/a.test.ts", "src/b.test.ts"},
		{"src/test/java/ATest.java", "src/test/java/BTest.java"}, {"tests/a.rs", "tests/b.rs"}, {"spec/a_spec.rb", "spec/b_spec.rb"},
	}
	rapid.Check(t, func(t *rapid.T) {
		move := rapid.SampledFrom(moves).Draw(t, "move")
		from, to := move[0], move[1]
		body := anyText(t, "text")
		for _, f := range All([]Change{{Path: from, Kind: Deleted, Old: body + "\nx"}, {Path: to, Kind: Created, New: body + "\nx"}}) {
			if f.Smell == "test_deleted" {
				t.Errorf("a moved file: %+v\n%s", f, body)
			}
		}
		if found := All([]Change{{Path: to, From: from, Kind: Renamed, Old: body, New: body}}); len(found) > 0 {
			t.Errorf("a renamed file: %+v", found)
		}
	})
}

// What is not looked at says why, and has no finding about its text.
func TestUnread(t *testing.T) {
	big := "func TestA(t *testing.T) {\n\tt.Skip()\n}\n" + strings.Repeat("x\n", MaxBytes/2)
	for name, c := range map[string]Change{
		"too large": {Path: "a_test.go", Kind: Modified, New: big},
		"binary":    {Path: "a_test.go", Kind: Modified, New: "\x00t.Skip()"},
	} {
		if Unread(c) == "" || len(One(c)) > 0 {
			t.Errorf("%s: unread %q, found %v", name, Unread(c), One(c))
		}
	}
	if why := Unread(Change{Path: "a.go", New: "package a"}); why != "" {
		t.Errorf("a small text is not looked at: %s", why)
	}
}

// Many findings of one smell in one file are counted, not listed.
func TestMany(t *testing.T) {
	found := One(Change{Path: "a.go", Kind: Modified, Old: "package a\n", New: "package a\n" + strings.Repeat("var x = f() //nolint\n", 50)})
	if len(found) != perSmell || !strings.HasSuffix(found[perSmell-1].Text, "(and 47 more in this file)") {
		t.Errorf("%d findings: %+v", len(found), found)
	}
}

// Thousands of files that each ask for all others are no more than their sum.
func TestManyFiles(t *testing.T) {
	var changes []Change
	for i := range 3000 {
		changes = append(changes,
			Change{Path: fmt.Sprintf("p%d/__snapshots__/a.snap", i), Kind: Modified, Old: "one\n", New: "two\n"},
			Change{Path: fmt.Sprintf("p%d/test_a%d.py", i, i), Kind: Deleted, Old: fmt.Sprintf("def test_%d():\n    assert f()\n", i)},
			Change{Path: fmt.Sprintf("p%d/test_b%d.py", i, i), Kind: Created, New: fmt.Sprintf("def test_n%d():\n    assert g()\n", i)},
			Change{Path: fmt.Sprintf("p%d/tsconfig.json", i), Kind: Modified, Old: "\"strict\": true\n", New: "\"strict\": false\n"},
			Change{Path: fmt.Sprintf("p%d/.github/workflows/ci.yml", i), Kind: Modified, Old: "    - run: go test ./...\n", New: "    - run: x\n"},
			Change{Path: fmt.Sprintf("p%d/a.go", i), Kind: Modified, Old: "func f() {\n\tif !valid(x) {\n\t\treturn\n\t}\n}\n", New: "func f() {\n}\n"})
	}
	n := map[string]int{}
	for _, f := range All(changes) {
		n[f.Smell]++
	}
	want := map[string]int{"snapshot_rewritten": 1, "test_deleted": 3000, "config_loosened": 3000, "ci_loosened": 3000, "validation_bypassed": 3000}
	for s, w := range want {
		if n[s] != w {
			t.Errorf("%s: %d, want %d", s, n[s], w)
		}
	}
}

func FuzzAll(f *testing.F) {
	for i, p := range pieces {
		f.Add(paths[i%len(paths)], p, pieces[(i+7)%len(pieces)]+"\n"+p, true)
	}
	f.Fuzz(func(t *testing.T, path, before, after string, fragment bool) {
		for _, kind := range []Kind{Created, Modified, Deleted, Renamed} {
			for _, fi := range All([]Change{{Path: path, From: "tests/test_x.py", Kind: kind, Old: before, New: after, Fragment: fragment}, {Path: "tests/test_a.py", Kind: Modified, Old: after, New: before}}) {
				if fi.Text == "" || fi.Smell == "" {
					t.Errorf("empty finding: %+v", fi)
				}
			}
		}
		Command(strings.Fields(after))
	})
}

// BenchmarkCall is one edit, as the guard judges it.
func BenchmarkCall(b *testing.B) {
	c := Change{Path: "auth_test.go", Kind: Modified, Fragment: true,
		Old: "\tif got != want {\n\t\tt.Errorf(\"got %v\", got)\n\t}\n", New: "\t_ = got\n"}
	for b.Loop() {
		if len(One(c)) != 1 {
			b.Fatal("not found")
		}
	}
}

// BenchmarkDiff is a diff of a thousand files of 300 lines, each with one new line.
func BenchmarkDiff(b *testing.B) {
	body := strings.Repeat("func TestA(t *testing.T) {\n\tif f() != 1 {\n\t\tt.Error(\"x\")\n\t}\n}\n\n", 50)
	var changes []Change
	for i := range 1000 {
		changes = append(changes, Change{Path: fmt.Sprintf("p%d/a_test.go", i), Kind: Modified, Old: body, New: body + "// one more\n"})
	}
	for b.Loop() {
		if found := All(changes); len(found) != 0 {
			b.Fatal(found[0])
		}
	}
}
