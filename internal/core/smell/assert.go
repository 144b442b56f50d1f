package smell

import (
	"fmt"
	"strings"

	"popkit/internal/core/source"
	"popkit/internal/core/source/testcase"
)

// tally counts what a test demands, and the lines that do so.
func tally(u *source.Unit) (strongs, weaks int) {
	for _, l := range u.In[u.Start:u.End] {
		if testcase.Tautology(u.Lang, l) {
			continue
		}
		switch testcase.Assertion(u.Lang, l.Code) {
		case testcase.Strong:
			strongs++
		case testcase.Weak:
			weaks++
		default:
		}
	}
	return strongs, weaks
}

// asserted compares what a test demands before and after.
func (d *diff) asserted(f *file, was, is *source.Unit) []Finding {
	s0, w0 := tally(was)
	s1, w1 := tally(is)
	at := is.Head
	replaced, spoken := d.instead(was, is)
	switch lost := s0 + w0 - s1 - w1 - d.elsewhere(was, is); {
	case spoken:
		return nil
	case s0+w0 > 0 && s1+w1 == 0 && len(statements(is)) > 0:
		return []Finding{f.finding("assertion_removed", at, "test "+is.Name+" asserts nothing any more")}
	case s1 < s0 && w1 > w0 && lost >= 0 && !replaced:
		return []Finding{f.finding("assertion_weakened", at, fmt.Sprintf("test %s asks for less: %s gave way to one that any value passes", is.Name, count(s0-s1, "assertion")))}
	case lost > 0 && !replaced && f.netAsserts() < 0:
		return []Finding{f.finding("assertion_removed", at, fmt.Sprintf("test %s lost %s of %d", is.Name, count(lost, "assertion"), s0+w0))}
	default:
		return nil
	}
}

// elsewhere counts the assertions of a test that stand in a file of tests anew.
func (d *diff) elsewhere(was, is *source.Unit) int {
	has := map[string]bool{}
	for _, l := range is.In[is.Start:is.End] {
		has[l.Key] = true
	}
	n := 0
	for _, l := range was.In[was.Start:was.End] {
		if d.come[l.Key] && !has[l.Key] && testcase.Assertion(was.Lang, l.Code) != testcase.Nothing {
			n++
		}
	}
	return n
}

// instead reports whether a test got a new assertion that says what something
// should be, and whether there is no more to say: it calls a new function that
// asserts, or got an assertion that can not fail, which is a finding of its own.
func (d *diff) instead(was, is *source.Unit) (replaced, spoken bool) {
	had := map[string]int{}
	for _, l := range was.In[was.Start:was.End] {
		had[l.Key]++
	}
	for _, l := range is.In[is.Start:is.End] {
		if had[l.Key]--; had[l.Key] >= 0 {
			continue
		}
		empty := testcase.Tautology(is.Lang, l)
		replaced = replaced || testcase.Assertion(is.Lang, l.Code) == testcase.Strong && !empty
		spoken = spoken || empty || len(d.begun) > 0 && uses(l.Code, d.begun)
	}
	return replaced, spoken
}

// netAsserts is how many assertions the file gained.
func (f *file) netAsserts() int {
	n := 0
	for _, i := range f.added {
		if testcase.Assertion(f.lang, f.new[i].Code) != testcase.Nothing {
			n++
		}
	}
	for _, i := range f.removed {
		if testcase.Assertion(f.lang, f.old[i].Code) != testcase.Nothing {
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
	for _, i := range f.removed { // more than assertions went: a helper, or tests of a kind that is not known
		code := strings.TrimSpace(f.old[i].Code)
		if !f.Fragment && strings.Trim(code, "(){}[];,") != "" && code != "end" && !source.Prefixed(code, "if ", "if(") && testcase.Assertion(f.lang, code) == testcase.Nothing {
			return nil
		}
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
	var lost, come [testcase.Strong + 1]int
	for _, l := range was {
		lost[testcase.Assertion(f.lang, l.Code)]++
	}
	for _, l := range is {
		come[testcase.Assertion(f.lang, l.Code)]++
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
	case come[testcase.Strong] < lost[testcase.Strong] && come[testcase.Weak] > lost[testcase.Weak]:
		return []Finding{f.about("assertion_weakened", count(lost[testcase.Strong]-come[testcase.Strong], "assertion")+" gave way to one that any value passes", at)}
	}
	return nil
}

// outside returns the assertions that stand in none of the tests, and how often
// each stands there.
func outside(l source.Lang, lines []source.Line, tests []source.Unit) ([]source.Line, map[string]int) {
	in := make([]bool, len(lines))
	for i := range tests {
		cover(in, &tests[i])
	}
	var out []source.Line
	n := map[string]int{}
	for i, ln := range lines {
		if !in[i] && testcase.Assertion(l, ln.Code) != testcase.Nothing {
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
