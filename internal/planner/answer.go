package planner

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"popkit/internal/core/nearest"
	"popkit/internal/core/objective"
	"popkit/internal/strictyaml"
)

// answer is what a planning agent may say; schema.json says the same to it.
type answer struct {
	Summary         string      `json:"summary"`
	PowerMode       opinion     `json:"power_mode"`
	Assumptions     []string    `json:"assumptions"`
	SuccessCriteria []criterion `json:"success_criteria"`
	Phases          []phase     `json:"phases"`
}

type opinion struct {
	WorthIt bool   `json:"worth_it"`
	Why     string `json:"why"`
}

type criterion struct {
	Text  string `json:"text"`
	Check *check `json:"check"`
}

type check struct {
	Run    string `json:"run"`
	Expect string `json:"expect"`
}

type phase struct {
	Name   string  `json:"name"`
	Tasks  []task  `json:"tasks"`
	Checks []check `json:"checks"`
}

type task struct {
	ID     string   `json:"id"`
	Role   string   `json:"role"`
	Title  string   `json:"title"`
	Prompt string   `json:"prompt"`
	Scope  []string `json:"scope"`
	Needs  []string `json:"needs"`
	Tags   []string `json:"tags"`
	NoCode bool     `json:"no_code"`
}

// Bounds of an answer: more than any plan that a person would read.
const (
	maxAnswer   = 256 << 10 // bytes
	maxPhases   = 12
	maxTasks    = 40 // in all phases
	maxCriteria = 20
	maxChecks   = 20   // commands that differ
	maxList     = 40   // patterns, needs or tags of a task, assumptions
	maxPrompt   = 8000 // bytes
	maxText     = 2000 // of any other text
)

// required are the keys that an answer must have; what is left out elsewhere is
// seen by its emptiness.
var required = []string{"summary", "power_mode.worth_it", "power_mode.why", "phases"}

// Read makes a plan of an answer: valid, with roles that exist and scopes that do
// not overlap. Mistakes are said as the agent should read them; while there are
// any, there is no plan.
func Read(raw json.RawMessage, r Request) (Made, []string) {
	if len(raw) > maxAnswer {
		return Made{}, []string{fmt.Sprintf("the answer has %d bytes, more than %d: shorten prompts, merge tasks", len(raw), maxAnswer)}
	}
	if !json.Valid(raw) {
		return Made{}, []string{"the answer is no JSON"}
	}
	node, d, err := strictyaml.Open("answer", raw)
	if err != nil {
		return Made{}, texts(err)
	}
	var a answer
	d.Decode(node, &a, "")
	if err := d.Err(); err != nil {
		return Made{}, texts(err)
	}
	var mistakes []string
	for _, key := range required {
		if !d.Has(key) {
			mistakes = append(mistakes, key+" is missing")
		}
	}
	if mistakes = append(mistakes, a.bounds()...); len(mistakes) > 0 {
		return Made{}, mistakes
	}
	p := a.plan(r.Objective)
	for _, x := range objective.Validate(p) {
		mistakes = append(mistakes, x.String())
	}
	if mistakes = append(mistakes, strays(p, r.Roles)...); len(mistakes) > 0 {
		return Made{}, mistakes
	}
	return Made{Plan: p, Summary: a.Summary, Assumptions: a.Assumptions, opinion: a.PowerMode}, nil
}

// texts are the mistakes without their places: the agent never saw lines.
func texts(err error) []string {
	var all *strictyaml.Errors
	if !errors.As(err, &all) {
		return []string{err.Error()}
	}
	var out []string
	for _, e := range all.List {
		text := e.Text
		if e.Hint != "" {
			text += " (" + e.Hint + ")"
		}
		out = append(out, text)
	}
	return out
}

// bounds says what is too much, and what is no text.
func (a *answer) bounds() []string {
	b := &bounded{}
	b.list("phases", len(a.Phases), maxPhases)
	b.list("success_criteria", len(a.SuccessCriteria), maxCriteria)
	b.list("assumptions", len(a.Assumptions), maxList)
	b.text("summary", a.Summary, maxText)
	b.text("power_mode.why", a.PowerMode.Why, maxText)
	b.texts("assumptions", a.Assumptions)
	for i, c := range a.SuccessCriteria {
		at := strictyaml.Index("success_criteria", i)
		b.text(at+".text", c.Text, maxText)
		if c.Check != nil {
			b.check(at+".check", *c.Check)
		}
	}
	tasks := 0
	for i, ph := range a.Phases {
		at := strictyaml.Index("phases", i)
		if tasks += len(ph.Tasks); len(ph.Tasks) == 0 {
			b.add(at + ": a phase without tasks")
		}
		for j, c := range ph.Checks {
			b.check(strictyaml.Index(at+".checks", j), c)
		}
		for j, t := range ph.Tasks {
			b.task(strictyaml.Index(at+".tasks", j), t)
		}
	}
	b.list("tasks in all", tasks, maxTasks)
	b.list("commands of checks", len(b.commands), maxChecks)
	return b.mistakes
}

