package engine

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/eventlog/memlog"
)

// TestAhead: the order of an agent says how many checkouts will be wanted next.
func TestAhead(t *testing.T) {
	tasks := func(ids ...string) (out []objective.Task) {
		for _, id := range ids {
			out = append(out, objective.Task{ID: id, Role: "implementer"})
		}
		return out
	}
	check := []objective.Check{{Run: "make test"}}
	for name, c := range map[string]struct {
		edit func(*event.RunCreated)
		want [][2]int // workspaces and checks by phase
	}{
		"next phase and a check":  {func(c *event.RunCreated) {}, [][2]int{{1, 1}, {0, 0}}},
		"as many as work at once": {func(c *event.RunCreated) { c.Plan.Phases[1].Tasks = tasks("c", "d", "e") }, [][2]int{{2, 1}, {1, 0}}},
		"no check":                {func(c *event.RunCreated) { c.Plan.Phases[0].Checks = nil }, [][2]int{{1, 0}, {0, 0}}},
		"the last phase":          {func(c *event.RunCreated) { c.Plan.Phases[1].Checks = check }, [][2]int{{1, 1}, {0, 1}}},
		"one after the other":     {func(c *event.RunCreated) { c.Settings.Sequential = true; c.Plan.Phases[1].Tasks = tasks("c", "d") }, [][2]int{{1, 1}, {0, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := map[int][]int{} // of workspaces
				checks := map[int]int{}
				// Each agent's workspace takes longer than the one's before it, so that no
				// two of them are ready in one batch.
				hands := &hand{do: func(_ context.Context, o Order, _ func(event.Data)) event.Data {
					if o.Kind == event.EffectPrepare {
						n, err := strconv.Atoi(strings.TrimPrefix(o.Agent, "implementer-"))
						if err != nil {
							t.Error(err)
						}
						<-time.After(time.Duration(n) * time.Second)
					}
					return nil
				}}
				e := New(begin(t, memlog.NewStore(), created(c.edit)), hands, func(s *state.State, events []event.Event) {
					for _, a := range Actions(s, events) {
						if a.Order != nil && a.Order.Kind == event.EffectRun {
							asked[a.Order.Phase] = append(asked[a.Order.Phase], a.Order.Ahead.Workspaces)
							checks[a.Order.Phase] = a.Order.Ahead.Checks
						}
					}
				})
				if err := <-run(t.Context(), e); err != nil {
					t.Fatal(err)
				}
				for phase, want := range c.want {
					if got := [2]int{slices.Max(asked[phase]), checks[phase]}; got != want {
						t.Errorf("phase %d: %v, want %v at most (%v)", phase, got, want, asked[phase])
					}
				}
			})
		})
	}
}

// TestRoleOfTheAttempt: an order has what its attempt's role works with, under any of
// the role's names, and asks no plan of who changes nothing.
func TestRoleOfTheAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		roles := map[string]event.Role{}
		e := New(begin(t, memlog.NewStore(), created(func(c *event.RunCreated) {
			c.Settings.Roles = map[string]event.Role{
				"explorer": {Names: []string{"code-explorer"}, Model: "haiku", PlanRequired: true}, "tester": {Model: "opus", PlanRequired: true},
			}
			c.Plan.Phases = []objective.Phase{{Name: "work", Tasks: []objective.Task{
				{ID: "map", Role: "code-explorer", NoCode: true}, {ID: "tests", Role: "tester"}, {ID: "api", Role: "implementer"},
			}}}
		})), &hand{}, func(s *state.State, events []event.Event) {
			for _, a := range Actions(s, events) {
				if a.Order != nil && a.Order.Kind == event.EffectRun && roles[a.Order.Task].Model == "" {
					roles[a.Order.Task] = a.Order.Role
				}
			}
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := run(ctx, e)
		synctest.Wait()
		stop()
		<-ended
		if r := roles["map"]; r.Model != "haiku" || r.PlanRequired {
			t.Errorf("map: %+v", r)
		}
		if r := roles["tests"]; r.Model != "opus" || !r.PlanRequired {
			t.Errorf("tests: %+v", r)
		}
		if r := roles["api"]; r.Model != "" || r.PlanRequired {
			t.Errorf("api: %+v", r)
		}
	})
}
