package git

import (
	"errors"
	"fmt"
	"strings"
)

// Error is a git process that ran and failed.
type Error struct {
	Args   []string
	Dir    string
	Code   int    // exit code, -1 when a signal ended it
	Stderr string // the last part of what it said
}

func (e *Error) Error() string {
	said := firstLine(e.Stderr)
	if said == "" {
		said = fmt.Sprintf("exit code %d", e.Code)
	}
	return fmt.Sprintf("git %s: %s", subcommand(e.Args), said)
}

// Said reports whether err is git's own failure with one of the texts in its
// error output.
func Said(err error, texts ...string) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	for _, text := range texts {
		if strings.Contains(e.Stderr, text) {
			return true
		}
	}
	return false
}

// Failed reports whether git ran, ended by itself and said no. A git that did
// not run or that a signal ended has said nothing.
func Failed(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code > 0
}

// firstLine is the line that says why: the first fatal or error line, else the
// first line.
func firstLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for _, prefix := range []string{"fatal: ", "error: "} {
		for _, line := range lines {
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				return rest
			}
		}
	}
	return lines[0]
}

// subcommand is the name of the subcommand in args, for messages.
func subcommand(args []string) string {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-c" || args[i] == "-C":
			i++
		case !strings.HasPrefix(args[i], "-"):
			return args[i]
		}
	}
	return strings.Join(args, " ")
}
