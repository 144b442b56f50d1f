package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"popkit/internal/cli"
	"popkit/internal/demo"
)

// self is what to type for this program: its name, or where it is when the PATH
// does not lead there.
func self() string {
	if _, err := exec.LookPath("popkit"); err == nil {
		return "popkit"
	}
	path, err := os.Executable()
	if err != nil {
		return "popkit"
	}
	return path
}

// runDemo is `popkit demo [DIR]`: it makes the demo's repository and starts its
// plan there, with the same command a user would type.
func runDemo(env cli.Env) func(ctx context.Context, s cli.Streams, args []string) int {
	return func(ctx context.Context, s cli.Streams, args []string) int {
		var dir string
		var err error
		if len(args) > 0 {
			dir = args[0]
		} else if dir, err = os.MkdirTemp("", "popkit-demo-"); err != nil {
			fmt.Fprintf(s.Err, "popkit: %v\n", err)
			return 5
		}
		repo, plan, err := demo.Write(ctx, dir)
		if err != nil {
			fmt.Fprintf(s.Err, "popkit: %v\n", err)
			return 5
		}
		fmt.Fprintf(s.Err, "a Go project whose tests are red: %s\n\n$ cd %s && popkit power start --plan %s --yes\n", repo, repo, plan)
		env.Dir, env.Streams = repo, s
		code := cli.Main(ctx, []string{"power", "start", "--plan", plan, "--yes"}, env)
		fmt.Fprintf(s.Err, "\nlook around: cd %s && %s power report && git log --graph --oneline --all\n", repo, self())
		return code
	}
}
