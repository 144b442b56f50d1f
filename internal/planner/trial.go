package planner

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"popkit/internal/core/objective"
)

// Checker tries commands, each in a fresh checkout of the commit that a run would
// start from. Its error is that it could not; what came of a command is in Tried.
type Checker interface {
	Try(ctx context.Context, command string) (Tried, error)
}

// Tried is what came of a command.
type Tried struct {
	Code    int
	Signal  string // that ended it
	Late    bool   // it took longer than a check may
	Refused string // why it was not run at all: the guard's reason
	Output  string // its tail
	Took    time.Duration
}

// State is what a check is worth before the run.
type State string

// The states of a check.
const (
	Green   State = "green"
	Red     State = "red"     // allowed: the run is to turn it green
	Missing State = "missing" // there is no such command
	Late    State = "late"    // it took too long
	Refused State = "refused" // the guard lets no agent run it
)

// Trial is a check with what it is worth now.
type Trial struct {
	Run    string             `json:"run"`
	Expect string             `json:"expect,omitempty"`
	State  State              `json:"state"`
	Detail string             `json:"detail,omitempty"` // one line
	Took   objective.Duration `json:"took,omitempty"`
}

// maxSaid bounds what is quoted of a command's output, in bytes.
const maxSaid = 300

// Try tries each of a plan's checks once.
func Try(ctx context.Context, p objective.Plan, c Checker, say func(string)) ([]Trial, error) {
	m := &maker{deps: Deps{Checks: c, Say: say}, tried: map[string]Tried{}}
	return m.try(ctx, p)
}

func (m *maker) try(ctx context.Context, p objective.Plan) ([]Trial, error) {
	checks := Checks(p)
	trials := make([]Trial, 0, len(checks))
	for i, c := range checks {
		got, known := m.tried[c.Run]
		if !known {
			m.say(fmt.Sprintf("check %d of %d: %s", i+1, len(checks), oneLine(c.Run, 60)))
			var err error
			if got, err = m.deps.Checks.Try(ctx, c.Run); err != nil {
				return nil, fmt.Errorf("try the check %q: %w", oneLine(c.Run, 60), err)
			}
			m.tried[c.Run] = got
		}
		trials = append(trials, judge(c, got))
	}
	return trials, nil
}

// Checks lists a plan's checks, each once: of phases, then of criteria.
func Checks(p objective.Plan) []objective.Check {
	var out []objective.Check
	seen := map[[2]string]bool{}
	add := func(c objective.Check) {
		if key := [2]string{c.Run, c.Expect}; !seen[key] {
			seen[key] = true
			out = append(out, c)
		}
	}
	for _, ph := range p.Phases {
		for _, c := range ph.Checks {
			add(c)
		}
	}
	for _, c := range p.Objective.SuccessCriteria {
		if c.Check != nil {
			add(*c.Check)
		}
	}
	return out
}

// judge says what a check is worth by what came of its command.
func judge(c objective.Check, got Tried) Trial {
	t := Trial{Run: c.Run, Expect: c.Expect, Took: Rounded(got.Took)}
	switch {
	case got.Refused != "":
		t.State, t.Detail = Refused, oneLine(got.Refused, maxSaid)
	case got.Late:
		t.State, t.Detail = Late, fmt.Sprintf("no end within %s", got.Took.Round(time.Second))
	case got.Code == 126 || got.Code == 127:
		t.State, t.Detail = Missing, detail(got)
	case got.Code != 0 || got.Signal != "":
		t.State, t.Detail = Red, detail(got)
	case !matches(c.Expect, got.Output):
		t.State, t.Detail = Red, fmt.Sprintf("exit code 0, but its output does not match %s", oneLine(c.Expect, 100))
	default:
		t.State = Green
	}
	return t
}

// matches reports whether output is as expected, in the sense of objective.Check.
func matches(expect, output string) bool {
	if expect == "" {
		return true
	}
	re, err := regexp.Compile("(?m)" + expect)
	return err == nil && re.MatchString(output)
}

func detail(got Tried) string {
	text := fmt.Sprintf("exit code %d", got.Code)
	if got.Signal != "" {
		text = "ended by " + got.Signal
	}
	if said := lastLine(got.Output); said != "" {
		text += ": " + said
	}
	return text
}

// absent are the mistakes that the trials show: checks that can't be run here.
func absent(trials []Trial) []string {
	var out []string
	for _, t := range trials {
		switch t.State {
		case Missing:
			out = append(out, fmt.Sprintf("the check %q can't be run here (%s): use a command that exists in this repository", t.Run, t.Detail))
		case Late:
			out = append(out, fmt.Sprintf("the check %q came to no end (%s): use one that is quicker and ends by itself", t.Run, t.Detail))
		case Refused:
			out = append(out, fmt.Sprintf("the check %q is not allowed: %s", t.Run, t.Detail))
		}
	}
	return out
}
