package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

// Odds say how likely each fault is. The zero value is a world without faults.
type Odds struct {
	Kill          float64 // that an engine is killed some time
	KillBeforeAct float64 // … after an append, before anything came of it
	LateEnd       float64 // that what was under way is reported to the next engine
	WallJump      float64 // … and the wall clock was set meanwhile
	Append        float64 // that an append fails, or its outcome is unknown
	Effect        float64 // that an effect fails a few times
	Final         float64 // … and says that to try again is no use
	Twice         float64 // that an effect's end is reported twice
	Agent         float64 // that an attempt does not do its work
	Flake         float64 // that a check could not run
	Silent        float64 // that nobody answers a question
	Wrong         float64 // that somebody answers what is none of the options
	Acts          float64 // what people do to the run, an hour
	Stubborn      float64 // that a conflict is none that first_wins settles
	Offline       float64 // that open questions are answered before the run is resumed

	Sensible bool                          // people answer as if it were calm, at any time
	Answers  map[event.QuestionKind]string // what they answer then, instead of the usual
}

// RandomConfig makes up a run: a plan, settings, the nature of its tasks, and
// how much goes wrong. Some runs are without any fault.
func RandomConfig(seed uint64) Config {
	g := &generator{rng: rand.New(rand.NewPCG(seed, 0x73696d))}
	c := Config{Seed: seed, Nature: map[string]Nature{}}
	c.Created = event.RunCreated{
		Run: "R", Repo: "/repo", BaseRef: "refs/heads/main", Base: "base00000000", Branch: "popkit/R", Popkit: "sim",
		Plan: g.plan(c.Nature), Settings: g.settings(),
	}
	if g.in(10) > 0 {
		c.Odds, c.Calm = g.odds(), g.between(time.Minute, 12*time.Hour)
	}
	return c
}

type generator struct{ rng *rand.Rand }

func (g *generator) in(n int) int { return g.rng.IntN(n) }

func (g *generator) between(lo, hi time.Duration) time.Duration {
	return lo + time.Duration(g.rng.Int64N(int64(hi-lo)+1))
}

// odds are those of one run: each fault is off, rare or frequent.
func (g *generator) odds() Odds {
	p := func(high float64) float64 { return []float64{0, 0, high / 5, high}[g.in(4)] }
	return Odds{
		Kill: p(1), KillBeforeAct: p(0.05), LateEnd: p(0.5), WallJump: p(0.5), Append: p(0.05), Effect: p(0.2),
		Final: p(0.3), Twice: p(0.3), Agent: p(0.6), Flake: p(0.5), Silent: p(0.5), Wrong: p(0.5), Acts: p(20),
		Stubborn: p(0.5), Offline: p(0.8),
	}
}

func (g *generator) plan(nature map[string]Nature) objective.Plan {
	p := objective.Plan{
		Objective:        objective.Objective{Description: "build it"},
		OnConflict:       []objective.ConflictPolicy{"", objective.ConflictAgent, objective.ConflictHuman, objective.ConflictFirstWins}[g.in(4)],
		OnBarrierTimeout: []objective.BarrierPolicy{"", objective.BarrierHuman, objective.BarrierPartial}[g.in(3)],
	}
	if g.in(4) == 0 {
		p.Objective.Boundaries.FilePatterns = []string{"src/**"}
	}
	if g.in(4) == 0 {
		p.Objective.SuccessCriteria = []objective.Criterion{{Text: "no bug9", Check: &objective.Check{Run: "no bug9"}}, {Text: "nice"}}
	}
	bugs := 0
	for i := range 1 + g.in(3) {
		ph := objective.Phase{Name: fmt.Sprintf("phase%d", i)}
		for range g.in(3) {
			ph.Checks = append(ph.Checks, objective.Check{Run: fmt.Sprintf("no bug%d", bugs)})
			bugs++
		}
		for j := range g.in(6) {
			ph.Tasks = append(ph.Tasks, g.task(i, j, ph, nature))
		}
		p.Phases = append(p.Phases, ph)
	}
	return p
}

func (g *generator) task(i, j int, ph objective.Phase, nature map[string]Nature) objective.Task {
	id := fmt.Sprintf("t%d%d", i, j)
	t := objective.Task{
		ID: id, Role: []string{"implementer", "tester", "reviewer"}[g.in(3)], Title: "do " + id, Prompt: "do it",
		Tags: [][]string{nil, {"auth"}, {"model", "ui"}}[g.in(3)], NoCode: g.in(8) == 0,
		Scope: [][]string{nil, nil, {"src/" + id + "/**"}, {"src/**"}}[g.in(4)],
	}
	if g.in(4) == 0 {
		t.Overlap = objective.OverlapAllow
	}
	for _, other := range ph.Tasks {
		if g.in(6) == 0 {
			t.Needs = append(t.Needs, other.ID)
		}
	}
	n := Nature{Shared: g.in(2) == 0, Asks: g.in(6) == 0, Taints: (i+2*j+len(ph.Checks))%5 == 0}
	if g.in(6) == 0 {
		n.FailFirst = 1 + g.in(4)
	}
	if len(ph.Checks) > 0 && g.in(4) == 0 {
		n.Bug = bugOf(ph.Checks[g.in(len(ph.Checks))].Run)
	}
	nature[id] = n
	return t
}

func (g *generator) settings() event.Settings {
	d := func(choices ...time.Duration) time.Duration { return choices[g.in(len(choices))] }
	s := event.Settings{
		Mode: "native", Tier: "pro", PhaseAware: g.in(5) > 0, FullRouting: g.in(4) > 0,
		MaxAgents: 1 + g.in(5), Sequential: g.in(6) == 0, MaxAttempts: 1 + g.in(3), MaxFixes: g.in(3),
		MaxInsights: []int{0, 5, 100}[g.in(3)], MaxQuestions: g.in(3), CheckinEvery: g.in(6), MaxInsightsPerPull: 1 + g.in(3),
		AgentTimeout: d(20*time.Minute, time.Hour, 6*time.Hour), SilenceTimeout: d(0, 15*time.Minute, time.Hour),
		BarrierTimeout: d(0, 0, 30*time.Minute, 4*time.Hour), DecisionTimeout: d(0, 15*time.Minute),
		RetryDelay: d(0, time.Second, time.Minute), ContextLimit: []int{0, 500, 20_000}[g.in(3)], Runtime: "exec:true",
		AuditScope: g.in(2) == 0, CloseWhenUnattended: g.in(2) == 0, ProtectedPaths: []string{".env*"},
		MaxStarted: []int{0, 0, 60}[g.in(3)], MaxRuntime: d(0, 0, 10*time.Hour),
	}
	s.Roles = g.roles()
	s.Guard.CanaryTimeout = d(0, 10*time.Minute)
	g.limits(&s)
	if g.in(5) == 0 {
		s.AutoAnswers = []event.AutoAnswer{{Kind: event.AskPlan, Match: "plan [23] of", Answer: "approve"}, {Kind: event.AskAgent, Match: "(?i)database", Answer: "two"}}
	}
	return s
}
