package role

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"popkit/internal/core/objective"
)

// TestBuiltin: popkit's own roles are there, under all the names that people know
// them by, and say what a role has to say.
func TestBuiltin(t *testing.T) {
	s, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"architect", "documenter", "explorer", "fixer", "implementer", "planner", "researcher", "resolver", "reviewer", "security-auditor", "tester"}
	if got := s.Names(); !slices.Equal(got, want) {
		t.Errorf("they are %v", got)
	}
	for other, name := range map[string]string{"code-explorer": "explorer", "code-architect": "architect", "rapid-prototyper": "implementer",
		"test-writer": "tester", "docs-maintainer": "documenter", "code-reviewer": "reviewer"} {
		if got, _, ok := s.Find(other); !ok || got != name {
			t.Errorf("%s is %q", other, got)
		}
	}
	seen := map[string]string{}
	for name, r := range Builtin() {
		for _, n := range append(slices.Clone(r.Names), name) {
			if seen[n] != "" {
				t.Errorf("%s is a name of %s and of %s", n, name, seen[n])
			}
			seen[n] = name
		}
		for _, section := range []string{"### How to work", "### Done", "### Hands off"} {
			if strings.Count(r.Prompt, section) != 1 {
				t.Errorf("%s does not say: %s", name, section)
			}
		}
		if name != "planner" && !strings.Contains(r.Prompt, "### What to share") {
			t.Errorf("%s does not say what to share", name)
		}
		if words := len(strings.Fields(r.Prompt)); words < 150 || words > 400 {
			t.Errorf("%s has %d words", name, words)
		}
		if len(r.Tools) == 0 || r.Origin != Own || r.PlanRequired || len(r.Description) > 200 {
			t.Errorf("%s is %+v", name, r)
		}
		if web := slices.Contains(r.Tools, "WebSearch"); web != (name == "researcher") {
			t.Errorf("%s has the web: %v", name, web)
		}
	}
	// Who changes no file can't, and who has to can.
	for _, phase := range append(objective.DefaultPhases(), "research") {
		task := objective.Defaults([]string{phase})[0].Tasks[0]
		_, r, ok := s.Find(task.Role)
		if writes := slices.Contains(r.Tools, "Write"); !ok || writes == task.NoCode {
			t.Errorf("phase %s: the task changes no code: %v, its role can write: %v", phase, task.NoCode, writes)
		}
	}
}

func put(t *testing.T, repo, name, text string) {
	t.Helper()
	path := filepath.Join(repo, filepath.FromSlash(Dir), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestLoad(t *testing.T) {
	repo := t.TempDir()
	put(t, repo, "reviewer.md", file("name: reviewer\ndescription: Ours.\n", "Look twice."))
	put(t, repo, "code-explorer.md", file("name: code-explorer\ndescription: Ours.\ntools: Read\npopkit:\n  plan_required: true\n", "Look."))
	put(t, repo, "dba.md", file("name: dba\ndescription: Ours.\n", "Tables."))
	put(t, repo, "tester.md", file("name: tester\ndescription: Ours.\ntool: Read\n", "Test."))
	put(t, repo, "odd.md", file("name: fixer\ndescription: Ours.\nmodell: opus\n", "Mend."))
	put(t, repo, "README.txt", "not a role")
	if err := os.Mkdir(filepath.Join(repo, filepath.FromSlash(Dir), "more.md"), 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := Load(repo)
	if err != nil {
		t.Fatal(err)
	}
	name, r, _ := s.Find("code-reviewer")
	if name != "reviewer" || r.Prompt != "Look twice." || r.Origin != Dir+"/reviewer.md" || !r.Reviews || r.Tools != nil {
		t.Errorf("reviewer: %+v", r)
	}
	name, r, _ = s.Find("code-explorer")
	if name != "code-explorer" || r.Prompt != "Look." || !r.PlanRequired || len(r.Names) != 0 {
		t.Errorf("code-explorer: %+v", r)
	}
	if _, r, _ = s.Find("explorer"); r.Origin != Own {
		t.Errorf("explorer is from %s", r.Origin)
	}
	notes, err := s.Check([]string{"reviewer", "dba", "documnter", "explorer"})
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0], `did you mean "documenter"?`) {
		t.Errorf("notes %q, %v", notes, err)
	}
	for _, needs := range []string{"tester", "test-writer", "fixer", "debugger"} {
		if _, err := s.Check([]string{needs}); err == nil || !strings.Contains(err.Error(), "did you mean") {
			t.Errorf("a run that needs %s: %v", needs, err)
		}
	}
	if got := s.Broken(); len(got) != 2 {
		t.Errorf("broken: %v", got)
	}
}

// TestFor: a run has the roles that its plan needs, however many others lie there.
func TestFor(t *testing.T) {
	repo := t.TempDir()
	for i := range 20 {
		name := fmt.Sprintf("role-%02d", i)
		put(t, repo, name+".md", file("name: "+name+"\ndescription: x\n", strings.Repeat("x", 20<<10)))
	}
	s, err := Load(repo)
	if err != nil {
		t.Fatal(err)
	}
	roles, notes := s.For(objective.Plan{Phases: []objective.Phase{{Tasks: []objective.Task{{Role: "role-19"}, {Role: "code-explorer"}}}}})
	for _, name := range []string{"role-00", "role-19", "explorer", "fixer", "resolver", "implementer"} {
		if roles[name].Prompt == "" {
			t.Errorf("%s is left out", name)
		}
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "7 roles") || roles["role-18"].Prompt != "" {
		t.Errorf("%d roles, %q", len(roles), notes)
	}
}

// TestLoadTwice: two files of one name are a mistake, whichever is read first.
func TestLoadTwice(t *testing.T) {
	repo := t.TempDir()
	put(t, repo, "a.md", file("name: dba\ndescription: One.\n", "One."))
	put(t, repo, "b.md", file("name: dba\ndescription: Two.\n", "Two."))
	s, err := Load(repo)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Check([]string{"dba"}); err == nil || !strings.Contains(err.Error(), "both describe the role dba") {
		t.Errorf("got %v", err)
	}
}
