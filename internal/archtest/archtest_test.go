package archtest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
)

// root is the repository, seen from this package's directory. It is read through
// os, so that the go command knows what the result depends on.
const root = "../.."

// TestArchitecture holds the repository to its rules.
func TestArchitecture(t *testing.T) {
	found, err := Check(os.DirFS(root), Popkit())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}

// TestTable holds the table to the design's bands.
func TestTable(t *testing.T) {
	for _, wrong := range Popkit().Validate() {
		t.Error(wrong)
	}
}

// TestSeesTheTree guards against a green test that looked at nothing.
func TestSeesTheTree(t *testing.T) {
	pkgs, _, err := load(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"internal/core/event", "internal/core/objective", "internal/archtest"} {
		if !slices.ContainsFunc(pkgs, func(p *pkg) bool { return p.dir == want && len(p.files) > 1 }) {
			t.Errorf("package %s was not seen", want)
		}
	}
}

// TestFixtures breaks each rule on purpose. A fixture is a small tree with a file
// "want" that holds the findings, exactly; the rules are popkit's own but for
// smaller gates and the exceptions in the file "except" (rule, where, why).
func TestFixtures(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	broken := map[string]bool{}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			tree, want, rules := fixture(ar)
			found, err := Check(tree, rules)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, f := range found {
				fmt.Fprintln(&got, f)
				broken[f.Rule] = true
			}
			if got.String() != want {
				t.Errorf("got:\n%swant:\n%s", got.String(), want)
			}
		})
	}
	for _, rule := range RuleNames() {
		if !broken[rule] {
			t.Errorf("no fixture breaks %s: a check that cannot fail is none", rule)
		}
	}
}

func fixture(ar *txtar.Archive) (tree fstest.MapFS, want string, rules Rules) {
	rules = Popkit()
	rules.Exceptions = nil
	rules.Gates = Gates{File: 40, TestFile: 60, Func: 8, TestFunc: 12, Package: 60, Methods: 3}
	tree = fstest.MapFS{}
	for _, f := range ar.Files {
		switch f.Name {
		case "want":
			want = string(f.Data)
		case "except":
			for line := range strings.Lines(string(f.Data)) {
				parts := strings.SplitN(strings.TrimSpace(line), " ", 3)
				parts = append(parts, "", "")
				rules.Exceptions = append(rules.Exceptions, Exception{Rule: parts[0], Where: parts[1], Why: parts[2]})
			}
		default:
			// "line ×N" stands for N lines: a fixture that is too long stays readable.
			tree[f.Name] = &fstest.MapFile{Data: []byte(expand(string(f.Data)))}
		}
	}
	return tree, want, rules
}

func expand(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		n := 1
		head, count, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ×")
		if ok {
			if _, err := fmt.Sscan(count, &n); err == nil {
				line = head + "\n"
			}
		}
		b.WriteString(strings.Repeat(line, n))
	}
	return b.String()
}

// TestValidate shows that the table's own check can fail.
func TestValidate(t *testing.T) {
	for name, tc := range map[string]struct {
		edit func(*Rules)
		want string
	}{
		"core knows nobody": {func(r *Rules) { edit(r, "internal/core/objective").May = []string{"internal/engine"} },
			"internal/core/objective (band core) may import internal/engine (band engine), which the bands forbid"},
		"adapters do not know the engine": {func(r *Rules) { edit(r, "internal/workspace").May = []string{"internal/engine"} },
			"internal/workspace (band adapter) may import internal/engine (band engine), which the bands forbid"},
		"surfaces do not know the engine": {func(r *Rules) { edit(r, "internal/cli").May = []string{"internal/engine"} },
			"internal/cli (band surface) may import internal/engine (band engine), which the bands forbid"},
		"no tests in the program": {func(r *Rules) { edit(r, "cmd/popkit").May = []string{"internal/agent/..."} },
			"cmd/popkit (band main) may import internal/agent/agenttest (band tests), which the bands forbid"},
		"no such package": {func(r *Rules) { edit(r, "internal/core/objective").May = []string{"internal/nowhere"} },
			"internal/core/objective may import internal/nowhere, which has no entry"},
		"twice": {func(r *Rules) { r.Packages = append(r.Packages, *edit(r, "internal/core/objective")) },
			"internal/core/objective has two entries"},
		"no such band": {func(r *Rules) { edit(r, "cmd/popkit").Band = "attic" },
			`cmd/popkit is in band "attic", which does not exist`},
		"no reason": {func(r *Rules) { r.Libraries[0].Why = "" },
			"github.com/bmatcuk/doublestar/v4 gives no reason"},
	} {
		t.Run(name, func(t *testing.T) {
			r := Popkit()
			r.Packages = slices.Clone(r.Packages)
			r.Libraries = slices.Clone(r.Libraries)
			tc.edit(&r)
			if got := r.Validate(); !slices.Equal(got, []string{tc.want}) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func edit(r *Rules, dir string) *Package {
	return &r.Packages[slices.IndexFunc(r.Packages, func(p Package) bool { return p.Dir == dir })]
}

// TestUnreadableTree shows that a tree which cannot be walked is an error, not a pass.
func TestUnreadableTree(t *testing.T) {
	if _, err := Check(unreadable{}, Popkit()); err == nil {
		t.Error("no error from a tree that cannot be read")
	}
}

type unreadable struct{}

func (unreadable) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
}
