package power

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strings"

	"popkit/internal/api"
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
	id, text, problem := parseAnswer(line, w.last.Decisions)
	if problem != "" {
		w.env.Say("%s", problem)
		w.draw()
		return
	}
	if text == "" {
		w.draw()
		return
	}
	args := api.AnswerArgs{ID: id, Answer: text, By: w.by}
	if err := w.caller.Call(ctx, api.OpAnswer, args, nil); err != nil {
		w.env.Say("popkit: %v", err)
		w.draw()
		return
	}
	w.last.Decisions = slices.DeleteFunc(w.last.Decisions, func(d view.Decision) bool { return d.ID == id })
	w.draw()
}

// parseAnswer reads "q-1 yes", or "yes" when one question is open. A problem is
// what to tell who typed it; an empty line is nothing at all.
func parseAnswer(line string, open []view.Decision) (id, text, problem string) {
	line = strings.TrimSpace(line)
	if line == "" {
		return "", "", ""
	}
	if len(open) == 0 {
		return "", "", "no question is open"
	}
	word, rest, _ := strings.Cut(line, " ")
	i := slices.IndexFunc(open, func(d view.Decision) bool { return d.ID == word })
	switch {
	case i >= 0:
		line = strings.TrimSpace(rest)
	case len(open) == 1:
		i = 0
	default:
		return "", "", "several questions are open: type ID ANSWER, e.g. " + open[0].ID + " " + firstOption(open[0])
	}
	if line == "" {
		return "", "", "the answer is missing: type " + open[i].ID + " ANSWER"
	}
	if o := open[i].Options; len(o) > 0 && !slices.Contains(o, line) {
		return "", "", "\"" + line + "\" is none of the answers: " + strings.Join(o, ", ")
	}
	return open[i].ID, line, ""
}
