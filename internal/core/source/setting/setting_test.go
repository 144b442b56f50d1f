package setting

import (
	"testing"

	"popkit/internal/core/source"
)

func TestRunsCheck(t *testing.T) {
	for line, want := range map[string]bool{
		"    - run: go test ./...": true, "      npm run test:unit": true, "    run: ./run-tests.sh": true, "  - make lint": true, "  - pytest": true,
		"    - run: npm ci": false, "      python -m build src/black/x.py": false, "    - name: test all": false, "      pip install pytest": false,
		"      lerna publish --no-verify-access": false, "    - uses: actions/checkout@v4": false, "    needs: [test]": false,
	} {
		if got := RunsCheck(source.Scan(line, source.YAML)[0]); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

func TestExcused(t *testing.T) {
	for line, want := range map[string]bool{
		"go test ./... || true": true, "npm test || :": true, "npm test || exit 0": true, "flake8 --exit-zero": true, "jest --passWithNoTests": true,
		"rm -f x || true": false, "npm test": false, "# npm test || true": false,
	} {
		if got := Excused(line); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

func TestParent(t *testing.T) {
	for _, c := range []struct {
		lang source.Lang
		text string
		want string // of the last line
	}{
		{source.YAML, "linters:\n  disable:\n    - a", "disable"},
		{source.YAML, "Metrics/AbcSize:\n  Max: 15", "Metrics/AbcSize"},
		{source.INI, "[tool.ruff]\nignore = [\n  \"E1\",\n  \"E2\",", "ignore"},
		{source.INI, "[lints.rust]\nx = \"allow\"", "lints.rust"},
		{source.INI, "[flake8]\nignore =\n    E1\n    E2", "ignore"},
		{source.YAML, "a", ""},
	} {
		lines := source.Scan(c.text, c.lang)
		if got := Parent(lines, len(lines)-1); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestFloor(t *testing.T) {
	for line, want := range map[string]float64{"fail_under = 90": 90, `  "branches": 80.5,`: 80.5, "target: 75%": 75, "--cov-fail-under=60": 60, "lines of text": 0, "": 0} {
		if _, got, _ := Floor(source.Line{Raw: line}); got != want {
			t.Errorf("%q: %v, want %v", line, got, want)
		}
	}
}
