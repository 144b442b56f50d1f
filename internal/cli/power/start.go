package power

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/config"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/runs"
	"popkit/internal/show"
)

type startOptions struct {
	planOptions
	Timeout       float64
	Runtime, Mode string
	Base          string
	Yes           bool
	Follow        follow
}

func newStart(e *command.Env) *cobra.Command {
	var o startOptions
	cmd := &cobra.Command{
		Use:   `start ["OBJECTIVE"]`,
		Short: "Start a run: several agents on one objective",
		Long: `Start a run from an objective, a plan file or both. The plan is shown first with
what it may cost, and needs a yes, or --yes.

Without --plan the objective gets the default phases: explore, design, implement,
test, document, review. The run goes on in a process of its own; closing the
terminal does not end it.

--detach returns once the engine has the run and prints the run's ID alone, for
scripts; --no-wait does so too and says how to watch the run, for people.`,
		Example: `  popkit power start "Build user authentication with tests" --runtime exec:./agent.sh
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
	f.StringVar(&o.Runtime, "runtime", "", "what drives the agents: exec:COMMAND or scripted:FILE")
	f.StringVar(&o.Mode, "mode", "", "native, redis or file (default: by mode_priority)")
	f.StringVar(&o.Base, "base", "", "branch, tag or commit to start from (default: HEAD)")
	f.BoolVarP(&o.Yes, "yes", "y", false, "start without asking")
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
	if info.Empty {
		return noCommits()
	}
	if err := checkBase(ctx, e, info, o.Base); err != nil {
		return err
	}
	n, facts, err := prepare(ctx, e, info, o)
	if err != nil {
		return err
	}
	noteInterrupted(ctx, e)
	if err := approve(e, o, show.Plan(n.Plan, facts, e.Width())); err != nil {
		return err
	}
	r, err := e.Host.Create(ctx, n)
	if err != nil {
		return command.Environment(err)
	}
	return launch(ctx, e, r, 0, o.Follow)
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

func noCommits() error {
	return command.Fail(command.ExitEnvironment, `git commit --allow-empty -m "first commit"`, "the repository has no commits: make one first")
}

// checkBase says, before anybody reads a plan, that --base names no commit.
func checkBase(ctx context.Context, e *command.Env, info command.RepoInfo, base string) error {
	if base == "" {
		return nil
	}
	quiet := command.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}
	code, err := e.Host.Git(ctx, quiet, info.Top, "rev-parse", "--verify", "--quiet", "--end-of-options", base+"^{commit}")
	if err != nil {
		return command.Environment(err)
	}
	if code != 0 {
		return command.Usage("git branch --all --list", "--base %s: there is no such branch, tag or commit", base)
	}
	return nil
}

// prepare makes of flags, plan and configuration what the run is made of.
func prepare(ctx context.Context, e *command.Env, info command.RepoInfo, o startOptions) (command.NewRun, show.PlanFacts, error) {
	var facts show.PlanFacts
	cfg, err := config.Load(config.Sources{RepoDir: info.Top, Env: e.Getenv})
	if err != nil {
		return command.NewRun{}, facts, err
	}
	plan, source, notes, err := plan(e, o.planOptions)
	if err != nil {
		return command.NewRun{}, facts, err
	}
	flags := config.Flags{
		Agents: o.limit(), TimeoutMinutes: o.Timeout, Runtime: o.Runtime, Mode: o.Mode, NoWait: o.Follow.NoWait,
	}
	if o.Runtime == "" && cfg.Origin("runtime") == "default" {
		flags.ClaudeVersion = e.Claude(ctx)
	}
	s, err := cfg.Settings(plan, flags)
	if err != nil {
		return command.NewRun{}, facts, command.UsageError(err)
	}
	plan = cfg.Complete(plan)
	if err := driven(plan, s); err != nil {
		return command.NewRun{}, facts, err
	}
	facts = show.PlanFacts{
		Source: source, Base: baseName(o.Base, info), Dirty: info.Dirty, Settings: s,
		Cost:  objective.Estimate(plan, atOnce(s), objective.Duration(s.AgentTimeout)),
		Notes: append(notes, cfg.Notes...),
	}
	return command.NewRun{Repo: info.Top, Plan: plan, PlanSource: source, BaseRef: o.Base, Settings: s}, facts, nil
}

func atOnce(s event.Settings) int {
	if s.Sequential {
		return 1
	}
	return s.MaxAgents
}

func baseName(ref string, info command.RepoInfo) string {
	switch {
	case ref != "":
		return ref
	case info.Branch != "":
		return info.Branch
	}
	return "HEAD"
}

// driven says what is missing when a task has no runtime that popkit can drive.
func driven(p objective.Plan, s event.Settings) error {
	hint := `pass --runtime exec:COMMAND, or set "runtime" in ` + config.RepoFile
	check := func(what, runtime string) error {
		kind, _, _ := strings.Cut(runtime, ":")
		switch kind {
		case "exec", "scripted":
			return nil
		case "":
			return command.Usage(hint, "no runtime: nothing says what drives the agent of %s", what)
		}
		return command.Usage(hint, "no runtime for %s: %s is not built yet", what, runtime)
	}
	for _, ph := range p.Phases {
		for _, t := range ph.Tasks {
			runtime := t.Runtime
			if runtime == "" {
				runtime = s.RuntimeOf(t.Role)
			}
			if err := check("task "+t.ID, runtime); err != nil {
				return err
			}
		}
	}
	if s.Resolver != "" {
		return check("the resolver", s.Resolver)
	}
	return nil
}

// approve shows the plan and gets a yes for it.
func approve(e *command.Env, o startOptions, plan string) error {
	if o.Yes && (o.Follow.Detach || o.Follow.JSON) {
		return nil // a script: nobody reads the plan
	}
	fmt.Fprint(e.Err, plan)
	if o.Yes {
		return nil
	}
	if !e.Interactive || o.Plan == "-" {
		why := "there is no terminal to ask on"
		if o.Plan == "-" {
			why = "the plan came from standard input, where the answer would come from"
		}
		return command.Usage(commandLine(slices.Concat(e.Args, []string{"--yes"})), "this plan needs a yes, and %s", why)
	}
	yes, err := yes(e, "start this run? [y/N] ")
	if err != nil {
		return err
	}
	if !yes {
		return command.Failed("", "not started")
	}
	return nil
}

// yes asks on the terminal; all but a yes is a no.
func yes(e *command.Env, question string) (bool, error) {
	fmt.Fprint(e.Err, question)
	line, err := bufio.NewReader(e.In).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:=,@%+-]+$`)

// commandLine is a command as a shell takes it.
func commandLine(args []string) string {
	words := []string{"popkit"}
	for _, a := range args {
		if !plainWord.MatchString(a) {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}
