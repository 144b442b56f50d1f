package guard

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"

	"popkit/internal/core/event"
	"popkit/internal/core/excerpt"
	"popkit/internal/core/policy"
	"popkit/internal/redact"
)

// Seat is where an agent works.
type Seat struct {
	Workspace string // absolute
	Home, Tmp string // of the agent; "" where not known
	// DefaultBranch of the user's repository.
	DefaultBranch string
	// PlanFirst: the agent may only read until its plan is approved.
	PlanFirst bool
	// Tracked lists the files of the commit that the workspace started from. It is
	// called once, when a verdict first needs it.
	Tracked func(ctx context.Context) ([]string, error)
}

// Call is a tool call that an agent is about to make.
type Call struct {
	policy.Call
	ID string // how the agent's host names it, "" where it does not
}

// Judgement is the guard's answer, for the log.
type Judgement struct {
	Judged event.GuardJudged
	Deed   string               // what the call would do, for a person
	Breach *event.AgentBreached // what was found out about the agent; nil: nothing
}

// Guard judges the tool calls of a run's agents.
type Guard struct {
	redactor *redact.Redactor
	rules    atomic.Pointer[policy.Rules]
	approved atomic.Pointer[map[string]bool] // agents whose plan is approved

	mu    sync.Mutex // guards desks
	desks map[string]*desk
}

// New returns a guard that denies everything until it has rules. What redactor
// knows to be secret is taken out of what goes to the log.
func New(redactor *redact.Redactor) *Guard {
	return &Guard{redactor: redactor, desks: map[string]*desk{}}
}

// SetRules makes the guard judge by a spec from now on; by one that makes no sense
// it denies everything.
func (g *Guard) SetRules(spec policy.Spec) error {
	rules, err := policy.Compile(spec)
	if err != nil {
		g.rules.Store(nil)
		return fmt.Errorf("the guard's rules: %w; every call is denied", err)
	}
	g.rules.Store(rules)
	return nil
}

// SetApproved names the agents whose plan is approved, from now on.
func (g *Guard) SetApproved(agents []string) {
	set := make(map[string]bool, len(agents))
	for _, a := range agents {
		set[a] = true
	}
	g.approved.Store(&set)
}

// planned reports whether an agent may do more than read, as far as its plan goes.
func (g *Guard) planned(agent string, s Seat) bool {
	approved := g.approved.Load()
	return !s.PlanFirst || approved != nil && (*approved)[agent]
}

// Seat begins to judge an agent's calls.
func (g *Guard) Seat(agent string, s Seat) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.desks[agent] = newDesk(s)
}

// Leave ends that, and returns the breach that shows in what the agent left.
func (g *Guard) Leave(agent string) *event.AgentBreached {
	g.mu.Lock()
	d := g.desks[agent]
	delete(g.desks, agent)
	g.mu.Unlock()
	if d == nil {
		return nil
	}
	return d.breach(agent)
}

// Judge judges one call.
func (g *Guard) Judge(ctx context.Context, agent string, c Call) (j Judgement) {
	digest := digestOf(c)
	defer func() {
		if p := recover(); p != nil { // a fault of the guard's is no permission
			j = Judgement{Judged: event.GuardJudged{
				Agent: agent, Call: c.ID, Tool: c.Tool, Verdict: event.VerdictDeny, Rule: "guard_failed",
				Reason: fmt.Sprintf("the guard failed: %v", p), Digest: digest,
			}}
		}
	}()
	g.mu.Lock()
	d := g.desks[agent]
	g.mu.Unlock()
	if d == nil {
		return g.judged(agent, c, digest, policy.Verdict{Rule: "no_agent", Reason: "the guard does not know this agent"})
	}
	v := d.evaluate(ctx, g.rules.Load(), c.Call)
	if v.Decision != policy.Deny && !g.planned(agent, d.seat) {
		v = d.onlyReads(c.Call, v)
	}
	j = g.judged(agent, c, digest, v)
	j.Judged.Canary = v.Decision == policy.Deny && d.isCanary(c.Call)
	j.Deed = excerpt.Of(g.redactor.String(deed(c.Call)), maxDeed)
	j.Breach = d.breach(agent)
	if j.Judged.Canary {
		d.tried.Store(true)
	}
	return j
}

// judged is a verdict as it goes to the log.
func (g *Guard) judged(agent string, c Call, digest string, v policy.Verdict) Judgement {
	out := event.GuardJudged{
		Agent: agent, Call: c.ID, Tool: c.Tool, On: excerpt.Of(g.redactor.String(on(c.Call)), maxText),
		Verdict: event.Verdict(v.Decision.String()), Rule: v.Rule,
		Subject: g.subject(v.Subject), Reason: excerpt.Of(g.redactor.String(v.Reason), maxText), Hint: excerpt.Of(g.redactor.String(v.Hint), maxText), Digest: digest,
	}
	for i, f := range v.Flags {
		if i == maxFlags {
			break
		}
		out.Flags = append(out.Flags, event.GuardFlag{Rule: f.Rule, Reason: excerpt.Of(g.redactor.String(f.Reason), maxText), Path: excerpt.Of(f.Path, maxText)})
	}
	return Judgement{Judged: out}
}

// subject is what a rule is about, as it can be shown and logged. It stands for the
// very same thing and no other, since people answer "always" to it: what is taken
// out or cut off is told apart by its digest.
func (g *Guard) subject(raw string) string {
	shown := excerpt.Of(g.redactor.String(raw), maxText)
	if shown == raw {
		return raw
	}
	sum := sha256.Sum256([]byte(raw))
	return shown + " #" + hex.EncodeToString(sum[:8])
}

// digestOf tells the same call from another.
func digestOf(c Call) string {
	var input bytes.Buffer
	if json.Compact(&input, c.Input) != nil {
		input.Reset()
		input.Write(c.Input)
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q ", c.Tool, c.Cwd)
	h.Write(input.Bytes())
	return hex.EncodeToString(h.Sum(nil)[:16])
}
