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
		case (in[i] || f.Fragment) && never(f.lang, code):
			out = append(out, f.finding("assertion_weakened", i, "what stands under this condition is never run"))
		case (f.Fragment || old[i]) && f.swallows(i):
			out = append(out, f.finding("assertion_weakened", i, "errors are swallowed in a test"))
		case f.eased(i):
			out = append(out, f.finding("assertion_weakened", i, "an assertion gave way to one that more values pass"))
		case f.lang == source.Go && strings.Contains(source.Squeeze(code), "{recover()}"):
			out = append(out, f.finding("assertion_weakened", i, "a panic of the test is swallowed"))
		case endsWell(f.lang, code), strings.HasSuffix(f.Path, "conftest.py") && source.Prefixed(source.Squeeze(code), "items[:]=[]", "items.clear()"):
			out = append(out, f.finding("test_skipped", i, "the tests end here with success, whatever they found"))
		}
	}
	return out
}

// operators are what stands between the two sides of an assertion, and what asks
// for less in its place.
var operators = []struct {
	lang          source.Lang
	exact, easier []string
}{
	{source.Python, []string{" == "}, []string{" in (", " in [", " in {", " >= ", " <= ", " != ", " > "}},
	{source.Python, []string{"raises("}, []string{"raises(Exception)", "raises(BaseException)", "raises(Exception,"}},
	{source.JavaScript, []string{".toThrow(", ".toThrowError("}, []string{".toThrow()", ".toThrowError()"}},
	{source.TypeScript, []string{".toThrow(", ".toThrowError("}, []string{".toThrow()", ".toThrowError()"}},
	{source.Java, []string{"assertThrows("}, []string{"assertThrows(Exception.class", "assertThrows(Throwable.class"}},
	{source.Ruby, []string{"raise_error("}, []string{"raise_error"}},
}

// eased reports whether a new assertion about the same thing as one that is gone
// asks for less.
func (f *file) eased(i int) bool {
	code := strings.TrimSpace(f.new[i].Code)
	if testcase.Assertion(f.lang, code) == testcase.Nothing {
		return false
	}
	for _, op := range operators {
		if op.lang != f.lang {
			continue
		}
		for _, easier := range op.easier {
			at := strings.Index(code, easier)
			if at < 0 || easier == "raise_error" && !strings.HasSuffix(code, easier) {
				continue
			}
			if f.exact(code[:at], op.exact, code) {
				return true
			}
		}
	}
	return false
}

// exact reports whether a line that is gone began alike and asked for more.
func (f *file) exact(start string, operators []string, now string) bool {
	for _, j := range f.removed {
		was := strings.TrimSpace(f.old[j].Code)
		for _, op := range operators {
			if rest, ok := strings.CutPrefix(was, start+op); ok && was != now && !source.Prefixed(rest, ")", "Exception", "BaseException", "Throwable") {
				return true
			}
		}
	}
	return false
}

// never reports whether a condition never holds.
func never(l source.Lang, code string) bool {
	c := source.Squeeze(strings.TrimLeft(code, "} "))
	switch l {
	case source.Python:
		return c == "ifFalse:" || c == "if0:" || c == "whileFalse:"
	case source.Ruby:
		return c == "iffalse" || c == "unlesstrue" || strings.HasSuffix(c, "iffalse") && strings.Contains(code, " if false")
	default:
		return source.Prefixed(c, "iffalse{", "if(false)", "if(0)", "iffalse&&")
	}
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
	default:
		return false
	}
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
	default:
		return false
	}
}
