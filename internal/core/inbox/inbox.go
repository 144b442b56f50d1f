package inbox

import (
	"slices"

	"popkit/internal/core/event"
	"popkit/internal/core/insight"
	"popkit/internal/core/state"
)

// Part is a part of what waits for an agent.
type Part string

// The parts.
const (
	Everything Part = ""
	Quiet      Part = "quiet"   // all but what is urgent
	Urgent     Part = "urgent"  // what should not wait for the agent to ask
	Nothing    Part = "nothing" // it is left for another time
)

// Known reports whether there is such a part.
func Known(p Part) bool { return slices.Contains([]Part{Everything, Quiet, Urgent, Nothing}, p) }

// Want says what is to be taken.
type Want struct {
	Part  Part
	Via   string // how it gets to the agent, for the log
	Max   int    // insights; 0, and more than that: the run's setting
	Needs []insight.Need
	// These are handed over instead, as far as the agent has not had them: it reads
	// them by itself.
	These []string
}

// Take hands an agent what waits for it.
func Take(s *state.State, a *state.Agent, w Want) []event.Data {
	if w.Part == Nothing {
		return nil
	}
	var out []event.Data
	if ids := insights(s, a, w); len(ids) > 0 {
		out = append(out, event.InsightDelivered{Agent: a.Agent, IDs: ids, Via: w.Via})
	}
	if w.These != nil {
		return out // messages are not looked for
	}
	if ids := messages(s, a, w.Part); len(ids) > 0 {
		out = append(out, event.MessageDelivered{Agent: a.Agent, IDs: ids})
	}
	return out
}

// Presses reports whether something urgent waits for the agent.
func Presses(s *state.State, a *state.Agent) bool {
	return len(messages(s, a, Urgent)) > 0 || len(s.Insights.Blockers(Reader(s, a, nil), 1)) > 0
}

// Reader is the agent as the one whom insights are for.
func Reader(s *state.State, a *state.Agent, needs []insight.Need) insight.Reader {
	t := s.Tasks[a.Task]
	return insight.Reader{
		Agent: a.Agent, Task: a.Task, Tags: t.Tags, Role: a.Role, Scope: t.Scope, Needs: needs,
		FullRouting: s.Settings.FullRouting, Seen: func(id string) bool { return a.Seen[id] },
		Unseen: s.Insights.Len() - len(a.Seen),
	}
}

// Answers reports whether an insight that the agent has not been given yet
// answers the need, and else returns the one it was given that does.
func Answers(s *state.State, a *state.Agent, need insight.Need) (news bool, known string) {
	r := Reader(s, a, []insight.Need{need})
	if s.Insights.Answer(r, need) != nil {
		return true, ""
	}
	r.Seen = func(string) bool { return false }
	if in := s.Insights.Answer(r, need); in != nil {
		return false, in.ID
	}
	return false, ""
}

// Reads returns what an agent sees that looks for insights with one of the tags, the
// newest first, at most limit; and how many more there are. No tags are all of them.
func Reads(s *state.State, tags []string, limit int) (ids []string, left int) {
	tags = insight.CleanTags(tags)
	for in := range s.Insights.All() {
		if len(tags) == 0 || slices.ContainsFunc(insight.CleanTags(in.Tags), func(t string) bool { return slices.Contains(tags, t) }) {
			ids = append(ids, in.ID)
		}
	}
	slices.Reverse(ids)
	left = max(0, len(ids)-limit)
	return ids[:len(ids)-left], left
}

// Helps returns what others have shared that answers a need, at most limit, whether
// the agent was given it or not.
func Helps(s *state.State, a *state.Agent, need insight.Need, limit int) []string {
	var ids []string
	for _, in := range s.Insights.Answering(need, limit+1) {
		if in.Agent != a.Agent && len(ids) < limit {
			ids = append(ids, in.ID)
		}
	}
	return ids
}

// unknown are those of the insights that the agent has neither been given nor shared.
func unknown(s *state.State, a *state.Agent, ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		in := s.Insights.Get(id)
		return in == nil || a.Seen[id] || in.Agent == a.Agent || slices.Contains(in.Confirmed, a.Agent)
	})
}

func insights(s *state.State, a *state.Agent, w Want) []string {
	if w.These != nil {
		return unknown(s, a, w.These)
	}
	limit := s.Settings.MaxInsightsPerPull
	if w.Max > 0 {
		limit = min(limit, w.Max)
	}
	r := Reader(s, a, w.Needs)
	if r.Unseen <= 0 {
		return nil
	}
	var found []*insight.Insight
	switch w.Part {
	case Urgent:
		found = s.Insights.Blockers(r, max(1, limit)) // or Presses would hold for ever
	case Quiet:
		r.Seen = func(id string) bool { return a.Seen[id] || s.Insights.Get(id).Kind == event.InsightBlocker }
		found = s.Insights.Pull(r, limit)
	default:
		found = s.Insights.Pull(r, limit)
	}
	ids := make([]string, len(found))
	for i, in := range found {
		ids[i] = in.ID
	}
	return ids
}

// messages returns those of a part that wait, what is called urgent first.
func messages(s *state.State, a *state.Agent, part Part) []string {
	var first, others []string
	for _, id := range a.Inbox {
		m := s.Messages[id]
		switch {
		case part == Urgent && !presses(m), part == Quiet && presses(m):
		case m.Urgent:
			first = append(first, id)
		default:
			others = append(others, id)
		}
	}
	return append(first, others...)
}

// presses: what a person says is not left lying, whether they call it urgent or not.
func presses(m event.MessageSent) bool { return m.Urgent || m.From != event.Popkit }
