package command

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"popkit/internal/core/view"
	"popkit/internal/show"
)

// Completion must answer at once and never fail loudly: what can't be read
// completes to nothing.
const completeWithin = time.Second

type completer = cobra.CompletionFunc

// CompleteRuns completes a command's first argument with the repository's runs.
func CompleteRuns(e *Env) completer {
	return func(cmd *cobra.Command, args []string, word string) (out []cobra.Completion, _ cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		if p, err := e.Place(cmd.Context()); err == nil {
			if all, err := p.List(); err == nil {
				for _, r := range all {
					out = append(out, r.ID)
				}
			}
		}
		return Beginning(word, out), cobra.ShellCompDirectiveNoFileComp
	}
}

// Beginning leaves only the completions that begin with what was typed.
func Beginning(word string, all []cobra.Completion) []cobra.Completion {
	return slices.DeleteFunc(all, func(c cobra.Completion) bool { return !strings.HasPrefix(c, word) })
}

// Choices completes a flag's value.
func Choices(cmd *cobra.Command, flag string, values ...cobra.Completion) {
	complete(cmd, flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// RunFlag adds --run.
func RunFlag(e *Env, cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "run", "", "the run (default: the active one, else the last)")
	runs := CompleteRuns(e)
	complete(cmd, "run", func(cmd *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return runs(cmd, nil, word)
	})
}

// complete panics where the flag is not there: a slip of whoever wrote the
// command, which every test finds.
func complete(cmd *cobra.Command, flag string, f completer) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err)
	}
}

// completeOf completes a command's first argument from the run's status.
func completeOf(e *Env, pick func(view.Status) []cobra.Completion) completer {
	return func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completeWithin)
		defer cancel()
		run := ""
		if f := cmd.Flags().Lookup("run"); f != nil {
			run = f.Value.String()
		}
		_, v, err := e.FindStatus(ctx, run)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return Beginning(word, pick(v)), cobra.ShellCompDirectiveNoFileComp
	}
}

// CompleteTasks completes the first argument with the run's tasks.
func CompleteTasks(e *Env) completer {
	return completeOf(e, func(v view.Status) (out []cobra.Completion) {
		for _, t := range v.Tasks {
			out = append(out, cobra.CompletionWithDesc(t.ID, t.State+", "+show.Line(t.Title)))
		}
		return out
	})
}

// CompleteAgents completes the first argument with the run's agents.
func CompleteAgents(e *Env) completer {
	return completeOf(e, func(v view.Status) (out []cobra.Completion) {
		for _, a := range v.Agents {
			out = append(out, cobra.CompletionWithDesc(a.ID, a.State+", task "+a.Task))
		}
		return out
	})
}

// CompleteDecisions completes the question, then its answers.
func CompleteDecisions(e *Env) completer {
	ids := completeOf(e, func(v view.Status) (out []cobra.Completion) {
		for _, d := range v.Decisions {
			out = append(out, cobra.CompletionWithDesc(d.ID, show.Cut(show.Line(d.Text), 60)))
		}
		return out
	})
	return func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) != 1 {
			return ids(cmd, args, word)
		}
		answers := completeOf(e, func(v view.Status) (out []cobra.Completion) {
			for _, d := range v.Decisions {
				if d.ID == args[0] {
					out = append(out, d.Options...)
				}
			}
			return out
		})
		return answers(cmd, nil, word)
	}
}
