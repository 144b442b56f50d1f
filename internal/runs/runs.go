package runs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"popkit/internal/core/state"
	"popkit/internal/eventlog"
	"popkit/internal/eventlog/filelog"
)

// What can be wrong when a run is looked for.
var (
	ErrNoRuns   = errors.New("this repository has no runs")
	ErrNotFound = errors.New("no such run")
	// ErrAmbiguous: the beginning of an ID fits several runs.
	ErrAmbiguous = errors.New("more than one run begins like that")
)

// Place is a repository's .claude/popkit folder.
type Place struct{ Repo string } // absolute path of the top level, or of a bare repository

// Dir returns the folder itself.
func (p Place) Dir() string { return filepath.Join(p.Repo, ".claude", "popkit") }

// Run is one run's folder.
type Run struct {
	Place Place
	ID    string
}

// Run returns the run of that ID, whether it exists or not.
func (p Place) Run(id string) Run { return Run{p, id} }

// List returns the repository's runs, oldest first. IDs are ULIDs: they sort by
// time.
func (p Place) List() ([]Run, error) {
	entries, err := os.ReadDir(filepath.Join(p.Dir(), "runs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var out []Run
	for _, e := range entries {
		r := p.Run(e.Name())
		if _, err := os.Stat(r.LogPath()); err == nil && e.IsDir() {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Run) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// Find returns the run whose ID is, or begins with, name; with "" the active
// run, else the last.
func (p Place) Find(name string) (Run, error) {
	all, err := p.List()
	if err != nil {
		return Run{}, err
	}
	if len(all) == 0 {
		return Run{}, fmt.Errorf("%w (popkit power start \"…\" begins one)", ErrNoRuns)
	}
	if name == "" {
		holder, err := p.Active()
		if err != nil {
			return Run{}, err
		}
		if holder != nil && slices.Contains(all, p.Run(holder.Run)) {
			return p.Run(holder.Run), nil
		}
		return all[len(all)-1], nil
	}
	var fits []Run
	for _, r := range all {
		if strings.HasPrefix(r.ID, strings.ToUpper(name)) {
			fits = append(fits, r)
		}
	}
	switch len(fits) {
	case 0:
		return Run{}, fmt.Errorf("%w: %s (popkit power list)", ErrNotFound, name)
	case 1:
		return fits[0], nil
	}
	return Run{}, fmt.Errorf("%w: %s (popkit power list)", ErrAmbiguous, name)
}

// Dir returns the run's folder.
func (r Run) Dir() string { return filepath.Join(r.Place.Dir(), "runs", r.ID) }

// LogPath returns the path of the run's log.
func (r Run) LogPath() string { return filepath.Join(r.Dir(), "log.jsonl") }

// EngineLog returns the path of what the engine had to say.
func (r Run) EngineLog() string { return filepath.Join(r.Dir(), "engine.log") }

// ReportPath returns the path of the run's report.
func (r Run) ReportPath() string { return filepath.Join(r.Dir(), "report.md") }

// AgentDir returns the folder of an agent's transcript and result file.
func (r Run) AgentDir(agent string) string { return filepath.Join(r.Dir(), "agents", agent) }

// Transcript returns the path of an agent's transcript.
func (r Run) Transcript(agent string) string {
	return filepath.Join(r.AgentDir(agent), "transcript.log")
}

// AuditPath returns the path of all that the audit found in an agent's work.
func (r Run) AuditPath(agent string) string { return filepath.Join(r.AgentDir(agent), "audit.json") }

// Open opens the log for reading; an engine may be writing it.
func (r Run) Open() (*filelog.Reader, error) { return filelog.OpenReader(r.LogPath()) }

// Fold reads the run's log into a state.
func (r Run) Fold(ctx context.Context) (*state.State, error) {
	log, err := r.Open()
	if err != nil {
		return nil, err
	}
	s, err := fold(ctx, log)
	return s, errors.Join(err, log.Close())
}

func fold(ctx context.Context, log eventlog.Reader) (*state.State, error) {
	s := state.New()
	for e, err := range log.Read(ctx, 1) {
		if err != nil {
			return nil, err
		}
		if err := s.Apply(e); err != nil {
			return nil, err
		}
	}
	if s.Seq == 0 {
		return nil, errors.New("the log is empty: no run was created in it")
	}
	return s, nil
}
