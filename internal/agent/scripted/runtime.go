package scripted

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"popkit/internal/agent"
	"popkit/internal/agent/execagent"
	"popkit/internal/proc"
)

// Arg is the first argument of the call that plays a script; the second is the
// script's path. main must hand it to Play.
const Arg = "__script"

// New returns the runtime scripted:FILE. A path that is not absolute is
// relative to the agent's workspace.
func New(file string) (agent.Runtime, error) {
	self, err := proc.Self()
	if err != nil {
		return nil, fmt.Errorf("find the program that plays scripts: %w", err)
	}
	return runtime{execagent.NewArgs(self, "popkit", Arg, file), file}, nil
}

type runtime struct {
	*execagent.Runtime
	file string
}

// Start says of the session whether its script begins with the step guard.
func (r runtime) Start(ctx context.Context, s agent.Spec) (agent.Session, error) {
	hook := r.hook(s) // before the agent can change the file
	session, err := r.Runtime.Start(ctx, s)
	if err != nil {
		return nil, err
	}
	return hooked{session, hook}, nil
}

type hooked struct {
	agent.Session
	hook bool
}

func (h hooked) Hooked() bool { return h.hook }

// hook reads what will be played. What can't be read has no hook, and says so
// itself when it is played.
func (r runtime) hook(s agent.Spec) bool {
	path := r.file
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.Workspace, path)
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() > maxScript {
		return false
	}
	script, err := Load(path)
	if err != nil {
		return false
	}
	lines, err := script.steps(s.Task, s.Attempt)
	return err == nil && len(lines) > 0 && lines[0].name == "guard"
}
