package launch

import (
	"slices"
	"strconv"
	"strings"
)

// Options are how all agents of a run are started.
type Options struct {
	Model    string // of roles that name none; "" is the CLI's own choice
	Inherit  bool   // the user's and the project's settings hold for agents, too
	MaxTurns int    // of one agent's session; 0 is no limit
}

// Spec is one agent's session.
type Spec struct {
	Session   string // its ID, a UUID
	Resume    bool   // it goes on, in the same workspace
	Workspace string
	State     string   // absolute; the CLI's own folder, the same for all of a session
	Given     string   // absolute; what the agent can only read
	Env       []string // complete environment, the login's variables included
	Model     string   // "" is the Options' one
	System    string   // added to the CLI's own system prompt
	Tools     []string // nil is all, an empty list none
	Schema    string   // JSON schema that the answer has to fit; "" for none
	MaxTurns  int      // 0 is the Options' one
}

// Command is what is to be started.
type Command struct {
	Path    string
	Args    []string // the first is the program's name
	Env     []string
	Secrets []string // of the login, to be taken out of whatever is kept
	Notes   []string // what a person should know, one line each
}

// Launcher prepares what agents of one installation need.
type Launcher struct {
	cli      CLI
	features Features
	options  Options
	*Gate
}

// New returns the launcher of a CLI that is new enough.
func New(cli CLI, o Options) (*Launcher, error) {
	f, err := FeaturesOf(cli.Version)
	if err != nil {
		return nil, err
	}
	return &Launcher{cli: cli, features: f, options: o, Gate: newGate()}, nil
}

// CLI is what is started.
func (l *Launcher) CLI() CLI { return l.cli }

// Prepare makes the folders' content and says what to start.
func (l *Launcher) Prepare(s Spec) (Command, error) {
	args := []string{
		"claude", "-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose",
		"--permission-prompt-tool", "stdio",
	}
	if !l.options.Inherit {
		args = append(args, "--setting-sources", "", "--strict-mcp-config")
	}
	if s.Resume {
		args = append(args, "--resume", s.Session)
	} else {
		args = append(args, "--session-id", s.Session)
	}
	if model := first(s.Model, l.options.Model); model != "" {
		args = append(args, "--model", model)
	}
	if n := first(s.MaxTurns, l.options.MaxTurns); n > 0 {
		args = append(args, "--max-turns", strconv.Itoa(n))
	}
	if s.Tools != nil {
		args = append(args, "--tools", strings.Join(s.Tools, ","))
	}
	if s.Schema != "" {
		args = append(args, "--json-schema", s.Schema)
	}
	if s.System != "" {
		args = append(args, "--append-system-prompt", s.System)
	}
	env := append(slices.Clone(s.Env), "CLAUDE_CONFIG_DIR="+s.State)
	return Command{Path: l.cli.Path, Args: args, Env: env}, nil
}

// first returns the first that is not zero.
func first[T comparable](list ...T) (zero T) {
	for _, v := range list {
		if v != zero {
			return v
		}
	}
	return zero
}
