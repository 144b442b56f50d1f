package scripted

import (
	"fmt"
	"strings"
)

// Script is what a file holds: what to do in each task and attempt.
type Script struct {
	name     string
	tasks    map[string]part
	fallback part // for tasks that are not named
}

// part is a list of attempts; the last one is played again when there are more.
type part [][]line

// line is one step and where it is.
type line struct {
	step step
	name string // of the step's kind, e.g. "write"
	at   position
}

type position struct{ line, column int }

// steps returns what to play.
func (s Script) steps(task string, attempt int) ([]line, error) {
	p := s.fallback
	if named, ok := s.tasks[task]; ok {
		p = named
	}
	if len(p) == 0 {
		return nil, fmt.Errorf("%s: nothing to play for task %q: add it to tasks, or add steps for all others", s.name, task)
	}
	if attempt < 1 {
		return nil, fmt.Errorf("%s: attempt %d: want 1 or more", s.name, attempt)
	}
	return p[min(attempt, len(p))-1], nil
}

// Mistake is one thing wrong in a script.
type Mistake struct {
	File         string
	Line, Column int
	Text         string
}

func (m Mistake) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Text)
}

// Mistakes are all that is wrong in a script, in the file's order.
type Mistakes []Mistake

func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, one := range m {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}
