package config

import "slices"

// Tier is what the user's plan includes. popkit itself is free software: it is
// a choice, and the default is the largest.
type Tier string

// The tiers.
const (
	Free    Tier = "free"
	Premium Tier = "premium"
	Pro     Tier = "pro"
)

// Mode is the way agents are coordinated.
type Mode string

// The modes.
const (
	Native    Mode = "native" // agents in parallel on this machine
	RedisMode Mode = "redis"  // agents on any number of machines
	File      Mode = "file"   // agents one after the other
)

// Includes is what a tier includes.
type Includes struct {
	Agents      int    // at once
	Modes       []Mode // that may be selected
	PhaseAware  bool   // barriers run checks and the audit, and may open in part; else "basic": all done, all merged
	FullRouting bool   // insights go where their type and tags say; else "basic": every agent gets the last ones
}

// Includes returns what the tier includes; an unknown tier includes what free
// does.
func (t Tier) Includes() Includes {
	if in, ok := tiers[t]; ok {
		return in
	}
	return tiers[Free]
}

// Allows reports whether the mode may be selected in the tier.
func (t Tier) Allows(m Mode) bool { return slices.Contains(t.Includes().Modes, m) }

var tiers = map[Tier]Includes{
	Free:    {Agents: 2, Modes: []Mode{File}},
	Premium: {Agents: 5, Modes: []Mode{Native, File}, PhaseAware: true, FullRouting: true},
	Pro:     {Agents: 10, Modes: []Mode{Native, RedisMode, File}, PhaseAware: true, FullRouting: true},
}

// modeAgents is how many agents a mode runs at once; 0 is any number.
var modeAgents = map[Mode]int{Native: 0, RedisMode: 0, File: 2}
