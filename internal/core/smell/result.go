package smell

import (
	"path"
	"slices"
	"strings"

	"popkit/internal/core/source"
)

// modes are the ways to ask whether one runs in a test, without blanks and with
// double quotes.
var modes = map[source.Lang][]string{
	source.Go:         {`os.Getenv("CI")`, `testing.Testing()`, `flag.Lookup("test.v")`, `os.Args[0],".test")`},
	source.Python:     {`os.environ.get("CI"`, `os.getenv("CI"`, `os.environ["CI"]`, `PYTEST_CURRENT_TEST`, `"pytest"insys.modules`, `"unittest"insys.modules`, `PYTEST_VERSION`},
	source.JavaScript: jsModes,
	source.TypeScript: jsModes,
	source.Java:       {`System.getenv("CI")`},
	source.Rust:       {`env::var("CI")`, `cfg!(test)`},
	source.Ruby:       {`ENV["CI"]`, `Rails.env.test?`, `defined?(RSpec)`, `defined?(Minitest)`, `ENV["RAILS_ENV"]=="test"`, `ENV["RACK_ENV"]=="test"`},
}

var jsModes = []string{`process.env.CI`, `process.env.JEST_WORKER_ID`, `process.env.VITEST`, `process.env.NODE_ENV==="test"`, `process.env.NODE_ENV=="test"`, `process.env.NODE_ENV!=="test"`}

// toolDirs hold what builds and checks a project: there, asking for CI is everyday work.
var toolDirs = []string{"scripts", "script", "build", "tools", "tool", "ci", ".github", "bin", "tasks", "hack", "benchmarks", "bench"}

// product reports whether a file is code that is shipped: no test, no sample, no
// configuration or build script.
func (f *file) product() bool {
	name := path.Base(f.Path)
	return f.lang.Program() && !f.test && !f.sample && !f.foreign && !source.InDir(f.Path, toolDirs) && !source.InTestDir(f.Path) &&
		!strings.Contains(name, "config") && !source.Prefixed(name, "setup.", "Rakefile", "Gemfile", "noxfile", "build.", "conftest", "Gulpfile", "gulpfile", "Gruntfile", ".") && !strings.HasSuffix(name, ".gradle")
}

// results finds results that are written down instead of computed: code that asks
// whether it is tested, answers for one input, functions that became a literal.
func (f *file) results() []Finding {
	var out []Finding
	if f.lang == source.Python {
		out = f.rigged()
	}
	if !f.product() {
		return out
	}
	for _, i := range f.added {
		switch l := f.new[i]; {
		case f.lang == source.Rust && f.inTest(i):
		case asksForTest(f.lang, l):
			out = append(out, f.finding("result_hardcoded", i, "the code asks whether it is being tested"))
		case f.answersOne(i):
			out = append(out, f.finding("result_hardcoded", i, "one input gets an answer that is written down"))
		}
	}
	return append(out, f.constant()...)
}

func (f *file) inTest(i int) bool {
	for _, u := range f.after {
		if i >= u.Start && i < u.End {
			return true
		}
	}
	return false
}

func asksForTest(l source.Lang, ln source.Line) bool {
	if !source.Has(ln.Code, "if", "elif", "unless", "when", "&&", "||", "and", "or", "not", "?") && !strings.Contains(ln.Code, " ? ") {
		return false
	}
	text := strings.ReplaceAll(source.Squeeze(source.Uncommented(ln)), "'", `"`)
	for _, m := range modes[l] {
		if strings.Contains(m, "CI") && !source.Has(ln.Code, "if", "elif", "unless") && !strings.Contains(ln.Code, " ? ") {
			continue // a function that says where one is
		}
		if i := strings.Index(text, m); i >= 0 && (i+len(m) == len(text) || !source.InName(text[i+len(m)]) || !source.InName(m[len(m)-1])) {
			return true
		}
	}
	return false
}

// rigged finds the ways to make Python's tests pass that no test needs: an
// equality that always holds, an outcome that is overwritten.
func (f *file) rigged() []Finding {
	var out []Finding
	for _, i := range f.added {
		code := source.Squeeze(f.new[i].Code)
		switch {
		case strings.HasPrefix(code, "def__eq__(") && i+1 < len(f.new) && source.Squeeze(f.new[i+1].Code) == "returnTrue":
			out = append(out, f.finding("result_hardcoded", i, "everything equals this: __eq__ always says True"))
		case f.test && strings.Contains(strings.ReplaceAll(f.new[i].Key, "'", `"`), `.outcome="passed"`):
			out = append(out, f.finding("result_hardcoded", i, "the outcome of tests is overwritten"))
		}
	}
	return out
}

// routine is a function in a text.
type routine struct {
	name string
	head int
	body []string // the code of its statements
}

// routines returns the functions around the lines.
func (f *file) routines(lines []source.Line, at []int) []routine {
	var out []routine
	done := -1
	for _, i := range at {
		head := i
		for head > 0 && head > i-60 && routineName(f.lang, lines[head]) == "" {
			head--
		}
		name := routineName(f.lang, lines[head])
		if head <= done || name == "" {
			continue
		}
		done = head
		r := routine{name: name, head: head}
		u := source.Unit{Head: head, Start: head, End: source.EndOf(lines, head), In: lines, Lang: f.lang}
		for _, l := range statements(&u) {
			r.body = append(r.body, strings.TrimRight(strings.TrimSpace(l.Code), ";"))
		}
		out = append(out, r)
	}
	return out
}

