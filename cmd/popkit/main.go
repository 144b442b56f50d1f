package main

import (
	"context"
	"fmt"
	"os"

	"popkit/internal/cli"
	"popkit/internal/proc"
	"popkit/internal/sandbox"
	"popkit/internal/sandbox/proof"
)

// version is set by the build.
var version = "dev"

func main() {
	proc.MaybeInit(sandbox.Enter)
	if len(os.Args) > 1 && os.Args[1] == proof.Arg {
		os.Exit(proof.Attack(os.Args[2:]))
	}
	os.Exit(run())
}

func run() int {
	ctx := context.Background()
	env, err := cli.System(host())
	if err != nil {
		fmt.Fprintf(os.Stderr, "popkit: %v\n", err)
		return 5
	}
	env.Demo = runDemo(env)
	return cli.Main(ctx, os.Args[1:], env)
}
