package cli

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/spf13/cobra"

	"popkit/internal/api"
	"popkit/internal/cli/planning"
	"popkit/internal/cli/power"
	"popkit/internal/cli/watching"
	"popkit/internal/config"
	"popkit/internal/core/objective"
	"popkit/internal/core/policy"
	"popkit/internal/core/transcript"
	"popkit/internal/core/view"
	"popkit/internal/runs"
)

const schemaDir = "../../docs/schema"

// outputs is what each command prints with --json, by the name of its schema.
func outputs() map[string]reflect.Type {
	return map[string]reflect.Type{
		"power-start": reflect.TypeFor[power.Started](), "power-resume": reflect.TypeFor[power.Started](),
		"power-attach": reflect.TypeFor[view.Status](), "power-status": reflect.TypeFor[view.Status](),
		"power-pause": reflect.TypeFor[api.Paused](), "power-unpause": reflect.TypeFor[api.Paused](), "power-boundary-add": reflect.TypeFor[api.Boundary](),
		"power-stop": reflect.TypeFor[view.Status](), "replay": reflect.TypeFor[view.Status](),
		"power-list": reflect.TypeFor[[]power.Listed](), "power-log": reflect.TypeFor[api.Event](),
		"power-transcript": reflect.TypeFor[transcript.Line](),
		"power-audit":      reflect.TypeFor[[]power.Audited](), "power-report": reflect.TypeFor[watching.Reported](), "power-diff": reflect.TypeFor[power.Diffed](),
		"power-decide": reflect.TypeFor[[]view.Decision](), "power-why": reflect.TypeFor[power.Reason](),
		"power-init": reflect.TypeFor[[]power.Checked](), "insight-add": reflect.TypeFor[api.Shared](),
		"insight-list": reflect.TypeFor[[]view.Insight](), "insight-list-for-me": reflect.TypeFor[view.Delivery](),
		"check-in": reflect.TypeFor[view.Delivery](), "ask": reflect.TypeFor[api.AskAnswer](),
		"plan-make": reflect.TypeFor[planning.Result](), "plan-validate": reflect.TypeFor[[]validated](), "plan-show": reflect.TypeFor[objective.Plan](),
		"gc": reflect.TypeFor[[]Removal](), "sandbox-check": reflect.TypeFor[SandboxCheck](), "config": reflect.TypeFor[[]config.Explanation](),
		"config-explain": reflect.TypeFor[[]config.Explanation](), "version": reflect.TypeFor[versionInfo](),
		"roles": reflect.TypeFor[[]roleShown](), "plan-present": reflect.TypeFor[api.PlanAnswer](),
		"guard-check": reflect.TypeFor[guardChecked](), "guard-judge": reflect.TypeFor[hookAnswer](), "guard-explain": reflect.TypeFor[[]policy.Explanation](),
	}
}

