package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"popkit/internal/api"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/inbox"
	"popkit/internal/core/insight"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
)

// read shows an agent what others have found; what is new to it counts as given.
func (c *call) read() (any, error) {
	a, err := args[api.ReadArgs](c)
	if err != nil {
		return nil, err
	}
	var ids []string
	var left int
	err = c.s.run.Query(c.ctx, func(s *state.State) { ids, left = inbox.Reads(s, a.Tags, api.MaxRead) })
	if err != nil {
		return nil, err
	}
	list, err := c.give(ids, "read")
	if err != nil {
		return nil, err
	}
	return api.Read{Insights: list, Left: left}, nil
}

// give hands an agent insights and returns them, those that it had before, too.
func (c *call) give(ids []string, via string) ([]view.Insight, error) {
	list := []view.Insight{}
	if len(ids) == 0 {
		return list, nil
	}
	err := c.submit(decide.Pull{Agent: string(c.who), Via: via, These: ids}, func(s *state.State, _ []event.Event) {
		for _, id := range ids {
			list = append(list, view.InsightByID(s, id)...)
		}
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// maxHelp bounds the insights that answer a call for help.
const maxHelp = 5

// help is what an agent gets that lacks knowledge: what others have shared about it;
// else what they share in a while, since the need is made known to those whom it
// touches; else what a person answers.
func (c *call) help() (any, error) {
	a, err := args[api.HelpArgs](c)
	if err != nil {
		return nil, err
	}
	if a.About = strings.TrimSpace(a.About); a.About == "" {
		return nil, &api.Error{Kind: api.KindUsage, Text: "what help is needed about is missing"}
	}
	need, alone := insight.Need{Text: a.About}, false
	var ids []string
	in := decide.CheckIn{Agent: string(c.who), Doing: "asks for help", Need: a.About, Take: inbox.Nothing}
	err = c.submit(in, func(s *state.State, _ []event.Event) {
		me := s.Agents[string(c.who)]
		need.Tags = s.Tasks[me.Task].Tags
		ids, alone = inbox.Helps(s, me, need, maxHelp), lonely(s, me)
	})
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 && !alone {
		if ids, err = c.helped(need, a.WaitSeconds); err != nil {
			return nil, err
		}
	}
	if len(ids) == 0 {
		return c.askFor(a.About)
	}
	known, err := c.give(ids, "help")
	if err != nil {
		return nil, err
	}
	return api.Help{Known: known}, nil
}

// lonely reports whether nobody else is at work who could answer.
func lonely(s *state.State, me *state.Agent) bool {
	for _, id := range s.Live {
		if a := s.Agents[id]; a != me && a.Status == state.AgentRunning {
			return false
		}
	}
	return true
}

// helped waits until others have answered a need; none when they take too long.
func (c *call) helped(need insight.Need, seconds float64) ([]string, error) {
	wait := api.DefaultHelpWait
	if seconds > 0 {
		wait = time.Duration(seconds * float64(time.Second))
	}
	ctx, cancel := context.WithTimeout(c.ctx, wait)
	defer cancel()
	var ids []string
	err := c.s.run.Await(ctx, func(s *state.State) bool {
		me := s.Agents[string(c.who)]
		found := inbox.Helps(s, me, need, maxHelp)
		if len(found) == 0 && me.Exit == nil && !lonely(s, me) {
			return false
		}
		ids = found
		return true
	})
	if err != nil && ctx.Err() != nil && c.ctx.Err() == nil {
		return nil, nil // they took too long; the engine may still be looking, at ids, too
	}
	return ids, err
}

// askFor puts a call for help to a person.
func (c *call) askFor(about string) (any, error) {
	var id string
	in := decide.Ask{Agent: string(c.who), Text: fmt.Sprintf("%s asks for help, and no other agent has an answer: %s", c.who, about)}
	err := c.submit(in, func(_ *state.State, events []event.Event) {
		for _, e := range events {
			if d, ok := e.Data.(event.QuestionAsked); ok && id == "" {
				id = d.ID
			}
		}
	})
	if refused := (*decide.Refusal)(nil); errors.As(err, &refused) {
		return api.Help{Known: []view.Insight{}, Why: refused.Text}, nil
	}
	if err != nil {
		return nil, err
	}
	q, err := c.answered(id)
	if err != nil {
		return nil, err
	}
	return api.Help{Known: []view.Insight{}, Question: id, Answer: q.Answer, By: q.By, Note: q.Note}, nil
}
