package planning

import (
	"context"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/core/objective"
	"popkit/internal/planner"
	"popkit/internal/show"
)

// Result is what `popkit plan make --json` prints.
type Result struct {
	planner.Made
	Cost    Cost   `json:"cost"`
	File    string `json:"file"`    // where the plan is saved
	Command string `json:"command"` // that runs it
}

// Cost is what a plan may cost, by the configuration that holds now.
type Cost struct {
	Agents     int                `json:"agents"`      // to start
	MostAgents int                `json:"most_agents"` // when every task uses up its attempts
	AtOnce     int                `json:"at_once"`
	Waves      int                `json:"waves"`
	Shortest   objective.Duration `json:"shortest"` // when each agent takes its limit
	Longest    objective.Duration `json:"longest"`
	MaxRunUSD  float64            `json:"max_run_usd,omitempty"` // the run's budget of money
	MaxTaskUSD float64            `json:"max_task_usd,omitempty"`
}

type makeOptions struct {
	Options
	JSON bool
}

// NewMake returns `popkit plan make`.
func NewMake(e *command.Env) *cobra.Command {
	var o makeOptions
	cmd := &cobra.Command{
		Use:   `make ["OBJECTIVE"]`,
		Short: "Have a planning agent make a plan, and start nothing",
		Long: `Have a planning agent make a plan of an objective, and start nothing. The agent
works in a throw-away clone of the last commit and can only read. The plan's checks
are run there, once; what can't be run is a mistake that the agent repairs.

The plan is saved; popkit power start --plan FILE runs it.`,
		Example: `  popkit plan make "Build user authentication with tests" -o plan.yaml
  popkit plan make --objective-file issue.md --json`,
		Args: command.Takes(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Objective = command.First(args)
			return runMake(cmd.Context(), e, o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.Save, "output", "o", "", "where the plan is saved (default: .claude/popkit/plans)")
	f.StringVar(&o.Base, "base", "", "branch, tag or commit to plan for (default: HEAD)")
	o.Flags(cmd)
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runMake(ctx context.Context, e *command.Env, o makeOptions) error {
	info, err := e.Repo(ctx)
	if err != nil {
		return err
	}
	if err := command.Base(ctx, e, info, o.Base); err != nil {
		return err
	}
	p, err := New(e, info, o.Options)
	if err != nil {
		return err
	}
	d, err := p.onlyMade(ctx)
	if err != nil {
		return err
	}
	n, facts, err := p.Resolve(ctx, d)
	if err != nil {
		return err
	}
	if !o.JSON {
		return e.Print(show.Plan(n.Plan, facts, e.Width()))
	}
	c, budgets := facts.Cost, facts.Settings.Budgets
	out := Result{Cost: Cost{
		Agents: c.Agents, MostAgents: c.MostAgents, AtOnce: c.AtOnce, Waves: c.Waves, Shortest: c.Shortest, Longest: c.Longest,
		MaxRunUSD: budgets.Run.CostUSD, MaxTaskUSD: budgets.Task.CostUSD,
	}, File: d.Source, Command: p.again(d.Source)}
	if d.Made != nil {
		out.Made = *d.Made
	}
	out.Plan = d.Plan
	return e.PrintJSON(out)
}

// onlyMade is a plan that a planning agent made, whatever drives the run's agents.
func (p *Planner) onlyMade(ctx context.Context) (Draft, error) {
	text, err := p.objective()
	if err != nil {
		return Draft{}, err
	}
	d, err := p.fromPhases(text)
	if err != nil {
		return Draft{}, err
	}
	runtime := p.cfg.PlannerFor("claude")
	if runtime == "" {
		return Draft{}, command.Usage("popkit config explain planner.runtime", "planner.runtime is off: nothing makes plans")
	}
	n, _, err := p.Resolve(ctx, d)
	if err != nil {
		return Draft{}, err
	}
	if d, err = p.make(ctx, runtime, n.Settings.MaxAgents, d); err != nil || d.Made != nil {
		return d, err
	}
	return p.save(d, text) // the default phases, which the person agreed to
}
