package message

import (
	"regexp"
	"strings"
)

// Trailer is a "Key: value" line at the end of a commit message.
type Trailer struct {
	Key, Value string
}

// The keys of the trailers on every commit that popkit makes.
const (
	Run   = "Popkit-Run"
	Task  = "Popkit-Task"
	Agent = "Popkit-Agent"
)

// Trailers of a commit that is about an agent's work; what is "" is left out.
func Trailers(run, task, agent string) []Trailer {
	return []Trailer{{Run, run}, {Task, task}, {Agent, agent}}
}

// Compose adds the trailers to a message. Values are put on one line.
func Compose(message, fallback string, trailers ...Trailer) string {
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
		if value := OneLine(t.Value); value != "" {
			b.WriteString(t.Key + ": " + value + "\n")
		}
	}
	return b.String()
}

// OneLine puts text on one line.
func OneLine(s string) string {
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
