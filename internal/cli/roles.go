package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/config"
	"popkit/internal/core/event"
	"popkit/internal/core/nearest"
	"popkit/internal/core/objective"
	"popkit/internal/role"
	"popkit/internal/show"
)

type rolesOptions struct {
	Name   string // "" is every role
	Source bool
	JSON   bool
}

// roleShown is one role in `popkit roles --json`.
type roleShown struct {
	Name        string   `json:"name"`
	Names       []string `json:"names"` // others under which plans can give it
	Description string   `json:"description"`
	Origin      string   `json:"origin"`  // popkit, or a file of the repository
	Runtime     string   `json:"runtime"` // of its agents, as a run would have it now
	Model       string   `json:"model"`   // inherit: the runtime's own choice
	// Tools that the runtime offers; null is all.
	Tools        []string `json:"tools"`
	PlanRequired bool     `json:"plan_required"`
	Reviews      bool     `json:"reviews"`
	Prompt       string   `json:"prompt"`
	// Configured are the keys of the configuration that changed it.
	Configured []string `json:"configured"`
	Notes      []string `json:"notes"`
}

func newRoles(e *command.Env) *cobra.Command {
	var o rolesOptions
	cmd := &cobra.Command{
		Use:   "roles [NAME]",
		Short: "List the roles that agents can have, or show one",
		Long: `List the roles that agents can have here, or show one as a run would have it now: its
prompt, tools, model and runtime, and where it comes from. popkit's own roles are
replaced, and others added, by files in .claude/agents: docs/roles.md.

--source prints popkit's own file of a role, to begin another with.`,
		Example: `  popkit roles
  popkit roles code-reviewer
  popkit roles implementer --source > .claude/agents/implementer.md`,
		Args: command.Takes(0, 1),
		ValidArgsFunction: func(_ *cobra.Command, _ []string, word string) (out []cobra.Completion, _ cobra.ShellCompDirective) {
			for name, r := range role.Builtin() {
				out = append(out, cobra.CompletionWithDesc(name, r.Description))
			}
			return command.Beginning(word, out), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Name = command.First(args)
			return runRoles(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVar(&o.Source, "source", false, "print popkit's own file of the role")
	command.JSONFlag(cmd, &o.JSON)
	cmd.MarkFlagsMutuallyExclusive("source", "json")
	return cmd
}

func runRoles(ctx context.Context, e *command.Env, o rolesOptions) error {
	if o.Source {
		return rolesSource(e, o.Name)
	}
	info, err := e.Repo(ctx)
	if err != nil {
		return err
	}
	set, err := role.Load(info.Top)
	if err != nil {
		return command.Environment(err)
	}
	all, err := resolvedRoles(e, info.Top, set)
	if err != nil {
		return err
	}
	if o.Name != "" {
		r, err := findRole(all, set, o.Name)
		if err != nil {
			return err
		}
		all = []roleShown{r}
	}
	if o.JSON {
		return e.PrintJSON(all)
	}
	if o.Name != "" {
		return e.Print(roleText(all[0]))
	}
	if err := e.Print(rolesTable(all, e.Width())); err != nil {
		return err
	}
	for _, n := range set.Notes {
		e.Say("note: %s", n)
	}
	for _, err := range set.Broken() {
		e.Say("not used: %v", err)
	}
	return nil
}

func rolesSource(e *command.Env, name string) error {
	if name == "" {
		return command.Usage("popkit roles implementer --source", "--source is of one role")
	}
	set, err := role.Load("")
	if err != nil {
		return command.Environment(err)
	}
	known, _, ok := set.Find(name)
	if !ok {
		return command.Usage(nearest.Hint(name, set.Known(), "popkit roles implementer --source"), "popkit has no role %q of its own", name)
	}
	text, _ := role.Source(known)
	return e.Print(string(text))
}

// resolvedRoles are all roles as a run would have them now.
func resolvedRoles(e *command.Env, repo string, set role.Set) ([]roleShown, error) {
	cfg, err := config.Load(config.Sources{RepoDir: repo, Env: e.Getenv})
	if err != nil {
		return nil, err
	}
	// In any mode: only what it says of roles is of interest.
	s, err := cfg.Settings(objective.Plan{}, config.Flags{Roles: set.Roles(), Mode: string(config.File)})
	if err != nil {
		return nil, command.UsageError(err)
	}
	files := event.Settings{Roles: set.Roles()}
	out := []roleShown{}
	for _, name := range set.With(s.Roles) {
		r := s.Roles[name]
		v := roleShown{
			Name: name, Names: r.Names, Description: r.Description, Origin: r.Origin, Runtime: s.RuntimeOf(name), Model: r.Model, Tools: r.Tools,
			PlanRequired: r.PlanRequired, Reviews: r.Reviews, Prompt: r.Prompt, Configured: configured(cfg, files, name), Notes: set.NotesOn(name),
		}
		if v.Model == "" {
			v.Model = "inherit"
		}
		for _, list := range []*[]string{&v.Names, &v.Notes} {
			if *list == nil {
				*list = []string{}
			}
		}
		out = append(out, v)
	}
	return out, nil
}

// configured are the keys that changed a role, with their places.
func configured(cfg config.Config, files event.Settings, name string) []string {
	out := []string{}
	for _, n := range append([]string{name}, files.RoleOf(name).Names...) {
		for _, key := range []string{"runtime", "model", "tools", "plan_required"} {
			key = "roles." + n + "." + key
			if at := cfg.Origin(key); at != "default" {
				out = append(out, key+" ("+at+")")
			}
		}
	}
	return out
}

func findRole(all []roleShown, set role.Set, name string) (roleShown, error) {
	known, _, ok := set.Find(name)
	if !ok {
		known = name
	}
	if _, err := set.Check([]string{name}); err != nil {
		return roleShown{}, command.UsageError(err)
	}
	for _, r := range all {
		if r.Name == known {
			return r, nil
		}
	}
	return roleShown{}, command.Usage(nearest.Hint(name, set.Known(), "popkit roles"), "there is no role %q", name)
}

func rolesTable(all []roleShown, width int) string {
	rows := [][]string{{"ROLE", "FROM", "RUNTIME", "MODEL", "PLAN", "ABOUT"}}
	for _, r := range all {
		rows = append(rows, []string{r.Name, r.Origin, show.Cut(show.Line(r.Runtime), 20), r.Model, planWord(r), show.Line(r.Description)})
	}
	return show.Table(rows, width)
}

func planWord(r roleShown) string {
	if r.PlanRequired {
		return "required"
	}
	return "-"
}

func roleText(r roleShown) string {
	var b strings.Builder
	row := func(what, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%-12s%s\n", what, show.Line(text))
		}
	}
	row("role", r.Name)
	row("also", strings.Join(r.Names, ", "))
	row("for", r.Description)
	row("from", r.Origin)
	row("configured", strings.Join(r.Configured, ", "))
	row("runtime", r.Runtime)
	row("model", r.Model)
	row("tools", toolsText(r.Tools))
	row("plan", map[bool]string{true: "has to be presented, and approved by a person, before anything is changed", false: "none has to be presented"}[r.PlanRequired])
	if r.Reviews {
		row("reviews", "its agents are shown the range of commits to look at")
	}
	for _, n := range r.Notes {
		row("note", n)
	}
	if r.Prompt != "" {
		b.WriteString("\n" + r.Prompt + "\n")
	}
	return b.String()
}

func toolsText(tools []string) string {
	switch {
	case tools == nil:
		return "all"
	case len(tools) == 0:
		return "none"
	}
	return strings.Join(tools, ", ")
}
