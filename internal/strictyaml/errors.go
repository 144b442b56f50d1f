package strictyaml

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Place is a position in a file.
type Place struct {
	Line, Col int // from 1
}

// Error is one mistake in a file.
type Error struct {
	File string
	Place
	Text string // what is wrong, in words
	Hint string // what to do about it; may be ""
}

// Error is "file:line:col: text (hint)".
func (e Error) Error() string {
	s := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Text)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Errors holds all mistakes of a file, in the file's order.
type Errors struct {
	List []Error
}

// Error gives each mistake a line.
func (e *Errors) Error() string {
	lines := make([]string, len(e.List))
	for i, x := range e.List {
		lines[i] = x.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives access to each mistake.
func (e *Errors) Unwrap() []error {
	out := make([]error, len(e.List))
	for i, x := range e.List {
		out[i] = x
	}
	return out
}

// with adds a mistake to those that err holds.
func with(err error, one Error) error {
	var all *Errors
	if errors.As(err, &all) {
		return sorted(append(slices.Clone(all.List), one))
	}
	return sorted([]Error{one})
}

// sorted returns the errors in the file's order, or nil when there are none.
func sorted(list []Error) error {
	if len(list) == 0 {
		return nil
	}
	slices.SortStableFunc(list, func(a, b Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return &Errors{List: slices.Compact(list)}
}
