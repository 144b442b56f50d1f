package planfile

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"popkit/internal/core/objective"
	"popkit/internal/strictyaml"
)

var update = flag.Bool("update", false, "write the generated files of docs/")

var schemaFile = filepath.Join("..", "..", "docs", "schema", "plan.schema.json")

// schema makes the JSON Schema of a plan file from the structs that it is
// decoded into. What a struct can't say (a value's other forms) is added here.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	opts := &jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{}}
	put := func(typ reflect.Type, s *jsonschema.Schema) { opts.TypeSchemas[typ] = s }
	of := func(typ reflect.Type) *jsonschema.Schema {
		s, err := jsonschema.ForType(typ, opts)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	text := func() *jsonschema.Schema { return &jsonschema.Schema{Type: "string", MinLength: new(1)} }
	put(reflect.TypeFor[ident](), text())
	put(reflect.TypeFor[duration](), &jsonschema.Schema{Type: "string", Pattern: `^([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$|^0$`})
	checks := &jsonschema.Schema{OneOf: []*jsonschema.Schema{text(), of(reflect.TypeFor[checkBlock]())}}
	put(reflect.TypeFor[check](), checks)
	put(reflect.TypeFor[criterion](), &jsonschema.Schema{OneOf: []*jsonschema.Schema{text(), of(reflect.TypeFor[criterionBlock]())}})
	bounds := of(reflect.TypeFor[boundariesBlock]())
	put(reflect.TypeFor[boundaries](), &jsonschema.Schema{OneOf: []*jsonschema.Schema{bounds, {Type: "array", Items: bounds.CloneSchemas()}}})
	put(reflect.TypeFor[phase](), &jsonschema.Schema{OneOf: []*jsonschema.Schema{text(), of(reflect.TypeFor[phaseBlock]())}})
	s := of(reflect.TypeFor[file]())
	finish(s)
	return s
}

// finish adds the choices of a value and the root's other case.
func finish(s *jsonschema.Schema) {
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.Title = "popkit plan file"
	enum := func(s *jsonschema.Schema, values ...any) { s.Enum = values }
	enum(s.Properties["on_conflict"], "agent", "human", "first_wins")
	enum(s.Properties["on_barrier_timeout"], "human", "partial")
	block := s.Properties["phases"].Items.OneOf[1]
	enum(block.Properties["tasks"].Items.Properties["overlap"], "allow")
	s.Properties["phases"].MinItems = new(1)
	for _, l := range s.Properties["limits"].Properties {
		l.Minimum = new(0.0)
	}
	other := s.Properties["objective"].CloneSchemas()
	s.Properties["Objective"] = other
	s.PropertyOrder = slices.Insert(s.PropertyOrder, 1, "Objective")
	s.Required = nil
	s.OneOf = []*jsonschema.Schema{{Required: []string{"objective"}}, {Required: []string{"Objective"}}}
	deep(s, func(s *jsonschema.Schema) { // lists are never null
		if slices.Equal(s.Types, []string{"null", "array"}) {
			s.Types, s.Type = nil, "array"
		}
		if s.OneOf != nil { // the forms say their types
			s.Types = nil
		}
	})
}

func deep(s *jsonschema.Schema, do func(*jsonschema.Schema)) {
	if s == nil {
		return
	}
	do(s)
	deep(s.Items, do)
	for _, p := range s.Properties {
		deep(p, do)
	}
	for _, o := range s.OneOf {
		deep(o, do)
	}
}

