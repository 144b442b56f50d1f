package server

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"popkit/internal/api"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
)

// Guard judges tool calls for the server.
type Guard struct {
	// Judge judges a call of an agent, on a snapshot of the run's rules: at once,
	// whatever else the engine does. A breach that it finds is handed in first.
	Judge func(ctx context.Context, agent string, a api.JudgeArgs) (decide.Judge, *event.AgentBreached)
	// Post hands an input in and does not wait for it: before what is handed in
	// after it.
	Post func(ctx context.Context, in decide.Input) error
}

// Guard makes the server have tool calls judged. It must be called before any
// socket is opened; without it every call is denied.
func (s *Server) Guard(g Guard) { s.guard = g }

// judge answers a tool call. What is allowed is logged with the next batch; what
// is not, is in the log before anybody hears of it.
func (c *call) judge() (any, error) {
	a, err := args[api.JudgeArgs](c)
	if err != nil {
		return nil, err
	}
	if c.s.guard.Judge == nil {
		return api.Verdict{Verdict: event.VerdictDeny, Rule: "no_guard", Reason: "this run has no guard"}, nil
	}
	in, breach := c.s.guard.Judge(c.ctx, string(c.who), a)
	if breach != nil {
		if err := c.submit(decide.Breach{Breached: *breach}, nil); err != nil {
			return nil, err
		}
	}
	if breach == nil && in.Judged.Verdict == event.VerdictAllow {
		return told(in.Judged), c.s.guard.Post(c.ctx, in)
	}
	var judged event.GuardJudged
	err = c.submit(in, func(_ *state.State, events []event.Event) {
		for _, e := range events {
			if d, ok := e.Data.(event.GuardJudged); ok {
				judged = d
			}
		}
	})
	if refused := (*decide.Refusal)(nil); breach != nil && errors.As(err, &refused) {
		// The breach was recorded, and has ended the agent before its call was judged.
		in.Judged.Verdict, in.Judged.Reason = event.VerdictDeny, "the agent got around the guard before: "+breach.Reason
		return told(in.Judged), nil
	}
	if err != nil {
		return nil, err
	}
	if judged.Question != "" {
		return c.decision(judged)
	}
	return told(judged), nil
}

// told is a verdict as its agent hears it.
func told(d event.GuardJudged) api.Verdict {
	v := api.Verdict{Verdict: d.Verdict, Rule: d.Rule, Reason: d.Reason, Hint: d.Hint, Flags: d.Flags, Canary: d.Canary}
	if d.Verdict != event.VerdictAllow {
		v.Verdict = event.VerdictDeny // whatever else it says is no permission
		return v
	}
	if len(d.Flags) > 0 {
		rules := make([]string, len(d.Flags))
		for i, f := range d.Flags {
			rules[i] = f.Rule
		}
		v.Note = fmt.Sprintf("flagged (%s): it may run, and a person will have to agree to what came of it before the work is merged",
			strings.Join(rules, ", "))
	}
	return v
}

// decision waits for a person's answer to what the guard asked.
func (c *call) decision(d event.GuardJudged) (any, error) {
	var q state.Question
	err := c.s.run.Await(c.ctx, func(s *state.State) bool {
		q = *s.Questions[d.Question]
		return !q.IsOpen()
	})
	if err != nil {
		return nil, err
	}
	if q.Answer == nil {
		v := told(d)
		v.Question, v.Reason = q.ID, fmt.Sprintf("%s; nobody answered: %s", d.Reason, q.Withdrawn)
		return v, nil
	}
	if q.Answer.Answer == state.AnswerAllow {
		d.Verdict = event.VerdictAllow
	}
	v := told(d)
	v.Question, v.By = q.ID, q.Answer.By
	v.Reason = fmt.Sprintf("%s; %s answered %s", d.Reason, v.By, q.Answer.Answer)
	if q.Answer.Note != "" {
		v.Note = strings.TrimPrefix(v.Note+"; "+q.Answer.Note, "; ")
	}
	return v, nil
}
