package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"popkit/internal/agent"
	"popkit/internal/agent/claudecode"
	"popkit/internal/agent/execagent"
	"popkit/internal/agent/scripted"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
	"popkit/internal/effects"
	"popkit/internal/engine"
	"popkit/internal/proc"
	"popkit/internal/runs"
	"popkit/internal/sandbox"
	"popkit/internal/workspace"
)

// openWork returns the run's workspaces.
func openWork(ctx context.Context, run runs.Run, s *state.State, env *environment, note func(source, text string)) (*workspace.Run, error) {
	repo, err := workspace.Find(ctx, run.Place.Repo)
	if err != nil {
		return nil, err
	}
	identity, err := repo.Identity(ctx)
	if err != nil {
		return nil, err
	}
	work, err := workspace.NewRun(repo, run.ID, env.root, workspace.Options{
		Identity: identity, Sign: env.cfg.Commit.Sign, Setup: env.cfg.Workspace.Setup, SetupLimit: s.Settings.AgentTimeout, Copy: env.cfg.Workspace.Copy,
		NoSubmodules: !env.cfg.Workspace.Submodules, Report: func(text string) { note("workspace", text) },
		Exec: func(ctx context.Context, dir, command string, out io.Writer) (int, error) {
			// What it installs in its agent's folders is there for the agent.
			end, err := env.command(ctx, run.ID, nameOf(dir), dir, command, out)
			return end.Code, err
		},
	})
	if err != nil {
		return nil, err
	}
	return work, work.HoldBase(ctx, s.Created.Base)
}

// effects wires the adapters.
func (d *daemon) effects(ctx context.Context) effects.Config {
	return effects.Config{
		Work: d.work, Runtime: func(name string) (agent.Runtime, error) { return d.runtime(ctx, name) }, Seat: d.seat, Redactor: d.env.redactor, Freezer: d.env.freezer,
		Command: func(ctx context.Context, dir, command string, out io.Writer) (effects.CommandEnd, error) {
			return d.env.check(ctx, d.Run.ID, dir, command, out)
		},
		Finish: d.finish, Findings: d.findings,
	}
}

// runtime finds the runtime of a name.
func (d *daemon) runtime(ctx context.Context, name string) (agent.Runtime, error) {
	kind, arg, _ := strings.Cut(name, ":")
	switch kind {
	case claudeRuntime:
		l, err := d.launcher(ctx)
		if err != nil {
			return nil, err
		}
		return claudecode.New(l, d.Version), nil
	case "exec":
		return execagent.New(arg), nil
	case "scripted":
		return scripted.New(arg)
	case "":
		return nil, errors.New("no runtime is set (popkit power start --runtime exec:COMMAND)")
	}
	return nil, fmt.Errorf("unknown runtime %q (claude, exec:COMMAND or scripted:FILE)", name)
}

// finish says what was published.
func (d *daemon) finish(ctx context.Context, o engine.Order, note string) (event.RunPublished, error) {
	p := event.RunPublished{Effect: o.Key, Branch: o.Branch, Commit: o.Commit, Note: note}
	if !strings.HasPrefix(o.BaseRef, "refs/") {
		return p, nil
	}
	now, err := d.work.Repo().RefCommit(ctx, o.BaseRef)
	if err != nil {
		return p, err
	}
	if now != o.RunBase {
		p.BaseMoved = now
		if now == "" {
			p.Note = strings.TrimSpace(p.Note + " " + o.BaseRef + " is gone")
		}
	}
	return p, nil
}