// bounded collects what is out of bounds.
type bounded struct {
	mistakes []string
	commands map[string]bool
}

func (b *bounded) add(text string) { b.mistakes = append(b.mistakes, text) }

func (b *bounded) list(what string, n, most int) {
	if n > most {
		b.add(fmt.Sprintf("%s: %d, more than %d", what, n, most))
	}
}

func (b *bounded) text(at, s string, most int) {
	switch {
	case len(s) > most:
		b.add(fmt.Sprintf("%s has %d bytes, more than %d", at, len(s), most))
	case strings.ContainsFunc(s, steers):
		b.add(at + " has control characters")
	}
}

func (b *bounded) texts(at string, list []string) {
	b.list(at, len(list), maxList)
	for i, s := range list {
		b.text(strictyaml.Index(at, i), s, maxText)
	}
}

func (b *bounded) check(at string, c check) {
	b.text(at+".run", c.Run, maxText)
	b.text(at+".expect", c.Expect, maxText)
	if idle(c.Run) && c.Expect == "" {
		b.add(fmt.Sprintf("%s: %q passes whatever was done: a check has to be able to fail", at, c.Run))
	}
	if b.commands == nil {
		b.commands = map[string]bool{}
	}
	b.commands[c.Run] = true
}

func (b *bounded) task(at string, t task) {
	b.text(at+".prompt", t.Prompt, maxPrompt)
	b.text(at+".title", t.Title, maxText)
	b.texts(at+".scope", t.Scope)
	b.texts(at+".needs", t.Needs)
	b.texts(at+".tags", t.Tags)
}

// steers reports whether a rune could steer a terminal or turn text around.
func steers(r rune) bool {
	switch r {
	case '\n', '\t', '\u200c', '\u200d': // joiners are part of ordinary writing
		return false
	}
	return unicode.Is(unicode.C, r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar
}

// idle reports whether a command proves nothing.
func idle(command string) bool {
	first, _, _ := strings.Cut(strings.TrimSpace(command), " ")
	alone := !strings.ContainsAny(command, "&|;<>`$\n")
	return alone && slices.Contains([]string{"true", ":", "echo", "printf", "exit", "sleep", "pwd", "date"}, first)
}

func (a *answer) plan(o objective.Objective) objective.Plan {
	p := objective.Plan{Objective: o}
	p.Objective.SuccessCriteria = slices.Clone(o.SuccessCriteria)
	for _, c := range a.SuccessCriteria {
		n := objective.Criterion{Text: c.Text}
		if c.Check != nil {
			n.Check = &objective.Check{Run: c.Check.Run, Expect: c.Check.Expect}
		}
		p.Objective.SuccessCriteria = append(p.Objective.SuccessCriteria, n)
	}
	for _, ph := range a.Phases {
		out := objective.Phase{Name: ph.Name}
		for _, t := range ph.Tasks {
			out.Tasks = append(out.Tasks, objective.Task{
				ID: t.ID, Role: t.Role, Title: t.Title, Prompt: t.Prompt, Scope: t.Scope, Needs: t.Needs, Tags: t.Tags, NoCode: t.NoCode,
			})
		}
		for _, c := range ph.Checks {
			out.Checks = append(out.Checks, objective.Check{Run: c.Run, Expect: c.Expect})
		}
		p.Phases = append(p.Phases, out)
	}
	return p
}

// called reports whether one of the roles goes by that other name.
func called(roles []Role, name string) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(r.Names, name) })
}

// strays are the mistakes of a plan that could be run all the same: roles that do
// not exist, scopes that are in each other's way.
func strays(p objective.Plan, roles []Role) []string {
	var out, known []string
	for _, r := range roles {
		known = append(known, r.Name)
	}
	for i, ph := range p.Phases {
		for j, t := range ph.Tasks {
			at := fmt.Sprintf("phases[%d].tasks[%d]", i, j)
			if len(known) > 0 && !slices.Contains(known, t.Role) && !called(roles, t.Role) {
				out = append(out, fmt.Sprintf("%s.role: there is no role %q (%s)", at, t.Role,
					nearest.Hint(t.Role, known, "one of "+strings.Join(known, ", "))))
			}
			if len(t.Scope) == 0 && !t.NoCode && len(ph.Tasks) > 1 {
				out = append(out, fmt.Sprintf("%s.scope: task %q works beside others and has no scope: name the files that are its own, or say no_code", at, t.ID))
			}
			if t.NoCode && len(t.Scope) > 0 {
				out = append(out, fmt.Sprintf("%s: task %q has a scope and no_code: leave out one of the two", at, t.ID))
			}
		}
	}
	for _, o := range objective.Clashes(p) {
		out = append(out, fmt.Sprintf("phase %q: the scopes of %s (%s) and %s (%s) overlap: give each its own files, make one need the other, or merge the two tasks",
			o.Phase, o.A, o.ScopeA, o.B, o.ScopeB))
	}
	return out
}
