package source

import (
	"slices"
	"strings"
)

// Unit is a test, or a group of tests, in a text.
type Unit struct {
	Name  string
	Group bool   // holds tests
	Path  string // the groups it is in
	Start int    // its first line: attributes and decorators included
	Head  int    // the line that names it
	End   int    // the line after its last
	In    []Line // the text it is in
	Lang  Lang
}

// Lines returns the lines of a test with all that stands above its head; of a
// group only its head, because what is in it are units of their own.
func (u *Unit) Lines() []Line {
	if u.Group {
		return u.In[u.Start : u.Head+1]
	}
	return u.In[u.Start:u.End]
}

// Body returns the lines after the head, without the one that closes it.
func (u *Unit) Body() []Line {
	if u.Head+1 >= u.End {
		return nil
	}
	return u.In[u.Head+1 : u.End]
}

// header is what a line that begins a test says.
type header struct {
	name  string
	group bool
}

// Units returns the tests in a text, in order.
func Units(l Lang, lines []Line) []Unit {
	var out []Unit
	mark := ""    // what the attributes above say
	from := -1    // where they begin
	sig := -1     // where a signature of several lines begins
	depth := 0    // how deep in one that goes over several lines
	var in []Unit // the groups around the line
	for i, ln := range lines {
		code := strings.TrimSpace(ln.Code)
		switch {
		case ln.Inside || code == "" && ln.Key != "" && from >= 0:
			continue
		case code == "":
			mark, from, sig = "", -1, -1
			continue
		case depth > 0 || attribute(l, code):
			if from < 0 {
				from = i
			}
			mark += code
			if depth += balance(code); depth > 0 || !inlineAttribute(l, code) {
				continue
			}
			depth = 0
		}
		if h, ok := heads(l, ln, code, mark); ok {
			u := Unit{Name: h.name, Group: h.group, Start: i, Head: i, End: EndOf(lines, i), In: lines, Lang: l}
			if sig >= 0 {
				u.Head, u.End = sig, EndOf(lines, sig)
			}
			if from >= 0 {
				u.Start = from
			}
			for len(in) > 0 && ln.Indent() <= in[len(in)-1].In[in[len(in)-1].Head].Indent() {
				in = in[:len(in)-1]
			}
			if len(in) > 0 {
				u.Path = in[len(in)-1].Path + "\x00" + in[len(in)-1].Name
			}
			if u.Group {
				in = append(in, u)
			}
			out = append(out, u)
		} else if l == Java && mark != "" && !strings.Contains(code, "(") {
			if sig < 0 {
				sig = i
			}
			continue // the name is on the next line
		}
		mark, from, sig = "", -1, -1
	}
	return out
}

// balance is how many more parentheses a line opens than it closes.
func balance(code string) int {
	n := 0
	for _, c := range []byte(code) {
		switch c {
		case '(', '[':
			n++
		case ')', ']':
			n--
		}
	}
	return n
}

// attribute reports whether a line of code belongs to what comes after it.
func attribute(l Lang, code string) bool {
	switch l {
	case Python, Java:
		return code[0] == '@' && !strings.HasPrefix(code, "@interface")
	case Rust:
		return strings.HasPrefix(code, "#[")
	default:
		return false
	}
}

// inlineAttribute reports whether the line goes on after its attributes: @Test void f() {.
func inlineAttribute(l Lang, code string) bool {
	return l == Java && Has(code, "void", "fun") || l == Rust && Has(code, "fn")
}

func heads(l Lang, ln Line, code, mark string) (header, bool) {
	switch l {
	case Go:
		return goHead(code)
	case Python:
		return pythonHead(code)
	case JavaScript, TypeScript:
		return jsHead(ln, code)
	case Java:
		return javaHead(code, mark)
	case Rust:
		return rustHead(code, mark)
	case Ruby:
		return rubyHead(ln, code)
	default:
		return header{}, false
	}
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
	n := Name(rest)
	if !Prefixed(n, "Test", "Fuzz", "Example") || n == "TestMain" {
		return header{}, false
	}
	return header{name: n}, true
}

