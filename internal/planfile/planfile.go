package planfile

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"popkit/internal/core/objective"
	"popkit/internal/strictyaml"
)

// Result is what a plan file says.
type Result struct {
	Plan  objective.Plan // valid
	Notes []string       // what its author may not expect, one line each
}

// Errors holds every mistake in a file; each is "file:line:col: text (hint)".
type Errors = strictyaml.Errors

// Parse reads a plan from the contents of a file; name is what messages call
// it. The error is an *Errors.
func Parse(name string, data []byte) (Result, error) {
	node, d, err := strictyaml.Open(name, data)
	if err != nil {
		return Result{}, err
	}
	var f file
	d.Mark("", node)
	d.Decode(node, &f, "")
	plan, notes := f.plan(d)
	for _, p := range objective.Validate(plan) {
		d.Report(p.Path, p.Text, p.Hint)
	}
	if err := d.Err(); err != nil {
		return Result{}, err
	}
	return Result{Plan: plan, Notes: append(notes, objective.Notes(plan)...)}, nil
}

// plan makes the noun of what the file says.
func (f *file) plan(d *strictyaml.Decoder) (objective.Plan, []string) {
	p := objective.Plan{
		Objective:        f.Objective.noun(),
		Limits:           f.Limits.noun(),
		OnConflict:       objective.ConflictPolicy(f.OnConflict),
		OnBarrierTimeout: objective.BarrierPolicy(f.OnBarrierTimeout),
	}
	if d.Has("phases") && d.Has("objective.phases") {
		d.FailAt(d.Place("objective.phases"), "phases", "phases are given twice: in the objective and beside it",
			"leave out the names in the objective")
		return p, nil
	}
	phases := f.Phases
	if d.Has("objective.phases") {
		phases = nil
		for i, name := range f.Objective.Phases {
			phases = append(phases, phase{phaseBlock{Name: string(name)}, true})
			d.Mark(strictyaml.Index("phases", i), &strictyaml.Node{Place: d.Place(strictyaml.Index("objective.phases", i))})
		}
	} else if !d.Has("phases") {
		p.Phases = objective.Defaults(nil)
		return p, []string{"no phases given: the default ones are used: " + strings.Join(objective.DefaultPhases(), ", ")}
	}
	var notes []string
	p.Phases, notes = nouns(p.Objective, phases)
	return p, notes
}

// nouns converts phases; those given by name get a default task, with an ID
// that no written task has.
func nouns(obj objective.Objective, phases []phase) (out []objective.Phase, notes []string) {
	var names []string
	taken := map[string]bool{}
	for _, ph := range phases {
		if ph.byName {
			names = append(names, ph.Name)
		}
		for _, t := range ph.Tasks {
			taken[string(t.ID)] = true
		}
	}
	var defaults []objective.Phase
	if len(names) > 0 {
		defaults = objective.Defaults(names)
		notes = append(notes, "phases with a default task: "+strings.Join(names, ", "))
	}
	for _, ph := range phases {
		if ph.byName {
			next := defaults[0]
			next.Tasks[0].ID = unused(next.Tasks[0].ID, taken)
			defaults, out = defaults[1:], append(out, next)
			continue
		}
		out = append(out, ph.noun())
	}
	return out, notes
}

func unused(id string, taken map[string]bool) string {
	free := id
	for n := 2; taken[free]; n++ {
		free = fmt.Sprintf("%s-%d", id, n)
	}
	taken[free] = true
	return free
}

func (o objectiveBlock) noun() objective.Objective {
	out := objective.Objective{
		Description: o.Description,
		Boundaries:  objective.Boundaries(o.Boundaries),
	}
	for _, c := range o.SuccessCriteria {
		n := objective.Criterion{Text: c.Text}
		if c.Check != nil {
			k := c.Check.noun()
			n.Check = &k
		}
		out.SuccessCriteria = append(out.SuccessCriteria, n)
	}
	return out
}

