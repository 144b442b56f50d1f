package claudecode

import (
	"context"
	"fmt"

	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/core/event"
)

// hear takes one line of the CLI.
func (s *sitting) hear(ctx context.Context, h heard) {
	if h.bad != nil {
		s.badLine(h.bad)
		return
	}
	switch h.Type {
	case wire.TypeSystem:
		s.system(ctx, h.Event)
	case wire.TypeAssistant:
		s.assistant(ctx, h.Event)
	case wire.TypeUser:
		s.user(ctx, h.Event)
	case wire.TypeRateLimit:
		if limit, err := wire.As[wire.RateLimit](h.Event); err == nil { // else it says nothing
			s.turn.limit = &limit
		}
	case wire.TypeResult:
		s.result(ctx, h.Event)
	}
	s.attend(ctx)
}

// badLine counts what is no event. One is nothing: a tool may have printed it. A
// process that prints nothing else is broken.
func (s *sitting) badLine(bad *wire.BadLine) {
	s.kept.Note(bad.Error())
	if s.bad++; s.bad > s.limits.BadLines {
		s.breakOff(fmt.Sprintf("it printed %d lines that are no events", s.bad))
	}
}

func (s *sitting) system(ctx context.Context, e wire.Event) {
	switch e.Subtype {
	case wire.SystemRetry:
		if r, err := wire.As[wire.Retry](e); err == nil { // else it says nothing
			s.retried(ctx, r)
		}
	case wire.SystemTask, wire.SystemTaskOver:
		t, err := wire.As[wire.Task](e)
		switch {
		case err != nil: // it says nothing
		case e.Subtype == wire.SystemTaskOver:
			delete(s.helpers, t.ID)
		case t.Kind == wire.TaskAgent:
			s.helpers[t.ID] = true
		}
	case wire.SystemCompact:
		s.turn.compacted = true
	case wire.SystemStatus:
		if st, err := wire.As[wire.Status](e); err == nil && st.CompactResult == "failed" { // else it is of something else
			s.turn.unshortened = true
		}
	}
}

// retried is told that the CLI tries a request again. A turn that comes to nothing is broken
// off, so that it says what it has used.
func (s *sitting) retried(ctx context.Context, r wire.Retry) {
	next, over := s.course.trying(r, s.known)
	if !over || s.idle || s.ladder.stepped() {
		return
	}
	s.kept.Note(next.why)
	s.idle, s.next = true, &next
	s.leave(ctx, stopRungs(s.limits.Leave))
}

func (s *sitting) assistant(ctx context.Context, e wire.Event) {
	m, err := wire.As[wire.Message](e)
	if err != nil {
		s.badLine(&wire.BadLine{Size: len(e.Raw), Err: err})
		return
	}
	if m.Synthetic() {
		s.turn.fault = m.Error
	} else {
		s.began, s.known = true, true
		s.answered(ctx, m)
	}
	for _, b := range m.Blocks() {
		switch b.Type {
		case "text":
			s.words.said(b.Text, m.Parent == "" && !m.Synthetic())
		case "tool_use":
			s.running[b.ID] = b.Name
			if m.Parent == "" {
				s.words.did(b.Name, b.Input)
			}
		}
	}
}

// answered tells what an answer of the model has used, and asks what all has cost: between
// results the CLI says so only if it is asked.
func (s *sitting) answered(ctx context.Context, m wire.Message) {
	used := s.account.answered(m)
	s.use(ctx, used)
	if used != (event.Usage{}) && s.cost == nil && !s.costless {
		s.cost = s.p.ask(wire.SessionCost{})
	}
}

// costs takes what the process has cost so far.
func (s *sitting) costs(ctx context.Context, r wire.ControlResponse) {
	s.cost = nil
	usd, ok := r.Cost()
	if !ok {
		s.costless = true // its results say it
		return
	}
	s.use(ctx, s.account.costs(usd))
}

func (s *sitting) user(ctx context.Context, e wire.Event) {
	if e.Replay {
		s.read(e.UUID)
		return
	}
	m, err := wire.As[wire.Message](e)
	if err != nil {
		s.badLine(&wire.BadLine{Size: len(e.Raw), Err: err})
		return
	}
	for _, b := range m.Blocks() {
		if b.Type == "tool_result" {
			s.ran(ctx, b)
			delete(s.running, b.ToolUseID)
			s.turn.tools++
		}
	}
}

// ran has it looked at whether a tool that did something had been judged before.
func (s *sitting) ran(ctx context.Context, b wire.Block) {
	if b.IsError { // it did nothing, or was kept from it
		return
	}
	if err := s.host.ran(ctx, s.running[b.ToolUseID], b.ToolUseID); err != nil {
		s.kept.Note("a tool ran without a verdict, and that could not be recorded: " + err.Error())
	}
}

// result takes the end of a turn.
func (s *sitting) result(ctx context.Context, e wire.Event) {
	r, err := wire.As[wire.Result](e)
	if err != nil {
		s.badLine(&wire.BadLine{Size: len(e.Raw), Err: err})
		return
	}
	s.use(ctx, s.account.ended(r))
	s.turn.result, s.turn.began = r, s.began
	clear(s.running)
	if s.ladder.stepped() {
		s.ladder.turned(s.p)
		return
	}
	if s.idle {
		return // of nothing that popkit began: what follows is decided already
	}
	if s.unheard() {
		return // what it was sent meanwhile is its next turn, which begins by itself
	}
	next := s.course.after(s.turn, s.report() != nil)
	if next.way == finish && len(s.helpers) > 0 {
		// They are at work for it, and the end of each is a turn of its own.
		s.kept.Note("it has reported; its subagents go on")
		s.held, s.turn = &next, turn{}
		return
	}
	s.act(ctx, next)
}

// unheard reports whether the model has yet to be given something that was sent.
func (s *sitting) unheard() bool {
	if len(s.unread) == 0 {
		return false
	}
	// A CLI that says what it reads has said so of what began the turn.
	if opener := s.unread[0]; !opener.urgent {
		s.mute = true
	}
	if s.mute {
		s.unread = nil
		return false
	}
	tools := s.turn.tools
	s.turn = turn{tools: tools}
	return true
}
