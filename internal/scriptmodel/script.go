package scriptmodel

import (
	"encoding/json"
	"fmt"
	"regexp"
	"time"
)

// Script is what a file holds.
type Script struct {
	Rules  []Rule        `json:"rules"`
	Expect []Expectation `json:"expect"` // of the whole log
}

// Rule is one speaker: an agent, an attempt, a subagent.
type Rule struct {
	Name   string  `json:"name"`
	Marker string  `json:"marker"` // plain text; "@@name@@" unless given
	When   Pattern `json:"when"`   // must be in what the user said, too
	Steps  []Step  `json:"steps"`
	Loop   bool    `json:"loop"` // after the last step comes the first
}

// Step is one answer of the model, and what its request must be like.
type Step struct {
	Text  string   `json:"text"`
	Times int      `json:"times"` // the text that many times over: for long lines
	Tool  string   `json:"tool"`  // a call, with Input; several are Tools
	Input Value    `json:"input"`
	Tools []Call   `json:"tools"`
	Stop  string   `json:"stop"`  // the stop reason, if it is not end_turn or tool_use
	Usage *Usage   `json:"usage"` // tokens
	Delay Duration `json:"delay"` // before it answers
	After []At     `json:"after"` // answered once these were asked for
	Fail  *Fail    `json:"fail"`

	Expect []Pattern `json:"expect"` // heard by now
	Never  []Pattern `json:"never"`  // not heard by now
}

// Call is a tool call.
type Call struct {
	Tool  string `json:"tool"`
	Input Value  `json:"input"`
}

// Usage is what an answer says that it cost.
type Usage struct {
	Input      int `json:"input"`
	Output     int `json:"output"`
	CacheRead  int `json:"cache_read"`
	CacheWrite int `json:"cache_write"`
}

// Fail is how a step fails before it succeeds.
type Fail struct {
	Times  int    `json:"times"`  // how many requests fail, whoever sends them; 0 is all
	Status int    `json:"status"` // an HTTP status
	Broken string `json:"broken"` // half a stream, then an "error" event, or the connection is "cut"
	Hang   string `json:"hang"`   // no answer at all ("start"), or half a one ("middle"), until the client goes

	Type       string   `json:"type"` // the error's; by the status unless given
	Message    string   `json:"message"`
	RetryAfter string   `json:"retry_after"` // the header
	Reset      Duration `json:"reset"`       // a usage limit that is reset after that long
}

// Expectation is about all requests of a rule, or about one step's.
type Expectation struct {
	Rule  string `json:"rule"`
	Step  int    `json:"step"`  // of this step's requests only
	After At     `json:"after"` // of the first request after that one came

	Found    Pattern  `json:"found"`
	Once     Pattern  `json:"once"` // heard, and never twice in a conversation
	Never    Pattern  `json:"never"`
	System   Pattern  `json:"system"` // in the system prompt
	Model    Pattern  `json:"model"`
	Tools    []string `json:"tools"`    // are offered
	Without  []string `json:"without"`  // are not
	Requests *int     `json:"requests"` // how many there are
	Sessions *int     `json:"sessions"` // how many conversations they belong to
}

// At is a step of a rule, counted from one: "name.2".
type At struct {
	Rule string
	Step int
}

// UnmarshalText reads "name.2".
func (a *At) UnmarshalText(text []byte) error {
	m := atForm.FindSubmatch(text)
	if m == nil {
		return fmt.Errorf("%q is not RULE.STEP", text)
	}
	_, err := fmt.Sscan(string(m[2]), &a.Step)
	a.Rule = string(m[1])
	return err
}

var atForm = regexp.MustCompile(`^(.+)\.([1-9][0-9]{0,5})$`)

func (a At) String() string { return fmt.Sprintf("%s.%d", a.Rule, a.Step) }

// Pattern is a regular expression; the zero value is none.
type Pattern struct{ re *regexp.Regexp }

// UnmarshalText compiles it.
func (p *Pattern) UnmarshalText(text []byte) error {
	re, err := regexp.Compile(string(text))
	p.re = re
	return err
}

func (p Pattern) given() bool { return p.re != nil }

func (p Pattern) String() string {
	if p.re == nil {
		return ""
	}
	return p.re.String()
}

// Duration is written as "200ms".
type Duration time.Duration

// UnmarshalText reads it.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err == nil && v < 0 {
		err = fmt.Errorf("%s is negative", text)
	}
	*d = Duration(v)
	return err
}

// Value is any JSON value, e.g. a tool's input.
type Value json.RawMessage

// calls is all tool calls of a step.
func (s *Step) calls() []Call {
	if s.Tool == "" {
		return s.Tools
	}
	return append([]Call{{Tool: s.Tool, Input: s.Input}}, s.Tools...)
}
