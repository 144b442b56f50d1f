package command

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"popkit/internal/api"
	"popkit/internal/planfile"
	"popkit/internal/runs"
)

type coded struct{}

func (coded) Error() string { return "coded" }
func (coded) ExitCode() int { return 3 }

func TestExitCodes(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"nothing":                   {nil, 0},
		"any error":                 {errors.New("x"), 1},
		"usage":                     {Usage("", "x"), 2},
		"outcome":                   {Outcome(4), 4},
		"wrapped":                   {fmt.Errorf("a: %w", Usage("", "x")), 2},
		"the host's":                {fmt.Errorf("a: %w", coded{}), 3},
		"environment of the host's": {Environment(coded{}), 3},
		"environment":               {Environment(errors.New("x")), 5},
		"not started":               {Environment(Usage("", "x")), 2},
		"bad call":                  {&api.Error{Kind: api.KindUsage}, 2},
		"refused":                   {&api.Error{Kind: api.KindRefused}, 1},
		"forbidden":                 {&api.Error{Kind: api.KindForbidden}, 1},
		"ended":                     {&api.Error{Kind: api.KindEnded}, 1},
		"version":                   {&api.Error{Kind: api.KindVersion}, 5},
		"no engine":                 {fmt.Errorf("%w at x", api.ErrNoEngine), 5},
		"busy":                      {&runs.BusyError{}, 5},
		"not found":                 {runs.ErrNotFound, 2},
		"ambiguous":                 {runs.ErrAmbiguous, 2},
		"no runs":                   {runs.ErrNoRuns, 1},
		"bad plan":                  {&planfile.Errors{}, 2},
		"full disk":                 {fmt.Errorf("write: %w", syscall.ENOSPC), 5},
		"no right":                  {fmt.Errorf("open: %w", os.ErrPermission), 5},
		"done":                      {OfOutcome("done"), 0},
		"failed":                    {OfOutcome("failed"), 1},
		"needs human":               {OfOutcome("needs_human"), 3},
		"stopped":                   {OfOutcome("stopped"), 4},
		"engine died":               {OfOutcome("interrupted"), 5},
	} {
		if got := ExitCode(c.err); got != c.want {
			t.Errorf("%s: exit code %d, want %d", name, got, c.want)
		}
	}
}
