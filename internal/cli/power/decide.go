package power

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/api"
	"popkit/internal/cli/command"
	"popkit/internal/core/view"
	"popkit/internal/runs"
	"popkit/internal/show"
)

type decideOptions struct {
	Run    string
	ID     string
	Answer string
	Note   string
	Always bool
	Files  []string
	All    bool
	JSON   bool
}

func newDecide(e *command.Env) *cobra.Command {
	var o decideOptions
	cmd := &cobra.Command{
		Use:   "decide [ID ANSWER]",
		Short: "Answer a question; without arguments, list the open ones",
		Long: `Answer a question of the run. Without arguments the open questions are listed and,
on a terminal, asked one after the other; --json prints what is open, after an answer
too. A parked run takes answers too; after
them, popkit power resume goes on. What each kind of question means, and what holds
when nobody answers, is in docs/decisions.md.

What the audit found in an agent's work is shown with its hunks. The answer drop
leaves files out and accepts the rest: those with findings, or those that --files
names. A plan that is to be revised needs a word on what: --note, or on a terminal
after the answer.`,
		Example: `  popkit power decide q-1 allow
  popkit power decide q-1 allow --always
  popkit power decide q-2 "use the model in src/models" --note "see the design"
  popkit power decide q-4 revise --note "tests first"
  popkit power decide q-3 drop --files .env.local,src/debug.go`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return command.Usage(`popkit power decide `+args[0]+` "ANSWER"`, "the answer to %s is missing", args[0])
			}
			return nil
		},
		ValidArgsFunction: command.CompleteDecisions(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.ID, o.Answer = args[0], strings.Join(args[1:], " ")
			}
			return runDecide(cmd.Context(), e, o)
		},
	}
	command.RunFlag(e, cmd, &o.Run)
	cmd.Flags().StringVar(&o.Note, "note", "", "a note to the answer, for the log and who asked")
	cmd.Flags().BoolVar(&o.Always, "always", false, "for the rest of the run: where the same rule asks about the same thing (kind guard), all plans of the role (approve, kind plan)")
	cmd.Flags().StringSliceVar(&o.Files, "files", nil, "with the answer drop: the files to leave out (default: those with findings)")
	cmd.Flags().BoolVar(&o.All, "all", false, "list answered questions too")
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

func runDecide(ctx context.Context, e *command.Env, o decideOptions) error {
	r, c, err := e.Open(ctx, o.Run)
	if err != nil {
		return err
	}
	if o.ID != "" {
		if err := decide(ctx, e, c, o); err != nil || o.JSON {
			return err
		}
		return goOn(ctx, e, r)
	}
	list, err := questions(ctx, c, o.All)
	if command.Ending(err) { // what was asked is in the log all the same
		list, err = logged(ctx, r, o.All)
	}
	if err != nil {
		return err
	}
	if o.JSON {
		return e.PrintJSON(list)
	}
	if len(list) == 0 {
		e.Say("no question is open")
		return nil
	}
	if !e.Interactive || o.All {
		return e.Print(listDecisions(list))
	}
	if err := ask(ctx, e, c, list, o); err != nil {
		return err
	}
	return goOn(ctx, e, r)
}

// goOn says how a parked run goes on once nothing waits for a person any more.
func goOn(ctx context.Context, e *command.Env, r runs.Run) error {
	v, err := e.Status(ctx, r)
	if err == nil && v.State == "needs_human" && len(v.Decisions) == 0 {
		e.Say("to go on: popkit power resume %s", r.ID)
	}
	return err
}

func decide(ctx context.Context, e *command.Env, c api.Caller, o decideOptions) error {
	args := api.AnswerArgs{ID: o.ID, Answer: o.Answer, By: e.By(ctx), Note: o.Note, Always: o.Always, Files: o.Files}
	if err := c.Call(ctx, api.OpAnswer, args, nil); err != nil {
		return err
	}
	if o.JSON {
		open, err := questions(ctx, c, false)
		if err != nil {
			return err
		}
		return e.PrintJSON(open)
	}
	if o.Always {
		e.Say("answered %s: %s, always in this run", o.ID, o.Answer)
		return nil
	}
	e.Say("answered %s: %s", o.ID, o.Answer)
	return nil
}

// questions returns the run's open questions, or all.
func questions(ctx context.Context, c api.Caller, all bool) ([]view.Decision, error) {
	var list []view.Decision
	if err := c.Call(ctx, api.OpDecisions, nil, &list); err != nil {
		return nil, err
	}
	return unanswered(list, all), nil
}

// logged are the questions that the run's log holds.
func logged(ctx context.Context, r runs.Run, all bool) ([]view.Decision, error) {
	s, err := r.Fold(ctx)
	if err != nil {
		return nil, command.Environment(err)
	}
	return unanswered(view.Decisions(s), all), nil
}

func unanswered(list []view.Decision, all bool) []view.Decision {
	out := make([]view.Decision, 0, len(list))
	for _, d := range list {
		if all || d.Answer == "" && d.Closed == "" {
			out = append(out, d)
		}
	}
	return out
}

// ask goes through the questions on the terminal; an empty line leaves one open.
func ask(ctx context.Context, e *command.Env, c api.Caller, list []view.Decision, o decideOptions) error {
	in := bufio.NewReader(e.In)
	for _, d := range list {
		for done := false; !done; {
			fmt.Fprintf(e.Err, "%sanswer %s (empty: leave it open)> ", show.WholeDecision(d), d.ID)
			line, err := in.ReadString('\n')
			if err != nil && !errors.Is(err, io.EOF) {
				return fmt.Errorf("read the answer: %w", err)
			}
			r := parseAnswer(line, []view.Decision{d})
			switch {
			case r.problem != "":
				e.Say("%s", r.problem)
			case r.text != "":
				answer := o
				answer.ID, answer.Answer, answer.Always, answer.Files = d.ID, r.text, r.always, r.dropped()
				if r.note != "" {
					answer.Note = r.note
				}
				if err := decide(ctx, e, c, answer); err != nil {
					return err
				}
			}
			done = r.problem == "" || err != nil
		}
	}
	return nil
}

func listDecisions(list []view.Decision) string {
	var b strings.Builder
	for _, d := range list {
		switch {
		case d.Closed != "":
			fmt.Fprintf(&b, "question %s (%s): withdrawn: %s\n", d.ID, d.Kind, show.Line(d.Closed))
		case d.Answer != "":
			always := ""
			if d.Always {
				always = ", always"
			}
			note := ""
			if d.Note != "" {
				note = " (" + show.Line(d.Note) + ")"
			}
			fmt.Fprintf(&b, "question %s (%s): %s answered %q%s%s\n", d.ID, d.Kind, d.By, show.Line(d.Answer), always, note)
		default:
			b.WriteString(show.WholeDecision(d))
		}
	}
	return b.String()
}
