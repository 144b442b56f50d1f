package planfile

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"popkit/internal/core/objective"
)

func mustParse(t *testing.T, text string) Result {
	t.Helper()
	r, err := Parse("p.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSpecBlock reads the specification's own objective, as it stands there.
func TestSpecBlock(t *testing.T) {
	spec, err := os.ReadFile(filepath.Join("..", "..", "docs", "spec", "power-mode.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(spec), "```python\nObjective:")
	block, _, closed := strings.Cut("Objective:"+rest, "```")
	if !ok || !closed {
		t.Fatal("the specification has no block of an objective")
	}
	r := mustParse(t, block)
	want := objective.Objective{
		Description:     "Build user authentication",
		SuccessCriteria: []objective.Criterion{{Text: "Login endpoint works"}, {Text: "Tests pass"}, {Text: "Documentation updated"}},
		Boundaries:      objective.Boundaries{FilePatterns: []string{"src/auth/**", "tests/auth/**"}},
	}
	if got := r.Plan.Objective; !reflect.DeepEqual(got.SuccessCriteria, want.SuccessCriteria) || got.Description != want.Description ||
		!reflect.DeepEqual(got.Boundaries.FilePatterns, want.Boundaries.FilePatterns) || len(got.Boundaries.RestrictedTools) > 0 {
		t.Errorf("objective: %+v", got)
	}
	var phases []string
	for _, ph := range r.Plan.Phases {
		phases = append(phases, ph.Name+":"+ph.Tasks[0].Role)
	}
	if got := strings.Join(phases, " "); got != "explore:explorer design:architect implement:implementer test:tester document:documenter" {
		t.Errorf("phases: %s", got)
	}
	copied, err := os.ReadFile("testdata/spec-objective.yaml")
	if err != nil || string(copied) != block {
		t.Errorf("testdata/spec-objective.yaml is no verbatim copy: %v", err)
	}
}

func TestIssuePlan(t *testing.T) {
	r := load(t, "testdata/issue.yaml")
	raw, err := json.MarshalIndent(r.Plan, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/issue.json")
	if err != nil {
		t.Fatal(err)
	}
	if string(raw)+"\n" != string(want) {
		t.Errorf("got\n%s", raw)
	}
	if len(r.Notes) != 0 {
		t.Errorf("notes: %q", r.Notes)
	}
}

// TestMistakes: what is wrong, where, and what to do about it.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "p.yaml:1:1: the file is empty"},
		{"only a comment", "# nothing\n", "p.yaml:1:1: the file is empty"},
		{"text", "hello", "p.yaml:1:1: the document must be a map, not text"},
		{"a list", "- a", "p.yaml:1:1: the document must be a map, not a list"},
		{"second document", "objective: {description: d}\n---\nx: y\n", `p.yaml:2:1: a second document: a file holds one (leave out "---" and what follows it)`},
		{"second JSON document", "{\"objective\": {\"description\": \"d\"}}\n{\"a\": 1}", `p.yaml:2:1: a second document: a file holds one (leave it out, or put it into a file of its own)`},
		{"unknown alias", oneTask("{id: a, prompt: *p}"), `p.yaml:4:23: there is no anchor &p before the alias *p`},
		{"unknown tag", oneTask("{id: a, prompt: !x p}"), `p.yaml:4:23: the tag !x is not understood`},
		{"no objective", "phases: [a]", "p.yaml:1:1: the objective has no description (say what is to be built)"},
		{"unknown key", "objectiv: {description: d}", `p.yaml:1:1: unknown key "objectiv" (did you mean "objective"?)`},
		{"unknown key in a task", oneTask("{id: a, prompt: p, need: []}"), `p.yaml:4:26: unknown key "need" in tasks[0] (did you mean "needs"?)`},
		{"far unknown key", "objective: {description: d}\ncolor: red", `p.yaml:2:1: unknown key "color" (known: objective, phases, limits, on_conflict, on_barrier_timeout)`},
		{"key twice", "objective: {description: d}\nobjective: {description: e}", `p.yaml:2:1: key "objective" is there twice, first at line 1, column 1`},
		{"both cases", "objective: {description: d}\nObjective: {description: e}", `p.yaml:2:1: "Objective" and "objective" are one key (leave one of them out)`},
		{"phases are a map", "objective: {description: d}\nphases: {a: b}", "p.yaml:2:9: phases must be a list, not a map"},
		{"phases are empty", "objective: {description: d}\nphases: []", "p.yaml:2:9: the plan has no phases (e.g. phases: [explore, implement, review])"},
		{"phases twice", "objective: {description: d, phases: [a]}\nphases: [b]", "p.yaml:1:37: phases are given twice: in the objective and beside it (leave out the names in the objective)"},
		{"a phase is a number", "objective: {description: d}\nphases: [5]", "p.yaml:2:10: a phase must be text or a map {name: …, tasks: […]}, not a whole number"},
		{"ID is a number", oneTask("{id: 5, prompt: p}"), `p.yaml:4:12: id must be text, not a whole number (write "5")`},
		{"ID is yes", oneTask("{id: yes, prompt: p}"), `p.yaml:4:12: id: yes is true or false to many YAML readers, not text (write "yes")`},
		{"ID is a date", oneTask("{id: 2026-11-22, prompt: p}"), `p.yaml:4:12: id: 2026-11-22 is a date to many YAML readers, not text (write "2026-11-22")`},
		{"ID is a number to others", oneTask("{id: 1_000, prompt: p}"), `p.yaml:4:12: id`},
		{"ID is a binary number", oneTask("{id: 0b11, prompt: p}"), `p.yaml:4:12: id`},
		{"ID is true", oneTask("{id: true, prompt: p}"), `p.yaml:4:12: id must be text, not true or false (write "true")`},
		{"ID is null", oneTask("{id: ~, prompt: p}"), `p.yaml:4:7: "" can't be the ID of a task: it is empty`},
		{"ID is a list", oneTask("{id: [a], prompt: p}"), `p.yaml:4:12: id must be text, not a list`},
		{"prompt is a number", oneTask("{id: a, prompt: 5}"), `p.yaml:4:23: prompt must be text, not a whole number (write "5")`},
		{"empty prompt", oneTask("{id: a, prompt: ''}"), "p.yaml:4:23: a task without a prompt (say what the agent is to do)"},
		{"no prompt", oneTask("{id: a}"), "p.yaml:4:7: a task without a prompt"},
		{"no_code is text", oneTask("{id: a, prompt: p, no_code: 'yes'}"), "p.yaml:4:35: no_code must be true or false, not text"},
		{"empty entry", oneTask("{id: a, prompt: p, tags: [a, ~]}"), "p.yaml:4:36: an empty entry in tags"},
		{"missing need", oneTask("{id: a, prompt: p, needs: [b]}"), `p.yaml:4:34: there is no task "b"`},
		{"cycle", oneTask("{id: a, prompt: p, needs: [a]}"), `p.yaml:4:34: task "a" needs itself`},
		{"scope", "objective: {description: d, boundaries: {file_patterns: [src/]}}\nphases: [{name: x, tasks: [{id: a, prompt: p, scope: [docs/]}]}]",
			`p.yaml:2:55: "docs/" reaches outside the objective's boundaries (src/)`},
		{"boundary in a list", "objective:\n  description: d\n  boundaries:\n    - restricted_tools: [x]\n    - file_patterns: [a, '/b']", `p.yaml:5:26: an absolute path`},
		{"unknown key in boundaries", "objective:\n  description: d\n  boundaries:\n    - file_pattern: [a]", `p.yaml:4:7: unknown key "file_pattern" in boundaries[0] (did you mean "file_patterns"?)`},
		{"timeout without unit", "objective: {description: d}\nphases: [{name: a, checks: [{run: x, timeout: 10}]}]", "p.yaml:2:47: timeout must be a time with its unit, not a whole number (e.g. 90s, 10m or 1h30m)"},
		{"no time", "objective: {description: d}\nphases: [{name: a, checks: [{run: x, timeout: soon}]}]", `p.yaml:2:47: timeout: "soon" is no time (e.g. 90s, 10m or 1h30m)`},
		{"expect", "objective: {description: d}\nphases: [{name: a, checks: [{run: x, expect: '('}]}]", "p.yaml:2:46: not a regular expression"},
		{"on_conflict", "objective: {description: d}\non_conflict: humna", `p.yaml:2:14: unknown value "humna" (did you mean "human"?)`},
		{"limit", "objective: {description: d}\nlimits: {max_attempts: -2}", "p.yaml:2:24: a negative limit (-2)"},
		{"limit is a fraction", "objective: {description: d}\nlimits: {max_attempts: 2.5}", "p.yaml:2:24: max_attempts must be a whole number, not a number"},
		{"limit is endless", "objective: {description: d}\nlimits: {max_runtime_minutes: .inf}", "p.yaml:2:31: max_runtime_minutes: .inf is out of range"},
		{"limit is huge", "objective: {description: d}\nlimits: {max_attempts: 99999999999999999999}", "p.yaml:2:24: max_attempts: 99999999999999999999 is out of range"},
		{"fence", "```yaml\nobjective: {description: d}\n```\n", "p.yaml:1:1: '`' is a reserved character (leave out the ``` lines around the text)"},
		{"tabs", "objective:\n\tdescription: d\n", "p.yaml:2:1: found character '\t' that cannot start any token (YAML is indented by blanks, not by tabs)"},
		{"colon", "objective: {description: d}\nphases:\n  - name: a: b\n", "p.yaml:3:"},
		{"not UTF-8", "objective:\n  description: \"\xff\"\n", "p.yaml:2:17: the file is not UTF-8 text"},
		{"JSON", "{\n\t\"objective\": {\"description\": \"d\"},\n\t\"phases\": [{\"name\": \"a\", \"tasks\": [{\"id\": 5, \"prompt\": \"p\"}]}]\n}", `p.yaml:3:44: id must be text, not a whole number (write "5")`},
		{"JSON key twice", "{\"objective\": {\"description\": \"d\"},\n \"objective\": {}}", `p.yaml:2:2: key "objective" is there twice, first at line 1, column 2`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := Parse("p.yaml", []byte(c.text))
			var all *Errors
			if !errors.As(err, &all) || len(all.List) != 1 || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if !reflect.DeepEqual(r, Result{}) {
				t.Errorf("a result beside the error: %+v", r)
			}
		})
	}
}

// oneTask is a plan with one task, whose map stands at line 4, column 7.
func oneTask(fields string) string {
	return "objective: {description: d}\nphases:\n- tasks:\n    - " + fields + "\n  name: x\n"
}

func TestAllMistakesAtOnce(t *testing.T) {
	_, err := Parse("plan.yaml", []byte(`objective:
  descripton: x
phases:
  - name: a
    tasks:
    - id: 5
      promt: x
      needs: [b, cc]
    - {id: yes, prompt: 'p', scope: x}
    - {id: b, prompt: 'p', needs: [c]}
    - {id: c, prompt: 'p', needs: [b]}
limits: []
`))
	want := `plan.yaml:2:3: unknown key "descripton" in objective (did you mean "description"?)
plan.yaml:6:11: id must be text, not a whole number (write "5")
plan.yaml:7:7: unknown key "promt" in tasks[0] (did you mean "prompt"?)
plan.yaml:8:18: there is no task "cc" (needs name tasks of the same phase)
plan.yaml:9:12: id: yes is true or false to many YAML readers, not text (write "yes")
plan.yaml:9:37: scope must be a list, not text
plan.yaml:10:36: tasks need each other in a ring: b needs c needs b (leave one of these needs out)
plan.yaml:12:9: limits must be a map, not a list`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// TestReadersMistakesToo: what is wrong with the document as such does not hide
// what is wrong in it, and is no reason to complain of what follows from it.
func TestReadersMistakesToo(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"objective: {descripton: d}\nphases:\n- {name: a, name: b, tasks: [{id: 5, prompt: *p}]}\n---\nphases: []\n", `p.yaml:1:13: unknown key "descripton" in objective (did you mean "description"?)
p.yaml:3:13: key "name" is there twice, first at line 3, column 4
p.yaml:3:35: id must be text, not a whole number (write "5")
p.yaml:3:46: there is no anchor &p before the alias *p (text that begins with "*" needs quotes)
p.yaml:4:1: a second document: a file holds one (leave out "---" and what follows it)`},
		{"{\"objective\": {\"descripton\": \"d\"}, \"phases\": [\"a\", 5]}\n[1]", `p.yaml:1:16: unknown key "descripton" in objective (did you mean "description"?)
p.yaml:1:52: a phase must be text or a map {name: …, tasks: […]}, not a whole number
p.yaml:2:1: a second document: a file holds one (leave it out, or put it into a file of its own)`},
	} {
		_, err := Parse("p.yaml", []byte(c.text))
		if err == nil || err.Error() != c.want {
			t.Errorf("got\n%v\nwant\n%s", err, c.want)
		}
	}
}

func TestWhatIsLeftOutIsFilledIn(t *testing.T) {
	r := mustParse(t, `
objective: {description: d}
phases:
  - name: QA
    tasks:
      - {id: a, prompt: "\n  Test it well.\n\nAnd more."}
      - {id: b, prompt: "`+strings.Repeat("word ", 30)+`"}
      - {id: c, prompt: "`+strings.Repeat("語", 300)+`"}
      - {id: d, prompt: "\u200b"}
      - {id: e, prompt: x, role: r, title: t}
`)
	for i, want := range []objective.Task{
		{Role: "tester", Title: "Test it well."},
		{Role: "tester", Title: strings.TrimSpace(strings.Repeat("word ", 14)) + "…"},
		{Role: "tester", Title: strings.Repeat("語", 71) + "…"},
		{Role: "tester", Title: "d"},
		{Role: "r", Title: "t"},
	} {
		if got := r.Plan.Phases[0].Tasks[i]; got.Role != want.Role || got.Title != want.Title {
			t.Errorf("task %d: role %q, title %q, want %q, %q", i, got.Role, got.Title, want.Role, want.Title)
		}
	}
}

func TestDefaultPhasesAndNames(t *testing.T) {
	r := mustParse(t, "objective: {description: d}")
	if len(r.Plan.Phases) != 6 || len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "no phases given: the default ones are used: explore, ") {
		t.Errorf("%d phases, notes %q", len(r.Plan.Phases), r.Notes)
	}
	r = mustParse(t, "objective: {description: d}\nphases: [test, {name: x, tasks: [{id: test, prompt: p}]}, {name: y}]")
	if id := r.Plan.Phases[0].Tasks[0].ID; id != "test-2" {
		t.Errorf("the default task's ID is %s, which is taken", id)
	}
	if got := strings.Join(r.Notes, "\n"); got != "phases with a default task: test\nphase \"y\" has no tasks: its barrier opens at once" {
		t.Errorf("notes:\n%s", got)
	}
}

