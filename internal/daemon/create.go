package daemon

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/oklog/ulid/v2"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/eventlog/filelog"
	"popkit/internal/runs"
	"popkit/internal/statefile"
	"popkit/internal/workspace"
)

// NewRun is what a run is made of.
type NewRun struct {
	Repo       string // any directory in the repository
	Plan       objective.Plan
	PlanSource string
	BaseRef    string // "" = HEAD
	Settings   event.Settings
	Version    string
}

// hasRoom says, before there is a run, that its workspaces can not be where they
// would be. Nothing is written.
func hasRoom(repo *workspace.Repo, run runs.Run) error {
	cfg, err := loadConfig(run.Place.Repo)
	if err != nil {
		return err
	}
	root, err := workspaceRoot(cfg)
	if err != nil {
		return err
	}
	_, err = workspace.NewRun(repo, run.ID, root, workspace.Options{})
	return err
}

// Create makes a run: its ID, its folder and the first event of its log.
func Create(ctx context.Context, n NewRun) (runs.Run, error) {
	repo, err := workspace.Find(ctx, n.Repo)
	if err != nil {
		return runs.Run{}, err
	}
	base, err := repo.Resolve(ctx, n.BaseRef)
	if err != nil {
		return runs.Run{}, err
	}
	if _, err := repo.Identity(ctx); err != nil {
		return runs.Run{}, err
	}
	place := Place(repo)
	if err := place.Busy(); err != nil {
		return runs.Run{}, err
	}
	if n, err = withScripts(ctx, place.Repo, base.Commit, n); err != nil {
		return runs.Run{}, err
	}
	now := time.Now().UTC()
	id, err := ulid.New(ulid.Timestamp(now), rand.Reader)
	if err != nil {
		return runs.Run{}, fmt.Errorf("make a run's ID: %w", err)
	}
	run := place.Run(id.String())
	if err := hasRoom(repo, run); err != nil {
		return runs.Run{}, err
	}
	if err := requireSandbox(run); err != nil {
		return runs.Run{}, err
	}
	if err := statefile.EnsureDir(place.Repo); err != nil {
		return runs.Run{}, err
	}
	first := event.Event{Seq: 1, Time: now, Data: event.RunCreated{
		Run: run.ID, Plan: n.Plan, PlanSource: n.PlanSource, Repo: place.Repo, BaseRef: base.Ref, Base: base.Commit,
		Branch: "popkit/" + run.ID, Settings: n.Settings, Popkit: n.Version,
	}}
	if err := writeFirst(ctx, run, first); err != nil { // a folder without a log would pass for a run
		return runs.Run{}, errors.Join(fmt.Errorf("make the run: %w", err), os.RemoveAll(run.Dir()))
	}
	return run, nil
}

// writeFirst makes the run's folder, and its log with the first event.
func writeFirst(ctx context.Context, run runs.Run, first event.Event) error {
	if err := os.MkdirAll(run.Dir(), 0o755); err != nil {
		return err
	}
	log, err := filelog.Open(run.LogPath(), filelog.Options{Run: run.ID})
	if err != nil {
		return err
	}
	return errors.Join(log.Append(ctx, 0, []event.Event{first}), log.Close())
}

// Place returns where a repository keeps its runs.
func Place(repo *workspace.Repo) runs.Place {
	if repo.Bare {
		return runs.Place{Repo: repo.GitDir}
	}
	return runs.Place{Repo: repo.Top}
}