func pythonHead(code string) (header, bool) {
	if rest, ok := strings.CutPrefix(code, "class "); ok {
		n := Name(rest)
		return header{n, true}, strings.HasPrefix(n, "Test") || strings.HasSuffix(n, "Test") || strings.HasSuffix(n, "Tests") || strings.HasSuffix(n, "TestCase")
	}
	rest, ok := strings.CutPrefix(strings.TrimPrefix(code, "async "), "def ")
	n := Name(rest)
	return header{name: n}, ok && strings.HasPrefix(n, "test")
}

var (
	jsTests  = []string{"it", "test", "specify", "xit", "xtest", "xspecify", "fit", "ftest", "bench"}
	jsGroups = []string{"describe", "context", "suite", "xdescribe", "xcontext", "xsuite", "fdescribe", "fcontext"}
)

func jsHead(ln Line, code string) (header, bool) {
	n := Name(code)
	group := slices.Contains(jsGroups, n)
	if !group && !slices.Contains(jsTests, n) {
		return header{}, false
	}
	rest := code[len(n):]
	for strings.HasPrefix(rest, ".") { // it.skip, test.concurrent.only, describe.each
		rest = rest[1+len(Name(rest[1:])):]
	}
	if !strings.HasPrefix(rest, "(") && !strings.HasPrefix(rest, "`") {
		return header{}, false
	}
	at := strings.Index(ln.Code, rest)
	title, ok := literalAfter(ln.Raw, ln.Code, at)
	if !ok {
		title = Squeeze(rest)
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
	if i := Find(code, "class"); i >= 0 && !strings.Contains(code[:i], "(") {
		return header{Name(strings.TrimSpace(code[i+len("class"):])), true}, true
	}
	if !Has(mark, "@Test", "@ParameterizedTest", "@RepeatedTest", "@TestFactory", "@Property", "@TestTemplate") {
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
	i := Find(code, "fn")
	if i < 0 || !rustTest(mark) {
		return header{}, false
	}
	return header{name: Name(strings.TrimSpace(code[i+2:]))}, true
}

// rustTest reports whether attributes make a function a test.
func rustTest(mark string) bool {
	return strings.Contains(mark, "test]") || strings.Contains(mark, "test(") || Has(mark, "rstest", "test_case", "quickcheck", "wasm_bindgen_test")
}

var (
	rubyTests  = []string{"it", "specify", "example", "scenario", "test", "should", "its", "xit", "xspecify", "xexample", "xscenario", "fit", "fspecify", "fexample", "fscenario"}
	rubyGroups = []string{"describe", "context", "feature", "xdescribe", "xcontext", "xfeature", "fdescribe", "fcontext", "ffeature"}
)

func rubyHead(ln Line, code string) (header, bool) {
	if rest, ok := strings.CutPrefix(code, "def "); ok {
		n := Name(rest)
		return header{name: n}, strings.HasPrefix(n, "test_")
	}
	code = strings.TrimPrefix(code, "RSpec.")
	n := Name(code)
	group := slices.Contains(rubyGroups, n)
	if !group && !slices.Contains(rubyTests, n) {
		return header{}, false
	}
	rest := code[len(n):]
	if !Prefixed(rest, ` "`, ` '`, `("`, `('`, " {", " do") && !group {
		return header{}, false
	}
	title, ok := literalAfter(ln.Raw, ln.Code, strings.Index(ln.Code, n)+len(n))
	if !ok {
		title = Squeeze(rest)
	}
	return header{title, group}, true
}

// EndOf returns the line after the last one of what begins at a head: all that is
// further in, and the line that closes it.
func EndOf(lines []Line, head int) int {
	depth := lines[head].Indent()
	end := head + 1
	for i := head + 1; i < len(lines); i++ {
		l := lines[i]
		if l.Key == "" || l.Inside || strings.TrimSpace(l.Code) == "" {
			continue // what is blank belongs to whatever comes after
		}
		if l.Indent() > depth {
			end = i + 1
			continue
		}
		code := strings.TrimSpace(l.Code)
		if l.Indent() < depth || !closes(code) {
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
	return strings.IndexByte(")]}", code[0]) >= 0 || Find(code, "end") == 0
}

func opens(code string) bool { return strings.IndexByte("{([:,", code[len(code)-1]) >= 0 }
