package event

// Verdict is what the guard says to a tool call.
type Verdict string

// The verdicts.
const (
	VerdictAllow Verdict = "allow" // it runs
	VerdictAsk   Verdict = "ask"   // it waits for a person's answer
	VerdictDeny  Verdict = "deny"  // it never runs
)

// GuardJudged is the guard's verdict on one tool call of an agent. What a person
// answers to an ask is in the log as the answer to Question.
type GuardJudged struct {
	Agent   string  `json:"agent"`
	Call    string  `json:"call,omitempty"` // how the agent's host names the call, where it does
	Tool    string  `json:"tool"`
	On      string  `json:"on,omitempty"` // what it is called on: a path, a command; redacted
	Verdict Verdict `json:"verdict"`
	Rule    string  `json:"rule,omitempty"`    // the rule that decided
	Subject string  `json:"subject,omitempty"` // what the rule is about: a path, a command; redacted
	Reason  string  `json:"reason,omitempty"`
	Hint    string  `json:"hint,omitempty"`
	// Flags are smells that a person has to agree to when the work is audited.
	Flags []GuardFlag `json:"flags,omitempty"`
	// Digest tells the same call from another: of tool and input.
	Digest   string `json:"digest,omitempty"`
	Question string `json:"question,omitempty"` // the question that an ask waits for
	// Canary: the call was made to be denied, as a proof that the guard answers.
	Canary bool `json:"canary,omitempty"`
}

// GuardFlag is a smell of cheating in a call that was let run.
type GuardFlag struct {
	Rule   string `json:"rule"`
	Reason string `json:"reason,omitempty"`
	Path   string `json:"path,omitempty"`
}

// BreachKind is a way around the guard.
type BreachKind string

// The kinds of breaches.
const (
	BreachNoVerdict BreachKind = "no_verdict" // a tool ran that the guard was not asked about
	BreachCanary    BreachKind = "canary"     // a write that was denied happened
	BreachNoCanary  BreachKind = "no_canary"  // the agent's hook never proved that it answers
)

// AgentBreached says that an agent got around the guard that it said it has. It
// is stopped; its work is kept, and a person decides on it.
type AgentBreached struct {
	Agent  string     `json:"agent"`
	Kind   BreachKind `json:"kind"`
	Tool   string     `json:"tool,omitempty"`
	Call   string     `json:"call,omitempty"`
	Reason string     `json:"reason"`
}
