package power

import (
	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/cli/watching"
)

// New returns `popkit power` with its commands, in groups
// as one meets them.
func New(e *command.Env) *cobra.Command {
	power := command.Group("power", "Run an objective with several agents")
	for _, group := range []struct {
		title    string
		commands []*cobra.Command
	}{
		{"Run:", []*cobra.Command{newInit(e), newStart(e), newStop(e), newResume(e), newPause(e), newUnpause(e)}},
		{"Look:", []*cobra.Command{newStatus(e), newAttach(e), newLog(e), watching.NewTranscript(e), newAudit(e), newWhy(e), newList(e)}},
		{"Decide and change:", []*cobra.Command{newDecide(e), newTell(e), newEdit(e), newRetry(e), newReassign(e), newSkip(e),
			newBoundary(e)}},
		{"Take the result:", []*cobra.Command{watching.NewReport(e), newDiff(e), newMerge(e)}},
	} {
		power.AddGroup(&cobra.Group{ID: group.title, Title: group.title})
		for _, c := range group.commands {
			c.GroupID = group.title
			power.AddCommand(c)
		}
	}
	return power
}
