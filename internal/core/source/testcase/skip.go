package testcase

import (
	"strings"

	"popkit/internal/core/source"
)

// How is the way in which a line keeps a test from being run.
type How int

const (
	Runs        How = iota
	Skipped         // never run
	Conditional     // run only where something holds
	Focused         // all others are not run
)

// Skips says whether a line of a test file skips or focuses tests.
func Skips(l source.Lang, ln source.Line) How {
	code := ln.Code
	switch l {
	case source.Go:
		return goSkips(code)
	case source.Python:
		return pythonSkips(code)
	case source.JavaScript, source.TypeScript:
		return jsSkips(code)
	case source.Java:
		return javaSkips(code)
	case source.Rust:
		return rustSkips(code)
	case source.Ruby:
		return rubySkips(ln)
	default:
		return Runs
	}
}

var goReceivers = []string{"t", "b", "f", "tb", "T()", "s", "suite", "c", "ts", "h"}

func goSkips(code string) How {
	for _, verb := range []string{".Skip(", ".Skipf(", ".SkipNow("} {
		i := strings.Index(code, verb)
		if i < 0 {
			continue
		}
		for _, r := range goReceivers {
			if before := code[:i]; strings.HasSuffix(before, r) && (len(before) == len(r) || !source.InName(before[len(before)-len(r)-1])) {
				return Skipped
			}
		}
	}
	if source.Calls(code, "FIt", "FDescribe", "FContext", "FEntry", "FDescribeTable", "FSpecify", "FWhen") {
		return Focused
	}
	if source.Calls(code, "PIt", "PDescribe", "PContext", "XIt", "XDescribe", "XContext") {
		return Skipped
	}
	return Runs
}

func pythonSkips(code string) How {
	switch {
	case source.Has(code, "mark.skipif", "unittest.skipIf", "unittest.skipUnless", "@skipIf", "@skipUnless"):
		if at := strings.IndexByte(code, '('); at >= 0 && source.Prefixed(strings.TrimSpace(code[at+1:]), "True", "not False", "1") {
			return Skipped
		}
		return Conditional
	case source.Has(code, "mark.skip", "mark.xfail", "unittest.skip", "unittest.expectedFailure", "@skip", "@xfail", "@expectedFailure"):
		return Skipped
	case source.Calls(code, "pytest.skip", "pytest.xfail", "self.skipTest") || source.Has(code, "SkipTest") && source.Has(code, "raise"):
		return Skipped
	case source.Find(code, "__test__") >= 0 && strings.HasSuffix(source.Squeeze(code), "__test__=False"), source.Find(code, "collect_ignore") == 0, source.Find(code, "collect_ignore_glob") == 0:
		return Skipped
	}
	return Runs
}

var (
	jsSkipWords  = suffixed(".skip", ".todo", ".fixme", ".failing", ".fails")
	jsIfWords    = suffixed(".skipIf", ".runIf")
	jsFocusWords = suffixed(".only")
)

// suffixed returns each function that makes a test with each of the endings.
func suffixed(ends ...string) []string {
	var out []string
	for _, f := range []string{"it", "test", "describe", "context", "suite", "specify", "bench"} {
		for _, e := range ends {
			out = append(out, f+e)
		}
	}
	return out
}

func jsSkips(code string) How {
	switch {
	case source.Has(code, jsFocusWords...) || source.Calls(code, "fit", "fdescribe", "fcontext", "ftest"), source.Has(code, "concurrent.only", "each.only"):
		return Focused
	case source.Has(code, jsIfWords...):
		return Conditional
	case source.Has(code, jsSkipWords...), source.Calls(code, "xit", "xtest", "xdescribe", "xcontext", "xspecify", "xsuite"), source.Has(code, "concurrent.skip"):
		return Skipped
	case strings.Contains(code, "this.skip()"), strings.Contains(code, "ctx.skip()"), strings.Contains(code, "t.skip("):
		return Skipped
	case source.Find(code, "skip") >= 0 && strings.Contains(source.Squeeze(code), "{skip:true"), strings.Contains(source.Squeeze(code), ",skip:true"):
		return Skipped
	}
	return Runs
}

