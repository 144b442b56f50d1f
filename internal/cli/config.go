package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/config"
	"popkit/internal/show"
)

type configOptions struct {
	Key  string // "" is every key
	JSON bool
}

func newConfig(e *command.Env) *cobra.Command {
	var o configOptions
	cmd := &cobra.Command{
		Use: "config", Short: "Show the configuration and where each value comes from", Args: command.HoldsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error { return runConfig(cmd.Context(), e, o) },
	}
	command.JSONFlag(cmd, &o.JSON)
	explain := &cobra.Command{
		Use: "explain [KEY]", Short: "Say what a key, or each of a section, means, has and changes", Args: command.Takes(0, 1),
		Example: "  popkit config explain limits.max_parallel_agents",
		ValidArgsFunction: func(_ *cobra.Command, _ []string, word string) (out []cobra.Completion, _ cobra.ShellCompDirective) {
			for _, k := range config.Keys() {
				out = append(out, cobra.CompletionWithDesc(k.Name, k.Meaning))
			}
			return command.Beginning(word, out), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Key = command.First(args)
			return runExplain(cmd.Context(), e, o)
		},
	}
	command.JSONFlag(explain, &o.JSON)
	cmd.AddCommand(explain)
	return cmd
}

// explanations are of one key, or of all.
func explanations(ctx context.Context, e *command.Env, key string) ([]config.Explanation, error) {
	info, err := e.Repo(ctx)
	if err != nil {
		return nil, err
	}
	cfg, err := config.Load(config.Sources{RepoDir: info.Top, Env: e.Getenv})
	if err != nil {
		return nil, err
	}
	for _, n := range cfg.Notes {
		e.Say("note: %s", n)
	}
	all, err := cfg.ExplainAll()
	if key == "" || err != nil {
		return all, err
	}
	if section := slices.DeleteFunc(all, func(x config.Explanation) bool { return !strings.HasPrefix(x.Key, key+".") }); len(section) > 0 {
		return section, nil
	}
	x, err := cfg.Explain(key)
	return []config.Explanation{x}, command.UsageError(err)
}

func runConfig(ctx context.Context, e *command.Env, o configOptions) error {
	all, err := explanations(ctx, e, "")
	if err != nil {
		return err
	}
	if o.JSON {
		return e.PrintJSON(all)
	}
	rows := [][]string{{"KEY", "VALUE", "FROM"}}
	for _, x := range all {
		rows = append(rows, []string{x.Key, show.Cut(value(x.Value), 50), x.Origin})
	}
	return e.Print(show.Table(rows, 0))
}

func runExplain(ctx context.Context, e *command.Env, o configOptions) error {
	all, err := explanations(ctx, e, o.Key)
	if err != nil {
		return err
	}
	if o.JSON {
		return e.PrintJSON(all)
	}
	var b strings.Builder
	for _, x := range all {
		fmt.Fprintf(&b, "%s = %s\n  %s\n", x.Key, value(x.Value), x.Meaning)
		if x.Unit != "" {
			fmt.Fprintf(&b, "  unit: %s\n", x.Unit)
		}
		fmt.Fprintf(&b, "  default: %s; this value comes from: %s\n  takes effect in: %s\n", value(x.Default), x.Origin, x.Effect)
		if x.Later {
			b.WriteString("  accepted and checked now, without effect yet\n")
		}
	}
	return e.Print(b.String())
}

// value is a value as it is written in the file, on one line.
func value(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "null"
	}
	return show.Line(string(raw))
}
