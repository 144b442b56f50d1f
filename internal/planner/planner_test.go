package planner

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

// good is an answer that needs no repair.
const good = `{
 "summary": "Two packages, then the tests.",
 "power_mode": {"worth_it": true, "why": "both halves are independent"},
 "assumptions": ["sessions are kept in memory"],
 "success_criteria": [{"text": "login works", "check": {"run": "go test ./auth", "expect": "^ok"}}, {"text": "it reads well"}],
 "phases": [
  {"name": "implement", "tasks": [
   {"id": "auth", "role": "implementer", "title": "Login", "prompt": "Write the login.", "scope": ["auth/**"], "tags": ["auth"]},
   {"id": "web", "role": "implementer", "title": "Page", "prompt": "Write the page.", "scope": ["web/**"], "tags": ["web"]}],
   "checks": [{"run": "go test ./..."}]},
  {"name": "review", "tasks": [{"id": "review", "role": "reviewer", "title": "Review", "prompt": "Review all.", "tags": ["review"], "no_code": true}]}]}`

func request() Request {
	return Request{
		Objective: objective.Objective{Description: "Build user authentication with tests"},
		Roles:     []Role{{"implementer", nil, "writes code"}, {"reviewer", []string{"code-reviewer"}, "reads changes"}, {"explorer", nil, "reads code"}},
		Survey:    Survey{Base: "main (1a2b3c4)", Files: []string{"go.mod", "auth/auth.go", "web/web.go"}, Excerpts: []Excerpt{{"go.mod", "module example"}}},
		MaxAgents: 5,
	}
}

// model answers prompts one after the other, and keeps them.
type model struct {
	answers []Answer
	err     error
	prompts []string
}

func (m *model) Ask(_ context.Context, prompt string) (Answer, error) {
	m.prompts = append(m.prompts, prompt)
	if len(m.prompts) > len(m.answers) {
		return Answer{Usage: event.Usage{Turns: 1}}, m.err
	}
	return m.answers[len(m.prompts)-1], nil
}

func says(plan string) Answer {
	return Answer{Plan: json.RawMessage(plan), Usage: event.Usage{InputTokens: 100, OutputTokens: 10, CostUSD: 0.01, Turns: 2}}
}

// shell knows what comes of commands, and keeps what it was asked.
type shell struct {
	ends map[string]Tried
	ran  []string
}

func (s *shell) Try(_ context.Context, command string) (Tried, error) {
	s.ran = append(s.ran, command)
	end, ok := s.ends[command]
	if !ok {
		return Tried{}, errors.New("no disk")
	}
	return end, nil
}

func green() map[string]Tried {
	return map[string]Tried{"go test ./...": {Output: "ok  \texample/auth\n"}, "go test ./auth": {Output: "ok  \texample/auth\n"}}
}

func TestMake(t *testing.T) {
	m, s := &model{answers: []Answer{says(good)}}, &shell{ends: green()}
	var said []string
	made, err := Make(t.Context(), request(), Deps{Agent: m, Checks: s, Say: func(text string) { said = append(said, text) }})
	if err != nil {
		t.Fatal(err)
	}
	p := made.Plan
	if p.Objective.Description != request().Objective.Description || len(p.Objective.SuccessCriteria) != 2 || len(p.Phases) != 2 {
		t.Errorf("plan %+v", p)
	}
	if got := p.Phases[0].Tasks[1]; got.ID != "web" || got.Role != "implementer" || !reflect.DeepEqual(got.Scope, []string{"web/**"}) {
		t.Errorf("task %+v", got)
	}
	if want := []string{"go test ./...", "go test ./auth"}; !reflect.DeepEqual(s.ran, want) {
		t.Errorf("ran %q, want %q", s.ran, want)
	}
	if made.Planning != (Spent{Usage: event.Usage{InputTokens: 100, OutputTokens: 10, CostUSD: 0.01, Turns: 2}}) {
		t.Errorf("planning %+v", made.Planning)
	}
	if !made.Worth.Power || made.Worth.Tasks != 3 || made.Worth.Chain != 2 {
		t.Errorf("worth %+v", made.Worth)
	}
	if len(said) != 3 {
		t.Errorf("said %q", said)
	}
	for _, want := range []string{"Build user authentication with tests", "- reviewer: reads changes", "> auth/auth.go", "> module example", "At most 5 agents"} {
		if !strings.Contains(m.prompts[0], want) {
			t.Errorf("the prompt lacks %q:\n%s", want, m.prompts[0])
		}
	}
}

