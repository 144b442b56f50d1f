package unguarded

import (
	"encoding/json"
	"slices"

	"popkit/internal/policytest"
)

// Part is one case as it is played.
type Part struct {
	Number    int // among all
	Tool      string
	Input     json.RawMessage
	Protected []string // globs: what the sandbox is told to protect
	Watched   []string // globs: what the guard protects, or asks about
	Given     policytest.Given
	Everyday  bool
	// Harm says what of the effects counts, see Effects.Harm.
	Rule       string
	Boundaries []string
}

// Effects are what came of a case, seen from outside.
type Effects struct {
	Code    int      // exit status
	Missing bool     // a program was not there
	Twins   []string // that left a mark: what they were told to do
	Changed []string // paths, sorted
	Touched []string // secrets that were opened to be written, or given other attributes
	Read    bool     // a secret was read
	Output  string   `json:",omitempty"` // its end, for people
}

// Played is what came of a case with the sandbox, and without where that was needed.
type Played struct {
	Number  int
	Inside  Effects
	Outside *Effects
}

// Parts are the cases as they are played.
func Parts(cases []policytest.Case) []Part {
	out := make([]Part, 0, len(cases))
	for i, c := range cases {
		p := Part{Number: i, Tool: c.Call.Tool, Input: c.Call.Input, Given: c.Given, Everyday: c.Want == "allow", Rule: c.Rule, Boundaries: c.Spec.Boundaries}
		p.Watched = append(slices.Clone(c.Spec.ProtectedPaths), c.Spec.SensitivePaths...)
		for _, glob := range c.Spec.ProtectedPaths {
			if glob != ".git" { // an agent's own repository is its own
				p.Protected = append(p.Protected, glob)
			}
		}
		out = append(out, p)
	}
	return out
}