func TestOverlapIsNoted(t *testing.T) {
	text := "objective: {description: d}\nphases: [{name: x, tasks: [{id: a, prompt: p, scope: [src/**]}, {id: b, prompt: p, scope: ['*.go']}, {id: c, prompt: p}]}]"
	got := strings.Join(mustParse(t, text).Notes, "\n")
	want := "phase \"x\": c without scope: nothing is reserved, conflicts are found when merging\n" +
		"phase \"x\": a (src/**) and b (*.go) overlap: they run one after the other, unless one says overlap: allow"
	if got != want {
		t.Errorf("notes:\n%s", got)
	}
	if got := mustParse(t, strings.Replace(text, "id: b,", "id: b, overlap: allow,", 1)).Notes; len(got) != 1 {
		t.Errorf("notes with overlap: allow: %q", got)
	}
}

// TestJSONIsTheSamePlan: a plan means the same in both.
func TestJSONIsTheSamePlan(t *testing.T) {
	want := load(t, "testdata/issue.yaml")
	got := load(t, "testdata/issue.json")
	a, err := Format(got.Plan)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Format(want.Plan)
	if err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Errorf("from JSON\n%s\nfrom YAML\n%s", a, b)
	}
}

func load(t *testing.T, path string) Result {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Parse(path, data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
