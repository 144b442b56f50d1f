package power

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strings"

	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
)

// lines delivers what is typed, until it ends.
func lines(ctx context.Context, in io.Reader) <-chan string {
	c := make(chan string)
	go func() {
		defer close(c)
		for sc := bufio.NewScanner(in); sc.Scan(); {
			select {
			case c <- sc.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return c
}

// answer takes a line that was typed while the run goes on.
func (w *watcher) answer(ctx context.Context, line string) {
	w.screen.typed()
	r := parseAnswer(line, w.last.Decisions)
	if r.problem != "" {
		w.env.Say("%s", r.problem)
		w.draw()
		return
	}
	if r.text == "" {
		w.draw()
		return
	}
	args := api.AnswerArgs{ID: r.id, Answer: r.text, By: w.by, Note: r.note, Always: r.always, Files: r.dropped()}
	if err := w.caller.Call(ctx, api.OpAnswer, args, nil); err != nil {
		w.env.Say("popkit: %v", err)
		w.draw()
		return
	}
	w.last.Decisions = slices.DeleteFunc(w.last.Decisions, func(d view.Decision) bool { return d.ID == r.id })
	w.draw()
}

// reply is a line that was typed as an answer. A problem is what to tell who typed
// it; without a text it is nothing at all.
type reply struct {
	id, text, problem string
	always            bool
	files             string // that the answer drop names
	note              string // what is said of a plan besides
}

// dropped are the files that are named, between commas.
func (r reply) dropped() []string {
	var out []string
	for f := range strings.SplitSeq(r.files, ",") {
		if f = strings.TrimSpace(f); f != "" {
			out = append(out, f)
		}
	}
	return out
}

// parseAnswer reads "q-1 yes", or "yes" when one question is open; what the guard
// asks can be answered "yes always", what the audit found "drop a.go, b.go", a plan
// "revise tests first".
func parseAnswer(line string, open []view.Decision) reply {
	line = strings.TrimSpace(line)
	if line == "" {
		return reply{}
	}
	if len(open) == 0 {
		return reply{problem: "no question is open"}
	}
	word, rest, _ := strings.Cut(line, " ")
	i := slices.IndexFunc(open, func(d view.Decision) bool { return d.ID == word })
	switch {
	case i >= 0:
		line = strings.TrimSpace(rest)
	case len(open) == 1:
		i = 0
	default:
		return reply{problem: "several questions are open: type ID ANSWER, e.g. " + open[0].ID + " " + firstOption(open[0])}
	}
	if line == "" {
		return reply{problem: "the answer is missing: type " + open[i].ID + " ANSWER"}
	}
	r := reply{id: open[i].ID, text: line}
	switch open[i].Kind {
	case event.AskGuard:
		r.text, r.always = strings.CutSuffix(line, " always")
	case event.AskPlan:
		r.text, r.note, _ = strings.Cut(line, " ")
		if r.note = strings.TrimSpace(r.note); r.text == state.AnswerApprove && r.note == "always" {
			r.note, r.always = "", true
		}
		if r.text == state.AnswerRevise && r.note == "" {
			return reply{problem: "say what is to be changed: revise tests first"}
		}
	}
	if files, ok := strings.CutPrefix(line, state.AnswerDrop+" "); ok && open[i].Kind == event.AskAudit {
		r.text, r.files = state.AnswerDrop, files
	}
	if o := open[i].Options; len(o) > 0 && !slices.Contains(o, r.text) {
		return reply{problem: "\"" + line + "\" is none of the answers: " + strings.Join(o, ", ")}
	}
	return r
}
