package claudecode

import (
	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/core/event"
)

// account is what one process has used, and how much of that was told. A result says
// what all of the process used, over all its turns, and a process that resumes a
// session begins with nothing; so what is told is the difference to what was told
// before. Between results the tokens of answers are told as they come, and what the CLI
// then says of the cost, so that a budget is kept within a long turn, and what a process
// used that dies in one is not lost.
type account struct {
	seen map[string]bool // answers of the model, by ID
	told event.Usage
}

// answered returns what is new with a message of the model.
func (a *account) answered(m wire.Message) event.Usage {
	u := m.Message.Usage
	if m.Synthetic() || m.Message.ID == "" || a.seen[m.Message.ID] {
		return event.Usage{} // one message comes in several events
	}
	if a.seen == nil {
		a.seen = map[string]bool{}
	}
	a.seen[m.Message.ID] = true
	return a.tell(a.told.Plus(event.Usage{
		InputTokens: u.Input + u.CacheRead + u.CacheCreation, CachedTokens: u.CacheRead, OutputTokens: u.Output,
	}))
}

// costs returns what is new when the process is said to have cost so much.
func (a *account) costs(usd float64) event.Usage {
	all := a.told
	all.CostUSD = usd
	return a.tell(all)
}

// ended returns what is new with a result.
func (a *account) ended(r wire.Result) event.Usage {
	all := event.Usage{CostUSD: r.CostUSD, Turns: a.told.Turns + int64(max(0, r.NumTurns))}
	all.InputTokens, all.CachedTokens, all.OutputTokens = r.Tokens()
	return a.tell(all)
}

// tell returns what has come to all since it was told. Nothing is taken back.
func (a *account) tell(all event.Usage) event.Usage {
	more := all.Beyond(a.told)
	a.told = a.told.Plus(more)
	return more
}
