package power

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"popkit/internal/cli/command"
	"popkit/internal/core/nearest"
	"popkit/internal/core/objective"
)

// planOptions say where a plan comes from and what of it is run.
type planOptions struct {
	Objective string
	Plan      string // a file, "-" for standard input, "" for the default phases
	Phases    []string
	Agents    string // a number, or roles
}

// limit is --agents as a number, 0 when it gives roles or nothing.
func (o planOptions) limit() int {
	if n, err := strconv.Atoi(o.Agents); err == nil {
		return n
	}
	return 0
}

// roles is --agents as roles.
func (o planOptions) roles() []string {
	if _, err := strconv.Atoi(o.Agents); err == nil || o.Agents == "" {
		return nil
	}
	roles := strings.Split(o.Agents, ",")
	for i := range roles {
		roles[i] = strings.TrimSpace(roles[i])
	}
	return roles
}

// plan returns the plan to run, valid, and what to say about it.
func plan(e *command.Env, o planOptions) (p objective.Plan, source string, notes []string, err error) {
	if n, err := strconv.Atoi(o.Agents); err == nil && n < 1 {
		return p, "", nil, command.Usage("--agents 3", "--agents %d: at least 1", n)
	}
	switch {
	case o.Plan != "":
		if p, notes, err = e.ReadPlan(o.Plan); err != nil {
			return p, "", nil, err
		}
		if o.Objective != "" {
			p.Objective.Description = o.Objective
		}
		if p, err = onlyPhases(p, o.Phases); err != nil {
			return p, "", nil, err
		}
		source = command.FileName(o.Plan)
	case strings.TrimSpace(o.Objective) == "":
		return p, "", nil, command.Usage(`popkit power start "what to build", or popkit power start --plan FILE`, "there is neither an objective nor a plan")
	default:
		for _, name := range o.Phases { // a name of one's own is fine, a slip of the finger is not
			if meant, near := nearest.Of(name, objective.DefaultPhases()); near && meant != name {
				return p, "", nil, command.Usage("--phases "+meant, "there is no default phase %q", name)
			}
		}
		p.Objective.Description = strings.TrimSpace(o.Objective)
		p.Phases = objective.Defaults(p.Objective, o.Phases)
		source = "default phases"
	}
	if p, err = onlyRoles(p, o.roles()); err != nil {
		return p, "", nil, err
	}
	if err := problems(source, p); err != nil {
		return p, "", nil, err
	}
	if o.Plan == "" || o.Agents != "" || len(o.Phases) > 0 {
		notes = objective.Notes(p)
	}
	return p, source, notes, nil
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
