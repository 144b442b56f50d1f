package decide

import (
	"fmt"
	"slices"
	"strings"

	"popkit/internal/core/event"
	"popkit/internal/core/nearest"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
)

// addBoundary widens the objective's boundaries, or a task's scope, and tells the
// agents that it concerns.
func addBoundary(s *state.State, in AddBoundary) ([]event.Data, error) {
	if err := objective.CheckGlob(in.Glob); err != nil {
		return nil, refuse(`popkit power boundary add "src/api/**"`, "%v", err)
	}
	told := event.MessageSent{ID: s.MessageID(), From: in.By, Text: fmt.Sprintf("You may now change what matches %s, too.", in.Glob)}
	out := []event.Data{event.BoundaryAdded{Glob: in.Glob, Task: in.Task, By: in.By}}
	if in.Task == "" {
		switch bounds := s.Boundaries.FilePatterns; {
		case len(bounds) == 0:
			return nil, refuse("popkit power edit TASK --scope …", "there are no boundaries: every path is allowed already")
		case slices.Contains(bounds, in.Glob):
			return nil, nil
		}
		if s.Ended == nil {
			out = append(out, told)
		}
		return out, nil
	}
	t, ok := s.Tasks[in.Task]
	switch {
	case !ok:
		return nil, refuse("popkit power status", "no task %q in this run", in.Task)
	case t.Settled():
		return nil, refuse("popkit power retry "+in.Task, "task %s is %s", in.Task, t.Status)
	case len(t.Scope) == 0:
		return nil, refuse("popkit power boundary add "+in.Glob, "task %s has no scope: it may work anywhere within the boundaries", in.Task)
	case slices.Contains(t.Scope, in.Glob):
		return nil, nil
	}
	if err := leaseFree(s, t, in.Glob); err != nil {
		return nil, err
	}
	if a := s.Agents[t.Agent]; a != nil && a.Exit == nil && s.Ended == nil {
		told.To = a.Agent
		out = append(out, told)
	}
	return out, nil
}

// leaseFree refuses to give a task that is at work paths that are another's that is
// at work, too. One that is not waits for its turn with the wider scope.
func leaseFree(s *state.State, t *state.Task, glob string) error {
	if t.Status == state.TaskPending {
		return nil
	}
	wider := *t
	wider.Scope = append(slices.Clone(t.Scope), glob)
	if other := leaseHolder(s, &wider); other != "" {
		return refuse("popkit power retry "+t.ID+" --reason … begins it anew once that is merged",
			"task %s is at work on paths that match %s", other, glob)
	}
	return nil
}

func reassign(s *state.State, in Reassign) ([]event.Data, error) {
	t, err := changeable(s, in.Task, "reassigned")
	if err != nil {
		return nil, err
	}
	if t.Settled() {
		return nil, refuse("popkit power retry "+in.Task, "task %s is %s: there is nothing to give to another", in.Task, t.Status)
	}
	if in.Role != "" {
		if err := objective.CheckRole(in.Role); err != nil {
			return nil, refuse("popkit power reassign "+in.Task+" --role tester", "%q can't be a role: %v", in.Role, err)
		}
		if meant := meantRole(s, in.Role); meant != "" {
			return nil, refuse("popkit power reassign "+in.Task+" --role "+meant, "there is no role %q", in.Role)
		}
	}
	if in.Runtime != "" {
		if err := objective.CheckRuntime(in.Runtime); err != nil {
			return nil, refuse(strings.TrimSpace("popkit power reassign "+in.Task+" --runtime exec:COMMAND"), "%v", err)
		}
	}
	if in.Role == t.Role {
		in.Role = ""
	}
	return append(withdrawFor(s, in.Task), event.TaskReassigned{Task: in.Task, By: in.By, Role: in.Role, Runtime: in.Runtime, Reason: in.Reason}), nil
}

// meantRole is the role that a name was probably meant to be which is none here, or "":
// a role without a file is one all the same.
func meantRole(s *state.State, name string) string {
	var known []string
	for own, r := range s.Settings.Roles {
		known = append(append(known, own), r.Names...)
	}
	for _, id := range s.TaskOrder {
		known = append(known, s.Tasks[id].Role)
	}
	slices.Sort(known)
	if meant, near := nearest.Of(name, known); near && !slices.Contains(known, name) {
		return meant
	}
	return ""
}
