package main

import (
	"context"

	"popkit/internal/cli"
	"popkit/internal/daemon"
)

// checkSandbox is `popkit sandbox check`.
func checkSandbox(ctx context.Context, dir string) (cli.SandboxCheck, error) {
	r, err := daemon.CheckSandbox(ctx, dir)
	out := cli.SandboxCheck{Configured: r.Configured, Degree: string(r.Ability.Degree), Why: r.Why}
	for _, p := range r.Results {
		out.Promises = append(out.Promises, cli.SandboxPromise{Promise: p.Promise, State: string(p.State), Tries: p.Tries, Detail: p.Detail})
	}
	return out, err
}

// findSandbox is what would hold agents here, untried.
func findSandbox(ctx context.Context, dir string) (cli.SandboxCheck, error) {
	r, err := daemon.FindSandbox(ctx, dir)
	return cli.SandboxCheck{Configured: r.Configured, Degree: string(r.Ability.Degree), Why: r.Why}, err
}
