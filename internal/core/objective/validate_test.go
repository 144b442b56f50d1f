package objective

import (
	"math"
	"strings"
	"testing"
)

// good is a valid plan to break.
func good() Plan {
	return Plan{
		Objective: Objective{
			Description:     "Build user authentication",
			SuccessCriteria: []Criterion{{Text: "all tests pass", Check: &Check{Run: "make test"}}, {Text: "documented"}},
			Boundaries:      Boundaries{FilePatterns: []string{"src/**", "tests/**"}},
		},
		Phases: []Phase{
			{Name: "explore", Tasks: []Task{{ID: "map", Role: "explorer", Title: "Map", Prompt: "look", NoCode: true}}},
			{Name: "implement", Checks: []Check{{Run: "go test ./...", Expect: "^ok", Timeout: 1}}, Tasks: []Task{
				{ID: "api", Role: "implementer", Title: "API", Prompt: "do", Scope: []string{"src/api/**"}, Tags: []string{"auth"}},
				{ID: "db", Role: "implementer", Title: "DB", Prompt: "do", Scope: []string{"src/db/"}, Needs: []string{"api"}},
				{ID: "tests", Role: "tester", Title: "Tests", Prompt: "do", Scope: []string{"tests/**"}, Runtime: "exec:./t.sh", Overlap: OverlapAllow},
			}},
		},
		Limits:           Limits{MaxParallelAgents: 5, MaxRuntimeMinutes: 0.5},
		OnConflict:       ConflictHuman,
		OnBarrierTimeout: BarrierPartial,
	}
}

func TestValidateAcceptsAGoodPlan(t *testing.T) {
	if ps := Validate(good()); len(ps) > 0 {
		t.Errorf("problems in a good plan: %v", ps)
	}
}

