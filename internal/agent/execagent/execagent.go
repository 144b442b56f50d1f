package execagent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"popkit/internal/agent"
	"popkit/internal/agent/keep"
	"popkit/internal/agent/resultfile"
	"popkit/internal/core/event"
	"popkit/internal/proc"
	"popkit/internal/redact"
)

// Runtime runs one command for each agent.
type Runtime struct {
	path string
	args []string
}

// New returns the runtime exec:COMMAND, run by /bin/sh -c.
func New(command string) *Runtime {
	return NewArgs("/bin/sh", "sh", "-c", command)
}

// NewArgs returns a runtime that runs a program without a shell. The first
// argument is the program's name.
func NewArgs(path string, args ...string) *Runtime {
	return &Runtime{path: path, args: args}
}

var _ agent.Runtime = (*Runtime)(nil)

// Start runs the command in the workspace.
func (r *Runtime) Start(ctx context.Context, s agent.Spec) (agent.Session, error) {
	session, err := r.start(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("start agent %s: %w", s.Agent, err)
	}
	return session, nil
}

func (r *Runtime) start(ctx context.Context, s agent.Spec) (*session, error) {
	if err := resultfile.Remove(s.ResultFile); err != nil {
		return nil, err
	}
	transcript, err := openTranscript(s.Transcript, s.TranscriptLimit)
	if err != nil {
		return nil, err
	}
	redactor := redact.New(s.Secrets)
	scrubbed := keep.NewPlain(transcript)
	out := redactor.Writer(scrubbed)
	process, err := proc.Start(ctx, proc.Command{
		Path:    r.path,
		Args:    r.args,
		Dir:     s.Workspace,
		Env:     s.Env,
		Stdin:   strings.NewReader(s.Prompt),
		Stdout:  out,
		Stderr:  out,
		Mark:    s.Mark(),
		Grace:   s.Grace,
		Confine: s.Confine,
		Freezer: s.Freezer,
	})
	if err != nil {
		return nil, errors.Join(err, transcript.Close())
	}
	e := &session{spec: s, process: process, redactor: redactor, out: closers{out, scrubbed}, transcript: transcript}
	e.outcome = sync.OnceValue(e.finish)
	return e, nil
}

type session struct {
	spec       agent.Spec
	process    *proc.Process
	redactor   *redact.Redactor
	out        io.Closer
	transcript *transcript
	outcome    func() agent.Outcome
}

// closers are closed one after the other: each hands on to the next what it held back.
type closers []io.Closer

func (c closers) Close() error {
	var err error
	for _, one := range c {
		err = errors.Join(err, one.Close())
	}
	return err
}

func (e *session) Ident() proc.Ident { return e.process.Ident() }

func (e *session) Wait() agent.Outcome { return e.outcome() }

func (e *session) Stop(now bool) {
	if now {
		e.process.Kill()
		return
	}
	e.process.Stop()
}

// finish waits for the end and puts the outcome together.
func (e *session) finish() agent.Outcome {
	exit, err := e.process.Wait()
	err = errors.Join(err, e.out.Close(), e.transcript.Close())
	detail := []string{e.transcript.tail()}
	if exit.Detail != "" {
		detail = append(detail, "popkit: "+exit.Detail)
	}
	if err != nil {
		detail = append(detail, "popkit: "+err.Error())
	}
	return agent.Outcome{
		Reason: reason(exit),
		Code:   exit.Code,
		Signal: exit.Signal,
		Detail: agent.Clip(e.clean(strings.Join(detail, "\n"))),
		Report: resultfile.Read(e.spec.ResultFile, e.clean),
	}
}

func (e *session) clean(s string) string {
	return strings.ToValidUTF8(e.redactor.String(s), "\uFFFD")
}

func reason(exit proc.Exit) event.ExitReason {
	switch {
	case exit.Stopped:
		return event.ExitStopped
	case exit.Signal != "":
		return event.ExitKilled
	}
	return event.ExitExited
}
