package objective

import "time"

// Cost says what a plan may cost before it starts.
type Cost struct {
	Agents     int // agents to start when every task succeeds at once: its tasks
	MostAgents int // agents to start when every task uses up limits.max_attempts
	AtOnce     int // agents that run at the same time at most
	Waves      int // rounds of agents one after the other
	// Shortest: as long as the longest chains of needs, with no limit of agents.
	// Longest: all waves, each as long as one agent may take. Repeated attempts,
	// merges, checks and waiting for a person come on top.
	Shortest, Longest Duration
}

// Estimate schedules the plan in rounds of perAgent each, at most maxAgents at
// once (0: no limit), as needs and overlapping scopes allow. The plan must be
// valid, and its limits resolved for MostAgents to be right.
func Estimate(p Plan, maxAgents int, perAgent Duration) Cost {
	apart := map[[2]string]bool{}
	for _, o := range Overlaps(p) {
		apart[[2]string{o.A, o.B}], apart[[2]string{o.B, o.A}] = true, true
	}
	var c Cost
	chain := 0
	for _, ph := range p.Phases {
		c.Agents += len(ph.Tasks)
		waves, atOnce := rounds(ph.Tasks, maxAgents, apart)
		free, _ := rounds(ph.Tasks, 0, nil)
		c.Waves += waves
		c.AtOnce = max(c.AtOnce, atOnce)
		chain += free
	}
	c.MostAgents = c.Agents * max(p.Limits.MaxAttempts, 1)
	c.Shortest = Duration(time.Duration(chain) * time.Duration(perAgent))
	c.Longest = Duration(time.Duration(c.Waves) * time.Duration(perAgent))
	return c
}

// rounds runs tasks in rounds, in the plan's order, as many at once as limit,
// needs and the pairs that stay apart allow.
func rounds(tasks []Task, limit int, apart map[[2]string]bool) (n, most int) {
	done := map[string]bool{}
	for len(done) < len(tasks) {
		var round []string
		for _, t := range tasks {
			if !done[t.ID] && fits(t, round, done, apart) && (limit <= 0 || len(round) < limit) {
				round = append(round, t.ID)
			}
		}
		if len(round) == 0 {
			return n, most // a ring of needs: not a valid plan
		}
		for _, id := range round {
			done[id] = true
		}
		n++
		most = max(most, len(round))
	}
	return n, most
}

func fits(t Task, round []string, done map[string]bool, apart map[[2]string]bool) bool {
	for _, need := range t.Needs {
		if !done[need] {
			return false
		}
	}
	for _, id := range round {
		if apart[[2]string{t.ID, id}] {
			return false
		}
	}
	return true
}
