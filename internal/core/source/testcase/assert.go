package testcase

import (
	"strings"

	"popkit/internal/core/source"
)

// Asserts is what a line of a test demands.
type Asserts int

const (
	Nothing Asserts = iota
	Weak            // that something is there, or truthy
	Strong          // that it is what it should be
)

// Assertion says what a line of a test demands.
func Assertion(l source.Lang, code string) Asserts {
	code = strings.TrimSpace(code)
	if code == "" || source.Prefixed(code, "import ", "from ", "use ", "export ", "require ", "def ", "func ", "fn ") {
		return Nothing
	}
	switch l {
	case source.Go:
		return goAssertion(code)
	case source.Python:
		return pythonAssertion(code)
	case source.JavaScript, source.TypeScript:
		if source.Has(code, "assert.fail", "assert.ifError") {
			return Nothing // about what went wrong on the way
		}
		return jsAssertion(code)
	case source.Java:
		return javaAssertion(code)
	case source.Rust:
		return rustAssertion(code)
	case source.Ruby:
		return rubyAssertion(code)
	default:
		return Nothing
	}
}

func goAssertion(code string) Asserts {
	for _, verb := range []string{".Error(", ".Errorf(", ".Fatal(", ".Fatalf(", ".FailNow(", ".Fail("} {
		i := strings.Index(code, verb)
		if i > 0 && source.Has(code[:i], "t", "b", "f", "tb", "T()", "c") {
			return Strong
		}
	}
	n := source.Name(code)
	switch {
	case n == "require" || n == "assert" || n == "is" || n == "qt" || n == "testutil" || n == "must" || n == "c" || n == "s" || n == "suite":
		_, verb, ok := strings.Cut(code, ".")
		switch {
		case !ok || !strings.Contains(verb, "("):
			return Nothing
		case source.Prefixed(verb, "NotNil(", "Nil(", "NotEmpty(", "NoError(", "NotZero(", "NotEqual("), truthy(verb, "True("):
			return Weak
		case n == "s" || n == "suite" || n == "c" || n == "must":
			if !source.Prefixed(verb, "Equal", "Assert", "Check", "Error", "Len", "Contains", "Nil", "False", "Empty") {
				return Nothing
			}
		}
		return Strong
	case source.Prefixed(n, "assert", "require", "expect", "check", "verify") && strings.HasPrefix(code[len(n):], "("), source.Calls(code, "Expect", "Eventually", "Consistently"):
		return Strong
	}
	return Nothing
}

func pythonAssertion(code string) Asserts {
	switch {
	case source.Find(code, "assert") == 0:
		rest := strings.TrimSpace(code[len("assert"):])
		if strings.HasSuffix(rest, "is not None") || !strings.ContainsAny(rest, "=<>(") && !source.Has(rest, "in", "is", "not") || source.Prefixed(rest, "isinstance(", "callable(", "hasattr(") {
			return Weak
		}
		return Strong
	case truthy(code, "assertTrue("), strings.Contains(code, "assertIsNotNone("), strings.Contains(code, "assertIsInstance("):
		return Weak
	case strings.Contains(code, "self.assert"), strings.Contains(code, ".assert_"), source.Calls(code, "pytest.raises", "pytest.warns", "self.fail", "pytest.fail", "raises"):
		return Strong
	case named(code, "assert_", "check_", "verify_", "expect"):
		return Strong
	}
	return Nothing
}

var jsWeak = []string{".toBeDefined(", ".toBeTruthy(", ".not.toBeNull(", ".not.toBeUndefined(", ".toBeInstanceOf(", ".to.exist", ".to.be.ok", ".not.toThrow(", "(expect.anything())", "(expect.any("}

func jsAssertion(code string) Asserts {
	i := source.Find(code, "expect")
	if i < 0 {
		for _, w := range []string{"assert", "expectTypeOf", "expectType", "should", "t", "assertType"} {
			if at := source.Find(code, w); at >= 0 && jsAssertCall(code[at:], w) {
				return Strong
			}
		}
		if named(strings.TrimPrefix(code, "await "), "expect", "assert", "verify", "check") {
			return Strong
		}
		return Nothing
	}
	for _, w := range jsWeak {
		if strings.Contains(code, w) {
			return Weak
		}
	}
	return Strong
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

func javaAssertion(code string) Asserts {
	switch {
	case strings.Contains(code, "assertNotNull("), strings.Contains(code, ".isNotNull("), truthy(code, "assertTrue("), strings.Contains(code, "assertDoesNotThrow("):
		return Weak
	case strings.Contains(code, "assert"), source.Calls(code, "verify", "fail", "then", "expectThrows", "expect"), strings.Contains(code, ".isEqualTo("), strings.Contains(code, ".should"), strings.Contains(code, ".andExpect("), strings.Contains(code, "verifyNoMoreInteractions("), strings.Contains(code, "Verifier.verify"):
		return Strong
	}
	return Nothing
}

func rustAssertion(code string) Asserts {
	switch {
	case source.Has(code, "assert!") && !strings.ContainsAny(strings.ReplaceAll(strings.ReplaceAll(code, "=>", ""), "->", ""), "=<>"):
		return Weak
	case assertCall(code), source.Has(code, "panic!", "unreachable!"), named(code, "assert", "expect", "check", "verify"):
		return Strong
	}
	return Nothing
}

// named reports whether a function is called whose name begins so.
func named(code string, prefixes ...string) bool {
	n := source.Name(code)
	return source.Prefixed(n, prefixes...) && source.Prefixed(strings.TrimLeft(code[len(n):], "!"), "(")
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

func rubyAssertion(code string) Asserts {
	switch {
	case strings.Contains(code, "assert_not_nil"), strings.Contains(code, "refute_nil"), strings.HasPrefix(code, "assert ") && !strings.ContainsAny(code, "=<>(.?") && len(strings.Fields(code)) == 2:
		return Weak
	case source.Has(code, "expect", "is_expected") && (strings.Contains(code, "be_truthy") || strings.Contains(code, "not_to be_nil") || strings.Contains(code, "to_not be_nil") || strings.Contains(code, "not_to raise_error")):
		return Weak
	case source.Has(code, "expect", "is_expected", "should", "should_not", "must", "flunk"), strings.Contains(code, "must_"), strings.Contains(code, "wont_"), strings.Contains(code, "_offense"), strings.Contains(code, "_correction"):
		return Strong
	case source.Prefixed(code, "assert", "refute", "verify_", "check_"):
		return Strong
	}
	return Nothing
}

// truthy reports whether an assertion asks of a plain value only that it is true;
// a predicate that is called says more.
func truthy(code, verb string) bool {
	_, rest, ok := strings.Cut(code, verb)
	return ok && !strings.ContainsAny(strings.TrimRight(rest, "); "), "=<>(")
}
