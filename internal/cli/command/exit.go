package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"

	"popkit/internal/api"
	"popkit/internal/planfile"
	"popkit/internal/runs"
)

// The exit codes, as docs/exit-codes.md explains them.
const (
	ExitDone        = 0
	ExitFailed      = 1
	ExitUsage       = 2
	ExitNeedsHuman  = 3
	ExitStopped     = 4
	ExitEnvironment = 5
)

// Failure is an error with its exit code and a hint that can be typed.
type Failure struct {
	code  int
	err   error
	hints []string
}

func (f *Failure) Error() string { return f.err.Error() }
func (f *Failure) Unwrap() error { return f.err }

// Outcome ends the program with a code and without a message: all was said.
type Outcome int

func (o Outcome) Error() string { return fmt.Sprintf("exit code %d", int(o)) }

// Usage is a mistake in what was typed; each hint can be typed instead.
func Usage(hint, format string, args ...any) error {
	return Fail(ExitUsage, hint, format, args...)
}

// Failed is a command that could not do what it was asked.
func Failed(hint, format string, args ...any) error {
	return Fail(ExitFailed, hint, format, args...)
}

// Fail is an error with that exit code.
func Fail(code int, hint, format string, args ...any) error {
	f := &Failure{code: code, err: fmt.Errorf(format, args...)}
	if hint != "" {
		f.hints = []string{hint}
	}
	return f
}

// Failing is an error that is there already, with its exit code and hints.
func Failing(code int, err error, hints ...string) error {
	return &Failure{code: code, err: err, hints: hints}
}

// Environment marks what popkit stands on as the culprit, unless the error says
// otherwise itself.
func Environment(err error) error {
	if err == nil || ExitCode(err) != ExitFailed {
		return err
	}
	return &Failure{code: ExitEnvironment, err: err}
}

// UsageError marks a mistake in what was typed, likewise.
func UsageError(err error, hints ...string) error {
	if err == nil {
		return nil
	}
	return &Failure{code: ExitUsage, err: err, hints: hints}
}

// OfOutcome is the exit code for how a run ended.
func OfOutcome(state string) error {
	switch state {
	case "done":
		return nil
	case "needs_human":
		return Outcome(ExitNeedsHuman)
	case "stopped":
		return Outcome(ExitStopped)
	case "interrupted":
		return Outcome(ExitEnvironment)
	}
	return Outcome(ExitFailed)
}

// ExitCode is the only place where an error becomes a number.
func ExitCode(err error) int {
	var (
		out    Outcome
		fail   *Failure
		call   *api.Error
		busy   *runs.BusyError
		file   *planfile.Errors            // configuration's, too
		coded  interface{ ExitCode() int } // the Host's own errors say it themselves
		system = []error{fs.ErrPermission, syscall.ENOSPC, syscall.ENOTDIR, syscall.EROFS, syscall.EDQUOT, api.ErrNoEngine}
		typed  = []error{runs.ErrNotFound, runs.ErrAmbiguous}
	)
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &out):
		return int(out)
	case errors.As(err, &fail):
		return fail.code
	case errors.As(err, &coded):
		return coded.ExitCode()
	case errors.As(err, &call):
		return ofKind(call.Kind)
	case errors.As(err, &busy), isAny(err, system):
		return ExitEnvironment
	case errors.As(err, &file), isAny(err, typed):
		return ExitUsage
	}
	return ExitFailed
}

func ofKind(k api.Kind) int {
	switch k {
	case api.KindUsage:
		return ExitUsage
	case api.KindVersion:
		return ExitEnvironment
	}
	return ExitFailed
}

func isAny(err error, targets []error) bool {
	for _, t := range targets {
		if errors.Is(err, t) {
			return true
		}
	}
	return false
}

// Report prints an error as people read it and returns its exit code. Several
// mistakes are a line each, as editors understand them.
func Report(w io.Writer, err error) int {
	code := ExitCode(err)
	var out Outcome
	if err == nil || errors.As(err, &out) || errors.Is(err, syscall.EPIPE) {
		return code
	}
	text, hints := Words(err)
	if strings.Contains(text, "\n") {
		fmt.Fprintln(w, text)
		text = fmt.Sprintf("%d mistakes", strings.Count(text, "\n")+1)
	}
	fmt.Fprintf(w, "popkit: %s\n", text)
	for _, h := range hints {
		fmt.Fprintf(w, "hint: %s\n", h)
	}
	return code
}

// Words is an error's text without its hints, and the hints.
func Words(err error) (text string, hints []string) {
	var call *api.Error
	var f *Failure
	text = err.Error()
	if errors.As(err, &f) {
		hints = append(hints, f.hints...)
	}
	if errors.As(err, &call) {
		text = strings.Replace(text, call.Error(), call.Text, 1)
		if call.Hint != "" {
			hints = append(hints, call.Hint)
		}
	}
	if errors.Is(err, context.Canceled) {
		text = "interrupted"
	}
	return text, hints
}
