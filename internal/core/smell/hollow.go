package smell

import (
	"strings"

	"popkit/internal/core/source"
	"popkit/internal/core/source/testcase"
)

// hollow finds new lines of tests that can not fail: assertions that hold
// whatever the code does, errors that are swallowed, code that is never reached.
func (f *file) hollow() []Finding {
	if !f.test && f.lang != source.Rust {
		return nil
	}
	old := make([]bool, len(f.new)) // lines of tests that were there before
	in := make([]bool, len(f.new))  // lines of any test
	for i := range f.after {
		cover(in, &f.after[i])
	}
	for _, p := range f.both {
		cover(old, p[1])
	}
	var out []Finding
	for _, i := range f.added {
		if !f.test && !in[i] {
			continue
		}
		l := f.new[i]
		switch code := strings.TrimSpace(l.Code); {
		case code == "":
		case testcase.Tautology(f.lang, l):
			out = append(out, f.finding("assertion_weakened", i, "this assertion holds whatever the code does"))
		case never(f.lang, code):
			out = append(out, f.finding("assertion_weakened", i, "what stands under this condition is never run"))
		case (f.Fragment || old[i]) && f.swallows(i):
			out = append(out, f.finding("assertion_weakened", i, "errors are swallowed in a test"))
		case endsWell(f.lang, code):
			out = append(out, f.finding("test_skipped", i, "the tests end here with success, whatever they found"))
		}
	}
	return out
}

// never reports whether a condition never holds.
func never(l source.Lang, code string) bool {
	c := source.Squeeze(strings.TrimLeft(code, "} "))
	switch l {
	case source.Python:
		return c == "ifFalse:" || c == "if0:" || c == "whileFalse:"
	case source.Ruby:
		return c == "iffalse" || c == "unlesstrue" || strings.HasSuffix(c, "iffalse") && strings.Contains(code, " if false")
	}
	return source.Prefixed(c, "iffalse{", "if(false)", "if(0)", "iffalse&&")
}

// endsWell reports whether a line ends the whole run of the tests with success.
func endsWell(l source.Lang, code string) bool {
	c := source.Squeeze(code)
	switch l {
	case source.Go:
		return strings.HasPrefix(c, "os.Exit(0)")
	case source.Python:
		return source.Prefixed(c, "os._exit(0)", "sys.exit(0)", "pytest.exit(")
	case source.JavaScript, source.TypeScript:
		return strings.HasPrefix(c, "process.exit(0)")
	}
	return false
}

// swallows reports whether a line catches what an assertion throws and drops it.
func (f *file) swallows(i int) bool {
	code := strings.TrimSpace(f.new[i].Code)
	next := ""
	for j := i + 1; j < len(f.new) && next == ""; j++ {
		next = strings.TrimSpace(f.new[j].Code)
	}
	c := source.Squeeze(code)
	switch f.lang {
	case source.Python:
		if strings.Contains(c, "suppress(AssertionError") || strings.Contains(c, "suppress(Exception") || strings.Contains(c, "suppress(BaseException") {
			return true
		}
		broad := c == "except:" || source.Prefixed(c, "exceptException", "exceptAssertionError", "exceptBaseException", "except(AssertionError", "except(Exception")
		return broad && (next == "pass" || next == "..." || next == "return" || next == "return None")
	case source.JavaScript, source.TypeScript:
		return strings.Contains(c, "catch{}") || strings.Contains(c, "catch(") && (strings.Contains(c, "){}") || strings.HasSuffix(c, "{") && strings.HasPrefix(next, "}")) ||
			strings.HasSuffix(c, "catch{") && strings.HasPrefix(next, "}") || strings.Contains(c, ".catch(()=>{})")
	case source.Java:
		return strings.Contains(c, "catch(") && source.Has(code, "AssertionError", "Throwable", "Exception") && (strings.HasSuffix(c, "{}") || strings.HasPrefix(next, "}"))
	case source.Ruby:
		return (c == "rescue" || source.Prefixed(c, "rescueStandardError", "rescueException", "rescueMinitest::Assertion", "rescue=>")) && (next == "nil" || next == "end") || strings.HasSuffix(c, "rescuenil")
	}
	return false
}
