package claudecode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"popkit/internal/agent"
	"popkit/internal/agent/claudecode/desk"
	"popkit/internal/agent/claudecode/launch"
	"popkit/internal/agent/keep"
	"popkit/internal/agent/resultfile"
	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/proc"
	"popkit/internal/redact"
)

// Runtime runs a headless Claude Code for each agent.
type Runtime struct {
	launcher *launch.Launcher
	limits   Limits
	desk     func(agent.Spec) host
	command  func(launch.Command) launch.Command // tests: what is started instead; nil: as it is
}

// New returns the runtime of an installed CLI. The version is popkit's.
func New(l *launch.Launcher, version string) *Runtime {
	return &Runtime{launcher: l, limits: DefaultLimits(), desk: func(s agent.Spec) host {
		return hostOf(desk.New(desk.Config{Caller: s.Caller, Version: version, PlanRequired: s.RoleDef.PlanRequired}))
	}}
}

func hostOf(d *desk.Desk) host {
	return host{
		initialize: d.Initialize, hook: d.Hook, canUse: d.CanUseTool, mcp: d.MCP, canary: d.Canary, report: d.Report,
		urgent: d.Urgent, unsent: d.Unsent, ran: d.Ran, close: d.Close,
	}
}

var _ agent.Runtime = (*Runtime)(nil)

// Patient says that agents can be started ahead.
func (r *Runtime) Patient() {}

// Start starts the agent's first process.
func (r *Runtime) Start(ctx context.Context, s agent.Spec) (agent.Session, error) {
	session, err := r.start(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("start agent %s: %w", s.Agent, err)
	}
	return session, nil
}

func (r *Runtime) start(ctx context.Context, s agent.Spec) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(s.Workspace); err != nil {
		return nil, err
	}
	if err := resultfile.Remove(s.ResultFile); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	a := &session{runtime: r, spec: s, cancel: cancel, id: launch.NewSession(), stopping: make(chan struct{}), words: &words{}, done: make(chan struct{})}
	a.redactor = redact.New(s.Secrets)
	c, err := r.launcher.Prepare(ctx, a.launch(false))
	if err != nil {
		cancel()
		return nil, err
	}
	if a.kept, err = keep.Open(s.Transcript, s.TranscriptLimit, a.redactor); err != nil {
		cancel()
		return nil, err
	}
	b, err := a.first(ctx, c)
	if err != nil {
		cancel()
		return nil, errors.Join(err, a.kept.Close())
	}
	a.ident = b.ident
	go a.live(ctx, b)
	return a, nil
}

// session is an agent's Session.
type session struct {
	runtime  *Runtime
	spec     agent.Spec
	id       string // the first session's
	cancel   context.CancelFunc
	redactor *redact.Redactor
	kept     *keep.Transcript
	words    *words

	once     sync.Once
	stopping chan struct{}

	mu    sync.Mutex
	ident proc.Ident
	pass  launch.Pass

	done    chan struct{} // closed once outcome is set
	outcome agent.Outcome
}

// Hooked reports that each tool call is put to the guard.
func (a *session) Hooked() bool { return true }

// Permission says what else than the guard can let a tool run.
func (a *session) Permission() string { return a.runtime.launcher.Permission() }

// Ident is that of the process that runs now, or ran last.
func (a *session) Ident() proc.Ident {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ident
}

func (a *session) Wait() agent.Outcome {
	<-a.done
	return a.outcome
}

func (a *session) Stop(now bool) {
	if now {
		a.cancel()
		return
	}
	a.once.Do(func() { close(a.stopping) })
}

// live leads the agent's life and puts the outcome together.
func (a *session) live(ctx context.Context, b body) {
	defer close(a.done)
	defer a.cancel()
	h := a.runtime.desk(a.spec)
	l := &life{
		spec: a.spec, limits: a.runtime.limits, grace: a.spec.Grace, course: course{limits: a.runtime.limits, now: time.Now},
		host: h, kept: a.kept, start: a.respawn, up: a.started, report: a.report(h), use: a.use, again: a.again,
		urgent: make(chan string), stopping: a.stopping, session: a.id, words: a.words,
	}
	if l.grace <= 0 {
		l.grace = proc.DefaultGrace
	}
	var wg sync.WaitGroup
	hearing, deaf := context.WithCancel(ctx)
	wg.Go(func() {
		if a.spec.Begin != nil {
			select {
			case <-a.spec.Begin: // before, nobody knows of it
			case <-hearing.Done():
				return
			}
		}
		a.urgent(hearing, h, l.urgent)
	})
	last := l.live(ctx, b)
	deaf()
	wg.Wait()
	if err := h.close(); err != nil {
		a.kept.Note("popkit's tools: " + err.Error())
	}
	a.outcome = a.finish(l, last)
}

// finish puts together how the agent ended, redacted.
func (a *session) finish(l *life, last step) agent.Outcome {
	o := l.outcome(last)
	detail := []string{a.words.last()}
	if l.exit.Detail != "" {
		detail = append(detail, "popkit: "+l.exit.Detail)
	}
	if err := errors.Join(l.lost, a.kept.Close()); err != nil {
		detail = append(detail, "popkit: "+err.Error())
	}
	o.Detail = agent.Clip(a.clean(strings.Join(detail, "\n")))
	if o.Report != nil {
		report := *o.Report
		report.Summary = a.clean(report.Summary)
		report.FollowUps = slices.Clone(report.FollowUps)
		for i, f := range report.FollowUps {
			report.FollowUps[i] = a.clean(f)
		}
		o.Report = &report
	}
	return o
}