func TestValidateFindsEachMistake(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		name string
		do   func(p *Plan)
		want string // the problem as one line, or its beginning
	}{
		{"no description", func(p *Plan) { p.Objective.Description = " \n" }, "objective.description: the objective has no description"},
		{"criterion without text", func(p *Plan) { p.Objective.SuccessCriteria[1].Text = "" }, "objective.success_criteria[1].text: a success criterion without text"},
		{"criterion's check", func(p *Plan) { p.Objective.SuccessCriteria[0].Check.Run = "" }, "objective.success_criteria[0].check.run: a check without a command"},
		{"boundary glob", func(p *Plan) { p.Objective.Boundaries.FilePatterns[1] = "[" }, "objective.boundaries.file_patterns[1]: a pattern that is not well formed"},
		{"tool", func(p *Plan) { p.Objective.Boundaries.RestrictedTools = []string{"Bash", ""} }, "objective.boundaries.restricted_tools[1]: an empty tool name"},
		{"no phases", func(p *Plan) { p.Phases = nil }, "phases: the plan has no phases"},
		{"phase without name", func(p *Plan) { p.Phases[0].Name = "" }, "phases[0].name: a phase without a name"},
		{"phase name with a line break", func(p *Plan) { p.Phases[0].Name = "a\nb" }, "phases[0].name: a phase name with blanks"},
		{"phase twice", func(p *Plan) { p.Phases[1].Name = "explore" }, `phases[1].name: phase "explore" is there twice, first as phases[0]`},
		{"empty ID", func(p *Plan) { p.Phases[0].Tasks[0].ID = "" }, `phases[0].tasks[0].id: "" can't be the ID of a task: it is empty (e.g. id: map)`},
		{"bad ID", func(p *Plan) { p.Phases[0].Tasks[0].ID = "Map the code" }, `phases[0].tasks[0].id: "Map the code" can't be the ID of a task: lower case letters, digits, '.', '_' and '-', beginning with a letter or digit (e.g. id: map-the-code)`},
		{"ID that git refuses", func(p *Plan) { p.Phases[0].Tasks[0].ID = "a..b" }, `phases[0].tasks[0].id: "a..b" can't be the ID`},
		{"ID that git refuses at its end", func(p *Plan) { p.Phases[0].Tasks[0].ID = "a.lock" }, `phases[0].tasks[0].id: "a.lock" can't be the ID`},
		{"long ID", func(p *Plan) { p.Phases[0].Tasks[0].ID = long }, `phases[0].tasks[0].id:`},
		{"ID twice", func(p *Plan) { p.Phases[1].Tasks[2].ID = "map" }, `phases[1].tasks[2].id: task ID "map" is there twice, first at phases[0].tasks[0]`},
		{"bad role", func(p *Plan) { p.Phases[0].Tasks[0].Role = "The Tester" }, `phases[0].tasks[0].role: "The Tester" can't be a role`},
		{"no title", func(p *Plan) { p.Phases[0].Tasks[0].Title = "" }, "phases[0].tasks[0].title: a task without a title"},
		{"title of two lines", func(p *Plan) { p.Phases[0].Tasks[0].Title = "a\nb" }, "phases[0].tasks[0].title: a title is one line"},
		{"no prompt", func(p *Plan) { p.Phases[0].Tasks[0].Prompt = "\t" }, "phases[0].tasks[0].prompt: a task without a prompt"},
		{"outside", func(p *Plan) { p.Phases[1].Tasks[0].Scope = []string{"src/a/**", "docs/**"} }, `phases[1].tasks[0].scope[1]: "docs/**" reaches outside the objective's boundaries (src/**, tests/**)`},
		{"outside at any depth", func(p *Plan) { p.Phases[1].Tasks[0].Scope = []string{"*.go"} }, `phases[1].tasks[0].scope[0]: "*.go" reaches outside the objective's boundaries (src/**, tests/**) (narrow the scope`},
		{"a directory at any depth", func(p *Plan) { p.Phases[1].Tasks[0].Scope = []string{"src"} }, `phases[1].tasks[0].scope[0]: "src" reaches outside the objective's boundaries (src/**, tests/**) (without "/" it matches at any depth: write "src/")`},
		{"absolute", func(p *Plan) { p.Phases[1].Tasks[0].Scope = []string{"/src/**"} }, `phases[1].tasks[0].scope[0]: an absolute path: patterns begin at the repository's top, without "/" (write "src/**")`},
		{"above", func(p *Plan) { p.Phases[1].Tasks[0].Scope = []string{"src/../../x"} }, `phases[1].tasks[0].scope[0]: a pattern with the segment ".."`},
		{"above in braces", func(p *Plan) { p.Phases[1].Tasks[0].Scope = []string{"src/{a,..}/x"} }, `phases[1].tasks[0].scope[0]: a pattern with the segment ".."`},
		{"negated", func(p *Plan) { p.Phases[1].Tasks[0].Scope = []string{"!src/a"} }, `phases[1].tasks[0].scope[0]: a pattern that begins with "!"`},
		{"too many alternatives", func(p *Plan) { p.Phases[1].Tasks[0].Scope = []string{strings.Repeat("{a,b}", 10)} }, `phases[1].tasks[0].scope[0]: a pattern whose braces stand for more than 64`},
		{"long pattern", func(p *Plan) { p.Phases[1].Tasks[0].Scope = []string{strings.Repeat("a", 600)} }, `phases[1].tasks[0].scope[0]: a pattern of 600 bytes`},
		{"empty pattern", func(p *Plan) { p.Phases[1].Tasks[0].Scope = []string{""} }, `phases[1].tasks[0].scope[0]: an empty pattern`},
		{"tag", func(p *Plan) { p.Phases[1].Tasks[0].Tags = []string{"a,b"} }, `phases[1].tasks[0].tags[0]: "a,b" can't be a tag`},
		{"overlap", func(p *Plan) { p.Phases[1].Tasks[0].Overlap = "alow" }, `phases[1].tasks[0].overlap: unknown value "alow" (did you mean "allow"?)`},
		{"runtime", func(p *Plan) { p.Phases[1].Tasks[0].Runtime = "exce:./x" }, `phases[1].tasks[0].runtime: unknown runtime "exce" (did you mean "exec"?)`},
		{"runtime without command", func(p *Plan) { p.Phases[1].Tasks[0].Runtime = "exec:" }, `phases[1].tasks[0].runtime: runtime exec needs a command (exec:COMMAND)`},
		{"runtime with too much", func(p *Plan) { p.Phases[1].Tasks[0].Runtime = "claude:x" }, `phases[1].tasks[0].runtime: runtime claude takes no argument`},
		{"missing need", func(p *Plan) { p.Phases[1].Tasks[1].Needs = []string{"apy"} }, `phases[1].tasks[1].needs[0]: there is no task "apy" (did you mean "api"?)`},
		{"need of an earlier phase", func(p *Plan) { p.Phases[1].Tasks[1].Needs = []string{"map"} }, `phases[1].tasks[1].needs[0]: task "map" is in phase "explore", not in this one (leave it out: every task of an earlier phase is done`},
		{"need of a later phase", func(p *Plan) { p.Phases[0].Tasks[0].Needs = []string{"api"} }, `phases[0].tasks[0].needs[0]: task "api" is in the later phase "implement"`},
		{"need twice", func(p *Plan) { p.Phases[1].Tasks[1].Needs = []string{"api", "api"} }, `phases[1].tasks[1].needs[1]: task "db" names its need "api" twice`},
		{"needs itself", func(p *Plan) { p.Phases[1].Tasks[0].Needs = []string{"api"} }, `phases[1].tasks[0].needs[0]: task "api" needs itself`},
		{"ring", func(p *Plan) {
			p.Phases[1].Tasks[0].Needs = []string{"tests"}
			p.Phases[1].Tasks[2].Needs = []string{"db"}
		}, `phases[1].tasks[0].needs[0]: tasks need each other in a ring: api needs tests needs db needs api`},
		{"check", func(p *Plan) { p.Phases[1].Checks[0].Run = " " }, `phases[1].checks[0].run: a check without a command (e.g. run: make test)`},
		{"expect", func(p *Plan) { p.Phases[1].Checks[0].Expect = "(" }, "phases[1].checks[0].expect: not a regular expression: missing closing ): `(`"},
		{"timeout", func(p *Plan) { p.Phases[1].Checks[0].Timeout = -1 }, `phases[1].checks[0].timeout: a negative time`},
		{"negative limit", func(p *Plan) { p.Limits.MaxAttempts = -1 }, `limits.max_attempts: a negative limit (-1)`},
		{"negative time", func(p *Plan) { p.Limits.BarrierTimeoutMinutes = -0.5 }, `limits.barrier_timeout_minutes: a negative limit (-0.5)`},
		{"no number", func(p *Plan) { p.Limits.MaxRuntimeMinutes = Minutes(math.NaN()) }, `limits.max_runtime_minutes: not a usable number`},
		{"huge", func(p *Plan) { p.Limits.MaxRuntimeMinutes = 1e12 }, `limits.max_runtime_minutes: not a usable number`},
		{"on_conflict", func(p *Plan) { p.OnConflict = "first-win" }, `on_conflict: unknown value "first-win" (did you mean "first_wins"?)`},
		{"on_barrier_timeout", func(p *Plan) { p.OnBarrierTimeout = "never" }, `on_barrier_timeout: unknown value "never" (one of human, partial)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := good()
			c.do(&p)
			ps := Validate(p)
			if len(ps) != 1 {
				t.Fatalf("%d problems, want 1: %v", len(ps), ps)
			}
			if got := ps[0].String(); !strings.HasPrefix(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestValidateFindsAllMistakesAtOnce(t *testing.T) {
	p := good()
	p.Objective.Description = ""
	p.Phases[0].Tasks[0].Prompt = ""
	p.Phases[1].Tasks[0].Needs = []string{"nobody"}
	p.Limits.MaxAttempts = -1
	p.OnConflict = "?"
	var paths []string
	for _, x := range Validate(p) {
		paths = append(paths, x.Path)
	}
	got := strings.Join(paths, " ")
	want := "objective.description phases[0].tasks[0].prompt phases[1].tasks[0].needs[0] limits.max_attempts on_conflict"
	if got != want {
		t.Errorf("paths\n got %s\nwant %s", got, want)
	}
}

func TestTwoRingsAreTwoProblems(t *testing.T) {
	task := func(id string, needs ...string) Task {
		return Task{ID: id, Role: "r", Title: id, Prompt: id, Needs: needs}
	}
	p := Plan{Objective: Objective{Description: "d"}, Phases: []Phase{{Name: "x", Tasks: []Task{
		task("out", "a"), task("a", "b"), task("b", "a"), task("c", "d"), task("d", "e"), task("e", "c"),
	}}}}
	ps := Validate(p)
	if len(ps) != 2 || !strings.Contains(ps[0].Text, "a needs b needs a") || !strings.Contains(ps[1].Text, "c needs d needs e needs c") {
		t.Errorf("problems: %v", ps)
	}
}

func TestDefaultsAreValid(t *testing.T) {
	obj := good().Objective
	for _, names := range [][]string{nil, {"explore", "design", "implement", "test", "document"}, {"Research", "plan", "build", "QA", "docs", "Ünïcode ☃", "ünïcode"}} {
		p := Plan{Objective: obj, Phases: Defaults(names)}
		if ps := Validate(p); len(ps) > 0 {
			t.Errorf("defaults for %q: %v", names, ps)
		}
	}
}

func TestDefaultRoles(t *testing.T) {
	for _, c := range []struct {
		phase, role string
		noCode      bool
	}{
		{"explore", "explorer", true}, {"research", "researcher", true},
		{"design", "architect", true}, {"plan", "architect", true},
		{"implement", "implementer", false}, {"build", "implementer", false}, {"whatever", "implementer", false},
		{"test", "tester", false}, {"QA", "tester", false},
		{"document", "documenter", false}, {"docs", "documenter", false},
		{"review", "reviewer", true},
	} {
		ph := Defaults([]string{c.phase})[0]
		if got := ph.Tasks[0]; ph.Name != c.phase || got.Role != c.role || got.NoCode != c.noCode || !strings.Contains(got.Prompt, "objective") {
			t.Errorf("phase %q: %+v", c.phase, got)
		}
	}
}

func TestEstimate(t *testing.T) {
	p := good()
	p.Limits.MaxAttempts = 3
	got := Estimate(p, 0, Duration(10))
	want := Cost{Agents: 4, MostAgents: 12, AtOnce: 2, Waves: 3, Shortest: 30, Longest: 30}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	got = Estimate(p, 1, Duration(10))
	want = Cost{Agents: 4, MostAgents: 12, AtOnce: 1, Waves: 4, Shortest: 30, Longest: 40}
	if got != want {
		t.Errorf("one at a time: got %+v, want %+v", got, want)
	}
	p.Phases[1].Tasks[1].Needs = nil
	p.Phases[1].Tasks[1].Scope = []string{"src/**"}
	got = Estimate(p, 0, Duration(10))
	want = Cost{Agents: 4, MostAgents: 12, AtOnce: 2, Waves: 3, Shortest: 20, Longest: 30}
	if got != want {
		t.Errorf("overlap: got %+v, want %+v", got, want)
	}
}
