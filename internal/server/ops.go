package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"popkit/internal/api"
	"popkit/internal/core/approval"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/inbox"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
)

// op is one call: who may make it, and what it does.
type op struct {
	people, agents bool
	// waits: it may take long, so it is broken off when its caller hangs up.
	waits bool
	do    func(c *call) (any, error)
}

// ops is the closed set of calls.
var ops = map[api.Op]op{
	api.OpStatus:    {people: true, do: (*call).status},
	api.OpFollow:    {people: true, waits: true, do: (*call).follow},
	api.OpAttend:    {people: true, waits: true, do: (*call).attend},
	api.OpInsights:  {people: true, do: (*call).insights},
	api.OpDecisions: {people: true, do: (*call).decisions},
	api.OpAnswer:    {people: true, do: (*call).answerQuestion},
	api.OpStop:      {people: true, do: (*call).stop},
	api.OpRetry:     {people: true, do: (*call).retry},
	api.OpSkip:      {people: true, do: (*call).skip},
	api.OpEdit:      {people: true, do: (*call).edit},
	api.OpTell:      {people: true, do: (*call).tell},
	api.OpPause:     {people: true, waits: true, do: (*call).pause},
	api.OpUnpause:   {people: true, waits: true, do: (*call).unpause},
	api.OpBoundary:  {people: true, do: (*call).boundary},
	api.OpReassign:  {people: true, do: (*call).reassign},
	api.OpUsage:     {agents: true, do: (*call).usage},
	api.OpShare:     {people: true, agents: true, do: (*call).share},
	api.OpUrgent:    {agents: true, waits: true, do: (*call).urgent},
	api.OpMine:      {agents: true, do: (*call).mine},
	api.OpList:      {agents: true, do: (*call).insights},
	api.OpRead:      {agents: true, do: (*call).read},
	api.OpHelp:      {agents: true, waits: true, do: (*call).help},
	api.OpCheckIn:   {agents: true, do: (*call).checkIn},
	api.OpTool:      {agents: true, do: (*call).tool},
	api.OpAsk:       {agents: true, waits: true, do: (*call).ask},
	api.OpPlan:      {agents: true, waits: true, do: (*call).plan},
	api.OpReport:    {agents: true, do: (*call).report},
	api.OpJudge:     {agents: true, waits: true, do: (*call).judge},
	api.OpWhoAmI:    {agents: true, do: (*call).whoAmI},
}

// call is one call under way.
type call struct {
	s   *Server
	ctx context.Context
	who caller
	req api.Request
	out *answer
}

// args decodes a call's arguments.
func args[T any](c *call) (T, error) {
	var v T
	if len(c.req.Args) == 0 || string(c.req.Args) == "null" {
		return v, nil
	}
	if err := json.Unmarshal(c.req.Args, &v); err != nil {
		return v, &api.Error{Kind: api.KindUsage, Text: fmt.Sprintf("%s: %v", c.req.Op, err)}
	}
	return v, nil
}

// submit hands an input in; read may be nil.
func (c *call) submit(in decide.Input, read func(*state.State, []event.Event)) error {
	return c.s.run.Submit(c.ctx, in, read)
}

// given is what the engine wrote down for a caller. One that went away before does
// not look at it: the engine may be writing just then.
func given[T any](v *T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return *v, nil
}

func (c *call) status() (any, error) {
	var v view.Status
	err := c.s.run.Query(c.ctx, func(s *state.State) { v = view.Make(s, time.Now(), c.s.engine(s)) })
	return given(&v, err)
}

func (c *call) insights() (any, error) {
	var v []view.Insight
	err := c.s.run.Query(c.ctx, func(s *state.State) { v = view.Insights(s) })
	return given(&v, err)
}

func (c *call) decisions() (any, error) {
	var v []view.Decision
	err := c.s.run.Query(c.ctx, func(s *state.State) { v = view.Decisions(s) })
	return given(&v, err)
}

func (c *call) answerQuestion() (any, error) {
	a, err := args[api.AnswerArgs](c)
	if err != nil {
		return nil, err
	}
	return nil, c.submit(decide.Answer{ID: a.ID, Answer: a.Answer, By: a.By, Note: a.Note, Always: a.Always, Files: a.Files}, nil)
}

func (c *call) stop() (any, error) {
	a, err := args[api.StopArgs](c)
	if err != nil {
		return nil, err
	}
	return nil, c.submit(decide.Stop{By: a.By, Reason: a.Reason, Now: a.Now}, nil)
}

func (c *call) retry() (any, error) {
	a, err := args[api.TaskArgs](c)
	if err != nil {
		return nil, err
	}
	return nil, c.submit(decide.Retry{Task: a.Task, By: a.By, Reason: a.Reason}, nil)
}

func (c *call) skip() (any, error) {
	a, err := args[api.TaskArgs](c)
	if err != nil {
		return nil, err
	}
	return nil, c.submit(decide.Skip{Task: a.Task, By: a.By, Reason: a.Reason}, nil)
}

func (c *call) edit() (any, error) {
	a, err := args[api.EditArgs](c)
	if err != nil {
		return nil, err
	}
	return nil, c.submit(decide.Edit{Edited: a.TaskEdited}, nil)
}

func (c *call) tell() (any, error) {
	a, err := args[api.TellArgs](c)
	if err != nil {
		return nil, err
	}
	return nil, c.submit(decide.Tell{To: a.To, From: a.By, Text: a.Text, Urgent: a.Urgent}, nil)
}