// TestRepair: mistakes of the answer and of its checks go back to the agent, the
// commands that were tried are not tried again, and what all took adds up.
func TestRepair(t *testing.T) {
	unknown := strings.Replace(good, `"role": "reviewer"`, `"role": "reviewr"`, 1)
	missing := strings.Replace(good, `"go test ./auth"`, `"./smoke.sh"`, 1)
	ends := green()
	ends["./smoke.sh"] = Tried{Code: 127, Output: "sh: ./smoke.sh: not found\n"}
	m, s := &model{answers: []Answer{says(unknown), says(missing), says(good)}}, &shell{ends: ends}
	made, err := Make(t.Context(), request(), Deps{Agent: m, Checks: s})
	if err != nil {
		t.Fatal(err)
	}
	if made.Planning.Repairs != 2 || made.Planning.Usage.Turns != 6 || made.Planning.Usage.InputTokens != 300 {
		t.Errorf("planning %+v", made.Planning)
	}
	if !strings.Contains(m.prompts[1], `there is no role "reviewr" (did you mean "reviewer"?)`) {
		t.Errorf("first repair:\n%s", m.prompts[1])
	}
	if !strings.Contains(m.prompts[2], `"./smoke.sh" can't be run here (exit code 127: sh: ./smoke.sh: not found)`) {
		t.Errorf("second repair:\n%s", m.prompts[2])
	}
	if want := []string{"go test ./...", "./smoke.sh", "go test ./auth"}; !reflect.DeepEqual(s.ran, want) {
		t.Errorf("ran %q, want %q", s.ran, want)
	}
}

func TestUnrepairable(t *testing.T) {
	m := &model{answers: []Answer{{Text: "I would rather not"}, says("{}"), says(`{"phases": 5}`), says(good)}}
	_, err := Make(t.Context(), request(), Deps{Agent: m, Checks: &shell{ends: green()}})
	var f *Failure
	if !errors.As(err, &f) || f.Reason != Unrepairable || f.Spent.Repairs != MaxRepairs || len(f.Mistakes) == 0 {
		t.Fatalf("error %v (%+v)", err, f)
	}
	if len(m.prompts) != 1+MaxRepairs {
		t.Errorf("it was asked %d times", len(m.prompts))
	}
	if !strings.Contains(m.prompts[1], "there was no plan in the answer") || !strings.Contains(m.prompts[2], "summary is missing") {
		t.Errorf("repairs:\n%s\n%s", m.prompts[1], m.prompts[2])
	}
}

// TestAgentFails: an agent that can't answer ends planning at once, with what was
// spent until then.
func TestAgentFails(t *testing.T) {
	m := &model{answers: []Answer{says("{}")}, err: &Failure{Reason: Quota, Text: "the limit is reached"}}
	_, err := Make(t.Context(), request(), Deps{Agent: m, Checks: &shell{}})
	var f *Failure
	if !errors.As(err, &f) || f.Reason != Quota || f.Spent.Usage.Turns != 3 || f.Spent.Repairs != 1 {
		t.Fatalf("error %v (%+v)", err, f)
	}
	if _, err := Make(t.Context(), request(), Deps{Agent: &model{answers: []Answer{says(good)}}, Checks: &shell{}}); err == nil || errors.As(err, &f) {
		t.Errorf("a checker that failed: %v", err)
	}
}

