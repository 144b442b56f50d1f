package daemon

import (
	"fmt"
	"net"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"popkit/internal/agent/claudecode/launch"
	"popkit/internal/config"
	"popkit/internal/core/state"
	"popkit/internal/proc"
	"popkit/internal/redact"
	"popkit/internal/runs"
	"popkit/internal/sandbox"
)

// environment is what agents and checks find around them, as configured.
type environment struct {
	cfg             config.Config
	root            string   // where workspaces are made
	transcriptLimit int64    // bytes
	vars            []string // what agents and checks inherit
	secrets         []string // values that are not passed on, and taken out of text
	redactor        *redact.Redactor
	walls           walls
	tmp             string        // the run's folder for the private folders of agents and commands
	commands        atomic.Int64  // run so far: each has a mark of its own
	freezer         *proc.Freezer // of agents, checks and setup commands

	mu    sync.Mutex
	ports map[string]bool // that were given to agents
}

// loadConfig reads the configuration that holds in a repository.
func loadConfig(repo string) (config.Config, error) {
	return config.Load(config.Sources{RepoDir: repo, Env: os.Getenv})
}

// newEnvironment reads the configuration for a run's engine.
func newEnvironment(run runs.Run, s *state.State) (*environment, error) {
	cfg, err := loadConfig(run.Place.Repo)
	if err != nil {
		return nil, err
	}
	root, err := workspaceRoot(cfg)
	if err != nil {
		return nil, err
	}
	e := &environment{
		freezer: proc.NewFreezer(),
		cfg:     cfg, root: root, tmp: filepath.Join(root, run.ID, "tmp"), ports: map[string]bool{},
		transcriptLimit: int64(cfg.Complete(s.Created.Plan).Limits.TranscriptBytes),
	}
	e.vars, e.secrets = inherited(os.Environ(), cfg.Env)
	e.redactor = redact.New(e.secrets)
	return e, nil
}

// workspaceRoot returns the folder in which workspaces are made.
func workspaceRoot(cfg config.Config) (string, error) {
	if cfg.Workspace.Root != "" {
		return filepath.Abs(cfg.Workspace.Root)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("place for workspaces: %w (set workspace.root in the configuration)", err)
	}
	return filepath.Join(cache, "popkit", "workspaces"), nil
}

// private is the environment of what runs as name, an agent or a command: with
// folders of its own, below tmp, for what it does not share.
func (e *environment) private(name string) ([]string, error) {
	env := slices.Clone(e.vars)
	own := map[string]config.Sharing{"HOME": e.cfg.Env.Home, "TMPDIR": e.cfg.Env.Tmp}
	for variable, how := range e.cfg.Env.Caches {
		own[variable] = how
	}
	for variable, how := range own {
		if how != config.PerAgent {
			continue
		}
		path := filepath.Join(e.tmp, name, strings.ToLower(variable))
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, err
		}
		env = append(env, variable+"="+path)
	}
	return env, nil
}

// agent is the environment of an agent, but for its POPKIT_ variables: its own
// folders, and free ports, which are taken back by leave.
func (e *environment) agent(name string) (env []string, leave func() error, err error) {
	leave = func() error { return sandbox.Remove(filepath.Join(e.tmp, name)) }
	if env, err = e.private(name); err != nil {
		return nil, leave, err
	}
	ports, err := e.freePorts(e.cfg.Workspace.Ports)
	for i, port := range ports {
		if i == 0 {
			env = append(env, "PORT="+port)
		}
		env = append(env, fmt.Sprintf("POPKIT_PORT_%d=%s", i+1, port))
	}
	clear := leave
	leave = func() error {
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, port := range ports {
			delete(e.ports, port)
		}
		return clear()
	}
	return env, leave, err
}

// freePorts finds n ports that nobody listens on now and no other agent of the
// run was given.
func (e *environment) freePorts(n int) (ports []string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var open []net.Listener
	defer func() {
		for _, l := range open {
			l.Close()
		}
	}()
	for len(ports) < n && len(open) < 2*n+len(e.ports) {
		l, err := net.Listen("tcp", "127.0.0.1:0") // all are held until all are chosen
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		open = append(open, l)
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		if !e.ports[port] {
			ports = append(ports, port)
		}
	}
	for _, port := range ports {
		e.ports[port] = true
	}
	return ports, nil
}

// inherited returns the variables that are passed on, and the values of those
// that are secret. Not passed on are variables that would make git work in the
// user's repository and another agent's identity. The folder of this very
// program comes first in PATH, so that agents find the popkit that runs them.
func inherited(environ []string, cfg config.Env) (vars, secrets []string) {
	search := ""
	for _, v := range environ {
		name, value, ok := strings.Cut(v, "=")
		if slices.Contains(launch.Login, name) && value != "" {
			secrets = append(secrets, value) // the agents' model needs it, and nobody else
		}
		switch {
		case matchesAny(name, cfg.Secrets):
			secrets = append(secrets, value)
		case !ok || strings.HasPrefix(name, "POPKIT_") || strings.HasPrefix(name, "GIT_") || !matchesAny(name, cfg.Pass):
		case name == "PATH":
			search = value
		default:
			vars = append(vars, v)
		}
	}
	if self, err := os.Executable(); err == nil && filepath.Base(self) == "popkit" {
		search = strings.TrimSuffix(filepath.Dir(self)+string(filepath.ListSeparator)+search, string(filepath.ListSeparator))
	}
	vars = append(vars, "PATH="+search)
	for name, value := range cfg.Set {
		vars = append(vars, name+"="+value)
	}
	return vars, secrets
}

// matchesAny reports whether a variable's name matches one of the globs, which
// configuration has checked.
func matchesAny(name string, globs []string) bool {
	return slices.ContainsFunc(globs, func(glob string) bool {
		ok, err := path.Match(glob, name)
		return ok && err == nil
	})
}
