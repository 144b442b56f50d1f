package sim

import (
	"testing"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
)

// TestBrokenRulesAreNoticed shows that the simulation is a check that can fail.
// Each case makes the engine's own memory lie about one thing, as a rule that
// forgets to look at it would: the oracle, which reads the log alone, must
// notice within a few seeds.
func TestBrokenRulesAreNoticed(t *testing.T) {
	for name, tamper := range map[string]func(*state.State){
		"the barrier does not look at checks": func(s *state.State) {
			for _, p := range s.Phases {
				for i := range p.Checks {
					p.Checks[i].Waived = "nobody"
				}
			}
		},
		"the barrier does not wait for tasks": func(s *state.State) {
			if p := s.Current(); p != nil {
				for _, id := range p.Tasks {
					if t := s.Tasks[id]; t.Status == state.TaskPending {
						t.Status = state.TaskSkipped
					}
				}
			}
		},
		"a slot too many": func(s *state.State) { s.Settings.MaxAgents, s.Settings.Sequential = 7, false },
		"scopes are no leases": func(s *state.State) {
			for _, t := range s.Tasks {
				t.Overlap = objective.OverlapAllow
			}
		},
		"it forgets what it delivered": func(s *state.State) {
			for _, a := range s.Agents {
				clear(a.Seen)
			}
		},
		"it forgets an effect under way": func(s *state.State) {
			for key := range s.Effects {
				delete(s.Effects, key)
			}
		},
		"findings of the audit are not looked at": func(s *state.State) {
			for _, a := range s.Agents {
				if a.Work != nil && a.Work.Audit != nil {
					w := *a.Work
					w.Audit = &event.Audit{}
					a.Work = &w
				}
			}
		},
		"nobody has to present a plan":      func(s *state.State) { s.Settings.Roles = nil },
		"a question is asked and forgotten": func(s *state.State) { s.Open = nil },
		"a tool call needs no verdict": func(s *state.State) {
			for _, a := range s.Agents {
				a.Guard.Hook = false
			}
		},
		"a breach is forgiven by nobody": func(s *state.State) {
			for _, a := range s.Agents {
				a.Forgiven = state.AnswerAccept
			}
		},
		"what is always so is asked again": func(s *state.State) { s.Rules = nil },
		"a dead engine's effects are taken as done": func(s *state.State) {
			for _, ef := range s.Effects {
				ef.Epoch = s.Engine.Epoch + 1
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(300) {
				cfg := RandomConfig(seed + 1)
				cfg.Tamper = tamper
				if _, err := runSeed(t, cfg); err != nil {
					t.Logf("seed %d: %v", cfg.Seed, err)
					return
				}
			}
			t.Error("nobody noticed, in 300 seeds")
		})
	}
}
