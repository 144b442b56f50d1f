package sim

import (
	"fmt"
	"slices"

	"popkit/internal/core/event"
	"popkit/internal/core/state"
)

// audits is the book of what the audit found and who let it pass.
type audits struct {
	found   map[string]*event.Audit    // agent → what was found in its work
	passed  map[string]bool            // agents whose work was accepted as it is
	cleared map[string]map[string]bool // task → keys
	tasks   map[string]string          // agent → task
	dropped map[string]bool            // files that were left out of some work
}

func newAudits() audits {
	return audits{
		found: map[string]*event.Audit{}, passed: map[string]bool{}, cleared: map[string]map[string]bool{},
		tasks: map[string]string{}, dropped: map[string]bool{},
	}
}

// findings says whether work may be accepted: nothing with a finding that blocks is,
// unless somebody let just that pass.
func (o *oracle) findings(e event.Event) error {
	b := &o.audits
	switch d := e.Data.(type) {
	case event.AgentRequested:
		b.tasks[d.Agent] = d.Task
	case event.AgentCollected:
		b.found[d.Agent] = d.Audit
	case event.AgentTrimmed:
		b.clear(d.Agent, d.Dropped...)
		b.found[d.Agent] = d.Audit
		for _, f := range d.Dropped {
			b.dropped[f] = true
		}
	case event.TaskRetried:
		delete(b.cleared, d.Task)
	case event.QuestionAnswered:
		if q := o.asked[d.ID]; q.Kind == event.AskAudit && d.Answer == state.AnswerAccept {
			b.clear(q.Agent)
			b.passed[q.Agent] = true
		}
	case event.TaskAccepted:
		if t := o.state.Tasks[d.Task]; o.s.Created.Settings.PhaseAware && !t.NoCode && d.Commit != o.state.Agents[d.Agent].Base {
			return b.acceptable(d)
		}
	}
	return nil
}

func (b *audits) clear(agent string, but ...string) {
	task := b.tasks[agent]
	if b.cleared[task] == nil {
		b.cleared[task] = map[string]bool{}
	}
	for _, f := range b.found[agent].Findings {
		if !slices.Contains(but, f.Path) {
			b.cleared[task][f.Key] = true
		}
	}
}

func (b *audits) acceptable(d event.TaskAccepted) error {
	found := b.found[d.Agent]
	if found.Left() > 0 && !b.passed[d.Agent] {
		return fmt.Errorf("nobody has seen all %d findings in the work of %s", found.Blocking, d.Agent)
	}
	for _, f := range found.Findings {
		// A scope can be widened after the audit.
		if f.Rule == "taint" && !b.cleared[d.Task][f.Key] {
			return fmt.Errorf("nobody let pass, in the work of %s: %s", d.Agent, f.Text)
		}
	}
	return nil
}
