package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"popkit/internal/config"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/planner"
	"popkit/internal/role"
)

// PlanOrder is what a plan is made for.
type PlanOrder struct {
	Repo      string // any directory in the repository
	BaseRef   string // "" = HEAD
	Runtime   string // what drives the planning agent
	Objective objective.Objective
	MaxAgents int
}

// MakePlan has a planning agent make a plan, in a throw-away clone of the commit that a
// run would start from, and tells say what goes on. When it returns, nothing of it is left
// but the plan, which says itself what else there is. Where ctx has ended and all is cleared
// up, the error is the context's alone.
func MakePlan(ctx context.Context, o PlanOrder, say func(string)) (made planner.Made, err error) {
	began := time.Now()
	say("making a clone to plan in")
	left, err := onBench(ctx, o, func(b *bench) error {
		made, err = b.makePlan(ctx, o, say)
		took := planner.Rounded(time.Since(began))
		made.Planning.Took = took
		var f *planner.Failure
		if errors.As(err, &f) {
			f.Spent.Took = took
			f.Text = b.redactor.String(f.Text)
		}
		return err
	})
	return made.With(left, err)
}

// TryChecks runs each of a plan's checks once, as MakePlan does.
func TryChecks(ctx context.Context, o PlanOrder, p objective.Plan, say func(string)) (trials []planner.Trial, err error) {
	say("making a clone for the checks")
	left, err := onBench(ctx, o, func(b *bench) error {
		trials, err = planner.Try(ctx, p, b, say)
		return err
	})
	if left != nil {
		err = errors.Join(err, left)
	}
	return trials, err
}

// onBench does work on a bench of its own; left is what went wrong in clearing up after it.
func onBench(ctx context.Context, o PlanOrder, work func(*bench) error) (left, err error) {
	b, err := openBench(ctx, o.Repo, o.BaseRef)
	if err == nil {
		err = work(b)
	}
	if ctx.Err() != nil { // whatever else went wrong did so for that reason
		err = ctx.Err()
	}
	if b == nil {
		return nil, err
	}
	return b.close(ctx), err
}

func (b *bench) makePlan(ctx context.Context, o PlanOrder, say func(string)) (planner.Made, error) {
	roles, own, err := b.planRoles()
	if err != nil {
		return planner.Made{}, err
	}
	survey, err := b.survey(ctx)
	if err != nil {
		return planner.Made{}, err
	}
	agent, leave, err := b.agent(ctx, o.Runtime, own, say)
	if err != nil {
		return planner.Made{}, err
	}
	made, err := planner.Make(ctx, planner.Request{
		Objective: o.Objective, Roles: roles, Survey: survey, MaxAgents: o.MaxAgents, Protected: b.cfg.Guardrails.ProtectedPaths,
	}, planner.Deps{Agent: &metered{agent: agent, limits: b.cfg.Planner}, Checks: b, Say: say})
	return made.With(leave(), err)
}

// notForTasks are roles that popkit gives agents by itself.
var notForTasks = []string{planWho, "fixer", "resolver"}

// planRoles are the roles that a plan may name, all that this repository has but for
// those that are not for tasks, and that of the planning agent.
func (b *bench) planRoles() (forTasks []planner.Role, own event.Role, err error) {
	set, err := role.Load(b.repo)
	if err != nil {
		return nil, own, err
	}
	if _, err := set.Check([]string{planWho}); err != nil {
		return nil, own, err
	}
	all := b.cfg.RolesOver(set.Roles())
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if r := all[name]; !slices.Contains(notForTasks, name) {
			forTasks = append(forTasks, planner.Role{Name: name, Names: r.Names, About: r.Description})
		}
	}
	return forTasks, all[planWho], nil
}

// agent is the planning agent, and what ends it.
func (b *bench) agent(ctx context.Context, runtime string, own event.Role, say func(string)) (planner.Agent, func() error, error) {
	dir, done, err := b.clone.CheckTree(ctx, b.base.Commit)
	if err != nil {
		return nil, nil, err
	}
	kind, command, _ := strings.Cut(runtime, ":")
	switch kind {
	case "exec":
		return &execPlanner{bench: b, dir: dir, command: command}, func() error { done(); return nil }, nil
	case "claude":
		a, leave, err := b.claude(ctx, dir, own, say)
		if err != nil {
			done()
			return nil, nil, err
		}
		return a, func() error { defer done(); return leave() }, nil
	}
	done()
	return nil, nil, &planner.Failure{
		Reason: planner.NoCLI, Text: fmt.Sprintf("%s makes no plans", runtime), Hint: "popkit config explain planner.runtime",
	}
}

// metered holds a planning agent to the limits of planning, all its answers taken
// together.
type metered struct {
	agent  planner.Agent
	limits config.Planner
	took   time.Duration
	cost   float64
}

// Ask ends an answer that takes too long, and does not ask for another one where
// the money is used up.
func (m *metered) Ask(ctx context.Context, prompt string) (planner.Answer, error) {
	if most := m.limits.MaxCostUSD; most > 0 && m.cost >= most {
		return planner.Answer{}, exhausted("planning has cost $%.2f, of $%.2f that it may (planner.max_cost_usd)", m.cost, most)
	}
	limit := time.Duration(m.limits.MaxMinutes * float64(time.Minute))
	timed, cancel := ctx, context.CancelFunc(func() {})
	if limit > 0 {
		timed, cancel = context.WithTimeout(ctx, max(limit-m.took, 0))
	}
	defer cancel()
	began := time.Now()
	a, err := m.agent.Ask(timed, prompt)
	m.took += time.Since(began)
	m.cost += a.Usage.CostUSD
	if err != nil && ctx.Err() == nil && errors.Is(timed.Err(), context.DeadlineExceeded) {
		return a, exhausted("planning took longer than %s (planner.max_minutes)", limit)
	}
	return a, err
}

func exhausted(format string, args ...any) error {
	return &planner.Failure{Reason: planner.Exhausted, Text: fmt.Sprintf(format, args...), Hint: "popkit config explain planner"}
}

// maxExcerptFile bounds what is read of a file for the survey.
const maxExcerptFile = 4 << 10

// survey is what the planning agent is told of the repository: from the commit, by
// way of the clone that nobody has changed yet.
func (b *bench) survey(ctx context.Context) (planner.Survey, error) {
	s := planner.Survey{Base: b.base.Commit[:min(len(b.base.Commit), 12)]}
	if name := branch(b.base.Ref); name != "" {
		s.Base = name + " (" + s.Base + ")"
	}
	var err error
	if s.Files, err = b.clone.Files(ctx, b.base.Commit); err != nil {
		return s, err
	}
	dir, done, err := b.clone.CheckTree(ctx, b.base.Commit)
	if err != nil {
		return s, err
	}
	defer done()
	for _, name := range planner.Telling() {
		text, err := head(filepath.Join(dir, name), maxExcerptFile)
		if err != nil {
			return s, err
		}
		if text != "" {
			s.Excerpts = append(s.Excerpts, planner.Excerpt{Path: name, Text: b.redactor.String(text)})
		}
	}
	return s, nil
}

// head is the beginning of a plain file, "" where there is none.
func head(path string, most int64) (string, error) {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return "", nil //nolint:nilerr // what is not there is not quoted
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	raw, err := io.ReadAll(io.LimitReader(f, most))
	return string(raw), errors.Join(err, f.Close())
}
