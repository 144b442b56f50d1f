package power

import (
	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
)

// New returns `popkit power` with its commands.
func New(e *command.Env) *cobra.Command {
	return command.Group("power", "Run an objective with several agents", newStart(e), newAttach(e), newStatus(e), newStop(e),
		newResume(e), newList(e), newLog(e), newReport(e), newDiff(e), newMerge(e), newDecide(e), newWhy(e), newRetry(e),
		newSkip(e), newEdit(e), newTell(e), newTranscript(e), newInit(e))
}
