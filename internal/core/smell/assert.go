package smell

import (
	"fmt"
	"strings"

	"popkit/internal/core/source"
)

// asserts is what a line of a test demands.
type asserts int

const (
	nothing asserts = iota
	weak            // that something is there, or truthy
	strong          // that it is what it should be
)

// assertion says what a line of a test demands.
func assertion(l source.Lang, code string) asserts {
	code = strings.TrimSpace(code)
	if code == "" || source.Prefixed(code, "import ", "from ", "use ", "export ", "require ", "def ", "func ", "fn ") {
		return nothing
	}
	switch l {
	case source.Go:
		return goAssertion(code)
	case source.Python:
		return pythonAssertion(code)
	case source.JavaScript, source.TypeScript:
		return jsAssertion(code)
	case source.Java:
		return javaAssertion(code)
	case source.Rust:
		return rustAssertion(code)
	case source.Ruby:
		return rubyAssertion(code)
	}
	return nothing
}

func goAssertion(code string) asserts {
	for _, verb := range []string{".Error(", ".Errorf(", ".Fatal(", ".Fatalf(", ".FailNow(", ".Fail("} {
		i := strings.Index(code, verb)
		if i > 0 && source.Has(code[:i], "t", "b", "f", "tb", "T()", "c") {
			return strong
		}
	}
	n := source.Name(code)
	switch {
	case n == "require" || n == "assert" || n == "is" || n == "qt" || n == "testutil" || n == "must" || n == "c" || n == "s" || n == "suite":
		_, verb, ok := strings.Cut(code, ".")
		switch {
		case !ok || !strings.Contains(verb, "("):
			return nothing
		case source.Prefixed(verb, "NotNil(", "True(", "NotEmpty(", "NoError(", "Require()", "NotZero("):
			return weak
		case n == "s" || n == "suite" || n == "c" || n == "must":
			if !source.Prefixed(verb, "Equal", "Assert", "Check", "Error", "Len", "Contains", "Nil", "False", "Empty") {
				return nothing
			}
		}
		return strong
	case source.Prefixed(n, "assert", "require", "expect", "check", "verify") && strings.HasPrefix(code[len(n):], "("), source.Calls(code, "Expect", "Eventually", "Consistently"):
		return strong
	}
	return nothing
}

func pythonAssertion(code string) asserts {
	switch {
	case source.Find(code, "assert") == 0:
		rest := strings.TrimSpace(code[len("assert"):])
		if strings.HasSuffix(rest, "is not None") || !strings.ContainsAny(rest, "=<>(") && !source.Has(rest, "in", "is", "not") || source.Prefixed(rest, "isinstance(", "callable(", "hasattr(") {
			return weak
		}
		return strong
	case truthy(code, "assertTrue("), strings.Contains(code, "assertIsNotNone("), strings.Contains(code, "assertIsInstance("):
		return weak
	case strings.Contains(code, "self.assert"), strings.Contains(code, ".assert_"), source.Calls(code, "pytest.raises", "pytest.warns", "self.fail", "pytest.fail", "raises"):
		return strong
	case source.Prefixed(source.Name(code), "assert_", "check_", "verify_", "expect"):
		return strong
	}
	return nothing
}

var jsWeak = []string{".toBeDefined(", ".toBeTruthy(", ".not.toBeNull(", ".not.toBeUndefined(", ".toBeInstanceOf(", ".to.exist", ".to.be.ok", ".not.toThrow("}

func jsAssertion(code string) asserts {
	i := source.Find(code, "expect")
	if i < 0 {
		for _, w := range []string{"assert", "expectTypeOf", "expectType", "should", "t", "assertType"} {
			if at := source.Find(code, w); at >= 0 && jsAssertCall(code[at:], w) {
				return strong
			}
		}
		if source.Prefixed(source.Name(strings.TrimPrefix(code, "await ")), "expect", "assert", "verify", "check") {
			return strong
		}
		return nothing
	}
	for _, w := range jsWeak {
		if strings.Contains(code, w) {
			return weak
		}
	}
	return strong
}

