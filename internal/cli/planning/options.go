package planning

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/cli/driver"
	"popkit/internal/config"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/planner"
	"popkit/internal/role"
	"popkit/internal/show"
)

// Options say where a plan comes from, what of it is run, and with what.
type Options struct {
	Objective     string
	ObjectiveFile string // "-" for standard input
	Plan          string // a file, "-" for standard input
	Phases        []string
	Agents        string // a number, or roles
	Timeout       float64
	Runtime, Mode string
	Base          string
	Save          string // where a made plan goes; "" is popkit's own folder
	Edit          bool
	OrDefault     bool // the default phases will do where planning fails
	Yes, NoWait   bool
}

// Flags are those of planning alone.
func (o *Options) Flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.ObjectiveFile, "objective-file", "", "read the objective from a file; - is standard input")
	f.BoolVar(&o.Edit, "edit", false, "open the plan that was made in $EDITOR before it is shown")
	f.BoolVar(&o.OrDefault, "or-default-phases", false, "use the default phases where planning fails; --yes alone does not agree to that")
}

// FromInput reports whether standard input was read, so that nobody can be asked
// there.
func (o Options) FromInput() bool { return o.Plan == "-" || o.ObjectiveFile == "-" }

// limit is --agents as a number, 0 when it gives roles or nothing.
func (o Options) limit() int {
	if n, err := strconv.Atoi(o.Agents); err == nil {
		return n
	}
	return 0
}

// roles is --agents as roles.
func (o Options) roles() []string {
	if _, err := strconv.Atoi(o.Agents); err == nil || o.Agents == "" {
		return nil
	}
	roles := strings.Split(o.Agents, ",")
	for i := range roles {
		roles[i] = strings.TrimSpace(roles[i])
	}
	return roles
}

// maxObjective bounds an objective, in bytes: every agent of the run reads it.
const maxObjective = 64 << 10

// objective is the text of the objective, from wherever it comes.
func (p *Planner) objective() (string, error) {
	o := p.o
	if o.ObjectiveFile == "" {
		return strings.TrimSpace(o.Objective), nil
	}
	if o.Objective != "" {
		return "", command.Usage("leave out one of the two", "there are two objectives, one typed and one in --objective-file %s", o.ObjectiveFile)
	}
	in, called := p.e.In, command.FileName(o.ObjectiveFile)
	if o.ObjectiveFile != "-" {
		path := o.ObjectiveFile
		if !filepath.IsAbs(path) {
			path = filepath.Join(p.e.Dir, path)
		}
		f, err := os.Open(path)
		if err != nil {
			return "", command.UsageError(fmt.Errorf("--objective-file: %w", err))
		}
		defer f.Close()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxObjective+1))
	if err != nil {
		return "", command.UsageError(fmt.Errorf("--objective-file: %w", err))
	}
	text := strings.TrimSpace(strings.ToValidUTF8(string(raw), "\uFFFD"))
	switch {
	case len(raw) > maxObjective:
		return "", command.Usage("", "%s: an objective of more than %d bytes", called, maxObjective)
	case text == "" || strings.ContainsRune(text, 0):
		return "", command.Usage("", "%s: there is no objective in it", called)
	}
	return text, nil
}

// Planner finds the plan of one command.
type Planner struct {
	e    *command.Env
	info command.RepoInfo
	cfg  config.Config
	o    Options
}

// New reads the configuration that holds in the repository.
func New(e *command.Env, info command.RepoInfo, o Options) (*Planner, error) {
	cfg, err := config.Load(config.Sources{RepoDir: info.Top, Env: e.Getenv})
	return &Planner{e: e, info: info, cfg: cfg, o: o}, err
}

// Draft is a plan that a run may be made of.
type Draft struct {
	Plan   objective.Plan
	Source string // its file, or "default phases"
	Notes  []string
	Made   *planner.Made // what is known of one that was made; else nil

	file string // where that is saved
}

// Resolve makes of a draft, flags and configuration what a run is made of.
func (p *Planner) Resolve(ctx context.Context, d Draft) (command.NewRun, show.PlanFacts, error) {
	var facts show.PlanFacts
	roles, notes, err := RolesFor(p.info.Top, d.Plan)
	if err != nil {
		return command.NewRun{}, facts, err
	}
	flags := config.Flags{
		Roles: roles, Agents: p.o.limit(), TimeoutMinutes: p.o.Timeout, Runtime: p.o.Runtime, Mode: p.o.Mode, NoWait: p.o.NoWait,
	}
	if p.o.Runtime == "" && p.cfg.Origin("runtime") == "default" {
		c, err := p.e.Host.FindClaude(ctx, p.info.Top)
		if err != nil {
			return command.NewRun{}, facts, command.Environment(err)
		}
		flags.ClaudeVersion = c.Version
	}
	s, err := p.cfg.Settings(d.Plan, flags)
	if err != nil {
		return command.NewRun{}, facts, command.UsageError(err)
	}
	if d.Made != nil {
		s.Planning = d.Made.Planning.Usage
	}
	plan := p.cfg.Complete(d.Plan)
	claude, used, err := driver.Claude(ctx, p.e, p.info.Top, plan, s)
	if err != nil {
		return command.NewRun{}, facts, command.Environment(err)
	}
	if used {
		d.Notes = append(slices.Clone(d.Notes), claude.Weakens...)
	}
	facts = show.PlanFacts{
		Source: d.Source, Base: baseName(p.o.Base, p.info), Dirty: p.info.Dirty, Settings: s, Cost: cost(plan, s),
		Notes: slices.Concat(d.Notes, p.cfg.Notes, notes, show.RoleNotes(plan, s)), Made: d.Made,
	}
	return command.NewRun{Repo: p.info.Top, Plan: plan, PlanSource: d.Source, BaseRef: p.o.Base, Settings: s}, facts, nil
}

// RolesFor are the roles that a run in a repository can have; a file with mistakes
// that the plan needs is an error. The notes are about files, and names without one.
func RolesFor(repo string, p objective.Plan) (map[string]event.Role, []string, error) {
	set, err := role.Load(repo)
	if err != nil {
		return nil, nil, command.Environment(err)
	}
	notes, err := set.Check(role.Needed(p))
	roles, left := set.For(p)
	return roles, slices.Concat(notes, set.Notes, left), command.UsageError(err)
}

// cost is what a complete plan may cost.
func cost(p objective.Plan, s event.Settings) objective.Cost {
	atOnce := s.MaxAgents
	if s.Sequential {
		atOnce = 1
	}
	return objective.Estimate(p, atOnce, objective.Duration(s.AgentTimeout))
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
