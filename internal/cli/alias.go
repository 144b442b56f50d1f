package cli

import "popkit/internal/cli/command"

// What main needs to plug the machine in.
type (
	Env            = command.Env
	Host           = command.Host
	RepoInfo       = command.RepoInfo
	NewRun         = command.NewRun
	PlanOrder      = command.PlanOrder
	Removal        = command.Removal
	SandboxCheck   = command.SandboxCheck
	Claude         = command.Claude
	SandboxPromise = command.SandboxPromise
	Streams        = command.Streams
)

// System is the Env of this process.
func System(h Host) (Env, error) { return command.System(h) }
