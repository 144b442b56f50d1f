package planner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

// MaxRepairs is how often a planning agent is told its mistakes.
const MaxRepairs = 2

// Request is what a plan is made for.
type Request struct {
	Objective objective.Objective
	Roles     []Role // that exist
	Survey    Survey
	MaxAgents int      // that may run at once; 0: nobody knows
	Protected []string // patterns of paths that no agent may change
}

// Role is a kind of agent that a plan may name.
type Role struct {
	Name  string
	Names []string // other ones for the same
	About string   // one line
}

// Agent is a planning agent: one conversation.
type Agent interface {
	// Ask puts a prompt to it and returns its answer. An agent that could not
	// answer is a *Failure.
	Ask(ctx context.Context, prompt string) (Answer, error)
}

// Answer is what a planning agent said to one prompt.
type Answer struct {
	Plan  json.RawMessage // by Schema; nil: it gave none
	Text  string          // what it said besides
	Usage event.Usage
}

// Made is a plan with what is known of it.
type Made struct {
	Plan        objective.Plan `json:"plan"`
	Summary     string         `json:"summary"`               // the planning agent's, in a few sentences
	Assumptions []string       `json:"assumptions,omitempty"` // of the planning agent
	Worth       Worth          `json:"worth"`
	Checks      []Trial        `json:"checks"`
	Planning    Spent          `json:"planning"`

	// Problem is what went wrong in clearing up after it; a person is told.
	Problem string `json:"-"`

	opinion opinion
}

// With is what planning came to, with what could not be cleared up after it: a plan that is
// there is worth more than a clean end.
func (m Made) With(left, err error) (Made, error) {
	switch {
	case left == nil:
		return m, err
	case err != nil:
		return m, errors.Join(err, left)
	}
	m.Problem = strings.TrimPrefix(m.Problem+"; "+left.Error(), "; ")
	return m, nil
}

// Spent is what planning took.
type Spent struct {
	Repairs int                `json:"repairs"`
	Usage   event.Usage        `json:"usage,omitzero"`
	Took    objective.Duration `json:"took,omitempty"`
}

// Reason says why there is no plan.
type Reason string

// The reasons.
const (
	NoCLI        Reason = "no_cli"       // there is no program to ask
	Unauthorised Reason = "unauthorised" // the service knows no such user
	Quota        Reason = "quota"        // the service's limit for this user
	Exhausted    Reason = "exhausted"    // planning's own limit of time or money
	Unrepairable Reason = "unrepairable" // mistakes were left after the last repair
	Broken       Reason = "broken"       // whatever else
)

// Failure is planning that came to no plan.
type Failure struct {
	Reason   Reason
	Text     string // in words, one line
	Hint     string // what can be typed; may be ""
	Mistakes []string
	Spent    Spent
}

func (f *Failure) Error() string { return f.Text }

// Deps is what Make needs done.
type Deps struct {
	Agent  Agent
	Checks Checker
	// Say is told what goes on, in a few words; may be nil.
	Say func(string)
}

// Make makes a plan. The error is a *Failure, the context's end, or that of a
// Checker which could not do its work.
func Make(ctx context.Context, r Request, d Deps) (Made, error) {
	m := &maker{request: r, deps: d, tried: map[string]Tried{}}
	made, err := m.make(ctx)
	var f *Failure
	if errors.As(err, &f) {
		f.Spent = m.spent
	}
	made.Planning = m.spent
	return made, err
}

// maker is one plan in the making.
type maker struct {
	request Request
	deps    Deps
	tried   map[string]Tried // by command: each is run once
	spent   Spent
}

func (m *maker) make(ctx context.Context) (Made, error) {
	prompt := Prompt(m.request)
	for {
		m.say("the planning agent works")
		a, err := m.deps.Agent.Ask(ctx, prompt)
		m.spent.Usage = m.spent.Usage.Plus(a.Usage)
		if err != nil {
			return Made{}, err
		}
		made, mistakes, err := m.read(ctx, a)
		if err != nil {
			return Made{}, err
		}
		if len(mistakes) == 0 {
			made.Worth = Judge(made.Plan, made.opinion.WorthIt, made.opinion.Why)
			return made, nil
		}
		if m.spent.Repairs == MaxRepairs {
			return Made{}, unrepairable(mistakes)
		}
		m.spent.Repairs++
		m.say(fmt.Sprintf("repair %d of at most %d: %s", m.spent.Repairs, MaxRepairs, mistakes[0]))
		prompt = repairPrompt(mistakes)
	}
}

// read makes a plan of an answer, or says what is wrong with it.
func (m *maker) read(ctx context.Context, a Answer) (Made, []string, error) {
	if len(a.Plan) == 0 {
		return Made{}, []string{"there was no plan in the answer: give it as the structured output"}, nil
	}
	made, mistakes := Read(a.Plan, m.request)
	if len(mistakes) > 0 {
		return Made{}, mistakes, nil
	}
	trials, err := m.try(ctx, made.Plan)
	if err != nil {
		return Made{}, nil, err
	}
	made.Checks = trials
	return made, absent(trials), nil
}

func unrepairable(mistakes []string) error {
	n := "mistakes"
	if len(mistakes) == 1 {
		n = "mistake"
	}
	return &Failure{
		Reason: Unrepairable, Mistakes: mistakes,
		Text: fmt.Sprintf("the planning agent's plan still has %d %s after %d repairs: %s", len(mistakes), n, MaxRepairs, mistakes[0]),
		Hint: `say more exactly what is to be built, or write a plan: popkit power start --plan FILE`,
	}
}

func (m *maker) say(text string) {
	if m.deps.Say != nil {
		m.deps.Say(text)
	}
}

// Rounded is what something took, for people and files.
func Rounded(d time.Duration) objective.Duration {
	return objective.Duration(d.Round(time.Millisecond))
}

// oneLine is text as one line of at most n bytes.
func oneLine(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}
