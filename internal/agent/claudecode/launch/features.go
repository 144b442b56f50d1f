package launch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Oldest is the oldest version that popkit drives, and Tested the one that its
// tests run.
const (
	Oldest = "2.0.64"
	Tested = "2.1.197"
)

// Features are what depends on the CLI's version; whatever else in popkit asks for
// a version is in the wrong place.
type Features struct {
	// MemoryDirs: instructions (CLAUDE.md, .claude/rules) of further folders are read,
	// whatever settings are, when a variable asks for it.
	MemoryDirs bool
	// Budget: a session can have a limit of money.
	Budget bool
}

// since says from which version on the CLI can do it.
var since = []struct {
	version string
	set     func(*Features)
}{
	{"2.1.20", func(f *Features) { f.MemoryDirs, f.Budget = true, true }},
}

// FeaturesOf says what a version can do. A version that is too old is an error
// with the command that updates it.
func FeaturesOf(version string) (Features, error) {
	var f Features
	v, err := parseVersion(version)
	if err != nil {
		return f, err
	}
	oldest, err := parseVersion(Oldest)
	if err != nil {
		return f, err
	}
	if slices.Compare(v, oldest) < 0 {
		return f, fmt.Errorf("version %s of Claude Code is too old: %s or newer is needed (claude update, or %s@latest)", version, Oldest, Install)
	}
	for _, s := range since {
		from, err := parseVersion(s.version)
		if err != nil {
			return f, err
		}
		if slices.Compare(v, from) >= 0 {
			s.set(&f)
		}
	}
	return f, nil
}

// Says tells a person what depends on the version, in words; "" where nothing is
// worth a word.
func (c CLI) Says() string {
	f, err := FeaturesOf(c.Version)
	if err != nil || f.MemoryDirs {
		return ""
	}
	return "CLAUDE.md is told by the prompt, without those of folders below (newer versions read all)"
}

// parseVersion reads "2.1.197". A pre-release counts as its release.
func parseVersion(s string) ([]int, error) {
	plain, _, _ := strings.Cut(s, "-")
	plain, _, _ = strings.Cut(plain, "+")
	parts := strings.Split(plain, ".")
	out := make([]int, len(parts))
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 || len(parts) != 3 {
			return nil, fmt.Errorf("%q is no version like %s", s, Tested)
		}
		out[i] = n
	}
	return out, nil
}
