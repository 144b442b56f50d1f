package claudecode

import (
	"encoding/json"
	"strings"
	"sync"

	"popkit/internal/agent"
)

const (
	maxDone  = 40  // things that are known of a session that is taken over
	maxThing = 300 // bytes of one of them
)

// words are the last that an agent said, on its output and its standard error, and what
// it did. Several goroutines write.
type words struct {
	mu     sync.Mutex
	end    []byte
	things []string
}

// said adds what the agent said; mine: the agent itself, to whom it worked for.
func (w *words) said(text string, mine bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.add(text)
	if mine {
		w.thing("said: " + text)
	}
}

// printed adds a line of standard error.
func (w *words) printed(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.add(line)
}

func (w *words) add(text string) {
	if text = strings.TrimRight(text, "\n"); text == "" {
		return
	}
	if n := len(text) - agent.MaxDetail; n > 0 {
		text = text[n:]
	}
	w.end = append(append(w.end, text...), '\n')
	if n := len(w.end) - agent.MaxDetail; n > agent.MaxDetail {
		w.end = append(w.end[:0], w.end[n:]...)
	}
}

// did adds a call of a tool that changes something.
func (w *words) did(tool string, input json.RawMessage) {
	var in struct {
		File    string `json:"file_path"`
		Book    string `json:"notebook_path"`
		Command string `json:"command"`
	}
	if json.Unmarshal(input, &in) != nil {
		return // of a form that says nothing here
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch tool {
	case "Write", "Edit", "MultiEdit":
		w.thing("changed " + in.File)
	case "NotebookEdit":
		w.thing("changed " + in.Book)
	case "Bash":
		w.thing("ran " + in.Command)
	}
}

func (w *words) thing(text string) {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxThing {
		text = strings.ToValidUTF8(text[:maxThing], "") + "…"
	}
	w.things = append(w.things, text)
	if n := len(w.things) - maxDone; n > 0 {
		w.things = append(w.things[:0], w.things[n:]...)
	}
}

// done lists what is known of what the agent did, newest last.
func (w *words) done() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.things...)
}

// last returns the last lines, at most agent.MaxDetail bytes.
func (w *words) last() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := w.end
	if n := len(text) - agent.MaxDetail; n > 0 {
		text = text[n:]
		if _, rest, ok := strings.Cut(string(text), "\n"); ok && rest != "" { // begin with a whole line
			text = []byte(rest)
		}
	}
	return strings.ToValidUTF8(strings.TrimRight(string(text), "\n"), "\uFFFD")
}
