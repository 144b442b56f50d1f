package power

import (
	"context"
	"errors"
	"strconv"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/cli/driver"
	"popkit/internal/cli/planning"
	"popkit/internal/core/objective"
	"popkit/internal/runs"
	"popkit/internal/show"
)

type startOptions struct {
	planning.Options
	Follow follow
}

func newStart(e *command.Env) *cobra.Command {
	var o startOptions
	cmd := &cobra.Command{
		Use:   `start ["OBJECTIVE"]`,
		Short: "Start a run: several agents on one objective",
		Long: `Start a run from an objective, a plan file or both. The plan is shown first with
what it may cost, and needs a yes, or --yes.

Without --plan the objective becomes a plan by a planning agent that only reads,
where Claude Code drives the agents or planner.runtime says who plans; the plan is
saved. With --phases, and elsewhere, it gets the default phases: explore, design,
implement, test, document, review. The run goes on in a process of its own; closing the
terminal does not end it.

--detach returns once the engine has the run and prints the run's ID alone, for
scripts; --no-wait does so too and says how to watch the run, for people.`,
		Example: `  popkit power start "Build user authentication with tests"
  popkit power start --objective-file issue.md --edit
  popkit power start "Build a login" --phases implement,test --runtime exec:./agent.sh
  popkit power start --plan plan.yaml --agents 4
  id=$(popkit power start --plan plan.yaml --yes --detach)`,
		Args: command.Takes(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Objective = command.First(args)
			return runStart(cmd.Context(), e, o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.Plan, "plan", "p", "", "plan file, YAML or JSON; - is standard input")
	f.StringSliceVar(&o.Phases, "phases", nil, "phases: the default ones' names or your own, or those of the plan to run")
	f.StringVar(&o.Agents, "agents", "", "at most this many agents at once, or the roles to run, separated by commas")
	f.Var((*minutes)(&o.Timeout), "timeout", "minutes after which the run ends (default: the plan's or the configuration's)")
	f.StringVar(&o.Runtime, "runtime", "", "what drives the agents: claude, exec:COMMAND or scripted:FILE (default: the configuration's, else claude)")
	f.StringVar(&o.Mode, "mode", "", "native, redis or file (default: by mode_priority)")
	f.StringVar(&o.Base, "base", "", "branch, tag or commit to start from (default: HEAD)")
	f.BoolVarP(&o.Yes, "yes", "y", false, "start without asking")
	f.StringVar(&o.Save, "save", "", "where a plan that was made is kept (default: .claude/popkit/plans)")
	o.Flags(cmd)
	o.Follow.flags(cmd)
	command.Choices(cmd, "mode", "native", "redis", "file")
	command.Choices(cmd, "phases", objective.DefaultPhases()...)
	return cmd
}

// minutes is a flag's value: a time above 0, in minutes.
type minutes float64

func (m *minutes) String() string {
	if *m == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(*m), 'g', -1, 64)
}

func (*minutes) Type() string { return "float" }

// Set takes no 0: it would be taken for a flag that was not given.
func (m *minutes) Set(text string) error {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n > 0) { // nor what is no number
		return errors.New("minutes, more than 0 (e.g. 30 or 0.5)")
	}
	*m = minutes(n)
	return nil
}

func runStart(ctx context.Context, e *command.Env, o startOptions) error {
	info, err := e.Repo(ctx)
	if err != nil {
		return err
	}
	if err := (runs.Place{Repo: info.Top}).Busy(); err != nil {
		return err
	}
	if err := command.Base(ctx, e, info, o.Base); err != nil {
		return err
	}
	if err := command.Name(info); err != nil {
		return err
	}
	n, err := planned(ctx, e, info, o)
	if err != nil {
		return err
	}
	r, err := e.Host.Create(ctx, n)
	if err != nil {
		return command.Environment(err)
	}
	return launch(ctx, e, r, 0, o.Follow)
}

// planned is what the run is made of, once there is a yes for it.
func planned(ctx context.Context, e *command.Env, info command.RepoInfo, o startOptions) (command.NewRun, error) {
	o.NoWait = o.Follow.NoWait
	p, err := planning.New(e, info, o.Options)
	if err != nil {
		return command.NewRun{}, err
	}
	ready := func(n command.NewRun) error { return driver.Check(ctx, e, info.Top, n.Plan, n.Settings) }
	d, err := p.Draft(ctx, ready)
	if err != nil {
		return command.NewRun{}, err
	}
	noteInterrupted(ctx, e)
	return p.Approve(ctx, d, o.Follow.Detach || o.Follow.JSON, func(d planning.Draft) (command.NewRun, show.PlanFacts, error) {
		n, facts, err := p.Resolve(ctx, d)
		if err != nil {
			return n, facts, err
		}
		return n, facts, ready(n)
	})
}

// noteInterrupted says that the last run's engine died: who starts anew may have
// meant to go on. A last run that can't be read is said, too, and keeps no new one
// from beginning.
func noteInterrupted(ctx context.Context, e *command.Env) {
	_, v, err := e.FindStatus(ctx, "")
	switch {
	case errors.Is(err, runs.ErrNoRuns):
	case err != nil:
		e.Say("note: the last run: %v", err)
	case v.State == "interrupted":
		e.Say("note: run %s was interrupted; to go on with it instead: popkit power resume %s", v.Run, v.Run)
	}
}
