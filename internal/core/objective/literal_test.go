package objective

import (
	"path"
	"testing"

	"pgregory.net/rapid"
)

// TestLiteral: the pattern made of a path matches it, and no other file beside it.
func TestLiteral(t *testing.T) {
	segment := rapid.StringMatching(`[a-z!*?{}\\[\]\\\\,. -]{1,6}`)
	rapid.Check(t, func(t *rapid.T) {
		file := path.Clean(path.Join(rapid.SliceOfN(segment, 1, 4).Draw(t, "segments")...))
		if file == "." || file == ".." || len(file) > 2 && file[:3] == "../" || file[0] == '/' {
			return
		}
		p := Literal(file)
		if !InScope(file, []string{p}) {
			t.Fatalf("%q does not match %q", p, file)
		}
		for _, other := range []string{file + "x", "x" + file, "0/" + file} { // no segment drawn is "0", below which it would lie
			if InScope(other, []string{p}) {
				t.Fatalf("%q matches %q, too", p, other)
			}
		}
	})
}