// findings keeps what the audit found in an agent's work for popkit power audit.
func (d *daemon) findings(agent, commit string, found []event.Finding) error {
	a := view.Audited{Commit: commit, Findings: found[:min(len(found), view.MaxAudited)]}
	if a.Findings == nil {
		a.Findings = []event.Finding{}
	}
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	path := d.Run.AuditPath(agent)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// check runs a check's command, with folders of its own where agents have them.
func (e *environment) check(ctx context.Context, run, dir, command string, out io.Writer) (end effects.CommandEnd, err error) {
	name := nameOf(dir) // as the setup command's before it
	defer func() { err = errors.Join(err, sandbox.Remove(filepath.Join(e.tmp, name))) }()
	return e.command(ctx, run, name, dir, command, out)
}

// command runs a shell command in a directory as name, everything below it
// included.
func (e *environment) command(ctx context.Context, run, name, dir, command string, out io.Writer) (effects.CommandEnd, error) {
	env, err := e.private(name)
	if err != nil {
		return effects.CommandEnd{}, err
	}
	held, err := e.walls.around(inmate{own: filepath.Join(e.tmp, name, "own"), dir: dir, env: env})
	if err != nil {
		return effects.CommandEnd{}, err
	}
	p, err := proc.Start(ctx, proc.Command{
		Path: "/bin/sh", Args: []string{"sh", "-c", command}, Dir: dir, Env: held.env, Stdout: out, Stderr: out, Confine: held.confine,
		Mark: fmt.Sprintf("%s/command-%d", run, e.commands.Add(1)), Freezer: e.freezer,
	})
	if err != nil {
		return effects.CommandEnd{}, err
	}
	exit, err := p.Wait()
	return effects.CommandEnd{Code: exit.Code, Signal: exit.Signal}, err
}

// seat gives an agent its socket, files and environment.
func (d *daemon) seat(ctx context.Context, o engine.Order) (effects.Seat, error) {
	dir := d.Run.AgentDir(o.Agent)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return effects.Seat{}, fmt.Errorf("place of %s: %w", o.Agent, err)
	}
	socket := runs.AgentSocket(d.sockets, o.Agent)
	listener, err := d.server.ListenAgent(socket, o.Agent)
	if err != nil {
		return effects.Seat{}, err
	}
	if err := d.files.AddWorkspace(ctx, o.Workspace, o.Agent); err != nil {
		return effects.Seat{}, errors.Join(err, listener.Close())
	}
	env, leaveEnv, err := d.env.agent(o.Agent)
	place := func(name string) string { return filepath.Join(d.env.tmp, o.Agent, name) }
	result := place("result")
	seat := effects.Seat{
		ResultFile: filepath.Join(result, "result.json"), State: place("state"), Given: place("given"), Transcript: d.Run.Transcript(o.Agent),
		TranscriptLimit: d.env.transcriptLimit, Secrets: d.env.secrets, Caller: d.server.Agent(o.Agent), Begun: d.door.Open(o.Agent),
		Leave: func() error {
			d.door.Leave(o.Agent)
			d.leaveGuard(ctx, o.Agent)
			return errors.Join(d.files.RemoveWorkspace(context.WithoutCancel(ctx), o.Workspace), listener.Close(),
				os.RemoveAll(filepath.Dir(socket)), leaveEnv())
		},
	}
	if err != nil {
		return effects.Seat{}, errors.Join(fmt.Errorf("environment of %s: %w", o.Agent, err), seat.Leave())
	}
	d.seatGuard(o, env)
	seat.Env = append(env,
		"POPKIT_RUN="+o.Run, "POPKIT_TASK="+o.Task, "POPKIT_AGENT="+o.Agent, fmt.Sprintf("POPKIT_ATTEMPT=%d", o.Request.Attempt),
		"POPKIT_PHASE="+o.PhaseName, "POPKIT_ROLE="+o.Request.Role, "POPKIT_SOCKET="+socket, "POPKIT_RESULT="+seat.ResultFile)
	for _, dir := range []string{result, seat.State, seat.Given} {
		err = errors.Join(err, os.MkdirAll(dir, 0o700))
	}
	read, hide := d.lets(o.Request.Runtime)
	held, heldErr := d.env.walls.around(inmate{
		own: place("own"), dir: o.Workspace, env: seat.Env, protect: true, write: []string{result, seat.State},
		read: append(read, filepath.Dir(socket), seat.Given), hide: hide,
	})
	if err := errors.Join(err, heldErr); err != nil {
		return effects.Seat{}, errors.Join(fmt.Errorf("place of %s: %w", o.Agent, err), seat.Leave())
	}
	seat.Env, seat.Confine, seat.Sandbox = held.env, held.confine, d.env.walls.name
	return seat, nil
}
