package desk

import (
	"context"
	"encoding/json"
	"iter"
	"sync"

	"popkit/internal/agent/claudecode/toolbox"
	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/core/view"
)

// Config says for whom the desk answers.
type Config struct {
	Caller  api.Caller // speaks as the agent
	Version string     // popkit's
	// PlanRequired offers the tool by which a plan is presented.
	PlanRequired bool
}

// Desk is one agent's.
type Desk struct {
	caller api.Caller
	box    *toolbox.Box

	mu        sync.Mutex
	judged    map[string]judged // by the call's ID
	order     []string          // of judged, the oldest first
	kept      []string          // for the agent, and not yet in an answer
	listening bool              // somebody takes what is urgent from Urgent
}

// judged is a call that the guard has looked at.
type judged struct {
	tool    string
	input   string // compact
	allowed bool
}

// maxJudged bounds the calls that are remembered: those of one turn are few.
const maxJudged = 1000

// New returns an agent's desk.
func New(c Config) *Desk {
	return &Desk{
		caller: c.Caller, judged: map[string]judged{},
		box: toolbox.New(toolbox.Config{Caller: c.Caller, Version: c.Version, Plan: c.PlanRequired}),
	}
}

// The callbacks that Initialize registers.
const (
	callPre   = "popkit-pre"
	callPost  = "popkit-post"
	callBatch = "popkit-batch"
)

const (
	// preTime is how long the guard may take, in seconds: a person may be asked, and
	// the run, not the CLI, says when nobody answers. A callback that is late is a
	// deny, so it is long, and well below what a timer of the CLI can hold.
	preTime = 7 * 24 * 60 * 60
	// postTime is how long the run may take to count a call.
	postTime = 60
)

// Initialize is what the CLI is told at its start.
func (d *Desk) Initialize() wire.Initialize {
	all := func(id string, seconds int) []wire.HookMatcher {
		return []wire.HookMatcher{{Matcher: "*", CallbackIDs: []string{id}, Timeout: seconds}}
	}
	return wire.Initialize{
		Servers: []string{toolbox.Name},
		Hooks: map[string][]wire.HookMatcher{
			preToolUse: all(callPre, preTime), postToolUse: all(callPost, postTime), postToolUseFailure: all(callPost, postTime),
			postToolBatch: {{CallbackIDs: []string{callBatch}, Timeout: postTime}},
		},
	}
}

// MCP answers a message to popkit's tools.
func (d *Desk) MCP(ctx context.Context, raw json.RawMessage) (json.RawMessage, error) {
	return d.box.Answer(ctx, raw)
}

// Report is what the agent reported last, nil when it has not.
func (d *Desk) Report() *event.Report { return d.box.Report() }

// Close ends what is under way.
func (d *Desk) Close() error { return d.box.Close() }

// Urgent hands out what should be said to the CLI without waiting for it to ask, until
// the agent has ended. What it has handed out is its taker's to deliver.
func (d *Desk) Urgent(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		d.listen(true)
		defer d.listen(false)
		for raw, err := range d.caller.Stream(ctx, api.OpUrgent, nil) {
			var v view.Delivery
			if err == nil {
				err = json.Unmarshal(raw, &v)
			}
			if err != nil {
				yield("", err)
				return
			}
			if !yield(said(v), nil) {
				return
			}
		}
	}
}

func (d *Desk) listen(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listening = on
}

// take is what part of that which waits goes with an answer to the main agent, or to a
// subagent.
func (d *Desk) take(sub bool) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case sub:
		return api.TakeNothing
	case d.listening:
		return api.TakeQuiet
	}
	return ""
}

// Ran is told of a tool that has run, as the CLI's own account of its conversation says
// it, whatever its hooks did or did not do. One that the guard has not allowed is told to
// the run, which has the agent ended: a CLI that does not ask can't be held by asking.
func (d *Desk) Ran(ctx context.Context, tool, id string) error {
	if d.judgement(id).allowed {
		return nil
	}
	return d.caller.Call(ctx, api.OpTool, api.ToolArgs{Tool: tool, ID: id, Take: api.TakeNothing}, nil)
}

// remember notes what came of a call.
func (d *Desk) remember(id string, j judged) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.judged[id]; !known {
		d.order = append(d.order, id)
	}
	d.judged[id] = j
	if len(d.order) > maxJudged {
		delete(d.judged, d.order[0])
		d.order = d.order[1:]
	}
}

// judgement is what came of a call before.
func (d *Desk) judgement(id string) judged {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.judged[id]
}

// keep holds text for the agent until the next answer.
func (d *Desk) keep(text string) {
	if text == "" {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept = append(d.kept, text)
}

// withKept returns the text with what was kept before it.
func (d *Desk) withKept(text string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := len(d.kept) - 1; i >= 0; i-- {
		text = join(d.kept[i], text)
	}
	d.kept = nil
	return text
}
