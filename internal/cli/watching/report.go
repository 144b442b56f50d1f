package watching

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/core/account"
	"popkit/internal/core/view"
	"popkit/internal/runs"
	"popkit/internal/show"
)

// ReportOptions choose a run and the form of its report.
type ReportOptions struct {
	Run      string
	Markdown bool
	JSON     bool
}

// Reported is `popkit power report --json`. Text is the file that is kept beside the
// log, empty as long as the run has not ended.
type Reported struct {
	Run    string         `json:"run"`
	Path   string         `json:"path"`
	Text   string         `json:"text"`
	Report account.Report `json:"report"`
	Status view.Status    `json:"status"`
}

// NewReport returns `popkit power report`.
func NewReport(e *command.Env) *cobra.Command {
	var o ReportOptions
	cmd := &cobra.Command{
		Use:   "report [RUN]",
		Short: "Show what came of a run: work, cost, insights, decisions, how to merge",
		Long: `Show what came of a run, as far as it is: for each task what was done, by whom, in
how long and at what cost, with which insights, what was denied by which rule, what
people decided, which attempts were not taken and why; which criteria hold, where the
time went, and how to merge. When the run ends it is kept as report.md beside its log.`,
		Example: "  popkit power report\n  popkit power report --markdown > report.md",
		Args:    command.Takes(0, 1), ValidArgsFunction: command.CompleteRuns(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Run = command.First(args)
			return runReport(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVar(&o.Markdown, "markdown", false, "print Markdown")
	command.JSONFlag(cmd, &o.JSON)
	cmd.MarkFlagsMutuallyExclusive("markdown", "json")
	return cmd
}

func runReport(ctx context.Context, e *command.Env, o ReportOptions) error {
	r, v, err := e.FindStatus(ctx, o.Run)
	if err != nil {
		return err
	}
	book, err := fold(ctx, r)
	if err != nil {
		return command.Environment(err)
	}
	report := book.Report(e.Now(), v.Engine)
	switch {
	case o.JSON:
		text, err := os.ReadFile(r.ReportPath())
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return command.Environment(err)
		}
		return e.PrintJSON(Reported{Run: r.ID, Path: r.ReportPath(), Text: string(text), Report: report, Status: v})
	case o.Markdown:
		return e.Print(show.Clean(report.Markdown()))
	}
	return e.Print(show.Account(report, e.Width()))
}

// fold reads the run's log into a book.
func fold(ctx context.Context, r runs.Run) (_ *account.Book, err error) {
	log, err := r.Open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	book := account.New()
	for ev, err := range log.Read(ctx, 1) {
		if err != nil {
			return nil, err
		}
		if err := book.Add(ev); err != nil {
			return nil, err
		}
	}
	if book.State.Seq == 0 {
		return nil, fmt.Errorf("%s: the log is empty: no run was created in it", r.LogPath())
	}
	return book, nil
}
