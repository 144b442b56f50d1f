package source

import (
	"path"
	"strings"
)

// goldenEnds are how files of recorded results end.
var goldenEnds = []string{".snap", ".golden", ".approved.txt", ".approved.json", ".snapshot", ".want", ".expected", ".ambr"}

// goldenDirs are folders of recorded results.
var goldenDirs = []string{"__snapshots__", "snapshots", "golden", "goldens", "__image_snapshots__", "approvals"}

// Golden reports whether a file holds recorded results.
func Golden(p string) bool {
	name := path.Base(p)
	for _, e := range goldenEnds {
		if strings.HasSuffix(name, e) {
			return true
		}
	}
	return InDir(p, goldenDirs) && !LangOf(p).Program() || strings.Contains(name, ".golden.") || strings.HasPrefix(name, "golden.") || strings.HasPrefix(name, "expected.") && InDir(p, []string{"testdata"})
}

// Stem is a file's name without what makes it a test.
func Stem(p string) string {
	name, _, _ := strings.Cut(path.Base(p), ".")
	for _, affix := range []string{"_test", "_spec", "-test", "Tests", "Test", "Spec"} {
		name = strings.TrimSuffix(name, affix)
	}
	return strings.TrimPrefix(strings.TrimPrefix(name, "test_"), "spec_")
}

// definers are the words before a name that is defined.
var definers = []string{"func", "def", "class", "fn", "function", "const", "type", "struct", "enum", "trait", "interface", "module"}

// Defined returns the name that a line of code defines, "" for none.
func Defined(code string) string {
	for _, w := range definers {
		i := Find(code, w)
		if i < 0 {
			continue
		}
		rest := strings.TrimSpace(code[i+len(w):])
		if w == "func" && strings.HasPrefix(rest, "(") {
			if _, after, ok := strings.Cut(rest, ")"); ok {
				rest = strings.TrimSpace(after)
			}
		}
		rest = strings.TrimPrefix(rest, "self.")
		if n := Name(rest); n != "" {
			return n
		}
	}
	return ""
}

// EachName calls a function for each name on a line of code.
func EachName(code string, do func(string)) {
	for rest := code; rest != ""; {
		n := Name(rest)
		if n == "" {
			rest = rest[1:]
			continue
		}
		do(n)
		rest = rest[len(n):]
	}
}
