package testcase

import (
	"strings"

	"popkit/internal/core/source"
)

// equals are calls that compare their first two arguments.
var equals = []string{"assertEqual", "assertEquals", "assertIs", "assertSame", "assert_equal", "assert_eq!", "strictEqual", "deepEqual", "deepStrictEqual", "assert_same",
	"assert.Equal", "require.Equal", "assert.equal", "t.is", "assertThat"}

// truths are calls whose argument has to be true.
var truths = []string{"assertTrue", "assert", "assert!", "assert.ok", "assert.True", "require.True", "t.true", "assert.isTrue", "assertFalse"}

// Tautology reports whether a line asserts what holds whatever the code does.
func Tautology(l source.Lang, ln source.Line) bool {
	code := strings.TrimSpace(ln.Code)
	if code == "" {
		return false
	}
	if l == source.Go && comparesSelf(ln, code) {
		return true
	}
	if Assertion(l, code) == Nothing {
		return false
	}
	for _, w := range []string{"assert_equal ", "assert_same "} { // Ruby leaves parentheses out
		if rest, ok := strings.CutPrefix(strings.TrimSpace(ln.Raw), w); ok && l == source.Ruby {
			a, b, _ := strings.Cut(rest, ", ")
			return a == b && plain(a)
		}
	}
	if at := callAny(ln.Code, "assertThat"); at >= 0 {
		return fluent(ln, at)
	}
	if rest, ok := strings.CutPrefix(code, "assert "); ok && (l == source.Python || l == source.Ruby || l == source.Java) {
		at := strings.Index(ln.Code, "assert ") + len("assert ")
		return claim(rest, strings.TrimSpace(ln.Raw[min(at, len(ln.Raw)):]))
	}
	if at := source.Call(ln.Code, "expect"); at >= 0 {
		return expectation(ln, at)
	}
	for _, w := range truths {
		at := callAny(ln.Code, w)
		if at < 0 || l == source.Go && w == "assert" {
			continue
		}
		args := arguments(ln, at)
		if n := len(args); n > 0 && (truth(args[0]) && w != "assertFalse" || n > 1 && strings.Contains(w, ".True") && truth(args[1]) || w == "assertFalse" && strings.EqualFold(args[0], "false")) {
			return true
		}
	}
	for _, w := range equals {
		if at := callAny(ln.Code, w); at >= 0 {
			return sameArguments(l, w, arguments(ln, at))
		}
	}
	return false
}

// fluent judges assertThat(a).isEqualTo(a) and assertThat(true).isTrue().
func fluent(ln source.Line, at int) bool {
	end := closing(ln.Code, at)
	if end < 0 {
		return false
	}
	a := arguments(ln, at)
	if len(a) != 1 {
		return len(a) > 1 && a[0] == a[1] && plain(a[0])
	}
	if is := callAny(ln.Code[end:], "isEqualTo"); is >= 0 {
		b := arguments(ln, end+is)
		return len(b) == 1 && a[0] == b[0] && plain(a[0])
	}
	return a[0] == "true" && strings.Contains(ln.Code[end:], ".isTrue()")
}

// comparisons are functions by which Go's tests compare.
var comparisons = []string{"reflect.DeepEqual", "cmp.Diff", "cmp.Equal", "bytes.Equal", "slices.Equal", "maps.Equal", "errors.Is", "strings.EqualFold"}

// comparesSelf reports whether a condition compares a value with itself, or the
// wanted value is set to what came.
func comparesSelf(ln source.Line, code string) bool {
	for _, w := range comparisons {
		if at := callAny(ln.Code, w); at >= 0 {
			args := arguments(ln, at)
			return len(args) > 1 && args[0] == args[1] && plain(args[0])
		}
	}
	switch source.Squeeze(code) {
	case "want:=got", "want=got", "expected:=got", "expected=got", "expected:=actual", "expected=actual", "want:=actual", "want=actual", "expected:=result", "want:=result":
		return true
	}
	rest, ok := strings.CutPrefix(code, "if ")
	if !ok {
		return false
	}
	for _, op := range []string{" != ", " == "} {
		if a, b, ok := strings.Cut(strings.TrimRight(rest, " {"), op); ok && a == b && plain(a) && !strings.Contains(a, " ") {
			return a != "err"
		}
	}
	return false
}

