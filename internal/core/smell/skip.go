package smell

import (
	"strings"

	"popkit/internal/core/source"
)

// how is the way in which a line keeps a test from being run.
type how int

const (
	runs        how = iota
	skipped         // never run
	conditional     // run only where something holds
	focused         // all others are not run
)

// skips says whether a line of a test file skips or focuses tests.
func skips(l source.Lang, ln source.Line) how {
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
	}
	return runs
}

var goReceivers = []string{"t", "b", "f", "tb", "T()", "s", "suite", "c", "ts", "h"}

func goSkips(code string) how {
	for _, verb := range []string{".Skip(", ".Skipf(", ".SkipNow("} {
		i := strings.Index(code, verb)
		if i < 0 {
			continue
		}
		for _, r := range goReceivers {
			if before := code[:i]; strings.HasSuffix(before, r) && (len(before) == len(r) || !source.InName(before[len(before)-len(r)-1])) {
				return skipped
			}
		}
	}
	if source.Calls(code, "FIt", "FDescribe", "FContext", "FEntry", "FDescribeTable", "FSpecify", "FWhen") {
		return focused
	}
	if source.Calls(code, "PIt", "PDescribe", "PContext", "XIt", "XDescribe", "XContext") {
		return skipped
	}
	return runs
}

func pythonSkips(code string) how {
	switch {
	case source.Has(code, "mark.skipif", "unittest.skipIf", "unittest.skipUnless", "@skipIf", "@skipUnless"):
		if at := strings.IndexByte(code, '('); at >= 0 && source.Prefixed(strings.TrimSpace(code[at+1:]), "True", "not False", "1") {
			return skipped
		}
		return conditional
	case source.Has(code, "mark.skip", "mark.xfail", "unittest.skip", "unittest.expectedFailure", "@skip", "@xfail", "@expectedFailure"):
		return skipped
	case source.Calls(code, "pytest.skip", "pytest.xfail", "self.skipTest") || source.Has(code, "SkipTest") && source.Has(code, "raise"):
		return skipped
	case source.Find(code, "__test__") >= 0 && strings.HasSuffix(source.Squeeze(code), "__test__=False"), source.Find(code, "collect_ignore") == 0, source.Find(code, "collect_ignore_glob") == 0:
		return skipped
	}
	return runs
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

func jsSkips(code string) how {
	switch {
	case source.Has(code, jsFocusWords...) || source.Calls(code, "fit", "fdescribe", "fcontext", "ftest"), source.Has(code, "concurrent.only", "each.only"):
		return focused
	case source.Has(code, jsIfWords...):
		return conditional
	case source.Has(code, jsSkipWords...), source.Calls(code, "xit", "xtest", "xdescribe", "xcontext", "xspecify", "xsuite"), source.Has(code, "concurrent.skip"):
		return skipped
	case strings.Contains(code, "this.skip()"), strings.Contains(code, "ctx.skip()"), strings.Contains(code, "t.skip("):
		return skipped
	case source.Find(code, "skip") >= 0 && strings.Contains(source.Squeeze(code), "{skip:true"), strings.Contains(source.Squeeze(code), ",skip:true"):
		return skipped
	}
	return runs
}

func javaSkips(code string) how {
	switch {
	case source.Has(code, "@Disabled", "@Ignore") && !strings.Contains(code, "import"):
		return skipped
	case source.Has(code, "@DisabledOnOs", "@DisabledIf", "@DisabledIfEnvironmentVariable", "@EnabledIf", "@EnabledOnOs", "@DisabledOnJre", "@EnabledIfEnvironmentVariable", "@EnabledIfSystemProperty", "@DisabledIfSystemProperty", "@DisabledForJreRange"):
		return conditional
	case strings.Contains(code, "@Test") && strings.Contains(source.Squeeze(code), "enabled=false"):
		return skipped
	case strings.Contains(source.Squeeze(code), "assumeTrue(false") || strings.Contains(source.Squeeze(code), "assumeFalse(true") || source.Calls(code, "Assumptions.abort"):
		return skipped
	case source.Calls(code, "assumeTrue", "assumeFalse", "assumeThat", "Assume.assumeTrue", "Assume.assumeFalse", "Assumptions.assumeTrue", "Assumptions.assumeFalse"):
		return conditional
	}
	return runs
}

func rustSkips(code string) how {
	code = strings.TrimSpace(code)
	switch {
	case source.Prefixed(code, "#[ignore"):
		return skipped
	case source.Prefixed(code, "#[cfg_attr(") && source.Has(code, "ignore"):
		return conditional
	}
	return runs
}

var (
	rubySkipWords  = []string{"xit", "xdescribe", "xcontext", "xspecify", "xexample", "xscenario", "xfeature"}
	rubyFocusWords = []string{"fit", "fdescribe", "fcontext", "fspecify", "fexample", "fscenario", "ffeature"}
)

func rubySkips(ln source.Line) how {
	code := strings.TrimSpace(ln.Code)
	n := source.Name(strings.TrimPrefix(code, "RSpec."))
	for _, w := range rubyFocusWords {
		if n == w && argued(code, w) {
			return focused
		}
	}
	for _, w := range rubySkipWords {
		if n == w && argued(code, w) {
			return skipped
		}
	}
	body := source.Squeeze(code)
	switch {
	case (n == "skip" || n == "pending") && (len(code) == len(n) || source.Prefixed(code[len(n):], "(", ` "`, " '", " if", " unless", ";")):
		if source.Has(code, "if", "unless") {
			return conditional
		}
		return skipped
	case !strings.HasSuffix(code, "do") && !strings.HasSuffix(code, "{"):
		return runs
	case strings.Contains(body, "focus:true"), strings.Contains(body, ":focus"):
		return focused
	case strings.Contains(body, ",skip:"), strings.Contains(body, ",pending:"), strings.Contains(body, ",:skip"), strings.Contains(body, ",:pending"):
		return skipped
	}
	return runs
}

// argued reports whether a word that code begins with is given something.
func argued(code, w string) bool {
	rest := strings.TrimPrefix(strings.TrimPrefix(code, "RSpec."), w)
	return source.Prefixed(rest, " ", "(") && !source.Prefixed(strings.TrimSpace(rest), "=", ".")
}

// guarded reports whether a line that skips stands under a condition: inside an
// if whose condition is not just true.
func guarded(l source.Lang, lines []source.Line, i int) bool {
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
		depth = lines[j].Indent()
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
