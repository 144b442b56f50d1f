package planning

import (
	"context"
	"errors"
	"slices"
	"strings"

	"popkit/internal/cli/command"
	"popkit/internal/core/nearest"
	"popkit/internal/core/objective"
)

// Draft returns the plan to run, valid. ready is asked, before a planning agent is,
// whether a run of this objective could start at all.
func (p *Planner) Draft(ctx context.Context, ready func(command.NewRun) error) (Draft, error) {
	if n := p.o.limit(); p.o.Agents != "" && p.o.roles() == nil && n < 1 {
		return Draft{}, command.Usage("--agents 3", "--agents %d: at least 1", n)
	}
	text, err := p.objective()
	if err != nil {
		return Draft{}, err
	}
	if p.o.Plan != "" {
		return p.fromFile(text)
	}
	d, err := p.fromPhases(text)
	if err != nil || len(p.o.Phases) > 0 {
		return d, err
	}
	n, _, err := p.Resolve(ctx, d)
	if err != nil {
		return Draft{}, err
	}
	runtime := p.cfg.PlannerFor(n.Settings.Runtime)
	if runtime == "" {
		return d, nil
	}
	if err := ready(n); err != nil {
		return Draft{}, err
	}
	return p.make(ctx, runtime, n.Settings.MaxAgents, d)
}

// fromFile reads the plan that was typed; text is an objective instead of its own.
func (p *Planner) fromFile(text string) (d Draft, err error) {
	if d.Plan, d.Notes, err = p.e.ReadPlan(p.o.Plan); err != nil {
		return Draft{}, err
	}
	if text != "" {
		d.Plan.Objective.Description = text
	}
	if d.Plan, err = onlyPhases(d.Plan, p.o.Phases); err != nil {
		return Draft{}, err
	}
	d.Source = command.FileName(p.o.Plan)
	if d.Plan, err = p.narrow(d.Source, d.Plan); err != nil {
		return Draft{}, err
	}
	if p.o.Agents != "" || len(p.o.Phases) > 0 {
		d.Notes = objective.Notes(d.Plan)
	}
	return d, nil
}

// fromPhases gives the objective the default phases, or those that are named.
func (p *Planner) fromPhases(text string) (d Draft, err error) {
	if text == "" {
		return d, command.Usage(`popkit power start "what to build", or popkit power start --plan FILE`, "there is neither an objective nor a plan")
	}
	for _, name := range p.o.Phases { // a name of one's own is fine, a slip of the finger is not
		if meant, near := nearest.Of(name, objective.DefaultPhases()); near && meant != name {
			return d, command.Usage("--phases "+meant, "there is no default phase %q", name)
		}
	}
	d.Plan.Objective.Description = text
	d.Plan.Phases = objective.Defaults(p.o.Phases)
	d.Source = "default phases"
	if d.Plan, err = p.narrow(d.Source, d.Plan); err != nil {
		return Draft{}, err
	}
	d.Notes = objective.Notes(d.Plan)
	return d, nil
}

// narrow leaves only the roles that are wanted of a plan, which is valid still.
func (p *Planner) narrow(source string, plan objective.Plan) (objective.Plan, error) {
	plan, err := onlyRoles(plan, p.o.roles())
	if err != nil {
		return plan, err
	}
	return plan, problems(source, plan)
}

// onlyPhases leaves only the named phases, in the plan's order.
func onlyPhases(p objective.Plan, only []string) (objective.Plan, error) {
	if len(only) == 0 {
		return p, nil
	}
	var have []string
	for _, ph := range p.Phases {
		have = append(have, ph.Name)
	}
	for _, name := range only {
		if !slices.Contains(have, name) {
			return p, command.Usage(nearest.Hint(name, have, "--phases "+strings.Join(have, ",")), "the plan has no phase %q", name)
		}
	}
	kept := p.Phases[:0:0]
	for _, ph := range p.Phases {
		if slices.Contains(only, ph.Name) {
			kept = append(kept, ph)
		}
	}
	p.Phases = kept
	return p, nil
}

// onlyRoles leaves only the tasks of the named roles, and no phase without one.
func onlyRoles(p objective.Plan, only []string) (objective.Plan, error) {
	if len(only) == 0 {
		return p, nil
	}
	found := map[string]bool{}
	kept := p.Phases[:0:0]
	for _, ph := range p.Phases {
		tasks := ph.Tasks[:0:0]
		for _, t := range ph.Tasks {
			found[t.Role] = true
			if slices.Contains(only, t.Role) {
				tasks = append(tasks, t)
			}
		}
		if len(tasks) > 0 {
			ph.Tasks = tasks
			kept = append(kept, ph)
		}
	}
	var have []string
	for role := range found {
		have = append(have, role)
	}
	slices.Sort(have)
	for _, role := range only {
		if !found[role] {
			return p, command.Usage(nearest.Hint(role, have, "--agents "+strings.Join(have, ",")), "no task has the role %q", role)
		}
	}
	p.Phases = kept
	return p, nil
}

// problems are what is wrong with a plan that was not read as it is.
func problems(source string, p objective.Plan) error {
	found := objective.Validate(p)
	if len(found) == 0 {
		return nil
	}
	lines := make([]string, len(found))
	for i, x := range found {
		lines[i] = source + ": " + x.String()
	}
	return command.UsageError(errors.New(strings.Join(lines, "\n")))
}
