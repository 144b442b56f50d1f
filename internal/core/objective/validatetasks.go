package objective

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"popkit/internal/core/nearest"
)

func (v *validator) phases() {
	if len(v.plan.Phases) == 0 {
		v.add("phases", "the plan has no phases", "e.g. phases: [explore, implement, review]")
	}
	names, places := map[string]int{}, map[string]string{}
	total := 0
	for i, ph := range v.plan.Phases {
		path := fmt.Sprintf("phases[%d]", i)
		if text, hint := checkPhaseName(ph.Name); text != "" {
			v.add(path+".name", text, hint)
		} else if first, twice := names[ph.Name]; twice {
			v.add(path+".name", fmt.Sprintf("phase %q is there twice, first as phases[%d]", ph.Name, first), "give it another name")
		} else {
			names[ph.Name] = i
		}
		for j, t := range ph.Tasks {
			v.task(fmt.Sprintf("%s.tasks[%d]", path, j), t, places)
		}
		v.needs(i)
		for j, c := range ph.Checks {
			v.check(fmt.Sprintf("%s.checks[%d]", path, j), c)
		}
		total += len(ph.Tasks)
	}
	if total > MaxTasks {
		v.add("phases", fmt.Sprintf("the plan has %d tasks, more than %d", total, MaxTasks), "cut it into several runs")
	}
}

// task checks what can be seen on the task alone; places holds the IDs before it.
func (v *validator) task(path string, t Task, places map[string]string) {
	if err := CheckID(t.ID); err != nil {
		v.add(path+".id", fmt.Sprintf("%q can't be the ID of a task: %v", t.ID, err), idFor(t))
	} else if first, twice := places[t.ID]; twice {
		v.add(path+".id", fmt.Sprintf("task ID %q is there twice, first at %s", t.ID, first), "IDs are unique in the whole plan")
	} else {
		places[t.ID] = path
	}
	if err := CheckRole(t.Role); err != nil {
		v.add(path+".role", fmt.Sprintf("%q can't be a role: %v", t.Role, err), "e.g. role: implementer")
	}
	if blank(t.Title) {
		v.add(path+".title", "a task without a title", "one line that says what it is about")
	} else if utf8.RuneCountInString(t.Title) > maxTitle || strings.ContainsFunc(t.Title, unprintable) {
		v.add(path+".title", fmt.Sprintf("a title is one line of at most %d characters", maxTitle), "the rest belongs into the prompt")
	}
	if blank(t.Prompt) {
		v.add(path+".prompt", "a task without a prompt", "say what the agent is to do")
	}
	v.scope(path, t.Scope)
	for i, tag := range t.Tags {
		if blank(tag) || tag != strings.TrimSpace(tag) || strings.ContainsAny(tag, ",\n") {
			v.add(fmt.Sprintf("%s.tags[%d]", path, i), fmt.Sprintf("%q can't be a tag", tag), "a word without a comma")
		}
	}
	v.choice(path+".overlap", t.Overlap, []string{OverlapAllow})
	if t.Runtime != "" {
		if err := CheckRuntime(t.Runtime); err != nil {
			v.add(path+".runtime", err.Error(), "")
		}
	}
}

// idFor proposes an ID made of the task's own words.
func idFor(t Task) string {
	for _, s := range []string{t.ID, t.Title} {
		if id := slug(s); id != "" && CheckID(id) == nil && id != t.ID {
			return "e.g. id: " + id
		}
	}
	return "e.g. id: api"
}

func (v *validator) scope(path string, scope []string) {
	bounds := v.plan.Objective.Boundaries.FilePatterns
	boundsOK := !slices.ContainsFunc(bounds, func(b string) bool { return CheckGlob(b) != nil })
	for i, g := range scope {
		at := fmt.Sprintf("%s.scope[%d]", path, i)
		if v.glob(at, g) && boundsOK && !Within(g, bounds) {
			v.add(at, fmt.Sprintf("%q reaches outside the objective's boundaries (%s)", g, strings.Join(bounds, ", ")),
				outsideHint(g, bounds))
		}
	}
}

// outsideHint knows the usual mistake: a directory of the top written as a name
// that is looked for at any depth.
func outsideHint(glob string, bounds []string) string {
	if !strings.Contains(glob, "/") {
		for _, better := range []string{glob + "/", "./" + glob} {
			if Within(better, bounds) {
				return fmt.Sprintf("without \"/\" it matches at any depth: write %q", better)
			}
		}
	}
	return "narrow the scope or widen boundaries.file_patterns"
}

// needs checks the needs of a phase's tasks: each names another task of the
// phase, and none needs itself in the end.
func (v *validator) needs(phase int) {
	tasks := v.plan.Phases[phase].Tasks
	var ids []string
	for _, t := range tasks {
		ids = append(ids, t.ID)
	}
	for j, t := range tasks {
		for k, need := range t.Needs {
			path := fmt.Sprintf("phases[%d].tasks[%d].needs[%d]", phase, j, k)
			if slices.Index(t.Needs, need) < k {
				v.add(path, fmt.Sprintf("task %q names its need %q twice", t.ID, need), "name it once")
			} else if !slices.Contains(ids, need) {
				v.missing(path, phase, need, ids)
			}
		}
	}
	v.rings(phase)
}

func (v *validator) missing(path string, phase int, need string, ids []string) {
	_, in, ok := v.plan.Task(need)
	switch {
	case ok && in < phase:
		v.add(path, fmt.Sprintf("task %q is in phase %q, not in this one", need, v.plan.Phases[in].Name),
			"leave it out: every task of an earlier phase is done before this phase starts")
	case ok:
		v.add(path, fmt.Sprintf("task %q is in the later phase %q", need, v.plan.Phases[in].Name),
			"move one of both: needs name tasks of the same phase")
	default:
		v.add(path, fmt.Sprintf("there is no task %q", need),
			nearest.Hint(need, ids, "needs name tasks of the same phase"))
	}
}