// control are the words before a parenthesis that make no function.
var control = []string{"if", "for", "while", "switch", "catch", "return", "else", "do", "try", "synchronized", "new", "super", "await", "function", "with"}

// routineName returns the name of the function that begins on a line.
func routineName(l source.Lang, ln source.Line) string {
	if ln.Inside {
		return ""
	}
	if source.Has(ln.Code, "func", "def", "fn", "function", "fun") {
		return source.Defined(ln.Code)
	}
	code := strings.TrimSpace(ln.Code)
	if l != source.Java && !l.JS() || !strings.HasSuffix(code, "{") {
		return ""
	}
	if l.JS() && strings.HasSuffix(code, "=> {") && source.Prefixed(code, "const ", "export const ", "let ") {
		return source.Defined(strings.Replace(code, "let ", "const ", 1))
	}
	before, _, ok := strings.Cut(code, "(")
	words := strings.Fields(before)
	if !ok || len(words) == 0 || slices.Contains(control, words[0]) || strings.ContainsAny(before, "=.\"}&|!") {
		return ""
	}
	return words[len(words)-1]
}

// constant finds functions that computed something and are a literal now.
func (f *file) constant() []Finding {
	old := map[string]routine{}
	for _, r := range f.routines(f.old, f.removed) {
		old[r.name] = r
	}
	out := append(f.replacedCheck(), f.replacedResult()...)
	if len(old) == 0 {
		return out
	}
	var at []int // what became less may have no new line
	for i, l := range f.new {
		if n := routineName(f.lang, l); n != "" && old[n].name == n {
			at = append(at, i)
		}
	}
	heads := map[string]int{}
	for _, i := range at {
		heads[routineName(f.lang, f.new[i])]++
	}
	for _, r := range f.routines(f.new, at) {
		was := old[r.name]
		if heads[r.name] > 1 { // methods of several types: which was which?
			continue
		}
		if len(r.body) != 1 || len(was.body) < 2 {
			continue
		}
		value := strings.TrimSpace(strings.TrimPrefix(r.body[0], "return"))
		switch {
		case judges(r.name) && passes(value):
			out = append(out, f.finding("validation_bypassed", r.head, r.name+" accepts everything now"))
		case literalValue(value) && strings.HasPrefix(r.body[0], "return"):
			out = append(out, f.finding("result_hardcoded", r.head, r.name+" computes nothing any more: it returns "+value))
		}
	}
	return out
}

// judging are the parts of names of functions that say whether something is right.
var judging = []string{"valid", "verif", "authenticat", "authoriz", "authoris", "sanitiz", "permission", "permitted", "allowed", "check", "compare", "issigned"}

func judges(n string) bool {
	n = strings.ToLower(strings.ReplaceAll(n, "_", ""))
	for _, j := range judging {
		if strings.Contains(n, j) {
			return true
		}
	}
	return false
}

func passes(value string) bool {
	switch strings.TrimRight(value, ";") {
	case "true", "True", "nil", "None", "Ok(())", "true, nil", "null", "undefined", "Promise.resolve(true)":
		return true
	}
	return false
}

func literalValue(v string) bool {
	n, rest := source.Digits(v)
	return n != "" && n != "0" && rest == "" || len(v) > 2 && (v[0] == '"' || v[0] == '\'') && strings.Trim(v, "\"' ") == "" || v == "true" || v == "True"
}

// replacedResult finds a result that was computed and is written down now: return
// a + b became return 42, and nothing else about it is new.
func (f *file) replacedResult() []Finding {
	if len(f.added) > 3 {
		return nil // the code was rewritten
	}
	var out []Finding
	for _, i := range f.added {
		l := f.new[i]
		at := strings.Index(l.Code, "return ")
		if at < 0 || strings.TrimSpace(l.Code[:at]) != "" {
			continue
		}
		value, end := written(l.Raw, skipTo(l.Code, at+len("return "), " "))
		if value == "" || strings.Trim(l.Code[min(end, len(l.Code)):], " ;") != "" || number(value) && len(value) < 2 {
			continue
		}
		for _, j := range f.removed {
			was, ok := strings.CutPrefix(strings.TrimSpace(f.old[j].Code), "return ")
			if ok && strings.ContainsAny(was, "(+-*/[") && f.old[j].Indent() == l.Indent() && near(i, j) && strings.Trim(was, "\"' ;") != "" {
				out = append(out, f.finding("result_hardcoded", i, "a result that was computed is written down: "+cut(strings.TrimSpace(f.old[j].Raw))))
				break
			}
		}
	}
	return out
}

// replacedCheck finds a check whose answer was replaced by yes: return ok(token)
// became return true.
func (f *file) replacedCheck() []Finding {
	var out []Finding
	for _, i := range f.added {
		value, ok := strings.CutPrefix(strings.TrimRight(strings.TrimSpace(f.new[i].Code), ";"), "return ")
		if !ok || !passes(value) || value == "nil" || value == "None" || value == "null" || value == "undefined" {
			continue
		}
		for _, j := range f.removed {
			was, ok := strings.CutPrefix(strings.TrimSpace(f.old[j].Code), "return ")
			if ok && judges(was) && strings.Contains(was, "(") && f.old[j].Indent() == f.new[i].Indent() && near(i, j) {
				out = append(out, f.finding("validation_bypassed", i, "a check was replaced by yes: "+cut(strings.TrimSpace(f.old[j].Raw))))
				break
			}
		}
	}
	return out
}

func near(i, j int) bool { return i-j < 20 && j-i < 20 }