func (a *session) clean(s string) string {
	return strings.ToValidUTF8(a.redactor.String(s), "\uFFFD")
}

// report returns what tells the agent's report: what it said to the desk, or wrote to
// its result file.
func (a *session) report(h host) func() *event.Report {
	return func() *event.Report {
		if r := h.report(); r != nil {
			return r
		}
		return resultfile.Read(a.spec.ResultFile, a.clean)
	}
}

// use says what was used. The agent goes on where that can't be said: its engine is
// about to end.
func (a *session) use(ctx context.Context, u event.Usage) {
	if u == (event.Usage{}) || a.spec.Caller == nil {
		return
	}
	if err := a.spec.Caller.Call(ctx, api.OpUsage, api.UsageArgs{Usage: u}, nil); err != nil {
		a.kept.Note("what it used could not be recorded: " + err.Error())
	}
}

// urgent hands on what can't wait, until ctx ends.
func (a *session) urgent(ctx context.Context, h host, to chan<- string) {
	for text, err := range h.urgent(ctx) {
		if err != nil {
			if ctx.Err() == nil {
				a.kept.Note("urgent messages do not reach it any more: " + err.Error())
			}
			return
		}
		select {
		case to <- text:
		case <-ctx.Done():
			return
		}
	}
}

// again is called when another process goes on.
func (a *session) again(id proc.Ident, why string) {
	a.mu.Lock()
	a.ident = id
	a.mu.Unlock()
	if a.spec.Again != nil {
		a.spec.Again(id, why)
	}
}

// started lets the next agent start: the process answers, or never will.
func (a *session) started() {
	a.mu.Lock()
	started := a.pass.Started
	a.mu.Unlock()
	started()
}

// launch is what the launcher is told of the session.
func (a *session) launch(resume bool) launch.Spec {
	s := a.spec
	return launch.Spec{
		Session: a.id, Resume: resume, Workspace: s.Workspace, State: s.State, Given: s.Given, Env: s.Env,
		Secret: func(value string) { a.redactor.Learn(value) },
		Model:  s.RoleDef.Model, System: s.RoleDef.Prompt, Tools: s.RoleDef.Tools,
	}
}

// respawn starts another process, for a session that there is or for a new one.
func (a *session) respawn(ctx context.Context, id string, resume bool) (body, error) {
	spec := a.launch(resume)
	spec.Session = id
	c, err := a.runtime.launcher.Prepare(ctx, spec)
	if err != nil {
		return body{}, err
	}
	return a.spawn(ctx, c)
}

// first starts the agent's first process; ahead of its time only when that hinders
// nobody.
func (a *session) first(ctx context.Context, c launch.Command) (body, error) {
	if a.spec.Begin == nil {
		return a.spawn(ctx, c)
	}
	pass, err := a.runtime.launcher.EnterAhead(ctx)
	if err != nil {
		return body{}, err
	}
	return a.enter(ctx, c, pass)
}

// spawn starts a process when the gate lets it.
func (a *session) spawn(ctx context.Context, c launch.Command) (body, error) {
	waiting, stop := a.whileWanted(ctx)
	defer stop()
	pass, err := a.runtime.launcher.Enter(waiting)
	if err != nil {
		return body{}, err
	}
	return a.enter(ctx, c, pass)
}

// enter starts a process that was let in.
func (a *session) enter(ctx context.Context, c launch.Command, pass launch.Pass) (body, error) {
	if a.runtime.command != nil {
		c = a.runtime.command(c)
	}
	b, err := a.process(ctx, c, pass.Ended)
	if err != nil {
		pass.Ended()
		return body{}, err
	}
	a.mu.Lock()
	a.pass = pass
	a.mu.Unlock()
	return b, nil
}

// whileWanted is the time until the agent is asked to end.
func (a *session) whileWanted(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		select {
		case <-a.stopping:
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// process starts what was prepared.
func (a *session) process(ctx context.Context, c launch.Command, ended func()) (body, error) {
	in, stdin, err := os.Pipe() // handed over as it is: what is written is in the CLI's hands
	if err != nil {
		return body{}, err
	}
	out, stdout := io.Pipe()
	stderr := &lines{do: a.printed}
	p, err := proc.Start(ctx, proc.Command{
		Path: c.Path, Args: c.Args, Dir: a.spec.Workspace, Env: c.Env, Stdin: in, Stdout: stdout, Stderr: stderr,
		Mark: a.spec.Mark(), Grace: a.spec.Grace, Confine: a.spec.Confine, Freezer: a.spec.Freezer,
	})
	if closeErr := in.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return body{}, errors.Join(err, stdin.Close())
	}
	go func() {
		<-p.Done() // all output was given to the pipe
		ended()
		stderr.end()
		_ = stdout.Close() // never fails
	}()
	return body{ident: p.Ident(), in: stdin, out: out, interrupt: p.Interrupt, stop: p.Stop, kill: p.Kill, wait: p.Wait}, nil
}

// printed takes a line of standard error.
func (a *session) printed(line []byte) {
	a.kept.Heard(line)
	a.words.printed(string(line))
}

// lines cuts what is written into lines. It belongs to one goroutine at a time.
type lines struct {
	do   func([]byte)
	rest []byte
}

// maxStderr is how long a line of standard error can be before it counts as one.
const maxStderr = 64 << 10

func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found && len(l.rest) < maxStderr {
			return len(p), nil
		}
		l.do(line)
		l.rest = append(l.rest[:0], rest...)
	}
}

func (l *lines) end() {
	if len(l.rest) > 0 {
		l.do(l.rest)
	}
}
