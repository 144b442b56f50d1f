package power

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/cli/driver"
	"popkit/internal/cli/planning"
	"popkit/internal/config"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/role"
	"popkit/internal/show"
)

type initOptions struct {
	Verify        bool
	Runtime, Mode string
	JSON          bool
}

// Checked is one line of `popkit power init --verify --json`.
type Checked struct {
	What string `json:"what"` // git, repository, configuration, sandbox, roles, mode, runtime
	OK   bool   `json:"ok"`
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`

	code int
}

func newInit(e *command.Env) *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Check that a run can start here, and say in which mode",
		Long: `Check git, the repository, the configuration, the sandbox and the runtime, and say
which mode would be selected and why. Nothing needs to be set up and nothing is changed;
--verify is accepted for the sake of the specification.`,
		Args: command.Takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return runInit(cmd.Context(), e, o) },
	}
	cmd.Flags().BoolVar(&o.Verify, "verify", true, "check")
	cmd.Flags().StringVar(&o.Runtime, "runtime", "", "check as with power start --runtime")
	cmd.Flags().StringVar(&o.Mode, "mode", "", "check as with power start --mode")
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runInit(ctx context.Context, e *command.Env, o initOptions) error {
	list := verify(ctx, e, o)
	if o.JSON {
		if err := e.PrintJSON(list); err != nil {
			return err
		}
	}
	var first error
	for _, c := range list {
		mark := "ok"
		if !c.OK {
			mark = "no"
			if first == nil {
				first = command.Outcome(c.code)
			}
		}
		if o.JSON {
			continue
		}
		if err := e.Print(fmt.Sprintf("%s  %-14s %s\n", mark, c.What, c.Text)); err != nil {
			return err
		}
		if c.Hint != "" {
			if err := e.Print("    hint: " + c.Hint + "\n"); err != nil {
				return err
			}
		}
	}
	return first
}

func verify(ctx context.Context, e *command.Env, o initOptions) []Checked {
	out := []Checked{verifyGit(ctx, e)}
	info, err := e.Repo(ctx)
	if err != nil {
		return append(out, notOK("repository", err))
	}
	if info.Empty {
		return append(out, notOK("repository", command.NoCommits()))
	}
	if err := command.Name(info); err != nil {
		return append(out, notOK("repository", err))
	}
	out = append(out, Checked{What: "repository", OK: true, Text: info.Top})
	cfg, err := config.Load(config.Sources{RepoDir: info.Top, Env: e.Getenv})
	if err != nil {
		return append(out, notOK("configuration", err))
	}
	text := strings.Join(cfg.Notes, "; ")
	if text == "" {
		text = "no mistakes"
	}
	out = append(out, Checked{What: "configuration", OK: true, Text: text}, verifySandbox(ctx, e))
	claude, err := e.Host.FindClaude(ctx, info.Top)
	if err != nil {
		return append(out, notOK("claude", command.Environment(err)))
	}
	plan := objective.Plan{Phases: objective.Defaults(nil)}
	roles, notes, err := planning.RolesFor(info.Top, plan)
	if err != nil {
		return append(out, notOK("roles", err))
	}
	out = append(out, Checked{What: "roles", OK: true, Text: rolesText(roles, notes)})
	s, err := cfg.Settings(plan, config.Flags{Roles: roles, Runtime: o.Runtime, Mode: o.Mode, ClaudeVersion: claude.Version})
	if err != nil {
		return append(out, notOK("mode", command.UsageError(err)))
	}
	limit := fmt.Sprintf("%s: %s; at most %d agents (%s)", s.Mode, s.ModeReason, s.MaxAgents, s.MaxAgentsSource)
	out = append(out, Checked{What: "mode", OK: true, Text: limit})
	if err := driver.Check(ctx, e, info.Top, plan, s); err != nil {
		return append(out, notOK("runtime", err))
	}
	return append(out, verifyRuntime(s.Runtime, claude))
}

// verifyRuntime says what drives agents, and of Claude Code what it is and can.
func verifyRuntime(runtime string, c command.Claude) Checked {
	out := Checked{What: "runtime", OK: true, Text: runtime}
	if runtime != "claude" {
		return out
	}
	out.Text = fmt.Sprintf("claude: Claude Code %s, %s; settings %s", c.Version, c.Path, c.Settings)
	if len(c.Weakens) > 0 {
		out.Text += " (" + strings.Join(c.Weakens, "; ") + ")"
	}
	if c.Features != "" {
		out.Text += "; " + c.Features
	}
	if c.Login == "" {
		out.Text += "; no login was found"
		out.Hint = "claude, and in it /login"
	} else {
		out.Text += "; logged in by " + c.Login
	}
	return out
}

// rolesText says which roles are the repository's own.
func rolesText(roles map[string]event.Role, notes []string) string {
	own := []string{}
	for name, r := range roles {
		if r.Origin != role.Own {
			own = append(own, name)
		}
	}
	slices.Sort(own)
	text := fmt.Sprintf("%d, all popkit's own", len(roles))
	if len(own) > 0 {
		text = fmt.Sprintf("%d, of which %s from %s", len(roles), strings.Join(own, ", "), role.Dir)
	}
	return strings.Join(append([]string{text}, notes...), "; ")
}

func verifyGit(ctx context.Context, e *command.Env) Checked {
	var out bytes.Buffer
	code, err := e.Host.Git(ctx, command.Streams{In: strings.NewReader(""), Out: &out, Err: &out}, e.Dir, "version")
	if err == nil && code != 0 {
		err = fmt.Errorf("git version: exit code %d", code)
	}
	if err != nil {
		return notOK("git", command.Environment(err))
	}
	return Checked{What: "git", OK: true, Text: strings.TrimSpace(out.String())}
}

// verifySandbox says what would hold agents: that it is nothing is no obstacle,
// unless a sandbox is required.
func verifySandbox(ctx context.Context, e *command.Env) Checked {
	found, err := e.Host.FindSandbox(ctx, e.Dir)
	if err != nil {
		return notOK("sandbox", command.Environment(err))
	}
	c := Checked{What: "sandbox", OK: true, Text: found.Degree}
	switch {
	case found.Configured == "off":
		c.Text = "off: agents run unsandboxed, as configured"
	case found.Degree == "none":
		c.Text = "none: agents run unsandboxed"
		c.Hint = "popkit sandbox check says more"
	}
	if found.Why != "" {
		c.Text += " (" + show.Line(found.Why) + ")"
	}
	return c
}

func notOK(what string, err error) Checked {
	text, hints := command.Words(err)
	return Checked{What: what, Text: strings.ReplaceAll(text, "\n", "; "), Hint: strings.Join(hints, ", or "), code: command.ExitCode(err)}
}
