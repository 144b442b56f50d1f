package config

import (
	"errors"
	"strings"
	"testing"
)

var usual = []Mode{Native, RedisMode, File}

// TestFirstModeOfPriority holds the choice itself to the table of cases, whether
// a mode is built yet or not.
func TestFirstModeOfPriority(t *testing.T) {
	redisFirst := []Mode{RedisMode, Native, File}
	for _, c := range []struct {
		name string
		in   ModeInput
		want Mode
		why  string // part of the reason
	}{
		{"2.0.63", ModeInput{ClaudeVersion: "2.0.63"}, File, "Claude Code 2.0.63 is too old"},
		{"2.0.64", ModeInput{ClaudeVersion: "2.0.64"}, Native, "Claude Code 2.0.64"},
		{"2.0.64 with its name", ModeInput{ClaudeVersion: "2.0.64 (Claude Code)"}, Native, "Claude Code 2.0.64"},
		{"2.1.0", ModeInput{ClaudeVersion: "2.1.0"}, Native, ""},
		{"2.0.100", ModeInput{ClaudeVersion: "2.0.100"}, Native, ""},
		{"10.0.0", ModeInput{ClaudeVersion: "10.0.0-beta.1"}, Native, ""},
		{"1.9.99", ModeInput{ClaudeVersion: "1.9.99"}, File, "too old"},
		{"nonsense", ModeInput{ClaudeVersion: "banana"}, File, "not understood"},
		{"none", ModeInput{}, File, "no Claude Code found"},
		{"none, Redis configured", ModeInput{RedisConfigured: true}, RedisMode, "a Redis is configured; not native: no Claude Code found"},
		{"2.0.64, Redis configured", ModeInput{ClaudeVersion: "2.0.64", RedisConfigured: true}, Native, ""},
		{"the same, priority changed", ModeInput{ClaudeVersion: "2.0.64", RedisConfigured: true, Priority: redisFirst}, RedisMode, ""},
		{"priority changed, no Redis", ModeInput{ClaudeVersion: "2.0.64", Priority: redisFirst}, Native, "not redis: no Redis is configured"},
		{"a runtime, no Claude Code", ModeInput{RuntimeGiven: true}, Native, "a runtime is given"},
		{"a runtime, old Claude Code", ModeInput{RuntimeGiven: true, ClaudeVersion: "1.0.0"}, Native, "a runtime is given"},
		{"tier free", ModeInput{Tier: Free, ClaudeVersion: "2.0.64", RedisConfigured: true}, File, "tier free does not include it"},
		{"tier free and a runtime", ModeInput{Tier: Free, RuntimeGiven: true}, File, "not native: tier free does not include it"},
		{"tier premium", ModeInput{Tier: Premium, ClaudeVersion: "2.0.64"}, Native, ""},
		{"tier premium has no Redis", ModeInput{Tier: Premium, RedisConfigured: true}, File, "not redis: tier premium does not include it"},
	} {
		if c.in.Tier == "" {
			c.in.Tier = Pro
		}
		if c.in.Priority == nil {
			c.in.Priority = usual
		}
		got, why, err := c.in.first(c.in.Priority)
		if err != nil || got != c.want || !strings.Contains(why, c.why) {
			t.Errorf("%s: %s (%s), %v; want %s (%s)", c.name, got, why, err, c.want, c.why)
		}
		selected, reason, err := SelectMode(c.in)
		if c.want != RedisMode {
			if err != nil || selected != got || reason != why {
				t.Errorf("%s: SelectMode = %s (%s), %v", c.name, selected, reason, err)
			}
		} else if err != nil || selected == RedisMode || !strings.Contains(reason, "redis mode is not built yet") {
			t.Errorf("%s: SelectMode = %s (%s), %v; want the next one, and why", c.name, selected, reason, err)
		}
	}
}

func TestModeThatCantBeHad(t *testing.T) {
	for _, c := range []struct {
		name     string
		in       ModeInput
		want     string
		notBuilt bool
	}{
		{"--mode redis", ModeInput{Requested: "redis", ClaudeVersion: "2.0.64", RedisConfigured: true}, "redis mode is not built yet; use --mode native or --mode file", true},
		{"--mode redis without one", ModeInput{Requested: "redis"}, "redis mode is not built yet; use --mode native or --mode file", true},
		{"--mode redis in tier free", ModeInput{Requested: "redis", RedisConfigured: true, Tier: Free}, "mode redis can't be used: tier free does not include it", false},
		{"--mode native without Claude Code", ModeInput{Requested: "native"}, "mode native can't be used: no Claude Code found; Claude Code 2.0.64 or newer, or a runtime such as --runtime exec:COMMAND, is needed", false},
		{"--mode native in tier free", ModeInput{Requested: "native", RuntimeGiven: true, Tier: Free}, "mode native can't be used: tier free does not include it", false},
		{"--mode nativ", ModeInput{Requested: "nativ"}, `unknown mode "nativ" (did you mean "native"?)`, false},
		{"redis is all there is", ModeInput{Priority: []Mode{RedisMode}, RedisConfigured: true}, "redis mode is not built yet; add native or file to mode_priority after redis", true},
		{"nothing can be had", ModeInput{Priority: []Mode{Native}}, "no mode of mode_priority can be used: not native: no Claude Code found", false},
		{"no fallback after redis", ModeInput{Priority: []Mode{RedisMode, Native}, RedisConfigured: true}, "redis mode is not built yet", true},
	} {
		if c.in.Tier == "" {
			c.in.Tier = Pro
		}
		if c.in.Priority == nil {
			c.in.Priority = usual
		}
		m, why, err := SelectMode(c.in)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || errors.Is(err, ErrNotBuilt) != c.notBuilt || m != "" || why != "" {
			t.Errorf("%s: %q (%q), %v; want %s", c.name, m, why, err, c.want)
		}
	}
}

func TestRequestedMode(t *testing.T) {
	in := ModeInput{Requested: "file", ClaudeVersion: "2.1.0", Tier: Pro, Priority: usual}
	if m, why, err := SelectMode(in); m != File || err != nil || !strings.HasPrefix(why, "asked for by --mode") {
		t.Errorf("SelectMode = %s (%s), %v", m, why, err)
	}
}
