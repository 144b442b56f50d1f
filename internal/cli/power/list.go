package power

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/show"
)

type listOptions struct{ JSON bool }

// Listed is one run in `popkit power list --json`. A run whose log can't be
// read has an error and no more.
type Listed struct {
	Run       string    `json:"run"`
	State     string    `json:"state"`
	Reason    string    `json:"reason,omitempty"`
	Begun     time.Time `json:"begun,omitzero"`
	Objective string    `json:"objective"`
	Branch    string    `json:"branch"`
	Tasks     int       `json:"tasks"`
	Settled   int       `json:"settled"`
	Active    bool      `json:"active"`
	Error     string    `json:"error,omitempty"`
}

func newList(e *command.Env) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:               "list",
		Aliases:           []string{"ls"},
		Short:             "List the repository's runs, newest first",
		Args:              command.Takes(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return runList(cmd.Context(), e, o) },
	}
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runList(ctx context.Context, e *command.Env, o listOptions) error {
	p, err := e.Place(ctx)
	if err != nil {
		return err
	}
	all, err := p.List()
	if err != nil {
		return err
	}
	out := make([]Listed, 0, len(all))
	for i := len(all) - 1; i >= 0; i-- {
		l := Listed{Run: all[i].ID, State: "unreadable"}
		if v, err := e.Status(ctx, all[i]); err != nil {
			l.Error = err.Error() // one damaged log must not hide the other runs
		} else {
			l = Listed{
				Run: v.Run, State: v.State, Reason: v.Reason, Begun: v.Begun, Objective: v.Objective, Branch: v.Branch,
				Tasks: len(v.Tasks), Active: v.Engine != nil,
			}
			for _, t := range v.Tasks {
				if t.State == "merged" || t.State == "skipped" {
					l.Settled++
				}
			}
		}
		out = append(out, l)
	}
	if o.JSON {
		return e.PrintJSON(out)
	}
	if len(out) == 0 {
		e.Say("no runs yet: popkit power start \"…\" begins one")
		return nil
	}
	return e.Print(listTable(out, e.Width()))
}

func listTable(all []Listed, width int) string {
	rows := [][]string{{"RUN", "STATE", "BEGUN", "TASKS", "OBJECTIVE"}}
	for _, l := range all {
		begun, about := "", show.Line(l.Objective)
		if !l.Begun.IsZero() {
			begun = l.Begun.Local().Format("2006-01-02 15:04")
		}
		if l.Error != "" {
			about = show.Line(l.Error)
		}
		rows = append(rows, []string{l.Run, l.State, begun, fmt.Sprintf("%d/%d", l.Settled, l.Tasks), about})
	}
	return show.Table(rows, width)
}
