package objective_test

import (
	"testing"

	"popkit/internal/core/objective"
)

func TestFileNamesDoNotOverlap(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"one.txt", "two.txt", false},
		{"*_test.go", "ledger.go", false},
		{"*_test.go", "ledger_test.go", true},
		{"ledger.go", "src/ledger.go", true},
		{"src", "src/ledger.go", true},
		{"v1.2/", "v1.2/a.go", true},
		{".github", ".github/x.yml", true},
		{"docs", "src", true}, // docs/src is in both
		{"docs/", "src/", false},
	} {
		if got := objective.ScopesOverlap([]string{c.a}, []string{c.b}); got != c.want {
			t.Errorf("%s and %s: overlap %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

// TestAudit: what is protected is protected with all below it, whatever its name
// looks like; each file is named once, by the strictest bound.
func TestAudit(t *testing.T) {
	found := objective.Audit([]string{"src/ok.go", ".env", "conf.d/x", "a/.env.local/y", "docs/a.md", "src/other.go"}, objective.Bounds{
		Protected: []string{".env*", "conf.d"}, Boundaries: []string{"src/**", ".env", "conf.d/**"}, Scope: []string{"src/ok.go"},
	})
	want := map[string]string{
		".env": "protected_path", "conf.d/x": "protected_path", "a/.env.local/y": "protected_path",
		"docs/a.md": "out_of_boundary", "src/other.go": "out_of_scope",
	}
	for _, f := range found {
		if want[f.File] != f.Rule {
			t.Errorf("%s breaks %s, want %q", f.File, f.Rule, want[f.File])
		}
		delete(want, f.File)
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}

// TestTemplates: a file that shows what a protected one looks like is not one, but
// for who protects it by its name, or with all of its directory.
func TestTemplates(t *testing.T) {
	for file, globs := range map[string][]string{
		".env.example": {".env.example"}, "a/.env.sample": {".env.sample"}, "secrets/.env.template": {"**/secrets/**"},
		".env.examples": {".env*"}, ".env.example/x": {".env.*", "**/x"}, ".env": {".env*"},
	} {
		if !objective.Protected(file, globs) {
			t.Errorf("%s is not protected by %q", file, globs)
		}
	}
	for _, file := range []string{".env.example", "a/.env.sample", ".env.template"} {
		if objective.Protected(file, []string{".env*", ".env.*", "**/.env*"}) {
			t.Errorf("%s is protected", file)
		}
	}
}
