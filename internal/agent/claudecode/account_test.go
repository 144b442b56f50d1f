package claudecode

import (
	"testing"

	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/core/event"
)

// TestAccount: what is told adds up to what results say, which add up themselves over the
// turns of a process; nothing is told twice.
func TestAccount(t *testing.T) {
	var a account
	var sum event.Usage
	add := func(u event.Usage) { sum = sum.Plus(u) }
	message := func(id string, in, cached, out int64) wire.Message {
		var m wire.Message
		m.Message.ID, m.Message.Model, m.Message.Usage = id, "m", wire.Usage{Input: in, CacheRead: cached, Output: out}
		return m
	}
	total := func(cost float64, turns int, in, cached, out int64) wire.Result {
		return wire.Result{CostUSD: cost, NumTurns: turns, ModelUsage: map[string]wire.ModelUsage{
			"m": {Input: in - 10, CacheRead: cached, Output: out}, "small": {Input: 10}}}
	}
	add(a.answered(message("1", 100, 50, 1)))
	add(a.answered(message("1", 100, 50, 1))) // its second block
	if want := (event.Usage{InputTokens: 150, CachedTokens: 50, OutputTokens: 1}); sum != want {
		t.Errorf("in the middle of a turn %+v are told, want %+v", sum, want)
	}
	synthetic := message("2", 9, 9, 9)
	synthetic.Message.Model = "<synthetic>"
	add(a.answered(synthetic))
	add(a.costs(0.3))
	add(a.costs(0.2))
	add(a.ended(total(0.5, 2, 100, 50, 20)))
	if want := (event.Usage{InputTokens: 150, CachedTokens: 50, OutputTokens: 20, CostUSD: 0.5, Turns: 2}); sum != want {
		t.Errorf("after a turn %+v, want %+v", sum, want)
	}
	add(a.answered(message("3", 100, 50, 1)))
	add(a.ended(total(0.75, 1, 200, 100, 40)))
	if want := (event.Usage{InputTokens: 300, CachedTokens: 100, OutputTokens: 40, CostUSD: 0.75, Turns: 3}); sum != want {
		t.Errorf("after two %+v, want %+v", sum, want)
	}
	// A result that says less takes nothing back.
	if u := a.ended(wire.Result{CostUSD: 0.1}); u != (event.Usage{}) {
		t.Errorf("told is %+v", u)
	}
}
