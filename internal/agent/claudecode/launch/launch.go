package launch

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// Options are how all agents of a run are started.
type Options struct {
	Model    string            // of roles that name none; "" is the user's choice, else the CLI's own
	Inherit  bool              // the user's and the project's settings hold for agents, too
	MaxTurns int               // of one agent's session; 0 is no limit
	Environ  []string          // the user's own environment: where their configuration and login are
	Note     func(text string) // told what a person should know; may be nil
	// Secret is told what of the login must not be kept; may be nil.
	Secret func(value string)
}

// Spec is one agent's session.
type Spec struct {
	Session   string // its ID, a UUID
	Resume    bool   // it goes on, in the same workspace
	Workspace string
	State     string             // absolute; the CLI's own folder, the same for all of a session
	Given     string             // absolute; what the agent can only read
	Env       []string           // complete environment; what the login needs is added
	Secret    func(value string) // as Options.Secret, for this session; may be nil
	Model     string             // "" is the Options' one
	System    string             // added to the CLI's own system prompt; not given by initialize as well, which would replace it
	Tools     []string           // nil is all, an empty list none; the tools of MCP servers are offered all the same
	Schema    string             // JSON schema that the answer has to fit; "" for none
	MaxTurns  int                // 0 is the Options' one
	MaxCost   float64            // dollars; 0 is no limit; kept by versions that can
}

// Command is what is to be started.
type Command struct {
	Path    string
	Args    []string // the first is the program's name
	Env     []string
	Secrets []string // of the login, as Options.Secret and Spec.Secret were told
}

// Launcher prepares what agents of one installation need. Its methods may be
// called by several goroutines.
type Launcher struct {
	cli      CLI
	features Features
	options  Options
	user     user
	renewing sync.Mutex // one agent renews the login for all that start
	*Gate

	mu    sync.Mutex
	said  map[string]bool // what a person was told: once
	fresh map[string]bool // state folders whose login is kept fresh
	look  time.Duration   // how often that is looked at
}

// New returns the launcher of a CLI that is new enough.
func New(cli CLI, o Options) (*Launcher, error) {
	f, err := FeaturesOf(cli.Version)
	if err != nil {
		return nil, err
	}
	return &Launcher{cli: cli, features: f, options: o, user: userOf(o.Environ), Gate: newGate(available, o.Note), said: map[string]bool{}, fresh: map[string]bool{}, look: freshLook}, nil
}

// CLI is what is started.
func (l *Launcher) CLI() CLI { return l.cli }

// Permission says what can let a tool run, as event.AgentStarted.Permission does.
func (l *Launcher) Permission() string {
	if l.options.Inherit {
		return "inherited"
	}
	return "closed"
}

// Prepare makes the folders' content and says what to start. A session that goes on
// finds what it was given. Until the context ends, what the session has of the login
// is kept fresh.
func (l *Launcher) Prepare(ctx context.Context, s Spec) (Command, error) {
	own, err := l.user.settings()
	if err != nil {
		return Command{}, err
	}
	login, err := l.login(ctx, s, own)
	if err != nil {
		return Command{}, err
	}
	l.keepFresh(ctx, s, own)
	settings, err := json.Marshal(l.settings(own, login))
	if err != nil {
		return Command{}, fmt.Errorf("settings: %w", err)
	}
	c := Command{Path: l.cli.real(), Env: l.environ(s, own, login), Secrets: login.secrets}
	c.Args = append(l.fixed(), "--settings", string(settings))
	if l.options.Inherit {
		return l.finish(c, s, own, ""), l.user.link(s.State)
	}
	g, err := l.give(s)
	if err != nil {
		return Command{}, err
	}
	for _, dir := range g.plugins {
		c.Args = append(c.Args, "--plugin-dir", dir)
	}
	if l.features.MemoryDirs {
		for _, dir := range g.memories {
			c.Args = append(c.Args, "--add-dir", dir)
		}
	}
	return l.finish(c, s, own, g.instructions), nil
}

// note tells a person what was not told yet.
func (l *Launcher) note(texts ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, text := range texts {
		if !l.said[text] && l.options.Note != nil {
			l.options.Note(text)
		}
		l.said[text] = true
	}
}

// NewSession returns an ID of a session or a message, as the CLI wants it: a random UUID.
func NewSession() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
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
