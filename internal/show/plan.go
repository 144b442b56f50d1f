package show

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/planner"
)

// PlanFacts is what is said of a plan besides itself. Only what is known is
// shown.
type PlanFacts struct {
	Source   string // the plan's file, or "default phases"
	Base     string // what the run starts from
	Dirty    int    // changed files that are not part of it
	Settings event.Settings
	Cost     objective.Cost
	Notes    []string
	Made     *planner.Made // of a plan that a planning agent made
}

// Plan writes what a run would do and what it may cost.
func Plan(p objective.Plan, f PlanFacts, width int) string {
	var b strings.Builder
	field := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-11s%s\n", name, fmt.Sprintf(format, args...))
	}
	field("objective", "%s", Line(p.Objective.Description))
	if f.Source != "" {
		field("plan", "%s: %s", f.Source, size(p))
	}
	if f.Base != "" {
		field("base", "%s%s", f.Base, dirty(f.Dirty))
	}
	s := f.Settings
	if s.Mode != "" {
		field("mode", "%s%s; tier %s", s.Mode, note(s.ModeReason), s.Tier)
		field("agents", "%s", agentsCost(f))
		field("time", "%s", timeCost(f))
		field("money", "%s", moneyCost(s.Budgets))
	}
	for i, c := range p.Objective.SuccessCriteria {
		name := ""
		if i == 0 {
			name = "criteria"
		}
		field(name, "%s", criterion(c))
	}
	if bounds := p.Objective.Boundaries; len(bounds.FilePatterns) > 0 {
		field("boundaries", "only %s", list(bounds.FilePatterns, 20))
	}
	if p.OnConflict != "" {
		field("conflicts", "%s; a phase that is late: %s", resolver(p.OnConflict), barrierPolicy(string(p.OnBarrierTimeout)))
	}
	made(field, f.Made)
	b.WriteString("\n" + planTable(p, s, width))
	if !s.PhaseAware && s.Tier != "" {
		fmt.Fprintf(&b, "note: tier %s: a barrier opens when all is merged; checks are not run and the work is not audited\n", s.Tier)
	}
	for _, n := range f.Notes {
		fmt.Fprintf(&b, "note: %s\n", Line(n))
	}
	if f.Made != nil && !f.Made.Worth.Power {
		fmt.Fprintf(&b, "advice: use one agent: %s\n", Line(f.Made.Worth.Why))
	}
	return b.String()
}

func size(p objective.Plan) string {
	n := 0
	for _, ph := range p.Phases {
		n += len(ph.Tasks)
	}
	return Count(len(p.Phases), "phase") + ", " + Count(n, "task")
}

func dirty(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "; 1 changed file is not part of it"
	}
	return fmt.Sprintf("; %d changed files are not part of it", n)
}

func agentsCost(f PlanFacts) string {
	c, s := f.Cost, f.Settings
	text := fmt.Sprintf("%d to start in %s, at most %d at once (limit %d from %s)", c.Agents, Count(c.Waves, "wave"),
		c.AtOnce, s.MaxAgents, s.MaxAgentsSource)
	if s.Sequential {
		text = fmt.Sprintf("%d to start, one after the other (limit %d from %s)", c.Agents, s.MaxAgents, s.MaxAgentsSource)
	}
	if c.MostAgents > c.Agents {
		text += fmt.Sprintf("; %d if every task uses up its %d attempts", c.MostAgents, s.MaxAttempts)
	}
	if s.MaxStarted > 0 {
		text += fmt.Sprintf("; never more than %d", s.MaxStarted)
	}
	return text
}

func timeCost(f PlanFacts) string {
	s := f.Settings
	if s.AgentTimeout <= 0 {
		return "agents have no time limit" + runLimit(s)
	}
	text := fmt.Sprintf("if each agent takes its limit of %s: %s", Took(s.AgentTimeout), Took(time.Duration(f.Cost.Shortest)))
	if f.Cost.Longest != f.Cost.Shortest {
		text += " to " + Took(time.Duration(f.Cost.Longest))
	}
	return text + runLimit(s)
}

// moneyCost is the most that agents may cost; what they do cost only they can say.
func moneyCost(b event.Budgets) string {
	var parts []string
	add := func(usd float64, format string) {
		if usd > 0 {
			parts = append(parts, fmt.Sprintf(format, usd))
		}
	}
	add(b.Run.CostUSD, "at most $%.2f for the run")
	add(b.Task.CostUSD, "at most $%.2f for a task")
	if len(parts) == 0 {
		return "agents have no limit of money"
	}
	return strings.Join(parts, ", ") + ", as far as agents say what they use"
}

func runLimit(s event.Settings) string {
	if s.MaxRuntime <= 0 {
		return "; the run has no time limit"
	}
	return "; the run ends after " + Took(s.MaxRuntime)
}

func criterion(c objective.Criterion) string {
	if c.Check == nil {
		return Line(c.Text) + " (left to a person)"
	}
	return fmt.Sprintf("%s (%s)", Line(c.Text), Line(c.Check.Run))
}

func resolver(p objective.ConflictPolicy) string {
	switch p {
	case objective.ConflictHuman:
		return "a person resolves them"
	case objective.ConflictFirstWins:
		return "what was merged first wins"
	}
	return "an agent resolves them"
}

func planTable(p objective.Plan, s event.Settings, width int) string {
	rows := [][]string{{"PHASE", "TASK", "ROLE", "NEEDS", "RUNTIME", "SCOPE", "ABOUT"}}
	for _, ph := range p.Phases {
		name := ph.Name
		for _, t := range ph.Tasks {
			rows = append(rows, []string{name, t.ID, t.Role, or(list(t.Needs, 10), "-"), Cut(Line(or(t.Runtime, s.RuntimeOf(t.Role))), 30),
				scope(t), Line(t.Title)})
			name = ""
		}
		for _, c := range ph.Checks {
			rows = append(rows, []string{name, "check", "", "", "", "", checkText(c)})
			name = ""
		}
		if name != "" {
			rows = append(rows, []string{name, "(no tasks)"})
		}
	}
	return Table(rows, width)
}

func scope(t objective.Task) string {
	switch {
	case t.NoCode:
		return "no code"
	case len(t.Scope) == 0:
		return "any file"
	}
	return Cut(list(t.Scope, 3), 30)
}

func checkText(c objective.Check) string {
	text := Line(c.Run)
	if c.Expect != "" {
		text += ", output matches " + Line(c.Expect)
	}
	if c.Timeout > 0 {
		text += ", at most " + Took(time.Duration(c.Timeout))
	}
	return text
}

// RoleNotes say what is special about the roles that a plan's tasks have.
func RoleNotes(p objective.Plan, s event.Settings) []string {
	var out []string
	for _, ph := range p.Phases {
		for _, t := range ph.Tasks {
			r := s.RoleOf(t.Role)
			if r.Origin != "" && r.Origin != "popkit" {
				out = append(out, fmt.Sprintf("role %s is from %s", t.Role, r.Origin))
			}
			if r.PlanRequired {
				out = append(out, fmt.Sprintf("role %s presents a plan, which needs a yes, before it changes anything", t.Role))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