func jsAssertCall(code, w string) bool {
	rest := code[len(w):]
	switch w {
	case "t":
		return source.Prefixed(rest, ".is(", ".deepEqual(", ".true(", ".false(", ".equal(", ".same(", ".throws(", ".not(", ".like(", ".ok(", ".strictEqual(", ".assert")
	case "should":
		return source.Prefixed(rest, ".", "(")
	}
	return source.Prefixed(rest, "(", ".", "<")
}

func javaAssertion(code string) asserts {
	switch {
	case strings.Contains(code, "assertNotNull("), strings.Contains(code, ".isNotNull("), truthy(code, "assertTrue("), strings.Contains(code, "assertDoesNotThrow("):
		return weak
	case strings.Contains(code, "assert"), source.Calls(code, "verify", "fail", "then", "expectThrows", "expect"), strings.Contains(code, ".isEqualTo("), strings.Contains(code, ".should"), strings.Contains(code, ".andExpect("), strings.Contains(code, "verifyNoMoreInteractions("), strings.Contains(code, "Verifier.verify"):
		return strong
	}
	return nothing
}

func rustAssertion(code string) asserts {
	switch {
	case source.Has(code, "assert!") && !strings.ContainsAny(strings.ReplaceAll(strings.ReplaceAll(code, "=>", ""), "->", ""), "=<>"):
		return weak
	case assertCall(code), source.Has(code, "panic!", "unreachable!"), strings.Contains(code, "#[should_panic"), source.Prefixed(source.Name(code), "assert", "expect", "check", "verify"):
		return strong
	}
	return nothing
}

// assertCall reports whether a function or a macro is called whose name begins
// with assert.
func assertCall(code string) bool {
	for from := 0; ; {
		i := strings.Index(code[from:], "assert")
		if i < 0 {
			return false
		}
		i += from
		end := i + len(source.Name(code[i:]))
		if end < len(code) && (code[end] == '!' || code[end] == '(') && (i == 0 || !source.InName(code[i-1]) || strings.HasPrefix(code[max(0, i-6):], "debug_")) {
			return true
		}
		from = end
	}
}

func rubyAssertion(code string) asserts {
	switch {
	case strings.Contains(code, "assert_not_nil"), strings.Contains(code, "refute_nil"):
		return weak
	case source.Has(code, "expect", "is_expected") && (strings.Contains(code, "be_truthy") || strings.Contains(code, "not_to be_nil") || strings.Contains(code, "to_not be_nil") || strings.Contains(code, "not_to raise_error")):
		return weak
	case source.Has(code, "expect", "is_expected", "should", "should_not", "must", "flunk"), strings.Contains(code, "must_"), strings.Contains(code, "wont_"), strings.Contains(code, "_offense"), strings.Contains(code, "_correction"):
		return strong
	case source.Prefixed(code, "assert", "refute", "verify_", "check_"):
		return strong
	}
	return nothing
}

// tally counts what a test demands, and the lines that do so.
func tally(u *source.Unit) (strongs, weaks int) {
	for _, l := range u.In[u.Start:u.End] {
		switch assertion(u.Lang, l.Code) {
		case strong:
			strongs++
		case weak:
			weaks++
		}
	}
	return strongs, weaks
}

// truthy reports whether an assertion asks of a plain value only that it is true;
// a predicate that is called says more.
func truthy(code, verb string) bool {
	_, rest, ok := strings.Cut(code, verb)
	return ok && !strings.ContainsAny(strings.TrimRight(rest, "); "), "=<>(")
}

