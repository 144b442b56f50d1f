package smell

import (
	"path"
	"strings"
)

// lang is what a file is written in.
type lang string

const (
	other      lang = ""
	golang     lang = "go"
	python     lang = "python"
	javascript lang = "javascript"
	typescript lang = "typescript"
	java       lang = "java" // and Kotlin, whose tests are written alike
	rust       lang = "rust"
	ruby       lang = "ruby"
	yaml       lang = "yaml"
	json       lang = "json"
	ini        lang = "ini" // toml, cfg, ini, properties
	shell      lang = "shell"
	prose      lang = "prose"
)

var langs = map[string]lang{
	".go": golang,
	".py": python, ".pyi": python,
	".js": javascript, ".jsx": javascript, ".mjs": javascript, ".cjs": javascript, ".vue": javascript, ".svelte": javascript,
	".ts": typescript, ".tsx": typescript, ".mts": typescript, ".cts": typescript,
	".java": java, ".kt": java, ".kts": java, ".groovy": java, ".scala": java,
	".rs": rust,
	".rb": ruby, ".rake": ruby, ".ru": ruby, ".gemspec": ruby,
	".yml": yaml, ".yaml": yaml,
	".json": json, ".jsonc": json, ".json5": json,
	".toml": ini, ".cfg": ini, ".ini": ini, ".properties": ini, ".conf": ini, ".env": ini,
	".sh": shell, ".bash": shell, ".zsh": shell, ".mk": shell,
	".md": prose, ".mdx": prose, ".rst": prose, ".txt": prose, ".adoc": prose, ".html": prose,
}

var langsByName = map[string]lang{
	"Rakefile": ruby, "Gemfile": ruby, "Guardfile": ruby, "Vagrantfile": ruby,
	"Makefile": shell, "GNUmakefile": shell, "makefile": shell, "Dockerfile": shell, "Jenkinsfile": java,
	".eslintrc": json, ".babelrc": json, ".flake8": ini, ".pylintrc": ini, ".coveragerc": ini, ".npmrc": ini, "Pipfile": ini,
}

func langOf(p string) lang {
	name := path.Base(p)
	if l, ok := langsByName[name]; ok {
		return l
	}
	if strings.HasPrefix(name, ".env") {
		return ini
	}
	return langs[strings.ToLower(path.Ext(name))]
}

// is reports whether the language is JavaScript or TypeScript.
func (l lang) js() bool { return l == javascript || l == typescript }

// program reports whether it is one of the languages whose tests are known.
func (l lang) program() bool {
	switch l {
	case golang, python, javascript, typescript, java, rust, ruby:
		return true
	}
	return false
}

// TestFile reports whether a file holds tests, by its name and its folders.
func TestFile(p string) bool {
	name, l := path.Base(p), langOf(p)
	stem := strings.TrimSuffix(name, path.Ext(name))
	switch l {
	case golang:
		return strings.HasSuffix(name, "_test.go")
	case python:
		return strings.HasPrefix(name, "test_") || strings.HasSuffix(stem, "_test") || name == "tests.py" || name == "conftest.py" || inDir(p, pyTestDirs)
	case javascript, typescript:
		return strings.HasSuffix(stem, ".test") || strings.HasSuffix(stem, ".spec") || strings.HasSuffix(stem, ".cy") ||
			strings.HasSuffix(stem, ".e2e") || strings.HasSuffix(stem, "-test") || strings.HasSuffix(stem, "_test") ||
			strings.HasSuffix(stem, ".test-d") || stem == "test" || inDir(p, jsTestDirs)
	case java:
		return strings.HasSuffix(stem, "Test") || strings.HasSuffix(stem, "Tests") || strings.HasSuffix(stem, "IT") ||
			strings.HasSuffix(stem, "Spec") || strings.HasPrefix(name, "Test") || strings.Contains("/"+p, "/src/test/")
	case rust:
		return strings.HasSuffix(stem, "_test") || strings.HasSuffix(stem, "_tests") || stem == "tests" || stem == "test" || inDir(p, rustTestDirs)
	case ruby:
		return strings.HasSuffix(stem, "_test") || strings.HasSuffix(stem, "_spec") || strings.HasPrefix(name, "test_") ||
			name == "spec_helper.rb" || name == "rails_helper.rb" || inDir(p, rubyTestDirs)
	}
	return false
}

var (
	pyTestDirs   = []string{"test", "tests", "testing"}
	jsTestDirs   = []string{"test", "tests", "__tests__", "spec", "specs", "e2e", "cypress", "__mocks__"}
	rustTestDirs = []string{"tests", "test"}
	rubyTestDirs = []string{"test", "tests", "spec", "specs", "features"}
	foreignDirs  = []string{"vendor", "node_modules", "third_party", "third-party", "dist", "bower_components", ".yarn"}
	sampleDirs   = []string{"testdata", "fixtures", "fixture", "__fixtures__", "examples", "example", "samples", "sample", "docs", "doc", "docs_src", "mocks", "mock"}
	anyTestDirs  = []string{"test", "tests", "spec", "specs", "e2e", "__tests__", "testing", "testdata", "testutil", "test-utils", "test_utils"}
)

// inDir reports whether one of the folders that the file is in has such a name.
func inDir(p string, names []string) bool {
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

// foreign reports whether people do not write the file: vendored, generated or
// minified text, and lock files. Only tokens are looked for there.
func foreign(p string) bool {
	name := path.Base(p)
	for _, end := range []string{".min.js", ".pb.go", "_pb2.py", ".map", ".lock", "-lock.json", "-lock.yaml", ".sum", ".svg", ".css"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return name == "npm-shrinkwrap.json" || inDir(p, foreignDirs)
}

// sample reports whether a file is there to be read, played with or fed to tests.
func sample(p string) bool {
	return langOf(p) == prose || inDir(p, sampleDirs) || strings.Contains(path.Base(p), "example") || strings.Contains(path.Base(p), ".sample")
}