func (ph phase) noun() objective.Phase {
	out := objective.Phase{Name: ph.Name}
	for _, t := range ph.Tasks {
		out.Tasks = append(out.Tasks, t.noun(ph.Name))
	}
	for _, c := range ph.Checks {
		out.Checks = append(out.Checks, c.noun())
	}
	return out
}

func (t task) noun(phase string) objective.Task {
	out := objective.Task{
		ID: string(t.ID), Role: t.Role, Title: t.Title, Prompt: t.Prompt, Scope: t.Scope, Tags: t.Tags,
		NoCode: t.NoCode, Overlap: t.Overlap, Runtime: t.Runtime,
	}
	for _, n := range t.Needs {
		out.Needs = append(out.Needs, string(n))
	}
	if out.Role == "" {
		out.Role = objective.RoleOf(phase)
	}
	if out.Title == "" {
		out.Title = titleOf(t.Prompt)
	}
	if out.Title == "" { // a prompt without a readable first line
		out.Title = out.ID
	}
	return out
}

// titleOf is the first line of a prompt, cut to a title's length.
func titleOf(prompt string) string {
	const most = 72
	line, _, _ := strings.Cut(strings.TrimSpace(prompt), "\n")
	line = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, line))
	runes := []rune(line)
	if len(runes) <= most {
		return line
	}
	cut := string(runes[:most-1])
	if i := strings.LastIndexByte(cut, ' '); i > most/2 {
		cut = cut[:i]
	}
	return strings.TrimSpace(cut) + "…"
}

func (c check) noun() objective.Check {
	out := objective.Check{Run: c.Run, Expect: c.Expect}
	if c.Timeout != "" {
		if err := out.Timeout.UnmarshalText([]byte(c.Timeout)); err != nil {
			panic("planfile: a duration that was checked: " + err.Error())
		}
	}
	return out
}

func (l limits) noun() objective.Limits {
	return objective.Limits{
		MaxParallelAgents:      l.MaxParallelAgents,
		MaxRuntimeMinutes:      objective.Minutes(l.MaxRuntimeMinutes),
		MaxAttempts:            l.MaxAttempts,
		MaxFixAttempts:         l.MaxFixAttempts,
		MaxAgentsStarted:       l.MaxAgentsStarted,
		MaxInsights:            l.MaxInsights,
		MaxInsightsPerPull:     l.MaxInsightsPerPull,
		MaxQuestionsPerAgent:   l.MaxQuestionsPerAgent,
		AgentTimeoutMinutes:    objective.Minutes(l.AgentTimeoutMinutes),
		SilenceMinutes:         objective.Minutes(l.SilenceMinutes),
		BarrierTimeoutMinutes:  objective.Minutes(l.BarrierTimeoutMinutes),
		DecisionTimeoutMinutes: objective.Minutes(l.DecisionTimeoutMinutes),
		CheckTimeoutMinutes:    objective.Minutes(l.CheckTimeoutMinutes),
		RetryDelaySeconds:      objective.Seconds(l.RetryDelaySeconds),
		ContextBytes:           l.ContextBytes,
		TranscriptBytes:        l.TranscriptBytes,
		MaxTaskTokens:          l.MaxTaskTokens,
		MaxTaskCostUSD:         l.MaxTaskCostUSD,
		MaxTaskMinutes:         objective.Minutes(l.MaxTaskMinutes),
		MaxTaskToolCalls:       l.MaxTaskToolCalls,
		MaxTaskAgents:          l.MaxTaskAgents,
		MaxPhaseTokens:         l.MaxPhaseTokens,
		MaxPhaseCostUSD:        l.MaxPhaseCostUSD,
		MaxPhaseToolCalls:      l.MaxPhaseToolCalls,
		MaxPhaseAgents:         l.MaxPhaseAgents,
		MaxRunTokens:           l.MaxRunTokens,
		MaxRunCostUSD:          l.MaxRunCostUSD,
		MaxRunToolCalls:        l.MaxRunToolCalls,
		QuotaBackoffMinutes:    objective.Minutes(l.QuotaBackoffMinutes),
	}
}