// asserted compares what a test demands before and after.
func (d *diff) asserted(f *file, was, is *source.Unit) []Finding {
	s0, w0 := tally(was)
	s1, w1 := tally(is)
	at := is.Head
	replaced, helped := d.instead(was, is)
	switch lost := s0 + w0 - s1 - w1; {
	case helped:
		return nil
	case s0+w0 > 0 && s1+w1 == 0 && len(statements(is)) > 0:
		return []Finding{f.finding("assertion_removed", at, "test "+is.Name+" asserts nothing any more")}
	case s1 < s0 && w1 > w0 && lost >= 0 && !replaced:
		return []Finding{f.finding("assertion_weakened", at, fmt.Sprintf("test %s asks for less: %s gave way to one that any value passes", is.Name, count(s0-s1, "assertion")))}
	case lost > 0 && !replaced && f.netAsserts() < 0:
		return []Finding{f.finding("assertion_removed", at, fmt.Sprintf("test %s lost %s of %d", is.Name, count(lost, "assertion"), s0+w0))}
	}
	return nil
}

// instead reports whether a test got a new assertion that says what something
// should be, and whether it calls a new function that asserts.
func (d *diff) instead(was, is *source.Unit) (replaced, helped bool) {
	had := map[string]int{}
	for _, l := range was.In[was.Start:was.End] {
		had[l.Key]++
	}
	for _, l := range is.In[is.Start:is.End] {
		if had[l.Key]--; had[l.Key] >= 0 {
			continue
		}
		replaced = replaced || assertion(is.Lang, l.Code) == strong && !tautology(is.Lang, l)
		helped = helped || len(d.begun) > 0 && uses(l.Code, d.begun)
	}
	return replaced, helped
}

// netAsserts is how many assertions the file gained.
func (f *file) netAsserts() int {
	n := 0
	for _, i := range f.added {
		if assertion(f.lang, f.new[i].Code) != nothing {
			n++
		}
	}
	for _, i := range f.removed {
		if assertion(f.lang, f.old[i].Code) != nothing {
			n--
		}
	}
	return n
}

// looseAsserts compares what is demanded outside of tests: in fragments, whose
// tests are not seen, and in helpers, as long as nothing new takes their place.
func (f *file) looseAsserts() []Finding {
	if !f.test || f.Kind == Deleted {
		return nil
	}
	was, before := outside(f.lang, f.old, f.before)
	is, after := outside(f.lang, f.new, f.after)
	at := ""
	for _, l := range was {
		if after[l.Key]--; after[l.Key] < 0 {
			at = l.Raw
			break
		}
	}
	var lost, come [strong + 1]int
	for _, l := range was {
		lost[assertion(f.lang, l.Code)]++
	}
	for _, l := range is {
		come[assertion(f.lang, l.Code)]++
		if before[l.Key]--; before[l.Key] < 0 && !f.Fragment {
			return nil
		}
	}
	fewer := len(was) - len(is)
	switch {
	case at == "" || f.netAsserts() >= 0 && fewer > 0:
		return nil
	case fewer > 0 && !f.Fragment && f.calls():
		return nil
	case fewer > 0:
		return []Finding{f.about("assertion_removed", count(fewer, "assertion")+" removed", at)}
	case come[strong] < lost[strong] && come[weak] > lost[weak]:
		return []Finding{f.about("assertion_weakened", count(lost[strong]-come[strong], "assertion")+" gave way to one that any value passes", at)}
	}
	return nil
}

// outside returns the assertions that stand in none of the tests, and how often
// each stands there.
func outside(l source.Lang, lines []source.Line, tests []source.Unit) ([]source.Line, map[string]int) {
	in := map[int]bool{}
	for i := range tests {
		cover(in, &tests[i])
	}
	var out []source.Line
	n := map[string]int{}
	for i, ln := range lines {
		if !in[i] && assertion(l, ln.Code) != nothing {
			out = append(out, ln)
			n[ln.Key]++
		}
	}
	return out, n
}

// calls reports whether a new line stands for what is gone: it calls something.
func (f *file) calls() bool {
	for _, i := range f.added {
		if strings.Contains(f.new[i].Code, "(") {
			return true
		}
	}
	return false
}
