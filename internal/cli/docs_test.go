package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestCommandsPage keeps docs/commands.md; -update writes it.
func TestCommandsPage(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# Commands

Made from the commands' own help; a test keeps it so. Exit codes are in
[exit-codes.md](exit-codes.md), the JSON Schema of each ` + "`--json`" + ` output in
[schema](schema). Standard output holds only what was asked for; questions and
errors go to standard error. Without RUN a command means the active run, else the
last; a RUN may be shortened to its first letters. ` + "`popkit completion SHELL`" + ` completes
commands, runs, tasks, agents and questions.
`)
	root := newRoot(&Env{})
	root.InitDefaultCompletionCmd()
	walk(root, func(c *cobra.Command) {
		if c.Hidden || c.Parent() == nil || c.HasParent() && c.Parent().Name() == "completion" || c.Name() == "help" {
			return
		}
		if c.HasSubCommands() && !c.Flags().HasAvailableFlags() {
			fmt.Fprintf(&b, "\n## %s\n\n%s.\n", c.CommandPath(), c.Short)
			return
		}
		section(&b, c)
	})
	generated(t, "../../docs/commands.md", b.String())
}

func section(b *strings.Builder, c *cobra.Command) {
	level := strings.Repeat("#", strings.Count(c.CommandPath(), " ")+1)
	fmt.Fprintf(b, "\n%s %s\n\n%s.\n\n```\n%s\n```\n", level, c.CommandPath(), c.Short, c.UseLine())
	if c.Long != "" {
		fmt.Fprintf(b, "\n%s\n", c.Long)
	}
	if c.LocalFlags().HasAvailableFlags() {
		b.WriteString("\n| flag | is |\n|---|---|\n")
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden || f.Name == "help" {
				return
			}
			name := "`--" + f.Name + "`"
			if f.Shorthand != "" {
				name = "`-" + f.Shorthand + "`, " + name
			}
			fmt.Fprintf(b, "| %s | %s |\n", name, strings.ReplaceAll(f.Usage, "|", "\\|"))
		})
	}
	if c.Example != "" {
		fmt.Fprintf(b, "\n```sh\n%s\n```\n", strings.ReplaceAll(strings.TrimPrefix(c.Example, "  "), "\n  ", "\n"))
	}
}

// TestHelp: every command says what it is in one line, and takes --help.
func TestHelp(t *testing.T) {
	walk(newRoot(&Env{}), func(c *cobra.Command) {
		if c.Short == "" && !c.Hidden {
			t.Errorf("%s has no short help", c.CommandPath())
		}
		if strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: the short help ends with a full stop", c.CommandPath())
		}
	})
	w := newWorld(t)
	for _, line := range []string{"popkit --help", "popkit power --help", "popkit power start --help", "popkit demo --help", "popkit", "popkit completion bash"} {
		if out := w.stdout(line); len(out) < 100 {
			t.Errorf("%s: %s", line, out)
		}
	}
}