func javaSkips(code string) How {
	switch {
	case source.Has(code, "@Disabled", "@Ignore") && !strings.Contains(code, "import"):
		return Skipped
	case source.Has(code, "@DisabledOnOs", "@DisabledIf", "@DisabledIfEnvironmentVariable", "@EnabledIf", "@EnabledOnOs", "@DisabledOnJre", "@EnabledIfEnvironmentVariable", "@EnabledIfSystemProperty", "@DisabledIfSystemProperty", "@DisabledForJreRange"):
		return Conditional
	case strings.Contains(code, "@Test") && strings.Contains(source.Squeeze(code), "enabled=false"):
		return Skipped
	case strings.Contains(source.Squeeze(code), "assumeTrue(false") || strings.Contains(source.Squeeze(code), "assumeFalse(true") || source.Calls(code, "Assumptions.abort"):
		return Skipped
	case source.Calls(code, "assumeTrue", "assumeFalse", "assumeThat", "Assume.assumeTrue", "Assume.assumeFalse", "Assumptions.assumeTrue", "Assumptions.assumeFalse"):
		return Conditional
	}
	return Runs
}

func rustSkips(code string) How {
	code = strings.TrimSpace(code)
	switch {
	case source.Prefixed(code, "#[ignore"):
		return Skipped
	case source.Prefixed(code, "#[cfg_attr(") && source.Has(code, "ignore"):
		return Conditional
	}
	return Runs
}

var (
	rubySkipWords  = []string{"xit", "xdescribe", "xcontext", "xspecify", "xexample", "xscenario", "xfeature"}
	rubyFocusWords = []string{"fit", "fdescribe", "fcontext", "fspecify", "fexample", "fscenario", "ffeature"}
)

func rubySkips(ln source.Line) How {
	code := strings.TrimSpace(ln.Code)
	n := source.Name(strings.TrimPrefix(code, "RSpec."))
	for _, w := range rubyFocusWords {
		if n == w && argued(code, w) {
			return Focused
		}
	}
	for _, w := range rubySkipWords {
		if n == w && argued(code, w) {
			return Skipped
		}
	}
	body := source.Squeeze(code)
	switch {
	case (n == "skip" || n == "pending") && (len(code) == len(n) || source.Prefixed(code[len(n):], "(", ` "`, " '", " if", " unless", ";")):
		if source.Has(code, "if", "unless") {
			return Conditional
		}
		return Skipped
	case !strings.HasSuffix(code, "do") && !strings.HasSuffix(code, "{"):
		return Runs
	case strings.Contains(body, "focus:true"), strings.Contains(body, ":focus"):
		return Focused
	case strings.Contains(body, ",skip:"), strings.Contains(body, ",pending:"), strings.Contains(body, ",:skip"), strings.Contains(body, ",:pending"):
		return Skipped
	}
	return Runs
}

// argued reports whether a word that code begins with is given something.
func argued(code, w string) bool {
	rest := strings.TrimPrefix(strings.TrimPrefix(code, "RSpec."), w)
	return source.Prefixed(rest, " ", "(") && !source.Prefixed(strings.TrimSpace(rest), "=", ".")
}

// Guarded reports whether a line that skips stands under a condition: inside an
// if whose condition is not just true.
func Guarded(l source.Lang, lines []source.Line, i int) bool {
	depth := lines[i].Indent()
	if l == source.Go || l == source.JavaScript || l == source.TypeScript || l == source.Java {
		if code := strings.TrimSpace(lines[i].Code); strings.HasPrefix(code, "if ") || strings.HasPrefix(code, "if(") {
			return !always(code)
		}
	}
	for j := i - 1; j >= 0 && j > i-30; j-- {
		code := strings.TrimSpace(lines[j].Code)
		if code == "" || lines[j].Indent() >= depth {
			continue
		}
		if !source.Prefixed(strings.TrimLeft(code, "} "), "if ", "if(", "else", "elif ", "unless ", "except", "rescue", "case ", "default:", "switch", "catch") {
			return false
		}
		return !always(code)
	}
	return false
}

// always reports whether a condition holds whatever happens.
func always(code string) bool {
	c := strings.Trim(source.Squeeze(code), "{:}")
	return c == "iftrue" || c == "if(true)" || c == "ifTrue" || c == "if1" || c == "unlessfalse" || c == "if(1)"
}
