package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"popkit/internal/agent/claudecode/desk"
	"popkit/internal/agent/claudecode/interview"
	"popkit/internal/agent/claudecode/launch"
	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/core/policy"
	"popkit/internal/guard"
	"popkit/internal/planner"
	"popkit/internal/proc"
	"popkit/internal/redact"
)

// planTools are what a planning agent of Claude Code can use, whatever its role says:
// it only reads.
var planTools = []string{"Read", "Grep", "Glob"}

// planAnswer is the tool by which the CLI takes an answer that fits a schema.
const planAnswer = "StructuredOutput"

// planWho is what the guard and folders call the planning agent.
const planWho = "planner"

// planRetries is how often the CLI tries again what fails at the model's service. Its
// own number takes three minutes, for which nobody sits and waits.
const planRetries = "CLAUDE_CODE_MAX_RETRIES"

// interviewed is a planning agent of Claude Code.
type interviewed struct {
	*interview.Interview
}

// Ask asks the CLI; it knows what was said before.
func (i interviewed) Ask(ctx context.Context, prompt string) (planner.Answer, error) {
	r, err := i.Interview.Ask(ctx, prompt)
	return planner.Answer{Plan: r.Structured, Text: r.Text, Usage: r.Usage}, planFailure(err)
}

// planFailure is an interview's failure as one of planning.
func planFailure(err error) error {
	var f *interview.Failure
	if !errors.As(err, &f) {
		return err
	}
	out := &planner.Failure{Reason: planner.Broken, Text: f.Text}
	switch f.Kind {
	case interview.Unauthorised:
		out.Reason, out.Hint = planner.Unauthorised, "log in to Claude Code: claude /login"
	case interview.Quota:
		out.Reason, out.Hint = planner.Quota, "try again when the limit is over, or write a plan: popkit power start --plan FILE"
	case interview.Exhausted:
		out.Reason, out.Hint = planner.Exhausted, "popkit config explain planner"
	case interview.NotThere:
		out.Hint = "what the sandbox hides of Claude Code has to be named: popkit config explain sandbox_read"
	}
	return out
}

// claude starts Claude Code as a planning agent in a clone.
func (b *bench) claude(ctx context.Context, dir string, own event.Role, say func(string)) (planner.Agent, func() error, error) {
	say("starting Claude Code")
	cli, err := launch.Find(ctx, b.cfg.Claude.Path, os.Environ())
	if err != nil {
		return nil, nil, &planner.Failure{Reason: planner.NoCLI, Text: err.Error(), Hint: launch.Install}
	}
	l, err := launch.New(cli, launch.Options{Model: b.cfg.Claude.Model, Environ: os.Environ(), Note: say})
	if err != nil {
		return nil, nil, &planner.Failure{Reason: planner.NoCLI, Text: err.Error(), Hint: launch.Install + "@latest"}
	}
	cmd, err := b.launch(ctx, l, dir, own)
	if err != nil {
		return nil, nil, err
	}
	d := desk.New(desk.Config{Caller: &readingOnly{bench: b, dir: dir}})
	i, err := interview.Start(ctx, interview.Config{
		Command: cmd, Said: func(text string) { say("the planning agent: " + text) },
		Host: interview.Host{Initialize: guardOnly(d.Initialize()), Hook: d.Hook, CanUseTool: d.CanUseTool},
	})
	if err != nil {
		return nil, nil, errors.Join(planFailure(err), d.Close())
	}
	return interviewed{i}, func() error { return errors.Join(i.Close(), d.Close()) }, nil
}

// guardOnly registers the guard's hook alone: there is no run to which anything could
// be reported.
func guardOnly(i wire.Initialize) wire.Initialize {
	const event = "PreToolUse"
	return wire.Initialize{Hooks: map[string][]wire.HookMatcher{event: i.Hooks[event]}}
}

// launch is what is started in a clone, which it can't change.
func (b *bench) launch(ctx context.Context, l *launch.Launcher, dir string, own event.Role) (proc.Command, error) {
	env, err := b.private(planWho)
	if err != nil {
		return proc.Command{}, err
	}
	if variable(env, planRetries) == "" {
		env = append(env, planRetries+"=5")
	}
	place := func(name string) string { return filepath.Join(b.tmp, planWho, name) }
	state, given := place("state"), place("given")
	for _, folder := range []string{state, given} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return proc.Command{}, err
		}
	}
	c, err := l.Prepare(ctx, launch.Spec{
		Session: launch.NewSession(), Workspace: dir, State: state, Given: given, Env: env, Tools: planTools, Schema: planner.Schema(),
		Model: own.Model, System: own.Prompt, MaxCost: b.cfg.Planner.MaxCostUSD,
	})
	if err != nil {
		return proc.Command{}, err
	}
	b.redactor = redact.New(append(slices.Clone(b.secrets), c.Secrets...))
	b.seat(planWho, dir, c.Env)
	held, err := b.walls.around(inmate{
		own: place("own"), dir: dir, look: true, env: c.Env, write: []string{state}, read: append(l.CLI().Places(), given), hide: l.Private(),
	})
	if err != nil {
		return proc.Command{}, err
	}
	return proc.Command{
		Path: c.Path, Args: c.Args, Dir: dir, Env: held.env, Confine: held.confine, Mark: b.id + "/" + planWho,
	}, nil
}

// readingOnly speaks for a planning agent, which has no run: the guard judges its
// calls, and all else is refused.
type readingOnly struct {
	bench *bench
	dir   string
}

// Call judges a call. A person can't be asked: there is nobody to ask yet.
func (c *readingOnly) Call(ctx context.Context, op api.Op, args, out any) error {
	a, ok := args.(api.JudgeArgs)
	v, wanted := out.(*api.Verdict)
	if op != api.OpJudge || !ok || !wanted {
		return &api.Error{Kind: api.KindUsage, Text: fmt.Sprintf("there is no run yet, so %s is not there", op)}
	}
	if a.Tool == planAnswer {
		*v = api.Verdict{Verdict: event.VerdictAllow}
		return nil
	}
	if !slices.Contains(planTools, a.Tool) {
		*v = api.Verdict{Verdict: event.VerdictDeny, Rule: "planning_reads", Reason: "whoever plans only reads"}
		return nil
	}
	j := c.bench.guard.Judge(ctx, planWho, guard.Call{Call: policy.Call{Tool: a.Tool, Input: a.Input, Cwd: a.Cwd}, ID: a.ID}).Judged
	*v = api.Verdict{Verdict: j.Verdict, Rule: j.Rule, Reason: j.Reason, Hint: j.Hint}
	if v.Verdict != event.VerdictAllow {
		v.Verdict = event.VerdictDeny
	}
	return nil
}

// Stream has nothing to tell.
func (c *readingOnly) Stream(context.Context, api.Op, any) iter.Seq2[json.RawMessage, error] {
	return func(func(json.RawMessage, error) bool) {}
}
