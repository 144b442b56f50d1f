package planfile

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"popkit/internal/core/objective"
)

// FuzzParse: any bytes give mistakes with places in the file, or a valid plan
// that Format and Parse keep.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, s := range []string{
		"objective: {description: d}\nphases: [a, {name: b, tasks: [{id: x, prompt: |\n  p\n  }]}]",
		"a: &a [*a]", "<<: *x", "? a\n: b", "--- !!str 5", "%YAML 1.2\n---\nobjective: &o {description: d}\nObjective: *o",
		"{\"objective\": {\"description\": \"\\ud800\"}}", "\"\\", "- - -", "a:\n b:\n  - c", "!!map {}", "a: 'b\n\n  c'",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		start := time.Now()
		r, err := Parse("p", data)
		if took := time.Since(start); took > time.Minute {
			t.Errorf("it took %v", took)
		}
		if err != nil {
			var all *Errors
			if !errors.As(err, &all) || len(all.List) == 0 {
				t.Fatalf("not a list of mistakes: %v", err)
			}
			for _, e := range all.List {
				if e.Line < 1 || e.Col < 1 || e.Text == "" || e.File != "p" {
					t.Errorf("a mistake without place or text: %+v", e)
				}
			}
			return
		}
		if ps := objective.Validate(r.Plan); len(ps) > 0 {
			t.Fatalf("not valid: %v", ps)
		}
		text, err := Format(r.Plan)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("p", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if !reflect.DeepEqual(normal(again.Plan), normal(r.Plan)) {
			t.Errorf("got  %+v\nwant %+v\n%s", again.Plan, r.Plan, text)
		}
	})
}

// normal makes empty lists nil: a file can't tell the two apart.
func normal(p objective.Plan) objective.Plan {
	none := func(list *[]string) {
		if len(*list) == 0 {
			*list = nil
		}
	}
	none(&p.Objective.Boundaries.FilePatterns)
	none(&p.Objective.Boundaries.RestrictedTools)
	for i := range p.Phases {
		for j := range p.Phases[i].Tasks {
			t := &p.Phases[i].Tasks[j]
			none(&t.Scope)
			none(&t.Needs)
			none(&t.Tags)
		}
	}
	return p
}
