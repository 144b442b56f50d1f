package workspace

import (
	"context"
	"regexp"
	"strings"
	"time"

	"popkit/internal/workspace/git"
	"popkit/internal/workspace/store"
)

// Trailer is a "Key: value" line at the end of a commit message.
type Trailer struct {
	Key, Value string
}

// The trailers on every commit that popkit makes.
const (
	TrailerRun   = "Popkit-Run"
	TrailerTask  = "Popkit-Task"
	TrailerAgent = "Popkit-Agent"
)

// compose adds the trailers to a message. Values are put on one line.
func compose(message, fallback string, trailers ...Trailer) string {
	text := strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(message, "?"), "\x00", ""))
	if text == "" {
		text = fallback
	}
	var b strings.Builder
	b.WriteString(text)
	if endsInTrailers(text) {
		b.WriteString("\n")
	} else {
		b.WriteString("\n\n")
	}
	for _, t := range trailers {
		if value := oneLine(t.Value); value != "" {
			b.WriteString(t.Key + ": " + value + "\n")
		}
	}
	return b.String()
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "")), " ")
}

var trailerLine = regexp.MustCompile(`^[A-Za-z0-9-]+: .`)

// endsInTrailers reports whether the last paragraph is one of trailers; a
// subject alone never is.
func endsInTrailers(text string) bool {
	i := strings.LastIndex(text, "\n\n")
	if i < 0 {
		return false
	}
	for line := range strings.Lines(text[i+2:]) {
		if !trailerLine.MatchString(line) {
			return false
		}
	}
	return true
}

// commit makes a commit in the run's name; its author is the run's identity.
func (w *Run) commit(ctx context.Context, st *place, tree, message string, parents ...string) (string, error) {
	user, err := w.repo.Settings(ctx)
	if err != nil {
		return "", err
	}
	id := w.opts.Identity
	if !w.opts.Sign && !user.OddObjects() {
		return st.Commit(store.Author{Name: id.Name, Email: id.Email, When: time.Now()}, tree, message, parents...)
	}
	author := []string{
		"GIT_AUTHOR_NAME=" + id.Name, "GIT_AUTHOR_EMAIL=" + id.Email,
		"GIT_COMMITTER_NAME=" + id.Name, "GIT_COMMITTER_EMAIL=" + id.Email,
	}
	args := append([]string{"-c", "i18n.commitEncoding=UTF-8"}, store.CommitArgs(tree, parents)...)
	if w.opts.Sign {
		args = append(args, "-S") // only the user's own configuration knows how
	}
	res, err := st.repo.Run(ctx, git.Cmd{Args: args, Env: author, Stdin: strings.NewReader(message)})
	return git.Line(res.Out), err
}
