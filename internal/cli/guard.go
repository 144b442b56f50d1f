package cli

import (
	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
)

func newGuard(e *command.Env) *cobra.Command {
	return command.Group("guard", "The guard: put a tool call to it, try its rules",
		newGuardCheck(e), newGuardExplain(e), newGuardJudge(e), newGuardCanary(e))
}