// TestSchemaFile holds the published schema to the structs; -update writes it.
func TestSchemaFile(t *testing.T) {
	got, err := json.MarshalIndent(schema(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.MkdirAll(filepath.Dir(schemaFile), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(schemaFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, got) {
		t.Errorf("%s is not what the structs say (go test ./internal/planfile -run TestSchemaFile -update)", schemaFile)
	}
}

func published(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	raw, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	r, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// plain makes of a node what encoding/json would.
func plain(n *strictyaml.Node) any {
	switch n.Kind {
	case strictyaml.Map:
		out := map[string]any{}
		for _, e := range n.Entries {
			out[e.Key] = plain(e.Value)
		}
		return out
	case strictyaml.List:
		out := []any{}
		for _, item := range n.Items {
			out = append(out, plain(item))
		}
		return out
	case strictyaml.Int, strictyaml.Float:
		var f float64
		if err := json.Unmarshal([]byte(n.Text), &f); err != nil {
			return n.Text
		}
		return f
	case strictyaml.Bool:
		return n.Text == "true"
	case strictyaml.String:
		return n.Text
	}
	return nil
}

func check0(t *testing.T, s *jsonschema.Resolved, name string, data []byte) error {
	t.Helper()
	n, err := strictyaml.Parse(name, data)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s.Validate(plain(n))
}

// examples returns the plans that the page shows.
func examples(t *testing.T) map[string][]byte {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "plan-file.md"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for i, m := range regexp.MustCompile("(?s)```(?:yaml|json)\n(.*?)```").FindAllSubmatch(page, -1) {
		out[fmt.Sprintf("plan-file.md, example %d", i+1)] = m[1]
	}
	for _, name := range []string{"issue.yaml", "spec-objective.yaml", "formatted.yaml"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = data
	}
	return out
}

func TestExamplesAreValid(t *testing.T) {
	s := published(t)
	all := examples(t)
	if len(all) < 6 {
		t.Errorf("only %d examples found", len(all))
	}
	for name, data := range all {
		if _, err := Parse(name, data); err != nil {
			t.Error(err)
		}
		if err := check0(t, s, name, data); err != nil {
			t.Errorf("%s: the schema refuses it: %v", name, err)
		}
	}
}

// TestSchemaRefuses: what the schema can say, it says as Parse does.
func TestSchemaRefuses(t *testing.T) {
	s := published(t)
	for _, text := range []string{
		"phases: [a]",
		"objective: {description: d, color: red}",
		"objective: {description: d}\nphases: []",
		"objective: {description: d}\nphases: [{tasks: []}]",
		"objective: {description: d}\nphases: [{name: a, tasks: [{id: 5, prompt: p}]}]",
		"objective: {description: d}\nphases: [{name: a, tasks: [{id: a, promt: p}]}]",
		"objective: {description: d}\nphases: [{name: a, tasks: [{id: a, prompt: p, overlap: alow}]}]",
		"objective: {description: d}\nphases: [{name: a, checks: [{run: x, timeout: soon}]}]",
		"objective: {description: d}\non_conflict: none",
		"objective: {description: d}\nlimits: {max_attempts: -1}",
		"objective: {description: d}\nlimits: {max_attempts: 1.5}",
		"objective: {description: d}\nObjective: {description: d}",
		"objective: {description: d, boundaries: 5}",
	} {
		if err := check0(t, s, "p.yaml", []byte(text)); err == nil {
			t.Errorf("the schema takes %s", text)
		}
		if _, err := Parse("p.yaml", []byte(text)); err == nil {
			t.Errorf("Parse takes %s", text)
		}
	}
}

// TestPageNamesEveryKey: each key of the schema has a row in docs/plan-file.md
// with the schema's own words.
func TestPageNamesEveryKey(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "plan-file.md"))
	if err != nil {
		t.Fatal(err)
	}
	deep(schema(t), func(s *jsonschema.Schema) {
		for key, p := range s.Properties {
			if key == "Objective" || p.Description == "" {
				continue
			}
			if row := fmt.Sprintf("| `%s` | ", key); !strings.Contains(string(raw), row) {
				t.Errorf("docs/plan-file.md has no row %q", row)
			}
			if !strings.Contains(string(raw), "| "+p.Description+" |") {
				t.Errorf("docs/plan-file.md does not say of %s: %s", key, p.Description)
			}
		}
	})
}

// TestLimitsMirrorTheNouns: a limit of the noun is a limit of the file.
func TestLimitsMirrorTheNouns(t *testing.T) {
	got, want := strictyaml.Keys(reflect.TypeFor[limits]()), strictyaml.Keys(reflect.TypeFor[objective.Limits]())
	if !slices.Equal(got, want) {
		t.Errorf("file %v\nnoun %v", got, want)
	}
}
