package policy

import (
	"fmt"
)

// Decision is what the guard says to a call.
type Decision int

// The decisions, the strictest first: whatever is forgotten is denied.
const (
	Deny  Decision = iota // never runs
	Ask                   // waits for a person; no answer in time is a no
	Allow                 // runs at once
)

var decisionNames = map[Decision]string{Deny: "deny", Ask: "ask", Allow: "allow"}

func (d Decision) String() string {
	if name, ok := decisionNames[d]; ok {
		return name
	}
	return "deny"
}

// MarshalText writes "deny", "ask" or "allow".
func (d Decision) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes; anything else is an error and leaves Deny.
func (d *Decision) UnmarshalText(text []byte) error {
	for known, name := range decisionNames {
		if name == string(text) {
			*d = known
			return nil
		}
	}
	*d = Deny
	return fmt.Errorf("unknown decision %q: deny, ask or allow", text)
}

// Verdict is the guard's answer to one call.
type Verdict struct {
	Decision Decision `json:"verdict"`
	// Rule is the rule that decided; "" when nothing stood against the call.
	Rule string `json:"rule,omitempty"`
	// Subject is what the rule is about, the same for the same deed: a path, a
	// command. "always" grants rule and subject.
	Subject string `json:"subject,omitempty"`
	Reason  string `json:"reason,omitempty"` // for people and agents, one line
	Hint    string `json:"hint,omitempty"`   // what to do instead
	Flags   []Flag `json:"flags,omitempty"`  // smells, judged again on the diff
}

// Flag is a smell of cheating, or a secret: the call may run, the audit decides.
type Flag struct {
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
	Path   string `json:"path,omitempty"`
}
