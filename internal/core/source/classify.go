package source

import (
	"path"
	"strings"
)

// Lang is what a file is written in.
type Lang string

const (
	Other      Lang = ""
	Go         Lang = "go"
	Python     Lang = "python"
	JavaScript Lang = "javascript"
	TypeScript Lang = "typescript"
	Java       Lang = "java" // and Kotlin, whose tests are written alike
	Rust       Lang = "rust"
	Ruby       Lang = "ruby"
	YAML       Lang = "yaml"
	JSON       Lang = "json"
	INI        Lang = "ini" // toml, cfg, ini, properties
	Shell      Lang = "shell"
	Prose      Lang = "prose"
)

var langs = map[string]Lang{
	".go": Go,
	".py": Python, ".pyi": Python,
	".js": JavaScript, ".jsx": JavaScript, ".mjs": JavaScript, ".cjs": JavaScript, ".vue": JavaScript, ".svelte": JavaScript,
	".ts": TypeScript, ".tsx": TypeScript, ".mts": TypeScript, ".cts": TypeScript,
	".java": Java, ".kt": Java, ".kts": Java, ".groovy": Java, ".scala": Java,
	".rs": Rust,
	".rb": Ruby, ".rake": Ruby, ".ru": Ruby, ".gemspec": Ruby,
	".yml": YAML, ".yaml": YAML,
	".json": JSON, ".jsonc": JSON, ".json5": JSON,
	".toml": INI, ".cfg": INI, ".ini": INI, ".properties": INI, ".conf": INI, ".env": INI,
	".sh": Shell, ".bash": Shell, ".zsh": Shell, ".mk": Shell,
	".md": Prose, ".mdx": Prose, ".rst": Prose, ".txt": Prose, ".adoc": Prose, ".html": Prose,
}

var langsByName = map[string]Lang{
	"Rakefile": Ruby, "Gemfile": Ruby, "Guardfile": Ruby, "Vagrantfile": Ruby,
	"Makefile": Shell, "GNUmakefile": Shell, "makefile": Shell, "Dockerfile": Shell, "Jenkinsfile": Java,
	".eslintrc": JSON, ".babelrc": JSON, ".flake8": INI, ".ruff.toml": INI, ".pylintrc": INI, ".coveragerc": INI, ".npmrc": INI, "Pipfile": INI,
}

func LangOf(p string) Lang {
	name := path.Base(p)
	if l, ok := langsByName[name]; ok {
		return l
	}
	if strings.HasPrefix(name, ".env") {
		return INI
	}
	return langs[strings.ToLower(path.Ext(name))]
}

// JS reports whether the language is JavaScript or TypeScript.
func (l Lang) JS() bool { return l == JavaScript || l == TypeScript }

// Program reports whether it is one of the languages whose tests are known.
func (l Lang) Program() bool {
	switch l {
	case Go, Python, JavaScript, TypeScript, Java, Rust, Ruby:
		return true
	default:
		return false
	}
}

// TestFile reports whether a file holds tests, by its name and its folders.
func TestFile(p string) bool {
	name, l := path.Base(p), LangOf(p)
	stem := strings.TrimSuffix(name, path.Ext(name))
	switch l {
	case Go:
		return strings.HasSuffix(name, "_test.go")
	case Python:
		return strings.HasPrefix(name, "test_") || strings.HasSuffix(stem, "_test") || name == "tests.py" || name == "conftest.py" || InDir(p, pyTestDirs)
	case JavaScript, TypeScript:
		return strings.HasSuffix(stem, ".test") || strings.HasSuffix(stem, ".spec") || strings.HasSuffix(stem, ".cy") ||
			strings.HasSuffix(stem, ".e2e") || strings.HasSuffix(stem, "-test") || strings.HasSuffix(stem, "_test") ||
			strings.HasSuffix(stem, ".test-d") || stem == "test" || InDir(p, jsTestDirs)
	case Java:
		return strings.HasSuffix(stem, "Test") || strings.HasSuffix(stem, "Tests") || strings.HasSuffix(stem, "IT") ||
			strings.HasSuffix(stem, "Spec") || strings.HasPrefix(name, "Test") || strings.Contains("/"+p, "/src/test/")
	case Rust:
		return strings.HasSuffix(stem, "_test") || strings.HasSuffix(stem, "_tests") || stem == "tests" || stem == "test" || InDir(p, rustTestDirs)
	case Ruby:
		return strings.HasSuffix(stem, "_test") || strings.HasSuffix(stem, "_spec") || strings.HasPrefix(name, "test_") ||
			name == "spec_helper.rb" || name == "rails_helper.rb" || InDir(p, rubyTestDirs)
	default:
		return false
	}
}

var (
	pyTestDirs   = []string{"test", "tests", "testing"}
	jsTestDirs   = []string{"test", "tests", "__tests__", "spec", "specs", "e2e", "cypress", "__mocks__"}
	rustTestDirs = []string{"tests", "test"}
	rubyTestDirs = []string{"test", "tests", "spec", "specs", "features"}
	foreignDirs  = []string{"vendor", "node_modules", "third_party", "third-party", "dist", "bower_components", ".yarn"}
	sampleDirs   = []string{"testdata", "fixtures", "fixture", "__fixtures__", "examples", "example", "samples", "sample", "docs", "doc", "docs_src", "mocks", "mock"}
	anyTestDirs  = []string{"test", "tests", "spec", "specs", "e2e", "__tests__", "testing", "testdata", "fixtures", "__fixtures__", "testutil", "test-utils", "test_utils"}
)

// InDir reports whether one of the folders that the file is in has such a name.
func InDir(p string, names []string) bool {
	dir, _, ok := cutLast(p, "/")
	for ok {
		var last string
		if dir, last, ok = cutLast(dir, "/"); !ok {
			last, dir = dir, ""
		}
		for _, n := range names {
			if strings.EqualFold(last, n) {
				return true
			}
		}
	}
	return false
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// Foreign reports whether people do not write the file: vendored, generated or
// minified text, and lock files. Only tokens are looked for there.
func Foreign(p string) bool {
	name := path.Base(p)
	for _, end := range []string{".min.js", ".pb.go", "_pb2.py", ".map", ".lock", "-lock.json", "-lock.yaml", ".sum", ".svg", ".css"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return name == "npm-shrinkwrap.json" || InDir(p, foreignDirs)
}

// Sample reports whether a file is there to be read, played with or fed to tests.
func Sample(p string) bool {
	return LangOf(p) == Prose || InDir(p, sampleDirs) || strings.Contains(path.Base(p), "example") || strings.Contains(path.Base(p), ".sample")
}

// InTestDir reports whether a file lies below a folder for tests.
func InTestDir(p string) bool { return InDir(p, anyTestDirs) }
