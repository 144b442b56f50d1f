package scriptmodel

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The Messages API, as far as a script looks at it. Unknown fields and blocks
// are left alone: the client's newer than this file.
type body struct {
	Model    string          `json:"model"`
	Stream   bool            `json:"stream"`
	System   json.RawMessage `json:"system"`
	Messages []message       `json:"messages"`
	Tools    []struct {
		Name string `json:"name"`
	} `json:"tools"`
}

type message struct {
	Role    string          `json:"role"` // user, assistant, and system within a conversation
	Content json.RawMessage `json:"content"`
}

type block struct {
	Type    string          `json:"type"`
	Text    string          `json:"text"`
	Content json.RawMessage `json:"content"` // of a tool's result
}

// turn is a message as a script sees it.
type turn struct {
	role  string
	said  string // text blocks
	heard string // text blocks and tools' results
}

// readBody returns the request and its conversation.
func readBody(data []byte) (body, []turn, error) {
	var b body
	if err := json.Unmarshal(data, &b); err != nil {
		return b, nil, fmt.Errorf("not a request of the Messages API: %w", err)
	}
	turns := make([]turn, len(b.Messages))
	for i, m := range b.Messages {
		said, heard, err := texts(m.Content)
		if err != nil {
			return b, nil, fmt.Errorf("message %d: %w", i+1, err)
		}
		turns[i] = turn{role: m.Role, said: said, heard: heard}
	}
	return b, turns, nil
}

// texts reads content: text, or a list of blocks.
func texts(raw json.RawMessage) (said, heard string, err error) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", "", nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text, text, nil
	}
	var blocks []block
	if err := json.Unmarshal(raw, &blocks); err != nil {
		return "", "", fmt.Errorf("content is neither text nor blocks: %w", err)
	}
	var says, hears []string
	for _, b := range blocks {
		switch b.Type {
		case "text":
			says, hears = append(says, b.Text), append(hears, b.Text)
		case "tool_result":
			_, result, err := texts(b.Content)
			if err != nil {
				return "", "", err
			}
			hears = append(hears, result)
		}
	}
	return strings.Join(says, "\n"), strings.Join(hears, "\n"), nil
}

// chosen is the rule that speaks, and the step, from zero; nil if none does.
func (s *Script) chosen(turns []turn) (*Rule, int) {
	var all strings.Builder
	for _, t := range turns {
		if t.role == "user" {
			all.WriteString(t.said + "\n")
		}
	}
	for i := len(turns) - 1; i >= 0; i-- {
		if turns[i].role != "user" {
			continue
		}
		if r := s.spokenTo(unquoted(turns[i].said), all.String()); r != nil {
			return r, r.step(answersAfter(turns[i+1:]))
		}
	}
	return nil, 0
}

// spokenTo is the rule that one message speaks to.
func (s *Script) spokenTo(said, all string) *Rule {
	var best *Rule
	where := -1
	for i := range s.Rules {
		r := &s.Rules[i]
		at := strings.LastIndex(said, r.Marker)
		if at < 0 || r.When.given() && !r.When.re.MatchString(all) {
			continue
		}
		if best != nil && best.When.given() != r.When.given() {
			if best.When.given() {
				continue
			}
		} else if at <= where {
			continue
		}
		best, where = r, at
	}
	return best
}

func answersAfter(turns []turn) int {
	n := 0
	for _, t := range turns {
		if t.role == "assistant" {
			n++
		}
	}
	return n
}

func (r *Rule) step(n int) int {
	if r.Loop {
		return n % len(r.Steps)
	}
	return n
}

// unquoted leaves out the lines that popkit quotes.
func unquoted(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "> ") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// heard is all that reached the model but its own words; fresh is what of it came since it
// last spoke.
func heard(turns []turn) (all, fresh string) {
	var a, f strings.Builder
	for _, t := range turns {
		if t.role == "assistant" {
			f.Reset()
			continue
		}
		a.WriteString(t.heard + "\n")
		f.WriteString(t.heard + "\n")
	}
	return a.String(), f.String()
}