func sameArguments(l source.Lang, w string, args []string) bool {
	if l == source.Go && strings.HasSuffix(w, ".Equal") && len(args) > 0 {
		args = args[1:] // the test comes first
	}
	return len(args) > 1 && args[0] == args[1] && plain(args[0])
}

// callAny is call, but for methods, too: self.assertTrue(.
func callAny(code, w string) int {
	for from := 0; ; {
		i := source.Find(code[from:], w)
		if i < 0 {
			return -1
		}
		i += from
		if end := i + len(w); strings.HasPrefix(code[end:], "(") {
			return end + 1
		}
		from = i + len(w)
	}
}

func truth(s string) bool { return s == "true" || s == "True" || s == "1" || s == "1 == 1" }

// plain reports whether an expression has one value: a literal or a name, not a
// call, which may give something else the next time.
func plain(s string) bool { return s != "" && !strings.ContainsAny(s, "({") }

// claim judges what follows assert: True, 1 == 1, x or True, len(x) >= 0.
func claim(code, raw string) bool {
	raw = raw[:min(len(raw), len(code))]
	if c, _, ok := strings.Cut(code, ", "); ok && strings.Count(c, "(") == strings.Count(c, ")") {
		code, raw = c, raw[:min(len(c), len(raw))] // the message
	}
	c := source.Squeeze(strings.TrimRight(code, ";"))
	r := strings.TrimRight(strings.TrimSpace(raw), ";")
	switch {
	case truth(r), r == "not False", strings.HasSuffix(code, " or True"), strings.HasSuffix(code, " else True"), strings.HasPrefix(c, "len(") && strings.HasSuffix(c, ">=0"):
		return true
	case strings.Count(r, "==") == 1 && !strings.Contains(r, " and ") && !strings.Contains(r, " or "):
		a, b, _ := strings.Cut(r, "==")
		a, b = strings.TrimSpace(a), strings.TrimSpace(b)
		return a == b && plain(a)
	}
	return false
}

// expectation judges expect(a).toBe(b) and expect(a).to eq(b).
func expectation(ln source.Line, at int) bool {
	args := arguments(ln, at)
	if len(args) != 1 {
		return false
	}
	a := args[0]
	end := closing(ln.Code, at)
	if end < 0 {
		return false
	}
	rest := strings.TrimSpace(ln.Code[end+1:])
	if strings.HasPrefix(rest, ".not.") || strings.HasPrefix(rest, ".not_to") || strings.HasPrefix(rest, ".to_not") {
		return false
	}
	if truth(a) && (source.Prefixed(rest, ".toBeTruthy()", ".to.be.true", ".to be true", ".to be_truthy", ".toBeDefined()", ".to.be.ok")) {
		return true
	}
	for _, m := range []string{"toBe", "toEqual", "toStrictEqual", "equal", "eql", "eq", "be"} {
		if at := callAny(ln.Code[end+1:], m); at >= 0 {
			got := arguments(ln, end+1+at)
			return len(got) == 1 && got[0] == a && plain(a)
		}
	}
	return false
}

// closing returns where the parenthesis closes whose inside begins at an offset.
func closing(code string, at int) int {
	depth := 1
	for i := at; i < len(code); i++ {
		switch code[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// arguments returns the arguments of the call whose inside begins at an offset, as
// they are written; none where the call does not end on the line.
func arguments(ln source.Line, at int) []string {
	end := closing(ln.Code, at)
	if end < 0 || end > len(ln.Raw) {
		return nil
	}
	var out []string
	depth, from := 0, at
	for i := at; i < end; i++ {
		switch ln.Code[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, strings.TrimSpace(ln.Raw[from:i]))
				from = i + 1
			}
		}
	}
	return append(out, strings.TrimSpace(ln.Raw[from:end]))
}