func (c *call) share() (any, error) {
	a, err := args[api.ShareArgs](c)
	if err != nil {
		return nil, err
	}
	out := api.Shared{Known: true}
	in := decide.ShareInsight{Agent: string(c.who), Kind: a.Type, Content: a.Content, Tags: a.Tags, Confidence: a.Confidence}
	err = c.submit(in, func(_ *state.State, events []event.Event) {
		for _, e := range events {
			switch d := e.Data.(type) {
			case event.InsightShared:
				out = api.Shared{ID: d.ID, Similar: d.Similar}
			case event.InsightConfirmed:
				out = api.Shared{ID: d.ID, Confirmed: true}
			}
		}
	})
	return given(&out, err)
}

// part is what a call takes of that which waits for its agent.
func part(take string) (inbox.Part, error) {
	if p := inbox.Part(take); inbox.Known(p) {
		return p, nil
	}
	return "", &api.Error{Kind: api.KindUsage, Text: fmt.Sprintf("take %q is none of the parts that can be taken", take),
		Hint: api.TakeQuiet + ", " + api.TakeNothing + ", or leave it out"}
}

// deliver hands in an agent's input and answers with what it is given in turn.
func (c *call) deliver(in decide.Input) (any, error) {
	var d view.Delivery
	err := c.submit(in, func(s *state.State, events []event.Event) { d = view.Delivered(s, events) })
	return given(&d, err)
}

func (c *call) mine() (any, error) {
	a, err := args[api.PullArgs](c)
	if err != nil {
		return nil, err
	}
	take, err := part(a.Take)
	if err != nil {
		return nil, err
	}
	return c.deliver(decide.Pull{Agent: string(c.who), Via: "pull", Max: a.Max, Take: take})
}

func (c *call) checkIn() (any, error) {
	a, err := args[api.CheckInArgs](c)
	if err != nil {
		return nil, err
	}
	take, err := part(a.Take)
	if err != nil {
		return nil, err
	}
	return c.deliver(decide.CheckIn{Agent: string(c.who), Progress: a.Progress, Doing: a.Doing, Need: a.Need, Take: take})
}

func (c *call) tool() (any, error) {
	a, err := args[api.ToolArgs](c)
	if err != nil {
		return nil, err
	}
	take, err := part(a.Take)
	if err != nil {
		return nil, err
	}
	return c.deliver(decide.CallTool{Agent: string(c.who), Tool: a.Tool, Call: a.ID, Subject: a.Subject, Take: take})
}

func (c *call) report() (any, error) {
	a, err := args[api.ReportArgs](c)
	if err != nil {
		return nil, err
	}
	return nil, c.submit(decide.Report{Agent: string(c.who), Report: a.Report}, nil)
}

// ask opens a question and waits until it is closed.
func (c *call) ask() (any, error) {
	a, err := args[api.AskArgs](c)
	if err != nil {
		return nil, err
	}
	var id string
	in := decide.Ask{Agent: string(c.who), Text: a.Question, Options: a.Options, Default: a.Default}
	err = c.submit(in, func(_ *state.State, events []event.Event) {
		for _, e := range events {
			if d, ok := e.Data.(event.QuestionAsked); ok && id == "" {
				id = d.ID
			}
		}
	})
	if err != nil {
		return nil, err
	}
	got, err := c.answered(id)
	if err != nil {
		return nil, err
	}
	return api.AskAnswer{ID: id, Answer: got.Answer, By: got.By, Note: got.Note}, nil
}

// answered waits until a question is closed, and returns its answer.
func (c *call) answered(id string) (event.QuestionAnswered, error) {
	var q state.Question
	err := c.s.run.Await(c.ctx, func(s *state.State) bool {
		q = *s.Questions[id]
		return !q.IsOpen()
	})
	if err != nil {
		return event.QuestionAnswered{}, err // the caller is gone; the engine may still be looking, at q, too
	}
	if q.Answer == nil {
		return event.QuestionAnswered{}, &api.Error{Kind: api.KindRefused, Text: "question " + id + " was withdrawn: " + q.Withdrawn}
	}
	return *q.Answer, nil
}

// plan presents an agent's plan and waits for what a person says to it.
func (c *call) plan() (any, error) {
	a, err := args[api.PlanArgs](c)
	if err != nil {
		return nil, err
	}
	var id string
	err = c.submit(decide.PresentPlan{Agent: string(c.who), Plan: a.Plan}, func(s *state.State, _ []event.Event) {
		id = approval.Presented(s, string(c.who))
	})
	if err != nil {
		return nil, err
	}
	answer, err := c.answered(id)
	if err != nil {
		return nil, err
	}
	return api.PlanAnswer{ID: id, Answer: answer.Answer, By: answer.By, Note: answer.Note}, nil
}

func (c *call) whoAmI() (any, error) {
	var v api.Identity
	err := c.s.run.Query(c.ctx, func(s *state.State) {
		if a := s.Agents[string(c.who)]; a != nil {
			v = api.Identity{Run: s.Created.Run, Agent: a.Agent, Task: a.Task, Phase: s.Phases[a.Phase].Name, Role: a.Role}
		}
	})
	if err == nil && v.Agent == "" {
		err = errors.New("this agent is not in the run's log yet")
	}
	return given(&v, err)
}
