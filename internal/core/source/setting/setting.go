package setting

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"popkit/internal/core/source"
)

// Parent returns the key under which a line stands: of YAML by its indentation, of
// a list in TOML or an ini file by the line that opened it.
func Parent(lines []source.Line, i int) string {
	depth := lines[i].Indent()
	dash := strings.HasPrefix(lines[i].Key, "-")
	for j := i - 1; j >= 0 && j > i-400; j-- {
		code := strings.TrimSpace(lines[j].Code)
		in := lines[j].Indent()
		if len(code) > 2 && code[0] == '[' && code[len(code)-1] == ']' && !strings.ContainsAny(code, `,"'`) {
			return strings.Trim(code, "[] ") // a table, or a section
		}
		if code == "" || in > depth || in == depth && (!dash || strings.HasPrefix(code, "-")) {
			continue
		}
		end := strings.IndexAny(code, ":=")
		if end < 0 {
			depth = in
			continue
		}
		return strings.Trim(strings.TrimSpace(code[:end]), `"'- `)
	}
	return ""
}

// floors are the keys of numbers below which a check fails.
var floors = []string{"fail_under", "fail-under", "cov-fail-under", "branches", "functions", "lines", "statements", "minimum_coverage", "minimum", "threshold", "target", "line-coverage", "check-coverage", "lineCoverage"}

// Floor returns the key and the number of such a line.
func Floor(l source.Line) (string, float64, bool) {
	code := source.Uncommented(l)
	for _, k := range floors {
		i := source.Find(code, k)
		if i < 0 {
			continue
		}
		rest := strings.TrimLeft(code[i+len(k):], "\"' :=")
		n, _ := source.Digits(strings.ReplaceAll(strings.TrimRight(rest, ", %"), "%", ""))
		v, err := strconv.ParseFloat(n, 64)
		if err == nil {
			return k, v, true
		}
	}
	return "", 0, false
}

// checkWords are parts of the commands that check something.
var checkWords = []string{"test", "tests", "pytest", "lint", "vet", "clippy", "tsc", "rubocop", "mypy", "ruff", "eslint", "tox", "nox", "rspec", "jest", "vitest", "mocha", "staticcheck", "flake8",
	"verify", "typecheck", "types", "audit", "check", "nextest", "minitest", "fmt", "golint", "cov"}

// CheckCommand reports whether a command checks something: one of its words, or a
// part of one (test:unit, run-tests.sh), says so. Options and paths say nothing.
func CheckCommand(code string) bool {
	for _, w := range strings.Fields(code) {
		w = strings.Trim(w, "\"'`();,&|")
		if w == "" || w[0] == '-' && len(w) > 1 {
			continue
		}
		ext := path.Ext(w)
		if ext != "" && ext != ".sh" && ext != ".py" && ext != ".js" && ext != ".mjs" {
			continue
		}
		for _, part := range strings.FieldsFunc(strings.TrimSuffix(path.Base(w), ext), func(r rune) bool { return r == ':' || r == '-' || r == '_' || r == '@' }) {
			if slices.Contains(checkWords, part) {
				return true
			}
		}
	}
	return source.Has(code, "golangci-lint", "type-check")
}

// Excused reports whether a line runs a check and drops its exit status.
func Excused(raw string) bool {
	s := source.Squeeze(raw)
	return CheckCommand(raw) && (strings.Contains(s, "||true") || strings.HasSuffix(s, "||:") || strings.Contains(s, "||exit0") || strings.HasSuffix(s, ";true") ||
		strings.Contains(raw, "--exit-zero") || strings.Contains(raw, "--passWithNoTests")) && !strings.HasPrefix(strings.TrimSpace(raw), "#")
}

// Continuous reports whether a file says what CI does.
func Continuous(p string) bool {
	name := path.Base(p)
	return strings.Contains("/"+p, "/.github/workflows/") || strings.Contains("/"+p, "/.circleci/") || strings.Contains("/"+p, "/.buildkite/") || strings.Contains("/"+p, "/.gitlab/ci/") ||
		name == ".gitlab-ci.yml" || name == ".travis.yml" || name == "azure-pipelines.yml" || name == "Jenkinsfile" || name == "bitbucket-pipelines.yml" || name == "appveyor.yml" || name == ".cirrus.yml"
}

// RunsCheck reports whether a line of CI runs a check.
func RunsCheck(l source.Line) bool {
	code := strings.TrimSpace(l.Code)
	code = strings.TrimPrefix(strings.TrimPrefix(code, "- "), "run:")
	code = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(code), "script:"))
	if i := strings.IndexByte(code, ':'); i >= 0 && i < len(code)-1 && code[i+1] == ' ' || strings.HasSuffix(code, ":") || !strings.ContainsAny(code, " /") && code != "pytest" && code != "tox" {
		return false
	}
	if !strings.Contains(code, "&&") && source.Has(code, "pip install", "pip3 install", "go get", "install.sh", "gem install", "npm install", "cargo install", "apt-get", "brew install") {
		return false
	}
	return CheckCommand(code) && !source.Prefixed(code, "echo", "#", "if ", "pip install", "pip3", "npm install", "apt", "go install", "cargo install", "gem install", "uv pip", "name:", "uses:")
}
