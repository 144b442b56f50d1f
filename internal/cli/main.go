package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/core/nearest"
)

// Main runs the command that args (without the program's name) say and returns
// the exit code.
func Main(ctx context.Context, args []string, e Env) int {
	e.args = args
	root := newRoot(&e)
	root.SetArgs(args)
	ran := false
	beforeEach(root, func() { ran = true })
	cmd, err := root.ExecuteContextC(ctx)
	var f *failure
	if err != nil && !ran && !errors.As(err, &f) {
		// Cobra's own errors: unknown commands and flags, wrong numbers of arguments.
		err = usageError(oneLine(err), cmd.CommandPath()+" --help")
	}
	return report(e.Err, err)
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
	return errors.New(text)
}

func newRoot(e *Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "popkit",
		Short: "Run several coding agents at once on one git repository",
		Long: `popkit takes an objective, runs several agents in parallel on a git repository,
shares what they find, holds them at verified barriers and leaves one branch.

Exit codes: 0 done and verified, 1 failed, 2 usage, 3 needs a human, 4 stopped,
5 environment.`,
		SilenceErrors: true, SilenceUsage: true,
		Args: holdsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(e.In)
	root.SetOut(e.Out)
	root.SetErr(e.Err)
	root.CompletionOptions.HiddenDefaultCmd = false
	root.AddGroup(&cobra.Group{ID: "people", Title: "Commands for people:"},
		&cobra.Group{ID: "agents", Title: "Commands for agents, inside a run:"})
	power := group("power", "Run an objective with several agents", newStart(e), newAttach(e), newStatus(e), newStop(e), newResume(e), newList(e),
		newLog(e), newReportOf(e), newDiff(e), newMerge(e), newDecide(e), newWhy(e), newRetry(e), newSkip(e), newEdit(e),
		newTell(e), newTranscript(e), newInit(e))
	for _, c := range []*cobra.Command{power, newPlan(e), newReplay(e), newGC(e), newConfig(e), newDemo(e), newVersion(e)} {
		c.GroupID = "people"
		root.AddCommand(c)
	}
	for _, c := range []*cobra.Command{newInsight(e), newCheckIn(e), newAsk(e), newReport(e)} {
		c.GroupID = "agents"
		root.AddCommand(c)
	}
	root.AddCommand(newServe(e), newScript(e))
	return root
}

// group is a command that only holds others.
func group(use, short string, cmds ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: holdsOnly, RunE: func(cmd *cobra.Command, _ []string) error {
		return usage(cmd.CommandPath()+" --help", "%s needs a command: %s", cmd.CommandPath(), strings.Join(names(cmd), ", "))
	}}
	c.AddCommand(cmds...)
	return c
}

// holdsOnly refuses arguments of a command that only holds others: they are
// commands that are not there.
func holdsOnly(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usage(nearest.Hint(args[0], names(cmd), cmd.CommandPath()+" --help"), "%s has no command %q", cmd.CommandPath(), args[0])
}

func names(cmd *cobra.Command) []string {
	var out []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			out = append(out, c.Name())
		}
	}
	return out
}

// takes checks the number of arguments; most < 0 is any number. The messages
// use the names in the command's Use line.
func takes(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		_, form, _ := strings.Cut(cmd.Use, " ")
		switch {
		case len(args) < least:
			return usage(cmd.CommandPath()+" --help", "%s needs %s", cmd.CommandPath(), form)
		case most == 0 && len(args) > 0:
			return usage(cmd.CommandPath()+" --help", "%s takes no argument, but was given %q", cmd.CommandPath(), args[0])
		case most > 0 && len(args) > most:
			return usage(cmd.CommandPath()+" --help", "%s takes %s only, but was given %q too", cmd.CommandPath(), form, args[most])
		}
		return nil
	}
}

// jsonFlag adds --json.
func jsonFlag(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "json", false, "print JSON")
}

// printJSON writes v as indented JSON, one value.
func (e *Env) printJSON(v any) error {
	enc := json.NewEncoder(e.Out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// print writes text to standard output.
func (e *Env) print(text string) error {
	if _, err := fmt.Fprint(e.Out, text); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}
