package main

import (
	"context"
	"errors"
	"os"

	"popkit/internal/agent/claudecode/launch"
	"popkit/internal/cli"
	"popkit/internal/config"
)

// claudeFinder is cli.Host.FindClaude: it asks the program once for each repository.
// Commands have one goroutine.
func claudeFinder() func(ctx context.Context, repo string) (cli.Claude, error) {
	known := map[string]cli.Claude{}
	return func(ctx context.Context, repo string) (cli.Claude, error) {
		if c, ok := known[repo]; ok {
			return c, nil
		}
		cfg, err := config.Load(config.Sources{RepoDir: repo, Env: os.Getenv})
		if err != nil {
			return cli.Claude{}, err
		}
		known[repo] = findClaude(ctx, cfg.Claude, repo)
		return known[repo], nil
	}
}

func findClaude(ctx context.Context, cfg config.Claude, repo string) cli.Claude {
	found, err := launch.Find(ctx, cfg.Path, os.Environ())
	c := cli.Claude{Path: found.Path, Version: found.Version, Features: found.Says(), Settings: cfg.Settings}
	if err == nil {
		c.Login, err = launch.LoggedIn(os.Environ())
	}
	if err == nil && cfg.Settings == config.Inherit {
		c.Weakens, err = launch.Weakens(os.Environ(), repo)
	}
	switch {
	case errors.Is(err, launch.ErrNotFound):
		c.Why, c.Install = launch.ErrNotFound.Error(), launch.Install
	case err != nil:
		c.Why = err.Error()
	}
	return c
}
