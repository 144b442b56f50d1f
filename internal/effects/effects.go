package effects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"sync"

	"popkit/internal/agent"
	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/engine"
	"popkit/internal/proc"
	"popkit/internal/redact"
	"popkit/internal/workspace"
)

// Config is what the effects work with.
type Config struct {
	Work *workspace.Run
	// Runtime returns the runtime of a name such as "exec:make agent".
	Runtime func(name string) (agent.Runtime, error)
	// Seat gives an agent its place: environment, socket, files. Leave is called
	// when its process is gone.
	Seat func(ctx context.Context, o engine.Order) (s Seat, err error)
	// Command runs a shell command in a directory and returns how it ended;
	// everything below it is gone then.
	Command func(ctx context.Context, dir, command string, out io.Writer) (CommandEnd, error)
	// Redactor takes secrets out of text; nil takes nothing out.
	Redactor *redact.Redactor
	// Findings keeps all that the audit found in an agent's work; nil: only the log
	// does, and not more than it holds.
	Findings func(agent, commit string, found []event.Finding) error
	// Freezer makes agents and commands stand still; nil: nothing can.
	Freezer *proc.Freezer
	// Finish says what was published, once the branch is there.
	Finish func(ctx context.Context, o engine.Order, note string) (event.RunPublished, error)
}

// Seat is an agent's place outside of its workspace.
type Seat struct {
	Env             []string
	ResultFile      string
	State, Given    string // as agent.Spec
	Transcript      string
	TranscriptLimit int64
	Secrets         []string
	// Confine is proc.Command.Confine of the agent's process, and Sandbox what that
	// is called.
	Confine []string
	Sandbox string
	// Caller makes calls to the run in the agent's name.
	Caller api.Caller
	// Begun is told the process below which all of the agent's are, and again when
	// another one takes its place.
	Begun func(pid int)
	Leave func() error
}

// CommandEnd is how a command ended.
type CommandEnd struct {
	Code     int
	Signal   string // not "" when a signal ended it
	TimedOut bool
}

// Effects implements engine.Effects.
type Effects struct {
	cfg Config

	mu       sync.Mutex
	sessions map[string]agent.Session // running agents
	waiting  map[string]*standby      // agents that were started ahead
	closed   bool

	auditing sync.Mutex // held while a diff is in memory
}

// New returns the effects.
func New(cfg Config) *Effects {
	return &Effects{cfg: cfg, sessions: map[string]agent.Session{}, waiting: map[string]*standby{}}
}

// Do implements engine.Effects.
func (e *Effects) Do(ctx context.Context, o engine.Order, tell func(event.Data)) (end event.Data) {
	defer func() {
		if p := recover(); p != nil {
			end = event.EffectFailed{Key: o.Key, Error: e.cfg.Redactor.String(fmt.Sprintf("panic: %v\n%s", p, debug.Stack())), Final: true}
		}
	}()
	d, err := e.do(ctx, o, tell)
	if err != nil {
		return event.EffectFailed{Key: o.Key, Error: e.cfg.Redactor.String(err.Error()), Final: errors.Is(err, errFinal)}
	}
	return d
}

// errFinal marks failures that trying again does not cure.
var errFinal = errors.New("final")

func (e *Effects) do(ctx context.Context, o engine.Order, tell func(event.Data)) (event.Data, error) {
	switch o.Kind {
	case event.EffectPrepare:
		return e.prepare(ctx, o)
	case event.EffectRun:
		return e.run(ctx, o, tell), nil
	case event.EffectCollect:
		return e.collect(ctx, o)
	case event.EffectTrim:
		return e.trim(ctx, o)
	case event.EffectRelease:
		return e.release(ctx, o)
	case event.EffectMerge:
		return e.merge(ctx, o)
	case event.EffectCheck:
		return e.check(ctx, o)
	case event.EffectBlame:
		return e.blame(ctx, o)
	case event.EffectPublish:
		ref, err := e.cfg.Work.PublishBarrier(ctx, o.Phase+1, o.Commit)
		return event.BarrierOpened{Effect: o.Key, Phase: o.Phase, Commit: o.Commit, Ref: ref}, err
	case event.EffectFinish:
		return e.finish(ctx, o)
	case event.EffectFreeze:
		return e.freeze(o), nil
	case event.EffectThaw:
		return event.RunThawed{Effect: o.Key}, e.cfg.Freezer.Thaw()
	}
	return nil, fmt.Errorf("%w: no adapter for effect kind %q", errFinal, o.Kind)
}

// StopAgent implements engine.Effects.
func (e *Effects) StopAgent(id string, now bool) {
	e.mu.Lock()
	s := e.sessions[id]
	e.mu.Unlock()
	if s != nil {
		s.Stop(now)
	}
}

// freeze makes all that runs stand still. What does not is said: the run is paused all
// the same, and nothing is started.
func (e *Effects) freeze(o engine.Order) event.RunFrozen {
	got := e.cfg.Freezer.Freeze()
	end := event.RunFrozen{Effect: o.Key, How: strings.Join(got.How, " and "), Processes: got.Processes}
	if got.Left != nil {
		end.Left = got.Left.Error()
	}
	return end
}

func (e *Effects) finish(ctx context.Context, o engine.Order) (event.Data, error) {
	note, err := e.cfg.Work.PublishBranch(ctx, o.Branch, o.Commit)
	if err != nil {
		return nil, err
	}
	return e.cfg.Finish(ctx, o, note)
}
