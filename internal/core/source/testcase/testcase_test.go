package testcase

import (
	"testing"

	"popkit/internal/core/source"
)

func TestAssertion(t *testing.T) {
	for _, c := range []struct {
		lang source.Lang
		line string
		want Asserts
	}{
		{source.Go, "t.Errorf(\"x\")", Strong}, {source.Go, "require.NoError(t, err)", Weak}, {source.Go, "fmt.Errorf(\"x\")", Nothing}, {source.Go, "log.Fatal(err)", Nothing},
		{source.Go, "assert.True(t, ok)", Weak}, {source.Go, "assert.True(t, is(x))", Strong},
		{source.Python, "assert x == 1", Strong}, {source.Python, "assert x", Weak}, {source.Python, "assertion = 1", Nothing}, {source.Python, "self.assertIsNotNone(x)", Weak},
		{source.TypeScript, "expect(x).toBe(1)", Strong}, {source.TypeScript, "expect(x).toBeDefined()", Weak}, {source.TypeScript, "unexpected(x)", Nothing},
		{source.Java, "assertEquals(1, x);", Strong}, {source.Java, "assertNotNull(x);", Weak}, {source.Java, "import static org.junit.Assert.assertEquals;", Nothing},
		{source.Rust, "assert_eq!(1, x);", Strong}, {source.Rust, "assert!(x.is_some());", Weak}, {source.Rust, "use assert_cmd::x;", Nothing}, {source.Rust, "assert_err, assert_ok,", Nothing},
		{source.Ruby, "expect(x).to eq(1)", Strong}, {source.Ruby, "assert x", Weak}, {source.Ruby, "x.asserted = 1", Nothing}, {source.Ruby, "x.must_equal 1", Strong},
	} {
		if got := Assertion(c.lang, c.line); got != c.want {
			t.Errorf("%s %q: %d, want %d", c.lang, c.line, got, c.want)
		}
	}
}

func TestTautology(t *testing.T) {
	for _, c := range []struct {
		lang source.Lang
		line string
		want bool
	}{
		{source.Python, "assert True", true}, {source.Python, "assert True, 'x'", true}, {source.Python, "assert x == x", true}, {source.Python, "assert f() == f()", false},
		{source.Python, "assert x == 1", false}, {source.Python, "self.assertEqual(1, 1)", true}, {source.Python, "self.assertFalse(False)", true},
		{source.TypeScript, "expect(true).toBe(true)", true}, {source.TypeScript, "expect(true).not.toBe(true)", false}, {source.TypeScript, "expect(f(true)).toBe(true)", false},
		{source.TypeScript, "expect(x).toEqual(x)", true}, {source.TypeScript, "expect(x).toBe('x')", false},
		{source.Go, "assert.Equal(t, x, x)", true}, {source.Go, "assert.Equal(t, x, y)", false}, {source.Go, "assert.Equal(t, \"a,b\", \"a,c\")", false}, {source.Go, "if got != got {", true},
		{source.Go, "if err != err {", false}, {source.Go, "want := got", true}, {source.Go, "assert(1, 5, 15)", false}, {source.Go, "want := get()", false},
		{source.Java, "assertTrue(true);", true}, {source.Java, "assertEquals(a, a);", true}, {source.Java, "assertThat(a).isEqualTo(b);", false},
		{source.Rust, "assert!(true);", true}, {source.Rust, "assert_eq!(a, a.clone());", false},
		{source.Ruby, "assert true", true}, {source.Ruby, "assert_equal 1, 1", true}, {source.Ruby, "expect(true).to eq(true)", true}, {source.Ruby, "expect(x).to eq(true)", false},
	} {
		if got := Tautology(c.lang, source.Scan(c.line, c.lang)[0]); got != c.want {
			t.Errorf("%s %q: %v", c.lang, c.line, got)
		}
	}
}

func TestGuarded(t *testing.T) {
	for text, want := range map[string]bool{
		"\tif testing.Short() {\n\t\tt.Skip()":        true,
		"\tif true {\n\t\tt.Skip()":                   false,
		"\tt.Skip()":                                  false,
		"\tf()\n\tt.Skip()":                           false,
		"\tfor {\n\t\tt.Skip()":                       false,
		"\tif a {\n\t\tf()\n\t} else {\n\t\tt.Skip()": true,
	} {
		lines := source.Scan(text, source.Go)
		if got := Guarded(source.Go, lines, len(lines)-1); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
