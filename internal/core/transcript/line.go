package transcript

import (
	"bytes"
	"encoding/json"
	"time"
)

// Who speaks in a line.
const (
	FromAgent  = "agent"  // what the agent printed
	FromPopkit = "popkit" // what popkit told it
	FromNote   = "note"   // what popkit has to say to who reads the transcript
)

// Line is one line of a transcript.
type Line struct {
	At   time.Time       `json:"at,omitzero"`
	From string          `json:"from"`
	Line json.RawMessage `json:"line,omitempty"` // as it was said
	Text string          `json:"text,omitempty"` // what is no JSON
}

// Encode returns the line as it is stored, with its newline. What was said has to be
// valid JSON.
func Encode(l Line) ([]byte, error) {
	if len(l.Line) > 0 && l.Text == "" && !l.At.IsZero() && bytes.IndexByte(l.Line, '\n') < 0 {
		// Most are so, and are not looked at another time.
		out := make([]byte, 0, len(l.Line)+80)
		out = l.At.AppendFormat(append(out, `{"at":"`...), time.RFC3339Nano)
		out = append(append(out, `","from":"`...), l.From...) // a word of ours
		out = append(append(out, `","line":`...), l.Line...)
		return append(out, '}', '\n'), nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(l); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Read takes a line of a transcript, however it was stored.
func Read(text []byte) Line {
	text = bytes.TrimSpace(text)
	if !json.Valid(text) || len(text) == 0 || text[0] != '{' {
		return Line{From: FromAgent, Text: string(text)}
	}
	var l Line
	if err := json.Unmarshal(text, &l); err == nil {
		switch l.From {
		case FromAgent, FromPopkit, FromNote:
			return l
		}
	}
	return Line{From: FromAgent, Line: text}
}
