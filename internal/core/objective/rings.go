package objective

import (
	"fmt"
	"slices"
	"strings"
)

// rings reports each ring of needs once, at the need of its first task that
// closes it.
func (v *validator) rings(phase int) {
	tasks := v.plan.Phases[phase].Tasks
	index := map[string]int{}
	for i, t := range tasks {
		if _, ok := index[t.ID]; !ok {
			index[t.ID] = i
		}
	}
	reported := make([]bool, len(tasks))
	for i := range tasks {
		if reported[i] {
			continue
		}
		ring := shortestRing(tasks, index, i)
		if ring == nil {
			continue
		}
		var names []string
		for _, r := range ring {
			reported[r] = true
			names = append(names, tasks[r].ID)
		}
		names = append(names, tasks[i].ID)
		next := tasks[ring[1%len(ring)]].ID
		path := fmt.Sprintf("phases[%d].tasks[%d].needs[%d]", phase, i, slices.Index(tasks[i].Needs, next))
		if len(ring) == 1 {
			v.add(path, fmt.Sprintf("task %q needs itself", tasks[i].ID), "leave this need out")
			continue
		}
		v.add(path, "tasks need each other in a ring: "+strings.Join(names, " needs "), "leave one of these needs out")
	}
}

// shortestRing returns the tasks of a shortest ring through the task, from it
// on, or nil.
func shortestRing(tasks []Task, index map[string]int, from int) []int {
	came := map[int]int{}
	for work := []int{from}; len(work) > 0; {
		at := work[0]
		work = work[1:]
		for _, need := range tasks[at].Needs {
			to, ok := index[need]
			if !ok {
				continue
			}
			if to == from {
				ring := []int{at}
				for at != from {
					at = came[at]
					ring = append(ring, at)
				}
				slices.Reverse(ring)
				return ring
			}
			if _, seen := came[to]; !seen {
				came[to] = at
				work = append(work, to)
			}
		}
	}
	return nil
}
