package driver

import (
	"context"
	"fmt"
	"strings"

	"popkit/internal/cli/command"
	"popkit/internal/config"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

// claude is the runtime that needs a program which popkit looks for itself.
const claude = "claude"

// Check says what is missing when an agent of the plan, or one that resolves
// conflicts, has no runtime that popkit can drive here.
func Check(ctx context.Context, e *command.Env, repo string, p objective.Plan, s event.Settings) error {
	for _, use := range uses(p, s) {
		switch kind, _, _ := strings.Cut(use.runtime, ":"); kind {
		case "exec", "scripted":
		case claude:
			c, err := e.Host.FindClaude(ctx, repo)
			if err != nil {
				return command.Environment(err)
			}
			return missing(c, use.who)
		case "":
			return command.Usage(otherwise, "no runtime: nothing says what drives the agent of %s", use.who)
		default:
			return command.Usage(otherwise, "no runtime for %s: %s is not built yet", use.who, use.runtime)
		}
	}
	return nil
}

const otherwise = `pass --runtime exec:COMMAND, or set "runtime" in ` + config.RepoFile

// missing says what keeps Claude Code from driving an agent.
func missing(c command.Claude, who string) error {
	if c.Why == "" {
		return nil
	}
	hints := []string{otherwise}
	if c.Install != "" {
		hints = []string{c.Install, otherwise}
	}
	return command.Failing(command.ExitEnvironment, fmt.Errorf("no runtime for %s: %s", who, c.Why), hints...)
}

// Claude returns the Claude Code of this machine if an agent of the plan is for it.
func Claude(ctx context.Context, e *command.Env, repo string, p objective.Plan, s event.Settings) (command.Claude, bool, error) {
	for _, use := range uses(p, s) {
		if use.runtime == claude {
			c, err := e.Host.FindClaude(ctx, repo)
			return c, true, err
		}
	}
	return command.Claude{}, false, nil
}

// use is an agent, in words, and what drives it.
type use struct{ who, runtime string }

// uses lists each runtime of a plan once, with the first that is for it; those that
// need no look at the machine come first.
func uses(p objective.Plan, s event.Settings) []use {
	var out, later []use
	seen := map[string]bool{}
	add := func(who, runtime string) {
		switch {
		case seen[runtime]:
		case runtime == claude:
			later = append(later, use{who, runtime})
		default:
			out = append(out, use{who, runtime})
		}
		seen[runtime] = true
	}
	for _, ph := range p.Phases {
		for _, t := range ph.Tasks {
			runtime := t.Runtime
			if runtime == "" {
				runtime = s.RuntimeOf(t.Role)
			}
			add("task "+t.ID, runtime)
		}
	}
	if s.Resolver != "" {
		add("the resolver", s.Resolver)
	}
	return append(out, later...)
}
