package transcript

import "time"

// Kind is what an entry is about.
type Kind string

// The kinds of entries that a Teller makes. Who watches adds others, of what the
// run's log says about the agent.
const (
	Said    Kind = "said"    // words of the agent
	Thought Kind = "thought" // … to itself
	Call    Kind = "call"    // it uses a tool: Tool, Subject
	Result  Kind = "result"  // what came of a call: Tool, Text; Bad: an error
	Denied  Kind = "denied"  // a call that was not let run: Tool, Subject, Text is why
	Prompt  Kind = "prompt"  // what it is to do
	Told    Kind = "told"    // what popkit told it on the way
	Given   Kind = "given"   // what popkit gave it with a tool's result
	Began   Kind = "began"   // it is there: Text says which model, of which program
	Retry   Kind = "retry"   // a request to the model is made again
	Turn    Kind = "turn"    // the end of a turn: Used; Bad: it failed
	Note    Kind = "note"    // what popkit has to say about the agent
	Other   Kind = "other"   // something else, in short
)

// Entry is one thing that a transcript tells. Its texts are the agent's and the
// model's: they hold whatever those wrote.
type Entry struct {
	At      time.Time
	Kind    Kind
	Tool    string
	Subject string // what a tool is used on, in a line
	Text    string
	Bad     bool
	// Call names the tool call, as its host does; "" where there is none.
	Call string
	// Sub: a helper of the agent did it, not the agent itself.
	Sub  bool
	Used *Used
}

// Used is what a turn used, as the agent's program says.
type Used struct {
	Turns         int64
	Input, Output int64 // tokens
	CostUSD       float64
	Took          time.Duration
	Reason        string // why it ended
}
