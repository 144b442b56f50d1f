package setting

import (
	"slices"
	"strings"

	"popkit/internal/core/source"
)

// strict are options that make a check ask for more.
var strict = []string{"-D warnings", "-Dwarnings", "-Werror", "--max-warnings=0", "--max-warnings 0", "--max-warnings", "--strict", "-W error", "-race", "--cov-fail-under", "--fail-under",
	"--strict-markers", "--noEmit", "-Xlint:all", "pipefail", "--runInBand --ci", "--deny"}

// Strictness returns the options on a line that make a check ask for more.
func Strictness(line string) []string {
	var out []string
	for _, o := range strict {
		if source.Has(line, o) {
			out = append(out, o)
		}
	}
	return out
}

// leftOut are ways to leave tests out, or to let their failure pass, in the
// configuration of what runs them; without blanks.
var leftOut = []string{"testPathIgnorePatterns", "--testPathIgnorePatterns", "passWithNoTests", "--deselect", "--ignore=test", "collect_ignore", "<skipTests>true", "<maven.test.skip>true",
	"<testFailureIgnore>true", "maven.test.failure.ignore=true", "<failOnViolation>false", "<failsOnError>false", "<failOnError>false", "<failOnWarning>false", "ignoreFailures=true",
	"isIgnoreFailures=true", "excludeTestsMatching", "allWarningsAsErrors=false", "warningsAsErrors=false", "<haltOnFailure>false", "dangerouslyIgnoreUnhandledErrors:true", "failOnConsole:false",
	"ignoreBuildErrors:true", "ignoreDuringBuilds:true"}

// LeavesOut returns how a line leaves tests out, "" when it does not.
func LeavesOut(l source.Line) string {
	text := source.Squeeze(source.Uncommented(l))
	for _, w := range leftOut {
		if strings.Contains(text, w) {
			return w
		}
	}
	return ""
}

// Script returns the name of a script of package.json that checks something.
func Script(l source.Line) string {
	key, _, ok := strings.Cut(strings.TrimSpace(l.Raw), `":`)
	key = strings.TrimPrefix(key, `"`)
	if ok && slices.Contains([]string{"test", "lint", "typecheck", "type-check", "check", "test:unit", "test:e2e"}, key) {
		return key
	}
	return ""
}
