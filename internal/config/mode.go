package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"popkit/internal/core/nearest"
)

// ErrNotBuilt is the kind of the error for what popkit will do one day.
var ErrNotBuilt = errors.New("not built yet")

// NativeClaude is the first version of Claude Code with background agents.
const NativeClaude = "2.0.64"

// ModeInput is what the selection of a mode depends on.
type ModeInput struct {
	Priority        []Mode // mode_priority
	Requested       string // by --mode; "" for none
	ClaudeVersion   string // "" when there is no Claude Code
	RuntimeGiven    bool   // by a flag, the configuration or the plan: counts like a Claude Code that is new enough
	RedisConfigured bool
	Tier            Tier
}

// SelectMode chooses the mode and says why. A requested mode that can't be had
// is an error that says what is missing. One that is not built yet is an error
// of kind ErrNotBuilt, unless the priority has another mode after it that can be
// had; the reason then says so.
func SelectMode(in ModeInput) (Mode, string, error) {
	if in.Requested != "" {
		return in.requested()
	}
	m, why, err := in.first(in.Priority)
	if err != nil || m != RedisMode {
		return m, why, err
	}
	rest := in.Priority[slices.Index(in.Priority, RedisMode)+1:]
	next, reason, err := in.first(rest)
	if err != nil {
		return "", "", fmt.Errorf("redis mode is %w; add native or file to mode_priority after redis", ErrNotBuilt)
	}
	return next, fmt.Sprintf("%s, but redis mode is %v, so the next of mode_priority: %s", why, ErrNotBuilt, reason), nil
}

func (in ModeInput) requested() (Mode, string, error) {
	m := Mode(in.Requested)
	if !slices.Contains(allModes, m) {
		return "", "", fmt.Errorf("unknown mode %q (%s)", in.Requested,
			nearest.Hint(in.Requested, words(allModes), "one of "+strings.Join(words(allModes), ", ")))
	}
	// Said before anybody is told to configure a Redis, which would not help.
	if m == RedisMode && in.Tier.Allows(m) {
		return "", "", fmt.Errorf("redis mode is %w; use --mode native or --mode file", ErrNotBuilt)
	}
	ok, why := in.can(m)
	if !ok {
		return "", "", fmt.Errorf("mode %s can't be used: %s", m, why)
	}
	return m, "asked for by --mode; " + why, nil
}

// first returns the first mode of the list that can be had, and says why it and
// none before it.
func (in ModeInput) first(list []Mode) (Mode, string, error) {
	var passed []string
	for _, m := range list {
		ok, why := in.can(m)
		if ok {
			return m, strings.Join(append([]string{why}, passed...), "; "), nil
		}
		passed = append(passed, fmt.Sprintf("not %s: %s", m, why))
	}
	return "", "", fmt.Errorf("no mode of mode_priority can be used: %s (add file, which always can)", strings.Join(passed, "; "))
}

// can says whether the mode can be had, and why or why not.
func (in ModeInput) can(m Mode) (bool, string) {
	if !in.Tier.Allows(m) {
		return false, fmt.Sprintf("tier %s does not include it", in.Tier)
	}
	switch m {
	case Native:
		return in.native()
	case RedisMode:
		if in.RedisConfigured {
			return true, "a Redis is configured"
		}
		return false, "no Redis is configured (redis.url, or UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN)"
	case File:
		return true, "file mode always works"
	}
	return false, "there is no such mode"
}

func (in ModeInput) native() (bool, string) {
	const need = "Claude Code " + NativeClaude + " or newer, or a runtime such as --runtime exec:COMMAND, is needed"
	if in.RuntimeGiven {
		return true, "a runtime is given"
	}
	if in.ClaudeVersion == "" {
		return false, "no Claude Code found; " + need
	}
	have, ok := version(in.ClaudeVersion)
	if !ok {
		return false, fmt.Sprintf("the version of Claude Code is not understood (%q); %s", in.ClaudeVersion, need)
	}
	least, _ := version(NativeClaude)
	if slices.Compare(have[:], least[:]) < 0 {
		return false, fmt.Sprintf("Claude Code %s is too old; %s", in.ClaudeVersion, need)
	}
	return true, "Claude Code " + in.ClaudeVersion
}

// version reads "2.0.64", also with more behind it: "2.0.64 (Claude Code)". A
// pre-release counts as its release.
func version(s string) (v [3]int, ok bool) {
	first, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(s), "v"), " ")
	first, _, _ = strings.Cut(first, "-")
	first, _, _ = strings.Cut(first, "+")
	parts := strings.Split(first, ".")
	if len(parts) != len(v) {
		return v, false
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 {
			return v, false
		}
		v[i] = n
	}
	return v, true
}

var allModes = []Mode{Native, RedisMode, File}

func words[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}
