package cli

import (
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"popkit/internal/api"
	"popkit/internal/cli/command"
	"popkit/internal/core/event"
	"popkit/internal/show"
)

func newGC(e *command.Env) *cobra.Command {
	var dry, asJSON bool
	cmd := &cobra.Command{
		Use:   "gc",
		Short: "Remove what runs that are over have left behind",
		Long: `Remove workspaces and other leftovers of runs that are over. Nothing is removed
whose work is not kept; --dry-run lists exactly what would be.`,
		Args: command.Takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return runGC(cmd.Context(), e, dry, asJSON) },
	}
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "only list")
	command.JSONFlag(cmd, &asJSON)
	return cmd
}

func runGC(ctx context.Context, e *command.Env, dry, asJSON bool) error {
	info, err := e.Repo(ctx)
	if err != nil {
		return err
	}
	found, err := e.Host.GC(ctx, info.Top, dry)
	if err != nil {
		return command.Environment(err)
	}
	if asJSON {
		if found == nil {
			found = []command.Removal{}
		}
		return e.PrintJSON(found)
	}
	if len(found) == 0 {
		e.Say("nothing to remove")
	}
	for _, f := range found {
		if err := e.Print(fmt.Sprintf("%s %s (run %s): %s\n", f.Kind, f.Path, f.Run, show.Line(f.Why))); err != nil {
			return err
		}
	}
	return nil
}

// versionInfo is `popkit version --json`.
type versionInfo struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Protocol int    `json:"protocol"`
	Events   int    `json:"events"` // version of the log's events
}

func newVersion(e *command.Env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "version", Short: "Print the version", Args: command.Takes(0, 0),
		RunE: func(*cobra.Command, []string) error { return runVersion(e, asJSON) },
	}
	command.JSONFlag(cmd, &asJSON)
	return cmd
}

func runVersion(e *command.Env, asJSON bool) error {
	v := versionInfo{
		Version: e.Host.Version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Protocol: api.Protocol, Events: event.Version,
	}
	if asJSON {
		return e.PrintJSON(v)
	}
	return e.Print(fmt.Sprintf("popkit %s (%s, %s/%s)\n", v.Version, v.Go, v.OS, v.Arch))
}

func newDemo(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "demo [DIR]",
		Short: "Watch five scripted agents build a feature in a scratch repository",
		Long: `Make a small Go project whose tests are red, in DIR or a temporary folder, and run
a plan of four phases on it with scripted agents: no model, no key. Go is needed.`,
		Args: command.Takes(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if e.Demo == nil {
				return command.Failed("popkit power start --help", "this popkit is built without its demo")
			}
			if code := e.Demo(cmd.Context(), e.Streams, args); code != 0 {
				return command.Outcome(code)
			}
			return nil
		},
	}
}
