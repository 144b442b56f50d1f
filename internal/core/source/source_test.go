package source

import (
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTestFile(t *testing.T) {
	for p, want := range map[string]bool{
		"a_test.go": true, "a.go": false, "contest.go": false, "latest.go": false, "testdata/a.go": false,
		"tests/test_auth.py": true, "src/auth_test.py": true, "conftest.py": true, "src/latest.py": false, "src/contest/app.py": false, "app/tests.py": true,
		"src/a.test.ts": true, "src/a.spec.tsx": true, "src/a.ts": false, "__tests__/a.js": true, "cypress/a.cy.js": true, "src/test.ts": true, "src/attest.ts": false,
		"src/test/java/FooTest.java": true, "src/main/java/Foo.java": false, "src/main/java/Contest.java": false, "FooIT.java": true, "FooSpec.kt": true,
		"tests/a.rs": true, "src/lib.rs": false, "src/foo/tests.rs": true,
		"spec/a_spec.rb": true, "test/a_test.rb": true, "lib/a.rb": false, "lib/spec.rb": false,
		"README.md": false, "": false, "/": false, "a/": false, "tests/data.json": false,
	} {
		if got := TestFile(p); got != want {
			t.Errorf("TestFile(%q) = %v", p, got)
		}
	}
}

// What a scanner takes for code, with all else blank.
func TestScan(t *testing.T) {
	for _, c := range []struct {
		lang    Lang
		text    string
		code    string
		comment string // of the first line
	}{
		{Go, "x := 1 // one", "x := 1", "// one"},
		{Go, `s := "// no"`, `s := "     "`, ""},
		{Go, "s := `a\n// no\n` // yes", "s := ` | | `", ""},
		{Go, `c := '"' // q`, `c := ' '`, "// q"},
		{Go, "/* a\nb */ x", " | x", "/* a"},
		{Python, "x = 1 # one", "x = 1", "# one"},
		{Python, `s = '# no'`, `s = '    '`, ""},
		{Python, "s = \"\"\"a\n# no\n\"\"\" # yes", "s = \"\"\" | | \"\"\"", ""},
		{JavaScript, "let r = /[/\"]/g // re", "let r = /    /g", "// re"},
		{JavaScript, "let d = a / b // div", "let d = a / b", "// div"},
		{TypeScript, "let s = `a ${x}\n// no`", "let s = ` | `", ""},
		{Rust, "fn f<'a>(x: &'a str) { '\"' } // r", "fn f<'a>(x: &'a str) { ' ' }", "// r"},
		{Rust, "let s = r#\"a \" // no\"#; // y", "let s = r#\" \"#;", "// y"},
		{Ruby, "s = <<~A # here\n  # no\nA\nx", "s = <<~A | | | x", "# here"},
		{Ruby, "a = \"#{b}\" # c", "a = \" \"", "# c"},
		{Java, "String s = \"\"\"\n// no\n\"\"\"; // y", "String s = \"\"\" | | \"\"\";", ""},
		{YAML, "a: b # c", "a: b", "# c"},
		{YAML, "url: http://x#y", "url: http://x#y", ""},
		{Prose, "// not code # at all", "// not code # at all", ""},
		{Go, "s := \"open\nx // c", "s := \" | x", ""},
	} {
		lines := Scan(c.text, c.lang)
		var got []string
		for _, l := range lines {
			got = append(got, strings.Join(strings.Fields(l.Code), " "))
		}
		want := c.code
		norm := func(s string) string { return strings.Join(strings.Fields(strings.ReplaceAll(s, "|", " | ")), " ") }
		if g := norm(strings.Join(got, " | ")); g != norm(want) {
			t.Errorf("%s %q: code %q, want %q", c.lang, c.text, g, norm(want))
		}
		if lines[0].Comment != c.comment {
			t.Errorf("%s %q: comment %q, want %q", c.lang, c.text, lines[0].Comment, c.comment)
		}
	}
}

func TestUnits(t *testing.T) {
	for _, c := range []struct {
		lang Lang
		text string
		want string // name start-head-end, from 0
	}{
		{Go, "import x\n\nfunc TestA(t *testing.T) {\n\tf()\n}\n\nfunc helper() {\n}\n", "TestA 2-2-5"},
		{Go, "func (s *Suite) TestB() {\n\ts := `\nraw\n`\n\tg()\n}\n", "TestB 0-0-6"},
		{Python, "@mark\n@pytest.mark.parametrize(\n    'a', [1]\n)\ndef test_a(\n    x,\n):\n    assert x\n\ny = 1\n", "test_a 0-4-8"},
		{Python, "class TestX:\n    def test_a(self):\n        pass\n", "TestX 0-0-3, test_a 1-1-3"},
		{JavaScript, "describe('g', () => {\n  it.skip('a', () => {\n    f()\n  })\n\n  xit(\"b\", f)\n})\n", "g 0-0-7, a 1-1-4, b 5-5-6"},
		{Java, "class A {\n  @Test\n  void\n      long_name() {\n    f();\n  }\n\n  void helper() {\n  }\n}\n", "A 0-0-10, long_name 1-2-6"},
		{Rust, "#[tokio::test]\n#[cfg_attr(\n    miri,\n    ignore\n)]\nasync fn a() {\n}\n\nfn b() {\n}\n", "a 0-5-7"},
		{Ruby, "RSpec.describe 'g' do\n  it 'a' do\n    f\n  end\n\n  def helper\n  end\nend\n", "g 0-0-8, a 1-1-4"},
	} {
		var got []string
		for _, u := range Units(c.lang, Scan(c.text, c.lang)) {
			got = append(got, strings.Join([]string{u.Name, " ", itoa(u.Start), "-", itoa(u.Head), "-", itoa(u.End)}, ""))
		}
		if g := strings.Join(got, ", "); g != c.want {
			t.Errorf("%s %q:\ngot  %s\nwant %s", c.lang, c.text, g, c.want)
		}
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

// Whatever the text, its lines are its lines: nothing is lost, added or moved.
func TestScanKeepsLines(t *testing.T) {
	langs := []Lang{Go, Python, JavaScript, TypeScript, Java, Rust, Ruby, YAML, INI, JSON, Shell, Other}
	part := rapid.SampledFrom([]string{"a", "\n", "\"", "'", "`", "/*", "*/", "//", "#", "r#\"", "\"#", "<<~A", "A", "\\", "\"\"\"", "\r\n", " ", "=begin", "=end", "é", "{", "/"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(part, 0, 60).Draw(t, "parts"), "")
		l := rapid.SampledFrom(langs).Draw(t, "lang")
		lines := Scan(text, l)
		want := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		if text == "" {
			want = nil
		}
		if len(lines) != len(want) {
			t.Fatalf("%d lines of %d: %q", len(lines), len(want), text)
		}
		for i, ln := range lines {
			if ln.Raw != strings.TrimRight(want[i], "\r") || len(ln.Code) < len(ln.Raw) {
				t.Errorf("line %d is %q (%q), was %q", i, ln.Raw, ln.Code, want[i])
			}
		}
		for _, u := range Units(l, lines) {
			if u.Start > u.Head || u.Head >= u.End || u.End > len(lines) {
				t.Errorf("a test outside of the text: %+v", u)
			}
		}
	})
}

func FuzzScan(f *testing.F) {
	f.Add("x := `a\nb`", "go")
	f.Add("s = <<~A\nb\nA", "ruby")
	f.Fuzz(func(t *testing.T, text, lang string) {
		Units(Lang(lang), Scan(text, Lang(lang)))
	})
}
