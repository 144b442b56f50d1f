package budget

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"popkit/internal/core/event"
)

// Sum is what was used by a task, a phase or a run, all attempts taken together.
type Sum struct {
	Usage     event.Usage
	ToolCalls int
	Agents    int           // started
	Time      time.Duration // of agents that have ended (task), of the clock (run)
}

// What can run out.
const (
	Tokens    = "tokens"
	CostUSD   = "cost_usd"
	Minutes   = "minutes"
	ToolCalls = "tool_calls"
	Agents    = "agents"
)

// The levels of budgets.
const (
	OfTask  = "task"
	OfPhase = "phase"
	OfRun   = "run"
)

// Line is one budget of one task, phase or run, and what was used of it.
type Line struct {
	Of, Name, What string
	Used, Limit    float64
}

// warnAt is the part of a budget at which is warned.
const (
	warnAt    = 0.8
	fewAgents = 5
)

// Lines returns the budgets that there are. raised says how often a person added
// as much again to the line of a key; nil: never.
func Lines(of, name string, used Sum, may event.Allowance, raised func(key string) int) []Line {
	all := [...]Line{
		{of, name, Tokens, float64(used.Usage.Tokens()), float64(may.Tokens)},
		{of, name, CostUSD, used.Usage.CostUSD, may.CostUSD},
		{of, name, Minutes, used.Time.Minutes(), may.Time.Minutes()},
		{of, name, ToolCalls, float64(used.ToolCalls), float64(may.ToolCalls)},
		{of, name, Agents, float64(used.Agents), float64(may.Agents)},
	}
	var out []Line
	for _, l := range all {
		if l.Limit <= 0 {
			continue
		}
		if raised != nil {
			l.Limit *= float64(1 + raised(l.Key()))
		}
		out = append(out, l)
	}
	return out
}

// Roomy reports, at little cost, whether no line of these is low, which is the case
// most of the time.
func Roomy(used Sum, may event.Allowance) bool {
	under := func(used, limit float64) bool { return limit <= 0 || used < warnAt*limit }
	return under(float64(used.Usage.Tokens()), float64(may.Tokens)) && under(used.Usage.CostUSD, may.CostUSD) &&
		under(float64(used.Time), float64(may.Time)) && under(float64(used.ToolCalls), float64(may.ToolCalls)) &&
		under(float64(used.Agents), float64(may.Agents))
}

// Key names the line among all of a run.
func (l Line) Key() string { return l.Of + "/" + l.Name + "/" + l.What }

// Split takes a key apart.
func Split(key string) (of, name, what string) {
	of, rest, _ := strings.Cut(key, "/")
	if i := strings.LastIndexByte(rest, '/'); i >= 0 {
		return of, rest[:i], rest[i+1:]
	}
	return of, rest, ""
}

// Low reports whether most of the budget is used. Of three agents the third is
// nothing to warn of.
func (l Line) Low() bool {
	return l.Used >= warnAt*l.Limit && (l.What != Agents || l.Limit >= fewAgents)
}

// LowMark is the use from which on the budget is low.
func (l Line) LowMark() float64 { return warnAt * l.Limit }

// Passed reports whether the budget is used up, so that what uses it must end. To
// have started as many agents as may be is not that: they may do their work.
func (l Line) Passed() bool {
	switch l.What {
	case Agents:
		return false
	case Minutes:
		return l.Used >= l.Limit
	}
	return l.Used > l.Limit
}

// Closed reports whether nothing new may be started on the budget.
func (l Line) Closed() bool { return l.Used >= l.Limit }

// Setting is the key of the configuration that sets the limit.
func (l Line) Setting() string {
	switch {
	case l.Of == OfRun && l.What == Minutes:
		return "limits.max_runtime_minutes"
	case l.Of == OfRun && l.What == Agents:
		return "limits.max_agents_started"
	}
	return "limits.max_" + l.Of + "_" + l.What
}

// OfRunItself reports whether a key is of the run's time or agents: these end the
// run, which has them again when it is resumed; nobody is asked.
func OfRunItself(key string) bool {
	return key == Line{Of: OfRun, What: Minutes}.Key() || key == Line{Of: OfRun, What: Agents}.Key()
}

// String says what was used of what, e.g. "task api used 1,204,000 of 1,000,000 tokens".
func (l Line) String() string {
	who := "the run"
	if l.Of != OfRun {
		who = l.Of + " " + l.Name
	}
	return fmt.Sprintf("%s used %s of %s (%s)", who, number(l.What, l.Used), Amount(l.What, l.Limit), l.Setting())
}

// Amount is a number with its unit.
func Amount(what string, n float64) string {
	switch what {
	case CostUSD:
		return number(what, n)
	case ToolCalls:
		return number(what, n) + " tool calls"
	}
	return number(what, n) + " " + what
}

func number(what string, n float64) string {
	switch what {
	case CostUSD:
		return fmt.Sprintf("$%.2f", n)
	case Minutes:
		return strconv.FormatFloat(math.Round(n*100)/100, 'f', -1, 64)
	}
	return grouped(strconv.FormatFloat(math.Round(n), 'f', 0, 64))
}

// Grouped is a whole number with a comma before each three digits.
func Grouped(n int64) string { return grouped(strconv.FormatInt(n, 10)) }

func grouped(digits string) string {
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