func TestTrials(t *testing.T) {
	plain, expects := objective.Check{Run: "x"}, objective.Check{Run: "x", Expect: "^ok"}
	tests := map[string]struct {
		check  objective.Check
		got    Tried
		want   State
		detail string
		absent bool
	}{
		"green":             {plain, Tried{}, Green, "", false},
		"red":               {plain, Tried{Code: 1, Output: "FAIL\x1b[31m a\nFAIL b\n\n"}, Red, "exit code 1: FAIL b", false},
		"killed":            {plain, Tried{Code: 137, Signal: "SIGKILL"}, Red, "ended by SIGKILL", false},
		"as expected":       {expects, Tried{Output: "a\nok b\n"}, Green, "", false},
		"not as expected":   {expects, Tried{Output: "not ok\n"}, Red, "exit code 0, but its output does not match ^ok", false},
		"no command":        {plain, Tried{Code: 127, Output: "sh: x: not found"}, Missing, "exit code 127: sh: x: not found", true},
		"no right to it":    {plain, Tried{Code: 126}, Missing, "exit code 126", true},
		"without end":       {plain, Tried{Late: true, Code: 137, Signal: "SIGKILL", Took: 2e9}, Late, "no end within 2s", true},
		"refused":           {plain, Tried{Refused: "it pushes\nto main"}, Refused, "it pushes to main", true},
		"steers a terminal": {plain, Tried{Code: 2, Output: "\x1b[2J\u202ebad"}, Red, "exit code 2: [2Jbad", false},
	}
	for name, x := range tests {
		t.Run(name, func(t *testing.T) {
			got := judge(x.check, x.got)
			if got.State != x.want || got.Detail != x.detail {
				t.Errorf("%s %q, want %s %q", got.State, got.Detail, x.want, x.detail)
			}
			if (len(absent([]Trial{got})) == 1) != x.absent {
				t.Errorf("a mistake: %q", absent([]Trial{got}))
			}
		})
	}
}

func TestWorth(t *testing.T) {
	plan := func(phases ...[]objective.Task) (p objective.Plan) {
		for _, tasks := range phases {
			p.Phases = append(p.Phases, objective.Phase{Tasks: tasks})
		}
		return p
	}
	a, b, c := objective.Task{ID: "a"}, objective.Task{ID: "b"}, objective.Task{ID: "c"}
	d, e := objective.Task{ID: "d"}, objective.Task{ID: "e"}
	chain := objective.Task{ID: "c", Needs: []string{"a"}}
	tests := map[string]struct {
		plan  objective.Plan
		agent bool
		power bool
		why   string
	}{
		"one task":                  {plan([]objective.Task{a}), true, false, "it is a single task"},
		"one task, says the agent":  {plan([]objective.Task{a}), false, false, "it is a single task: because"},
		"one after the other":       {plan([]objective.Task{a}, []objective.Task{b}), true, false, "it is sequential: each of its 2 tasks waits for the one before"},
		"by needs":                  {plan([]objective.Task{a, chain}), false, false, "it is sequential: each of its 2 tasks waits for the one before: because"},
		"nearly":                    {plan([]objective.Task{a, b}, []objective.Task{c}, []objective.Task{d}, []objective.Task{e}), true, false, "4 of its 5 tasks have to be done one after the other"},
		"parallel":                  {plan([]objective.Task{a, b, c, d}), true, true, "its 4 tasks can all be done at once: because"},
		"parallel, yet too simple":  {plan([]objective.Task{a, b, c, d}), false, false, "the planning agent finds it too simple: because"},
		"two halves and their test": {plan([]objective.Task{a, b}, []objective.Task{c}), true, true, "of its 3 tasks at most 2 have to be done one after the other: because"},
	}
	for name, x := range tests {
		t.Run(name, func(t *testing.T) {
			w := Judge(x.plan, x.agent, "because")
			if w.Power != x.power || w.Why != x.why {
				t.Errorf("%v %q, want %v %q", w.Power, w.Why, x.power, x.why)
			}
		})
	}
}
