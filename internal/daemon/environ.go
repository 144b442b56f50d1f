package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"popkit/internal/redact"
	"popkit/internal/runs"
)

// environment is what agents and checks find around them, as configured.
type environment struct {
	root            string   // where workspaces are made
	setup           string   // command for each new workspace
	copy            []string // files of the user's checkout that it gets
	sign            bool     // popkit's commits
	transcriptLimit int64    // bytes
	vars            []string // what agents and checks inherit
	secrets         []string // values that are not passed on, and taken out of text
	redactor        *redact.Redactor
}

// newEnvironment reads the configuration.
func newEnvironment(run runs.Run) (*environment, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("place for workspaces: %w (set XDG_CACHE_HOME)", err)
	}
	e := &environment{root: filepath.Join(cache, "popkit", "workspaces"), transcriptLimit: 16 << 20}
	e.vars = inherited(os.Environ(), nil)
	e.redactor = redact.New(e.secrets)
	_ = run // the repository's configuration is read here once it exists
	return e, nil
}

func (e *environment) redact(text string) string { return e.redactor.String(text) }

// base is the environment of checks and setup commands.
func (e *environment) base() []string { return slices.Clone(e.vars) }

// agent is the environment of an agent, but for its POPKIT_ variables.
func (e *environment) agent(_, tmp string) []string {
	return append(e.base(), "TMPDIR="+tmp)
}

// inherited returns the variables that are passed on: not those that would make
// git work in the user's repository, nor another agent's identity, nor secrets.
// The folder of this very program comes first in PATH, so that agents find the
// popkit that runs them.
func inherited(environ, secrets []string) []string {
	var out []string
	path := ""
	for _, v := range environ {
		name, value, ok := strings.Cut(v, "=")
		switch {
		case !ok || slices.Contains(secrets, name), strings.HasPrefix(name, "POPKIT_"), strings.HasPrefix(name, "GIT_"):
		case name == "PATH":
			path = value
		default:
			out = append(out, v)
		}
	}
	if self, err := os.Executable(); err == nil && filepath.Base(self) == "popkit" {
		path = strings.TrimSuffix(filepath.Dir(self)+string(filepath.ListSeparator)+path, string(filepath.ListSeparator))
	}
	return append(out, "PATH="+path)
}
