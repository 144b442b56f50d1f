package smell

import (
	"slices"
	"strings"
)

// unit is a test, or a group of tests, in a text.
type unit struct {
	name  string
	group bool
	start int // its first line: attributes and decorators included
	head  int // the line that names it
	end   int // the line after its last
	in    []line
	file  *file
}

// lines returns the lines of a test with all that stands above its head; of a
// group only its head, because what is in it are units of their own.
func (u *unit) lines() []line {
	if u.group {
		return u.in[u.start : u.head+1]
	}
	return u.in[u.start:u.end]
}

// body returns the lines after the head, without the one that closes it.
func (u *unit) body() []line {
	if u.head+1 >= u.end {
		return nil
	}
	return u.in[u.head+1 : u.end]
}

// header is what a line that begins a test says.
type header struct {
	name  string
	group bool
}

// units returns the tests in a text, in order.
func units(f *file, lines []line) []unit {
	if !f.test && f.lang != rust {
		return nil
	}
	var out []unit
	mark := "" // what the attributes above say
	from := -1
	for i, l := range lines {
		code := strings.TrimSpace(l.code)
		switch {
		case l.inside || code == "" && l.key != "" && from >= 0:
			continue
		case code == "":
			mark, from = "", -1
			continue
		case attribute(f.lang, code):
			if from < 0 {
				from = i
			}
			mark += code
			if !inlineAttribute(f.lang, code) {
				continue
			}
		}
		if h, ok := heads(f.lang, l, code, mark); ok {
			u := unit{name: h.name, group: h.group, start: i, head: i, end: endOf(lines, i), in: lines, file: f}
			if from >= 0 {
				u.start = from
			}
			out = append(out, u)
		}
		mark, from = "", -1
	}
	return out
}

// attribute reports whether a line of code belongs to what comes after it.
func attribute(l lang, code string) bool {
	switch l {
	case python, java:
		return code[0] == '@' && !strings.HasPrefix(code, "@interface")
	case rust:
		return strings.HasPrefix(code, "#[")
	}
	return false
}

// inlineAttribute reports whether the line goes on after its attributes: @Test void f() {.
func inlineAttribute(l lang, code string) bool {
	return l == java && has(code, "void", "fun") || l == rust && has(code, "fn")
}

func heads(l lang, ln line, code, mark string) (header, bool) {
	switch l {
	case golang:
		return goHead(code)
	case python:
		return pythonHead(code)
	case javascript, typescript:
		return jsHead(ln, code)
	case java:
		return javaHead(code, mark)
	case rust:
		return rustHead(code, mark)
	case ruby:
		return rubyHead(ln, code)
	}
	return header{}, false
}

func goHead(code string) (header, bool) {
	rest, ok := strings.CutPrefix(code, "func ")
	if !ok {
		return header{}, false
	}
	if strings.HasPrefix(rest, "(") { // a suite's method
		if _, rest, ok = strings.Cut(rest, ") "); !ok {
			return header{}, false
		}
	}
	n := name(rest)
	if !prefixed(n, "Test", "Fuzz", "Example", "Benchmark") || n == "TestMain" {
		return header{}, false
	}
	return header{name: n}, true
}

func pythonHead(code string) (header, bool) {
	if rest, ok := strings.CutPrefix(code, "class "); ok {
		n := name(rest)
		return header{n, true}, strings.HasPrefix(n, "Test") || strings.HasSuffix(n, "Test") || strings.HasSuffix(n, "Tests") || strings.HasSuffix(n, "TestCase")
	}
	rest, ok := strings.CutPrefix(strings.TrimPrefix(code, "async "), "def ")
	n := name(rest)
	return header{name: n}, ok && strings.HasPrefix(n, "test")
}

var (
	jsTests  = []string{"it", "test", "specify", "xit", "xtest", "xspecify", "fit", "ftest", "bench"}
	jsGroups = []string{"describe", "context", "suite", "xdescribe", "xcontext", "xsuite", "fdescribe", "fcontext"}
)

func jsHead(ln line, code string) (header, bool) {
	n := name(code)
	group := slices.Contains(jsGroups, n)
	if !group && !slices.Contains(jsTests, n) {
		return header{}, false
	}
	rest := code[len(n):]
	for strings.HasPrefix(rest, ".") { // it.skip, test.concurrent.only, describe.each
		rest = rest[1+len(name(rest[1:])):]
	}
	if !strings.HasPrefix(rest, "(") && !strings.HasPrefix(rest, "`") {
		return header{}, false
	}
	at := strings.Index(ln.code, rest)
	title, ok := literalAfter(ln.raw, ln.code, at)
	if !ok {
		title = squeeze(rest)
	}
	return header{title, group}, true
}

