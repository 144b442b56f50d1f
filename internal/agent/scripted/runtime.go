package scripted

import (
	"fmt"

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
	return execagent.NewArgs(self, "popkit", Arg, file), nil
}
