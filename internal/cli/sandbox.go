package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/show"
)

func newSandbox(e *command.Env) *cobra.Command {
	return command.Group("sandbox", "The sandbox: what the operating system keeps agents from", newSandboxCheck(e))
}

func newSandboxCheck(e *command.Env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Try to break each promise of the sandbox on this machine",
		Long: `Try to break each promise of the sandbox on this machine, one line a promise: held,
BROKEN, or not available. The attacks are real, their victims are not: files, sockets
and a process made for it below the workspaces' folder.

Exit status 0: what this machine can hold is held. 1: a promise is broken.
5: there is no sandbox here.`,
		Args: command.Takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return runSandboxCheck(cmd.Context(), e, asJSON) },
	}
	command.JSONFlag(cmd, &asJSON)
	return cmd
}

func runSandboxCheck(ctx context.Context, e *command.Env, asJSON bool) error {
	found, err := e.Host.CheckSandbox(ctx, e.Dir)
	if err != nil {
		return command.Environment(err)
	}
	if found.Promises == nil {
		found.Promises = []SandboxPromise{}
	}
	if asJSON {
		err = e.PrintJSON(found)
	} else {
		err = e.Print(sandboxText(found))
	}
	switch {
	case err != nil:
		return err
	case found.Degree == "none":
		return command.Outcome(command.ExitEnvironment)
	case found.Broken():
		return command.Outcome(command.ExitFailed)
	}
	return nil
}

func sandboxText(s SandboxCheck) string {
	var b strings.Builder
	fmt.Fprintf(&b, "sandbox: %s (configured: %s)\n", s.Degree, s.Configured)
	if s.Why != "" {
		fmt.Fprintf(&b, "  %s\n", show.Line(s.Why))
	}
	if s.Configured == "off" {
		b.WriteString("  agents run without it, since it is off: what follows is what it would hold\n")
	}
	for _, p := range s.Promises {
		state := p.State
		if state == "broken" {
			state = "BROKEN"
		}
		fmt.Fprintf(&b, "%-13s  %s", state, p.Promise)
		if p.Tries > 0 {
			fmt.Fprintf(&b, " (%s)", show.Count(p.Tries, "way"))
		}
		if p.Detail != "" {
			fmt.Fprintf(&b, ": %s", show.Line(p.Detail))
		}
		b.WriteString("\n")
	}
	return b.String()
}
