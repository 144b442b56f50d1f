package cli

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
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNeedsHuman  = 3
	exitStopped     = 4
	exitEnvironment = 5
)

// failure is an error with its exit code and a hint that can be typed.
type failure struct {
	code  int
	err   error
	hints []string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// outcome ends the program with a code and without a message: all was said.
type outcome int

func (o outcome) Error() string { return fmt.Sprintf("exit code %d", int(o)) }

// usage is a mistake in what was typed; each hint can be typed instead.
func usage(hint, format string, args ...any) error {
	return fail(exitUsage, hint, format, args...)
}

// failed is a command that could not do what it was asked.
func failed(hint, format string, args ...any) error {
	return fail(exitFailed, hint, format, args...)
}

func fail(code int, hint, format string, args ...any) error {
	f := &failure{code: code, err: fmt.Errorf(format, args...)}
	if hint != "" {
		f.hints = []string{hint}
	}
	return f
}

// environment marks what popkit stands on as the culprit, unless the error says
// otherwise itself.
func environment(err error) error {
	if err == nil || exitCode(err) != exitFailed {
		return err
	}
	return &failure{code: exitEnvironment, err: err}
}

// usageError marks a mistake in what was typed, likewise.
func usageError(err error, hints ...string) error {
	if err == nil {
		return nil
	}
	return &failure{code: exitUsage, err: err, hints: hints}
}

// ofOutcome is the exit code for how a run ended.
func ofOutcome(state string) error {
	switch state {
	case "done":
		return nil
	case "needs_human":
		return outcome(exitNeedsHuman)
	case "stopped":
		return outcome(exitStopped)
	case "interrupted":
		return outcome(exitEnvironment)
	}
	return outcome(exitFailed)
}

// exitCode is the only place where an error becomes a number.
func exitCode(err error) int {
	var (
		out    outcome
		fail   *failure
		call   *api.Error
		busy   *runs.BusyError
		file   *planfile.Errors            // configuration's, too
		coded  interface{ ExitCode() int } // the Host's own errors say it themselves
		system = []error{fs.ErrPermission, syscall.ENOSPC, syscall.EROFS, syscall.EDQUOT, api.ErrNoEngine}
		typed  = []error{runs.ErrNotFound, runs.ErrAmbiguous}
	)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &out):
		return int(out)
	case errors.As(err, &fail):
		return fail.code
	case errors.As(err, &coded):
		return coded.ExitCode()
	case errors.As(err, &call):
		return ofKind(call.Kind)
	case errors.As(err, &busy), isAny(err, system):
		return exitEnvironment
	case errors.As(err, &file), isAny(err, typed):
		return exitUsage
	}
	return exitFailed
}

func ofKind(k api.Kind) int {
	switch k {
	case api.KindUsage:
		return exitUsage
	case api.KindVersion:
		return exitEnvironment
	}
	return exitFailed
}

func isAny(err error, targets []error) bool {
	for _, t := range targets {
		if errors.Is(err, t) {
			return true
		}
	}
	return false
}

// report prints an error as people read it and returns its exit code. Several
// mistakes are a line each, as editors understand them.
func report(w io.Writer, err error) int {
	code := exitCode(err)
	var out outcome
	if err == nil || errors.As(err, &out) || errors.Is(err, syscall.EPIPE) {
		return code
	}
	text, hints := words(err)
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

// words is an error's text without its hints, and the hints.
func words(err error) (text string, hints []string) {
	var call *api.Error
	var f *failure
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
