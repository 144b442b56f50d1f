package command

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/core/nearest"
)

// Group is a command that only holds others.
func Group(use, short string, cmds ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: HoldsOnly, RunE: func(cmd *cobra.Command, _ []string) error {
		return Usage(cmd.CommandPath()+" --help", "%s needs a command: %s", cmd.CommandPath(), strings.Join(names(cmd), ", "))
	}}
	c.AddCommand(cmds...)
	return c
}

// HoldsOnly refuses arguments of a command that only holds others: they are
// commands that are not there.
func HoldsOnly(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return Usage(nearest.Hint(args[0], names(cmd), cmd.CommandPath()+" --help"), "%s has no command %q", cmd.CommandPath(), args[0])
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

// Takes checks the number of arguments; most < 0 is any number. The messages
// use the names in the command's Use line.
func Takes(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		_, form, _ := strings.Cut(cmd.Use, " ")
		switch {
		case len(args) < least:
			return Usage(cmd.CommandPath()+" --help", "%s needs %s", cmd.CommandPath(), form)
		case most == 0 && len(args) > 0:
			return Usage(cmd.CommandPath()+" --help", "%s takes no argument, but was given %q", cmd.CommandPath(), args[0])
		case most > 0 && len(args) > most:
			return Usage(cmd.CommandPath()+" --help", "%s takes %s only, but was given %q too", cmd.CommandPath(), form, args[most])
		}
		return nil
	}
}

// JSONFlag adds --json.
func JSONFlag(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "json", false, "print JSON")
}

// PrintJSON writes v as indented JSON, one value.
func (e *Env) PrintJSON(v any) error {
	enc := json.NewEncoder(e.Out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// Print writes text to standard output.
func (e *Env) Print(text string) error {
	if _, err := fmt.Fprint(e.Out, text); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}
