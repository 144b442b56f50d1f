package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/cli/power"
)

// Main runs the command that args (without the program's name) say and returns
// the exit code.
func Main(ctx context.Context, args []string, e command.Env) int {
	e.Args = args
	root := newRoot(&e)
	root.SetArgs(args)
	ran := false
	beforeEach(root, func() { ran = true })
	cmd, err := root.ExecuteContextC(ctx)
	var f *command.Failure
	if err != nil && !ran && !errors.As(err, &f) {
		// Cobra's own errors: unknown commands and flags, wrong numbers of arguments.
		err = command.UsageError(oneLine(err), cmd.CommandPath()+" --help")
	}
	return command.Report(e.Err, err)
}

// beforeEach calls f when a command's own function begins: an error from before
// that is a mistake in what was typed.
func beforeEach(cmd *cobra.Command, f func()) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			f()
			return run(cmd, args)
		}
	}
	for _, c := range cmd.Commands() {
		beforeEach(c, f)
	}
}

// oneLine is the first line of an error that explains itself in several.
func oneLine(err error) error {
	text, _, _ := strings.Cut(err.Error(), "\n")
	if _, flags, excluded := strings.Cut(text, "none of the others can be; ["); excluded {
		flags, _, _ = strings.Cut(flags, "]")
		return errors.New("--" + strings.Join(strings.Fields(flags), " and --") + " exclude each other")
	}
	text, _, _ = strings.Cut(text, ": strconv.") // a flag's value; the Go function is nobody's business
	return errors.New(text)
}

func newRoot(e *command.Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "popkit",
		Short: "Run several coding agents at once on one git repository",
		Long: `popkit takes an objective, runs several agents in parallel on a git repository,
shares what they find, holds them at verified barriers and leaves one branch.

Exit codes: 0 done and verified, 1 failed, 2 usage, 3 needs a human, 4 stopped,
5 environment.`,
		SilenceErrors: true, SilenceUsage: true,
		Args: command.HoldsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.Version = e.Host.Version
	root.SetVersionTemplate("popkit {{.Version}}\n")
	root.SetIn(e.In)
	root.SetOut(e.Out)
	root.SetErr(e.Err)
	root.CompletionOptions.HiddenDefaultCmd = false
	root.AddGroup(&cobra.Group{ID: "people", Title: "Commands for people:"},
		&cobra.Group{ID: "agents", Title: "Commands for agents, inside a run:"})
	for _, c := range []*cobra.Command{power.New(e), newPlan(e), newReplay(e), newGC(e), newSandbox(e), newConfig(e), newRoles(e), newDemo(e), newVersion(e)} {
		c.GroupID = "people"
		root.AddCommand(c)
	}
	for _, c := range []*cobra.Command{newInsight(e), newCheckIn(e), newAsk(e), newReport(e), newUsage(e), newGuard(e)} {
		c.GroupID = "agents"
		root.AddCommand(c)
	}
	root.AddCommand(newServe(e), newScript(e))
	return root
}
