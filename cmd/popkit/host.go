package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"popkit/internal/api"
	"popkit/internal/cli"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/daemon"
	"popkit/internal/planner"
	"popkit/internal/runs"
)

// host plugs the daemon's functions into the commands.
func host() cli.Host {
	created := map[string]bool{} // by this process, which has one goroutine here
	return cli.Host{
		Version: version,
		Repo: func(ctx context.Context, dir string) (cli.RepoInfo, error) {
			info, err := daemon.Look(ctx, dir)
			return cli.RepoInfo(info), err
		},
		Create: func(ctx context.Context, n cli.NewRun) (runs.Run, error) {
			r, err := daemon.Create(ctx, daemon.NewRun{
				Repo: n.Repo, Plan: n.Plan, PlanSource: n.PlanSource, BaseRef: n.BaseRef, Settings: n.Settings, Version: version,
			})
			created[r.ID] = err == nil
			return r, err
		},
		Spawn: func(ctx context.Context, r runs.Run, by string) (runs.Holder, error) {
			h, err := daemon.Spawn(ctx, r, by)
			if err != nil && created[r.ID] {
				err = errors.Join(err, daemon.DiscardLoser(ctx, r))
			}
			return h, err
		},
		MakePlan: func(ctx context.Context, o cli.PlanOrder, say func(string)) (planner.Made, error) {
			return daemon.MakePlan(ctx, daemon.PlanOrder(o), say)
		},
		TryChecks: func(ctx context.Context, o cli.PlanOrder, p objective.Plan, say func(string)) ([]planner.Trial, error) {
			return daemon.TryChecks(ctx, daemon.PlanOrder(o), p, say)
		},
		Serve:   serve,
		Offline: func(ctx context.Context, r runs.Run) (api.Caller, error) { return daemon.Offline(ctx, r) },
		Git: func(ctx context.Context, s cli.Streams, dir string, args ...string) (int, error) {
			return daemon.Git(ctx, s.In, s.Out, s.Err, dir, args...)
		},
		GC: func(ctx context.Context, repo string, dry bool) ([]cli.Removal, error) {
			found, err := daemon.GC(ctx, repo, dry)
			out := make([]cli.Removal, len(found))
			for i, f := range found {
				out[i] = cli.Removal(f)
			}
			return out, err
		},
		CheckSandbox: checkSandbox,
		FindSandbox:  findSandbox,
		FindClaude:   claudeFinder(),
		PlayScript:   playScript,
	}
}

// serve is the engine process.
func serve(ctx context.Context, r runs.Run, by string, ready io.WriteCloser) (event.Outcome, error) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	signal.Ignore(syscall.SIGHUP)
	return daemon.Serve(ctx, daemon.ServeOptions{
		Run: r, By: by, Version: version, Ready: ready, Log: os.Stderr, Signals: signals,
	})
}
