package marker

import (
	"testing"

	"popkit/internal/core/source"
)

func TestIn(t *testing.T) {
	for _, c := range []struct {
		lang source.Lang
		line string
		want string // the first marker, "" for none
	}{
		{source.Go, "x() //nolint:errcheck", "nolint"},
		{source.Go, "x() // #nosec G1", "#nosec"},
		{source.Go, "x() // nolint is not for this", "nolint"},
		{source.Go, "x() // see nolint", ""},
		{source.Python, "import a  # noqa: F401", "noqa"},
		{source.Python, "import a  # noqa  # type: ignore", "type: ignore"},
		{source.Python, "#   x = 1  # noqa", ""},
		{source.Python, "# one writes noqa", ""},
		{source.TypeScript, "// @ts-ignore", "@ts-ignore"},
		{source.TypeScript, "// without @ts-ignore", ""},
		{source.JavaScript, "f() /* eslint-disable-line */", "eslint-disable-line"},
		{source.Java, "@SuppressWarnings(\"x\") void f() {", "@SuppressWarnings"},
		{source.Java, "// @SuppressWarnings", ""},
		{source.Rust, "    #[allow(dead_code)]", "#[allow"},
		{source.Rust, "// #[allow(dead_code)]", ""},
		{source.Ruby, "def f # rubocop:disable A/B", "rubocop:disable"},
		{source.Ruby, "#   # rubocop:disable A/B", ""},
		{source.Prose, "// nolint", ""},
	} {
		got := ""
		if found := In(c.lang, source.Scan(c.line, c.lang)[0]); len(found) > 0 {
			got = found[0].Word
		}
		if got != c.want {
			t.Errorf("%s %q: %q, want %q", c.lang, c.line, got, c.want)
		}
	}
}

// An example in a comment is spoken of.
func TestInComment(t *testing.T) {
	for i, l := range source.Scan("/**\n * // @ts-ignore\n * eslint-disable\n */", source.TypeScript) {
		if found := In(source.TypeScript, l); len(found) > 0 {
			t.Errorf("line %d: %v", i, found)
		}
	}
}

func TestNames(t *testing.T) {
	for line, want := range map[string]bool{
		"x # noqa: F401": true, "x # noqa": false, "x # type: ignore[a]": true, "x # type: ignore": false,
		"x # rubocop:disable A/B": true, "x # rubocop:disable all": false, "x # pylint: disable=a": true,
	} {
		if got := Names(source.Scan(line, source.Python)[0]); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}
