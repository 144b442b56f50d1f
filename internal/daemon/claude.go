package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"popkit/internal/agent/claudecode/launch"
	"popkit/internal/config"
	"popkit/internal/core/state"
)

// claudeRuntime is the name of the runtime that drives Claude Code.
const claudeRuntime = "claude"

// claude is the run's way to start Claude Code.
type claude struct {
	mu       sync.Mutex
	launcher *launch.Launcher // nil: not found yet
}

// launcher returns what starts Claude Code for this run's agents. What could not be
// found may be there for the next agent.
func (d *daemon) launcher(ctx context.Context) (*launch.Launcher, error) {
	d.claude.mu.Lock()
	defer d.claude.mu.Unlock()
	if d.claude.launcher != nil {
		return d.claude.launcher, nil
	}
	cfg := d.env.cfg
	cli, err := launch.Find(ctx, cfg.Claude.Path, os.Environ())
	if errors.Is(err, launch.ErrNotFound) {
		err = fmt.Errorf("%w (%s)", err, launch.Install)
	}
	if err != nil {
		return nil, err
	}
	inherit := cfg.Claude.Settings == config.Inherit
	if inherit {
		weak, err := launch.Weakens(os.Environ(), d.Run.Place.Repo)
		if err != nil {
			return nil, err
		}
		for _, text := range weak {
			d.note(claudeRuntime, text)
		}
	}
	l, err := launch.New(cli, launch.Options{
		Model: cfg.Claude.Model, MaxTurns: cfg.Claude.MaxTurns, Inherit: inherit, Environ: os.Environ(),
		Note:   func(text string) { d.note(claudeRuntime, text) },
		Secret: func(value string) { d.env.redactor.Learn(value) },
	})
	if err != nil {
		return nil, err
	}
	d.claude.launcher = l
	return l, nil
}

// findRuntimes looks for Claude Code if a task of the run is for it. That there is
// none is no obstacle for the others.
func (d *daemon) findRuntimes(ctx context.Context) (about string) {
	if !usesClaude(d.st.State) {
		return ""
	}
	l, err := d.launcher(ctx)
	if err != nil {
		d.note(claudeRuntime, err.Error())
		return ""
	}
	return fmt.Sprintf("Claude Code %s, %s, settings %s", l.CLI().Version, l.CLI().Path, d.env.cfg.Claude.Settings)
}

// usesClaude reports whether an agent of the run may be one of Claude Code.
func usesClaude(s *state.State) bool {
	if s.Settings.Resolver == claudeRuntime {
		return true
	}
	for _, t := range s.Tasks {
		if t.Runtime == claudeRuntime || t.Runtime == "" && s.Settings.RuntimeOf(t.Role) == claudeRuntime {
			return true
		}
	}
	return false
}

// lets are what a runtime's agents need to read besides what everybody can, and what is
// kept from them besides.
func (d *daemon) lets(runtime string) (read, hide []string) {
	d.claude.mu.Lock()
	defer d.claude.mu.Unlock()
	if l := d.claude.launcher; runtime == claudeRuntime && l != nil {
		return l.CLI().Places(), l.Private()
	}
	return script(runtime), nil
}
