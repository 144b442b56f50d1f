package smell

import "strings"

// how is the way in which a line keeps a test from being run.
type how int

const (
	runs        how = iota
	skipped         // never run
	conditional     // run only where something holds
	focused         // all others are not run
)

// skips says whether a line of a test file skips or focuses tests.
func skips(l lang, ln line) how {
	code := ln.code
	switch l {
	case golang:
		return goSkips(code)
	case python:
		return pythonSkips(code)
	case javascript, typescript:
		return jsSkips(code)
	case java:
		return javaSkips(code)
	case rust:
		return rustSkips(code)
	case ruby:
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
			if before := code[:i]; strings.HasSuffix(before, r) && (len(before) == len(r) || !inName(before[len(before)-len(r)-1])) {
				return skipped
			}
		}
	}
	if calls(code, "FIt", "FDescribe", "FContext", "FEntry", "FDescribeTable", "FSpecify", "FWhen") {
		return focused
	}
	if calls(code, "PIt", "PDescribe", "PContext", "XIt", "XDescribe", "XContext") {
		return skipped
	}
	return runs
}

func pythonSkips(code string) how {
	switch {
	case has(code, "mark.skipif", "unittest.skipIf", "unittest.skipUnless", "@skipIf", "@skipUnless"):
		if at := strings.IndexByte(code, '('); at >= 0 && prefixed(strings.TrimSpace(code[at+1:]), "True", "not False", "1") {
			return skipped
		}
		return conditional
	case has(code, "mark.skip", "mark.xfail", "unittest.skip", "unittest.expectedFailure", "@skip", "@xfail", "@expectedFailure"):
		return skipped
	case calls(code, "pytest.skip", "pytest.xfail", "self.skipTest") || has(code, "SkipTest") && has(code, "raise"):
		return skipped
	case find(code, "__test__") >= 0 && strings.HasSuffix(squeeze(code), "__test__=False"), find(code, "collect_ignore") == 0, find(code, "collect_ignore_glob") == 0:
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
	case has(code, jsFocusWords...) || calls(code, "fit", "fdescribe", "fcontext", "ftest"), has(code, "concurrent.only", "each.only"):
		return focused
	case has(code, jsIfWords...):
		return conditional
	case has(code, jsSkipWords...), calls(code, "xit", "xtest", "xdescribe", "xcontext", "xspecify", "xsuite"), has(code, "concurrent.skip"):
		return skipped
	case strings.Contains(code, "this.skip()"), strings.Contains(code, "ctx.skip()"), strings.Contains(code, "t.skip("):
		return skipped
	case find(code, "skip") >= 0 && strings.Contains(squeeze(code), "{skip:true"), strings.Contains(squeeze(code), ",skip:true"):
		return skipped
	}
	return runs
}

func javaSkips(code string) how {
	switch {
	case has(code, "@Disabled", "@Ignore") && !strings.Contains(code, "import"):
		return skipped
	case has(code, "@DisabledOnOs", "@DisabledIf", "@DisabledIfEnvironmentVariable", "@EnabledIf", "@EnabledOnOs", "@DisabledOnJre", "@EnabledIfEnvironmentVariable", "@EnabledIfSystemProperty", "@DisabledIfSystemProperty", "@DisabledForJreRange"):
		return conditional
	case strings.Contains(code, "@Test") && strings.Contains(squeeze(code), "enabled=false"):
		return skipped
	case strings.Contains(squeeze(code), "assumeTrue(false") || strings.Contains(squeeze(code), "assumeFalse(true") || calls(code, "Assumptions.abort"):
		return skipped
	case calls(code, "assumeTrue", "assumeFalse", "assumeThat", "Assume.assumeTrue", "Assume.assumeFalse", "Assumptions.assumeTrue", "Assumptions.assumeFalse"):
		return conditional
	}
	return runs
}

func rustSkips(code string) how {
	code = strings.TrimSpace(code)
	switch {
	case prefixed(code, "#[ignore"):
		return skipped
	case prefixed(code, "#[cfg_attr(") && has(code, "ignore"):
		return conditional
	}
	return runs
}

var (
	rubySkipWords  = []string{"xit", "xdescribe", "xcontext", "xspecify", "xexample", "xscenario", "xfeature"}
	rubyFocusWords = []string{"fit", "fdescribe", "fcontext", "fspecify", "fexample", "fscenario", "ffeature"}
)

func rubySkips(ln line) how {
	code := strings.TrimSpace(ln.code)
	n := name(strings.TrimPrefix(code, "RSpec."))
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
	body := squeeze(code)
	switch {
	case (n == "skip" || n == "pending") && (len(code) == len(n) || prefixed(code[len(n):], "(", ` "`, " '", " if", " unless", ";")):
		if has(code, "if", "unless") {
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
	return prefixed(rest, " ", "(") && !prefixed(strings.TrimSpace(rest), "=", ".")
}

// guarded reports whether a line that skips stands under a condition: inside an
// if whose condition is not just true.
func guarded(l lang, lines []line, i int) bool {
	depth := lines[i].indent()
	if l == golang || l == javascript || l == typescript || l == java {
		if code := strings.TrimSpace(lines[i].code); strings.HasPrefix(code, "if ") || strings.HasPrefix(code, "if(") {
			return !always(code)
		}
	}
	for j := i - 1; j >= 0 && j > i-30; j-- {
		code := strings.TrimSpace(lines[j].code)
		if code == "" || lines[j].indent() >= depth {
			continue
		}
		depth = lines[j].indent()
		if !prefixed(strings.TrimLeft(code, "} "), "if ", "if(", "else", "elif ", "unless ", "except", "rescue", "case ", "default:", "switch", "catch") {
			return false
		}
		return !always(code)
	}
	return false
}

// always reports whether a condition holds whatever happens.
func always(code string) bool {
	c := strings.Trim(squeeze(code), "{:}")
	return c == "iftrue" || c == "if(true)" || c == "ifTrue" || c == "if1" || c == "unlessfalse" || c == "if(1)"
}