// literalAfter returns the first string that stands in raw at or after an offset.
func literalAfter(raw, code string, at int) (string, bool) {
	if at < 0 || at > len(code) {
		return "", false
	}
	i := strings.IndexAny(code[at:], "\"'`")
	if i < 0 {
		return "", false
	}
	i += at
	j := strings.IndexByte(code[i+1:], code[i])
	if j < 0 || i+1+j > len(raw) {
		return "", false
	}
	return raw[i+1 : i+1+j], true
}

func javaHead(code, mark string) (header, bool) {
	if i := find(code, "class"); i >= 0 && !strings.Contains(code[:i], "(") {
		return header{name(strings.TrimSpace(code[i+len("class"):])), true}, true
	}
	if !has(mark, "@Test", "@ParameterizedTest", "@RepeatedTest", "@TestFactory", "@Property", "@TestTemplate") {
		return header{}, false
	}
	paren := strings.IndexByte(code, '(')
	for paren >= 0 && strings.Contains(code[:paren], "@") { // @Test(timeout = 5) public void f() {
		close := strings.IndexByte(code[paren:], ')')
		if close < 0 || paren+close+1 >= len(code) {
			return header{}, false
		}
		code = code[paren+close+1:]
		paren = strings.IndexByte(code, '(')
	}
	if paren < 1 {
		return header{}, false
	}
	fields := strings.Fields(code[:paren])
	if len(fields) == 0 {
		return header{}, false
	}
	return header{name: fields[len(fields)-1]}, true
}

func rustHead(code, mark string) (header, bool) {
	i := find(code, "fn")
	if i < 0 || !rustTest(mark) {
		return header{}, false
	}
	return header{name: name(strings.TrimSpace(code[i+2:]))}, true
}

// rustTest reports whether attributes make a function a test.
func rustTest(mark string) bool {
	return strings.Contains(mark, "test]") || strings.Contains(mark, "test(") || has(mark, "rstest", "test_case", "quickcheck", "wasm_bindgen_test")
}

var (
	rubyTests  = []string{"it", "specify", "example", "scenario", "test", "should", "its", "xit", "xspecify", "xexample", "xscenario", "fit", "fspecify", "fexample", "fscenario"}
	rubyGroups = []string{"describe", "context", "feature", "xdescribe", "xcontext", "xfeature", "fdescribe", "fcontext", "ffeature"}
)

func rubyHead(ln line, code string) (header, bool) {
	if rest, ok := strings.CutPrefix(code, "def "); ok {
		n := name(rest)
		return header{name: n}, strings.HasPrefix(n, "test_")
	}
	code = strings.TrimPrefix(code, "RSpec.")
	n := name(code)
	group := slices.Contains(rubyGroups, n)
	if !group && !slices.Contains(rubyTests, n) {
		return header{}, false
	}
	rest := code[len(n):]
	if !prefixed(rest, ` "`, ` '`, `("`, `('`, " {", " do") && !group {
		return header{}, false
	}
	title, ok := literalAfter(ln.raw, ln.code, strings.Index(ln.code, n)+len(n))
	if !ok {
		title = squeeze(rest)
	}
	return header{title, group}, true
}

// endOf returns the line after the last one of what begins at a head: all that is
// further in, and the line that closes it.
func endOf(lines []line, head int) int {
	depth := lines[head].indent()
	end := head + 1
	for i := head + 1; i < len(lines); i++ {
		l := lines[i]
		if l.key == "" || l.inside || strings.TrimSpace(l.code) == "" {
			continue // what is blank belongs to whatever comes after
		}
		if l.indent() > depth {
			end = i + 1
			continue
		}
		code := strings.TrimSpace(l.code)
		if l.indent() < depth || !closes(code) {
			return end
		}
		end = i + 1
		if !opens(code) {
			return end
		}
	}
	return end
}

func closes(code string) bool {
	return strings.IndexByte(")]}", code[0]) >= 0 || find(code, "end") == 0
}

func opens(code string) bool { return strings.IndexByte("{([:,", code[len(code)-1]) >= 0 }

// pairs matches the units of a name before with those of the same name after, in
// their order, and returns those that stay alone.
func pairs(before, after []unit) (both [][2]*unit, gone, fresh []*unit) {
	key := func(u *unit) string {
		if u.group {
			return "group " + u.name
		}
		return u.name
	}
	left := map[string][]*unit{}
	for i := range before {
		u := &before[i]
		left[key(u)] = append(left[key(u)], u)
	}
	paired := map[*unit]bool{}
	for i := range after {
		u := &after[i]
		if was := left[key(u)]; len(was) > 0 {
			both, left[key(u)] = append(both, [2]*unit{was[0], u}), was[1:]
			paired[was[0]] = true
			continue
		}
		fresh = append(fresh, u)
	}
	for i := range before {
		if u := &before[i]; !paired[u] {
			gone = append(gone, u)
		}
	}
	return both, gone, fresh
}