func schemaOf(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.ForType(outputs()[name], &jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[json.RawMessage]():    {},
		reflect.TypeFor[policy.Decision]():    {Type: "string", Enum: []any{"allow", "ask", "deny"}},
		reflect.TypeFor[objective.Duration](): {Type: "string", Description: `a length of time, e.g. "10m"`},
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.Title = "popkit " + strings.ReplaceAll(strings.Replace(name, "insight-list-for-me", "insight list --for-me", 1), "power-", "power ") + " --json"
	if name == "guard-check" || name == "guard-judge" {
		s.Title = strings.TrimSuffix(strings.Replace(s.Title, "guard-", "guard ", 1), " --json") // it prints nothing else
	}
	return s
}

// TestSchemas keeps the published schemas; -update writes them.
func TestSchemas(t *testing.T) {
	for name := range outputs() {
		raw, err := json.MarshalIndent(schemaOf(t, name), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		generated(t, filepath.Join(schemaDir, name+".schema.json"), string(raw)+"\n")
	}
}

// generated holds a file to what it is made of; -update writes it.
func generated(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		write(t, path, want)
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Errorf("%v (go test ./internal/cli -update writes it)", err)
	} else if string(got) != want {
		t.Errorf("%s is not up to date: go test ./internal/cli -update writes it", path)
	}
}

// TestEachJSONHasASchema: a command with --json is in the table of outputs.
func TestEachJSONHasASchema(t *testing.T) {
	known := outputs()
	walk(newRoot(&Env{}), func(c *cobra.Command) {
		name := strings.ReplaceAll(strings.TrimPrefix(c.CommandPath(), "popkit "), " ", "-")
		if c.Flags().Lookup("json") != nil && known[name] == nil {
			t.Errorf("%s has --json and no schema", c.CommandPath())
		}
	})
}

func walk(c *cobra.Command, f func(*cobra.Command)) {
	f(c)
	for _, sub := range c.Commands() {
		walk(sub, f)
	}
}

// TestOutputs holds what commands print to the published schemas.
func TestOutputs(t *testing.T) {
	plan := `{"objective":{"description":"d"},"phases":[{"name":"p","checks":[{"run":"true","timeout":"1m"}],"tasks":[{"id":"a","role":"tester","title":"A","prompt":"a"}]}]}`
	lines := []struct {
		schema, line string
		agent        bool
	}{
		{"power-start", "popkit power start hi --runtime exec:x --yes --json", false},
		{"power-start", "popkit power start hi --runtime exec:x --yes --detach --json", false},
		{"power-resume", "popkit power resume --no-wait --json", false},
		{"power-status", "popkit power status --json", false}, {"power-list", "popkit power list --json", false},
		{"power-log", "popkit power log --json", false}, {"power-report", "popkit power report --json", false},
		{"power-transcript", "popkit power transcript explorer-1 --json", false},
		{"power-diff", "popkit power diff --json", false}, {"power-decide", "popkit power decide --json", false},
		{"power-decide", "popkit power decide q-1 retry --json", false}, {"power-why", "popkit power why api --json", false},
		{"power-pause", "popkit power pause --json", false}, {"power-unpause", "popkit power unpause --json", false},
		{"power-boundary-add", "popkit power boundary add docs/** --json", false},
		{"power-audit", "popkit power audit api --json", false}, {"power-stop", "popkit power stop --json", false}, {"power-init", "popkit power init --json", false},
		{"replay", "popkit replay --json --to 20", false}, {"replay", "popkit replay --json --to 1", false},
		{"insight-list", "popkit insight list --json", false}, {"insight-list", "popkit insight list --json", true},
		{"insight-list-for-me", "popkit insight list --for-me --json", true}, {"check-in", "popkit check-in --json hello", true},
		{"insight-add", "popkit insight add --json hello", true}, {"ask", "popkit ask what --json", true},
		{"plan-validate", "popkit plan validate plan.yaml none.yaml --json", false}, {"plan-show", "popkit plan show plan.yaml --json", false},
		{"plan-make", "popkit plan make hi --json", false},
		{"gc", "popkit gc --json", false}, {"sandbox-check", "popkit sandbox check --json", false}, {"config", "popkit config --json", false},
		{"guard-judge", "popkit guard judge", true}, {"guard-judge", "popkit guard judge", false},
		{"guard-check", "popkit guard check", false}, {"guard-explain", "popkit guard explain --json", false},
		{"roles", "popkit roles --json", false}, {"roles", "popkit roles reviewer --json", false}, {"plan-present", "popkit plan present plan.yaml --json", true},
		{"config-explain", "popkit config explain tier --json", false}, {"version", "popkit version --json", false},
	}
	tested := map[string]bool{"power-attach": true} // below
	for _, l := range lines {
		tested[l.schema] = true
		t.Run(l.line, func(t *testing.T) {
			w := newWorld(t)
			w.log(parked(w.repo))
			w.stream = watched(t, parked(w.repo))
			write(t, filepath.Join(w.repo, "plan.yaml"), plan)
			write(t, runs.Place{Repo: w.repo}.Run(runID).Transcript("explorer-1"), "reading\ndone")
			for _, r := range []string{"delivery", "answer", "approved", "similar", "stood", "allowed"} {
				w.reply(r)
			}
			w.stdin = `{"id":"1","tool":"Bash","input":{"command":"git commit --no-verify; git push origin main"}}` + "\n"
			w.gitOut = "src/a.go\x00b c.go\x00"
			w.plans = "make"
			if l.agent {
				w.vars[socketVar] = "/run/popkit/a/sock"
			}
			validate(t, l.schema, w.stdout(l.line))
		})
	}
	w := newWorld(t)
	w.log(done(w.repo))
	w.engine(runID)
	w.stream = watched(t, done(w.repo))
	validate(t, "power-attach", w.stdout("popkit power attach --json"))
	for _, name := range slices.Sorted(maps.Keys(outputs())) {
		if !tested[name] {
			t.Errorf("no output of %s was held to its schema", name)
		}
	}
}

func (w *world) stdout(line string) []byte {
	var out, errs bytes.Buffer
	Main(w.t.Context(), splitWords(line)[1:], w.env(&out, &errs))
	if out.Len() == 0 {
		w.t.Errorf("%s printed nothing: %s", line, errs.String())
	}
	return out.Bytes()
}

// validate holds every JSON value of the output to the published schema.
func validate(t *testing.T, name string, output []byte) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(schemaDir, name+".schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for dec := json.NewDecoder(bytes.NewReader(output)); dec.More(); n++ {
		var v any
		if err := dec.Decode(&v); err != nil {
			t.Fatalf("%v in %s", err, output)
		}
		if err := resolved.Validate(v); err != nil {
			t.Errorf("%s: %v in %s", name, err, output)
		}
	}
	if n == 0 {
		t.Error("no JSON at all")
	}
}
